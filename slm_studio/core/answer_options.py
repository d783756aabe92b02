"""Answer options: what may be said of how a model shall answer. Each task has its own; they are called as programs call them."""

from collections.abc import Mapping
from dataclasses import fields

from slm_studio.core import knobs
from slm_studio.core.errors import StudioError
from slm_studio.core.given import check_plain, plain
from slm_studio.core.tasks.info import TaskInfo

TOP, MOST = "top", 2**31 - 1


def options_of(info: TaskInfo) -> tuple[str, ...]:
    """Return what may be said of how a task shall answer: how to write, or how many answers to name."""
    own = _writing(info) if info.answers == "tokens" else (TOP,)
    return (*own, *info.answer_options)


def plain_options(given: Mapping[str, object], info: TaskInfo) -> dict[str, object]:
    """Return options as plain values. Raises StudioError where the task has not one of them, or its value cannot be."""
    options = {name: plain(value) for name, value in given.items()}
    for name in options:
        knobs.check_name("option", name, options_of(info))
    check_plain(options)
    if TOP in options:
        check_top(options[TOP])
    chosen = {name: value for name, value in options.items() if name in _writing(info) and name != "stop"}
    for problem in knobs.problems(info.writing(**chosen)) if chosen else ():  # type: ignore[arg-type]
        raise problem
    return options


def check_top(top: object) -> None:
    """Refuse a number of answers that cannot be. Raises StudioError."""
    if not isinstance(top, int) or isinstance(top, bool):
        raise knobs.not_a(int, TOP, str(top))
    if not 1 <= top <= MOST:
        raise StudioError(
            "knob-range", "“{label}” is {value}.", "Choose a number from {low} to {high}.",
            label=TOP, value=top, low=1, high=MOST, parameter=TOP,
        )  # fmt: skip


def _writing(info: TaskInfo) -> tuple[str, ...]:
    return tuple(each.name for each in fields(info.writing)) if info.answers == "tokens" else ()
