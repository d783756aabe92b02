"""What is asked of a device costs nothing and breaks nothing."""

import pytest
import torch

from slm_studio.engine.device import free_memory, seed_draws


def test_a_seed_gives_the_draws_of_torchs_own() -> None:
    torch.manual_seed(7)
    expected = torch.rand(5)

    seed_draws(torch.device("cpu"), 7)

    assert torch.equal(torch.rand(5), expected)


def test_seeding_a_processor_keeps_no_note_for_absent_devices() -> None:
    # torch.manual_seed queues a call with its stack trace for each of them, at every step of a run.
    before = len(torch.cuda._queued_calls)

    for step in range(10):
        seed_draws(torch.device("cpu"), step)

    assert len(torch.cuda._queued_calls) == before


def test_a_driver_that_does_not_work_is_no_error_before_it_shall_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(device: torch.device) -> tuple[int, int]:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")

    monkeypatch.setattr(torch.cuda, "mem_get_info", refused)

    assert free_memory(torch.device("cuda:0")) == 0
