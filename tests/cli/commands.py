"""Run a command as a program would and look at what it leaves: shared by tests/cli and tests/test_bad_input.py."""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from slm_studio import cli, engine
from slm_studio.cli import command
from slm_studio.host.engines import Engines

BY_HEART = ("--epochs", "30", "--eval-every", "1000", "--learning-rate", "0.01", "--dropout", "0", "--patience", "0")
SMALL = ("--base", "blank:bag-nano", "--epochs", "1", "--precision", "fp32", "--place", "thread")
STEMS = {
    "delivery": ("where is my parcel", "the courier lost box", "no delivery again on day", "parcel stuck at depot"),
    "refund": ("I want my money back for order", "refund please for", "when do I get paid back for", "charged twice"),
    "product": ("does the kettle fit", "is the lamp bright model", "how big is the shelf", "which colour is chair"),
}


@dataclass(frozen=True)
class Told:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Return stdout as JSON objects; anything else fails."""
        found = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(each, dict) for each in found)
        return found

    @property
    def result(self) -> dict[str, object]:
        """Return the last line, which is bare; those before it are events."""
        *events, last = self.lines
        assert all("event" in each for each in events)
        assert "event" not in last
        return last

    @property
    def error(self) -> Mapping[str, str]:
        """Return the error, which has a code, a sentence and what to do."""
        assert self.code in (1, 2), self.out
        error = self.result["error"]
        assert isinstance(error, dict)
        assert set(error) == {"code", "message", "hint"}
        assert error["code"] != "unexpected", error["message"]
        assert error["message"].rstrip(" ”").endswith((".", "?")), error["message"]
        assert error["hint"]
        assert "Traceback" not in self.err
        return error


Run = Callable[..., Told]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], door: object = engine) -> Run:
    """Return a function that runs a command in this process, the engine in this thread."""
    monkeypatch.setattr(command, "Engines", functools.partial(Engines, door=door))

    def run(*words: object, as_json: bool = True) -> Told:
        capsys.readouterr()
        code = cli.main([*(["--json"] if as_json else []), *map(str, words)])
        said = capsys.readouterr()
        return Told(code, said.out, said.err)

    return run


def write_rows(path: Path, rows: Sequence[tuple[str, str]], header: tuple[str, str] = ("text", "label")) -> Path:
    """Write a small CSV file; the cells hold no commas."""
    path.write_text("\n".join(",".join(each) for each in (header, *rows)) + "\n", encoding="utf-8")
    return path


def messages(times: int = 5) -> list[tuple[str, str]]:
    """Return labelled rows, all different."""
    return [(f"{stem} {n}", label) for n in range(times) for label, stems in STEMS.items() for stem in stems]


def leftovers(home: Path) -> list[str]:
    """Return temporaries below the app's folders; there must be none."""
    return [str(path) for path in home.rglob("*") if ".partial" in path.name or path.name.endswith(".part")]
