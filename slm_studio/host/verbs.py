"""Verbs of the door, run in this process to their end, as the Python face asks for them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Predicted
from slm_studio.core.prompt import Cell
from slm_studio.core.results import Item
from slm_studio.host.job import LocalJob

T = TypeVar("T")
OnEvent = Callable[[Event], object]  # is called with every event on the way: Progress, Step, Evaluated, Note …


def run_verb(kind: type[T], verb: str, on_event: OnEvent | None, **arguments: object) -> T:
    """Run a verb of the door to its end and return its result, which must be a `kind`."""
    job = LocalJob(None, verb, arguments)
    result: object = None
    with explained(), let_it_save(job):
        for event in job:
            if isinstance(event, Finished):
                result = event.result
            if on_event is not None:
                on_event(event)
    assert isinstance(result, kind), f"{verb} ended in {type(result).__name__}"
    return result


def items_of(
    handle: str, prompt: Mapping[str, Cell], options: Mapping[str, object], notes: list[Note]
) -> Iterator[Item]:
    """Yield the pieces of an answer as they come; what is said of it beside them is added to `notes`."""
    job = LocalJob(None, "predict", {"handle": handle, "prompt": prompt, "options": options})
    with let_it_save(job):
        for event in job:
            if isinstance(event, Predicted):
                assert isinstance(event.item, Item)
                yield event.item
            elif isinstance(event, Note):
                notes.append(event)


@contextmanager
def let_it_save(job: LocalJob) -> Iterator[None]:
    """Whatever ends the block before the job is over ends the job too, once it has saved."""
    try:
        yield
    finally:
        job.stop()
        for _ in job:
            pass


@contextmanager
def explained() -> Iterator[None]:
    """Give an error its hint as a note, so that a traceback shows what to do now, and call settings as programs do."""
    try:
        yield
    except StudioError as error:
        if name := error.values.get("knob"):
            error.values["label"] = name
        if error.advice and error.advice not in getattr(error, "__notes__", ()):
            error.add_note(error.advice)
        raise
