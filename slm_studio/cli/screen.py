"""What a terminal shows: progress and tables for people, JSON lines for programs."""

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from slm_studio.core import events
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.nouns import event_to_json

RARELY = 0.2  # seconds between two updates of a line that a person reads


class Screen:
    """Prints events and results. stdout holds results (and JSON); progress goes to stderr."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._told = 0.0

    def event(self, event: events.Event) -> None:
        """Show one event on the way."""
        if isinstance(event, events.Finished | events.Predicted):
            return  # their content is the verb's result, or printed by the verb
        if self.as_json:
            self.line(event_to_json(event))
            return
        if isinstance(event, events.Note):
            self.say(fill(event.message, event.values))
        elif isinstance(event, events.Evaluated):
            scores = "  ".join(f"{key} {value:.4g}" for key, value in event.metrics.items())
            self.say(f"step {event.n:,}  held-out loss {event.loss:.4f}  {scores}{'  best' if event.best else ''}")
        elif isinstance(event, events.Progress):
            self._show(event.what, event.done, event.total or None)
        elif isinstance(event, events.Started):
            self._steps = event.machine.steps
        elif isinstance(event, events.Step):
            self._show(f"loss {event.loss:.4f}, {event.tokens_per_second:,.0f} tokens/s", event.n, self._steps)

    def line(self, value: Mapping[str, object]) -> None:
        """Print one JSON object on a line of its own; numbers that are not finite become null."""
        sys.stdout.write(json.dumps(_finite(value), ensure_ascii=False) + "\n")
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
        self.err.print(f"[bold red]{error}[/]" if self.err.is_terminal else str(error), markup=self.err.is_terminal)
        if error.advice:
            self.err.print(error.advice, markup=False)

    def say(self, sentence: str) -> None:
        """Print one sentence for people."""
        if not self.as_json:
            (self._bar.console if self._bar else self.err).print(sentence, markup=False)

    def write(self, text: str) -> None:
        """Print text as it comes, for people."""
        if not self.as_json:
            self.quiet()
            sys.stdout.write(text)
            sys.stdout.flush()

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table for people."""
        if self.as_json:
            return
        self.quiet()
        table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="dim")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self.out.print(table)

    def quiet(self) -> None:
        """Take the progress line away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    _steps = 0

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
            self._task = self._bar.add_task(what, total=total)
        if time.monotonic() - self._told > RARELY or done == total:
            self._told = time.monotonic()
            self._bar.update(self._task, description=what, completed=done, total=total)

    def _print(self, value: Mapping[str, object]) -> None:
        for key, item in value.items():
            if isinstance(item, Mapping):
                self.out.print(
                    f"{key}: " + "  ".join(f"{name} {_short(each)}" for name, each in item.items()), markup=False
                )
            elif isinstance(item, Sequence) and not isinstance(item, str) and item and isinstance(item[0], Mapping):
                self.table(key, list(item[0]), [[_short(each.get(column, "")) for column in item[0]] for each in item])
            else:
                self.out.print(f"{key}: {_short(item)}", markup=False)


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
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
