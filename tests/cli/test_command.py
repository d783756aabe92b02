"""What Ctrl-C does to the verbs of a command: the one at work ends or is kept whole, and none follows it."""

import os
import signal
from collections.abc import Iterator

import pytest

from slm_studio.cli.command import Command, Stopped
from slm_studio.cli.screen import Screen
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.host.engines import Engines


class Door:
    """Opens a model, in one piece during which the person presses Ctrl-C; and lists devices."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def open(self, **arguments: object) -> Iterator[Event]:
        self.asked.append("open")
        yield Progress("Opening the model", 0, 0)
        os.kill(os.getpid(), signal.SIGINT)
        yield Finished({"handle": "x"})

    def devices(self) -> Iterator[Event]:
        self.asked.append("devices")
        yield Finished({"devices": []})


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def work(door: Door) -> Iterator[Command]:
    command = Command(Screen(as_json=True), place="thread")
    command.engines = Engines(command.settings, door=door)
    with command as at_work:
        yield at_work


def test_nothing_follows_what_ended_as_ctrl_c_came(work: Command, door: Door) -> None:
    assert work.do(dict, "open", folder="x", device="cpu") == {"handle": "x"}, "what it made is kept"

    with pytest.raises(Stopped):
        work.do(dict, "devices")
    assert door.asked == ["open"]


def test_who_is_asked_again_may_go_on(work: Command, door: Door) -> None:
    work.do(dict, "open", folder="x", device="cpu")
    work.was_interrupted = False

    work.do(dict, "devices")
    assert door.asked == ["open", "devices"]
