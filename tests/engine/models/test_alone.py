"""Threads that make, load and check networks at the same time do not meet what Transformers changes for all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.initialization import no_tie_weights
from transformers.modeling_utils import local_torch_dtype

from slm_studio.engine.models.alone import ALONE
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.demands import foretell
from slm_studio.engine.models.fillers import make_filler
from slm_studio.engine.models.opening import open_net
from slm_studio.engine.models.weights import read_weights
from slm_studio.engine.models.writers import make_writer

TIMES = 20
LONG = 0.5  # seconds in which work that did not wait would be done
Work = Callable[[], PreTrainedModel]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    writer(40).save_pretrained(tmp_path)
    return tmp_path


def writer(vocabulary_size: int) -> PreTrainedModel:
    return make_writer("llama", "nano", vocabulary_size=vocabulary_size, max_length=16)


def making(saved: Path) -> Work:
    return partial(writer, 40)


def making_of_a_family(saved: Path) -> Work:
    return partial(make_filler, "bert", "nano", vocabulary_size=40, max_length=16, dropout=0.0)


def making_as_described(saved: Path) -> Work:
    config = network_config(saved)
    return lambda: built(lambda: AutoModelForCausalLM.from_config(config))


def loading(saved: Path) -> Work:
    return partial(open_net, saved, "write")


def foretelling(saved: Path) -> Work:
    return lambda: foretell(saved, read_weights(saved), "write").missing or open_net(saved, "write")


WORKS = [making, making_of_a_family, making_as_described, loading, foretelling]


def is_whole(net: PreTrainedModel) -> bool:
    """Say whether the last layer is the first table, in the numbers asked for."""
    table = net.get_input_embeddings().weight
    return net.get_output_embeddings().weight is table and table.dtype == torch.float32


@pytest.mark.parametrize("prepare", WORKS)
def test_a_network_is_made_once_the_one_that_is_loaded_stands(saved: Path, prepare: Callable[[Path], Work]) -> None:
    work = prepare(saved)
    with ThreadPoolExecutor(1) as pool:
        with ALONE, no_tie_weights(), local_torch_dtype(torch.bfloat16, "any"):
            made = pool.submit(work)
            wait([made], LONG)

        assert is_whole(made.result())


def test_many_threads_at_once_leave_what_they_share_as_it_was(saved: Path) -> None:
    before = PreTrainedModel.tie_weights
    with ThreadPoolExecutor(len(WORKS)) as pool:
        found = [*pool.map(lambda prepare: prepare(saved)(), WORKS * TIMES)]

    assert PreTrainedModel.tie_weights is before
    assert all(map(is_whole, found))
