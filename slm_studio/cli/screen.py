"""What a terminal shows: progress and tables for people, JSON lines for programs."""

import io
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from slm_studio.core import events
from slm_studio.core.errors import StudioError, fill, show
from slm_studio.core.nouns import event_to_json

WIDE = 10_000  # columns of a table that nobody's window has to hold
LEARNING = ""  # the line of the steps
NOTHING: tuple[object, ...] = ("", [], (), {})
RARELY = 0.2  # seconds between two updates of a line that a person reads


class Screen:
    """Prints events and results. stdout holds results (and JSON); progress goes to stderr."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        _speak(sys.stdout, as_json)
        _speak(sys.stderr, False)
        self.out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
        if not self.out.is_terminal:  # in a file or a pipe nothing is cut or wrapped
            self.out.width = WIDE
        self.err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
        self._bar: Progress | None = None
        self._lines: dict[str, TaskID] = {}  # of the bar, by what they are about
        self._told = 0.0

    def event(self, event: events.Event) -> None:
        """Show one event on the way."""
        if isinstance(event, events.Finished | events.Predicted):
            return  # their content is the verb's result, or printed by the verb
        if self.as_json:
            self.line(_whole_sentences(event_to_json(event)))
            return
        if isinstance(event, events.Note):
            self.say(fill(event.message, event.values))
        elif isinstance(event, events.Evaluated):
            scores = "  ".join(f"{key} {show(value)}" for key, value in event.metrics.items())
            self.say(f"step {event.n:,}  held-out loss {event.loss:.4f}  {scores}{'  best' if event.best else ''}")
        elif isinstance(event, events.Progress):
            self._begin(event.what)
            self._show(event.what, event.done, event.total or None)
        elif isinstance(event, events.Started):
            self._steps = event.machine.total
        elif isinstance(event, events.Replanned):
            self._steps = event.steps
            if not event.last:  # a note says why
                self.say(f"step {event.n:,}  to keep the time it takes {event.steps:,} steps in all")
        elif isinstance(event, events.Step):
            self._begin(LEARNING)
            self._show(f"loss {event.loss:.4f}, {event.tokens_per_second:,.0f} tokens/s", event.n, self._steps)

    def line(self, value: Mapping[str, object]) -> None:
        """Print one JSON object on a line of its own; numbers that are not finite become null."""
        text = json.dumps(_finite(value), ensure_ascii=False)
        # A lone surrogate (half a character of a damaged file name) becomes its JSON escape.
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
        sys.stdout.flush()

    def result(self, value: Mapping[str, object]) -> None:
        """Print the bare result, last."""
        self.quiet()
        if self.as_json:
            self.line(value)
        else:
            self._print(value)

    def problem(self, error: StudioError) -> None:
        """Print what happened and what to do now."""
        self.quiet()
        if self.as_json:
            self.line({"error": {"code": error.code, "message": str(error), "hint": error.advice}})
            return
        self.err.print(Text(_clean(str(error)), style="bold red"))
        if error.advice:
            self.err.print(_clean(error.advice))

    def stopped(self, run: str) -> None:
        """Say that Ctrl-C was heard, and how the run goes on."""
        self.quiet()
        if self.as_json:
            self.line({"stopped": {"run": run} if run else {}})
        elif run:
            self.err.print(_clean(f"Stopped. Go on with: slm-studio runs resume {run}"))
        else:
            self.err.print("Stopped.")

    def say(self, sentence: str) -> None:
        """Print one sentence for people."""
        if not self.as_json:
            (self._bar.console if self._bar else self.err).print(_clean(sentence))

    def write(self, text: str) -> None:
        """Print text as it comes, for people."""
        if not self.as_json:
            self.quiet()
            sys.stdout.write(_clean(text))
            sys.stdout.flush()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table for people."""
        if self.as_json:
            return
        self.quiet()
        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="dim")
        for place, column in enumerate(columns):
            table.add_column(column, no_wrap=place == 0, overflow="fold")
        for row in rows:
            table.add_row(*(_clean(_short(cell)) for cell in row))
        self.out.print(table)

    def quiet(self) -> None:
        """Take the progress line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self._lines.clear()

    _steps = 0
    _doing = LEARNING

    def _begin(self, what: str) -> None:
        """Take another line where something else begins; that of the steps stays, and its clock goes on."""
        if what != self._doing and self._bar is not None and self._doing != LEARNING and self._doing in self._lines:
            self._bar.remove_task(self._lines.pop(self._doing))
        if what != self._doing:
            self._doing, self._told = what, 0.0

    def _show(self, what: str, done: int, total: int | None) -> None:
        if not self.err.is_terminal:
            return
        if self._bar is None:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:,.0f}"),
                TimeElapsedColumn(),
                console=self.err,
                transient=True,
            )
            self._bar.start()
        if self._doing not in self._lines:
            self._lines[self._doing] = self._bar.add_task(what, total=total)
        if time.monotonic() - self._told > RARELY or done == total:
            self._told = time.monotonic()
            self._bar.update(self._lines[self._doing], description=what, completed=done, total=total)

    def _print(self, value: Mapping[str, object]) -> None:
        for key, item in value.items():
            if item in NOTHING:
                continue  # nothing to say, which a program wants to know and a person does not
            if isinstance(item, Mapping) and item and all(isinstance(each, Mapping) for each in item.values()):
                self._print_rows(key, [{"": name, **each} for name, each in item.items()])
            elif isinstance(item, Mapping):
                flat = {name: each for name, each in item.items() if not _is_table(each) and each not in NOTHING}
                self.out.print(_clean(f"{key}: " + "  ".join(f"{name} {_short(each)}" for name, each in flat.items())))
                self._print({name: each for name, each in item.items() if _is_table(each)})
            elif _is_table(item):
                self._print_rows(key, item)  # type: ignore[arg-type]
            else:
                self.out.print(_clean(f"{key}: {_short(item)}"))

    def _print_rows(self, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        self.table(title, columns, [[row.get(column, "") for column in columns] for row in rows])


def _speak(stream: object, as_json: bool) -> None:
    """Let a stream take every character: JSON is UTF-8 always, and people see “?” where their terminal has no sign."""
    if isinstance(stream, io.TextIOWrapper):
        if as_json:
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors="replace")


def _clean(text: str) -> str:
    """Return text without control characters but tab and newline: foreign text must not steer the terminal."""
    return "".join(
        "\ufffd" if (sign < " " and sign not in "\t\n") or "\x7f" <= sign < "\xa0" else sign for sign in text
    )


def _whole_sentences(line: dict[str, object]) -> dict[str, object]:
    """Return an event's line with its templates filled: a program shows them as they are."""
    values, machine = line.get("values"), line.get("machine")
    if isinstance(values, Mapping):
        line["message"] = fill(str(line["message"]), values)
    if isinstance(machine, dict):
        line["machine"] = machine | {"reason": fill(str(machine.get("reason", "")), machine.get("values") or {})}
    return line


def _is_table(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def _short(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return show(value)
    if isinstance(value, Mapping):
        return "  ".join(f"{name} {_short(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_short(each) for each in value) + "]"
    return str(value)


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
