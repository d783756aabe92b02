"""What a terminal shows while work goes on."""

import io
import json

import pytest
from rich.console import Console

from slm_studio.cli.screen import Screen
from slm_studio.core.events import Machine, Progress, Replanned, Started, Step

MACHINE = Machine(device="cpu", name="x", precision="fp32", threads=1, steps=40)


def step(n: int) -> Step:
    return Step(n, n / 10, n * 0.1, 3.0 / n, 0.01, 1.0, 9000.0, 2**30)


@pytest.fixture
def screen() -> Screen:
    """A screen on a terminal."""
    screen = Screen()
    screen.err = Console(file=io.StringIO(), force_terminal=True, highlight=False, width=100)
    return screen


def lines(screen: Screen) -> list[str]:
    assert screen._bar is not None
    return [f"{task.description} {task.completed} of {task.total}" for task in screen._bar.tasks]


def test_the_line_says_what_is_done_now_and_not_what_is_over(screen: Screen) -> None:
    screen.event(Progress("Turning text into tokens", 36, 36))
    screen.event(Progress("Trying what is fastest here", 0, 0))

    assert lines(screen) == ["Trying what is fastest here 0 of None"]
    screen.quiet()


def test_the_line_of_the_steps_stays_while_held_out_rows_are_read(screen: Screen) -> None:
    for event in (Started("x", MACHINE), step(1), Progress("Checking held-out rows", 3, 9)):
        screen.event(event)
    assert lines(screen) == ["loss 3.0000, 9,000 tokens/s 1 of 40", "Checking held-out rows 3 of 9"]

    screen._told = 0.0
    screen.event(step(2))
    assert lines(screen) == ["loss 1.5000, 9,000 tokens/s 2 of 40"]
    screen.quiet()


def test_a_corrected_budget_is_said(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    for event in (Started("x", MACHINE), step(1), Replanned(1, 90), step(2)):
        screen._told = 0.0
        screen.event(event)
    assert lines(screen) == ["loss 1.5000, 9,000 tokens/s 2 of 90"]
    screen.quiet()
    assert "step 1  to keep the time it takes 90 steps in all" in screen.err.file.getvalue()  # type: ignore[attr-defined]

    Screen(as_json=True).event(Replanned(1, 90))
    assert json.loads(capsys.readouterr().out) == {"event": "replanned", "n": 1, "steps": 90, "last": False}


def test_people_are_told_nothing_of_what_is_empty(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.result({"rows": 0, "note": "", "remarks": [], "per_label": {}, "facts": {"unseen": 3}})

    assert capsys.readouterr().out == "rows: 0\nfacts: unseen 3\n"
