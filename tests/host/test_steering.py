"""Steering: what a stop promises to whoever waits for it."""

from collections.abc import Iterator

from slm_studio.core.events import Event, Finished, Progress
from slm_studio.host.steering import Controls, steer


def test_stopped_work_has_saved_before_it_is_said_to_be_over() -> None:
    done: list[str] = []

    def work() -> Iterator[Event]:
        try:
            yield Progress("Working", 0, 2)
            yield Progress("Working", 1, 2)
        finally:
            done.append("saved")

    controls = Controls()
    events = steer(work(), controls)
    next(events)
    controls.stop()

    assert [(event, list(done)) for event in events] == [(Finished(None), ["saved"])]
