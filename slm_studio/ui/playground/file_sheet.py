"""FileSheet: every row of a file at once: choose it and its columns, say where the answers go, and they are written."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from slm_studio.core.answer_columns import added_columns
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.results import FileResult, Opened, Suggestion
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import in_line, mark, tr
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.parts.remarks import remarks_words
from slm_studio.ui.parts.saving import ask_where_to_save, free_file, show_in_files
from slm_studio.ui.playground.column_choices import ColumnChoices
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button, IconButton, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.field_rows import FieldRows
from slm_studio.ui.widgets.fields import Check, Choice
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import ElidedText, Text, tip
from slm_studio.ui.widgets.progress import Progress
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide

FORMATS = (("csv", mark("CSV")), ("jsonl", mark("JSON lines")))
ADDED = mark("The columns of the file stay. Added: “{columns}”.")
ANSWERING = ("open", "predict_file")
ENDING = "-answers"  # added to the name of the file


class FileSheet(Card):
    """Reads a file, asks for its columns and the place of the answers, and works with Stop and progress."""

    closed = Signal()

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("A whole file", self._close, parent=parent)
        self._session = session
        self._model: SavedModel | None = None
        self._device = "auto"
        self._is_answering = self._had_focus = False
        self._source: Path | None = None
        self.out: Path | None = None
        self.dataset: Dataset | None = None
        self._build()
        self.chain = Chain(jobs, self.progress, self.button, self)
        self._connect()
        self._tell()

    def open_sheet(self, model: SavedModel, device: str, chosen: Mapping[str, object]) -> None:
        """Work with this model, by what was `chosen` in its view; the one that is answering a file stays until that is done."""
        if self.is_answering:
            return
        is_other = self._model is None or self._model.folder != model.folder
        self._model, self._device = model, device
        self.set_title("A whole file, answered by “{name}”", name=model.name)
        self.columns.set_model(model, chosen)
        self.problem.clear()
        if is_other:
            self.done.hide()
            self._guess()
        self._tell()

    def take_file(self, path: Path) -> None:
        """Read a file, to know its columns and rows; not while another one is being answered."""
        if self.is_answering:
            self.problem.show_error(
                StudioError(
                    "still-answering",
                    "“{file}” is still being answered.",
                    "Stop it first, or wait for its end.",
                    file=self._source.name if self._source is not None else "",
                )
            )
            return
        self._source, self.dataset = path, None
        # of the window, not of the application: a dialog in which the file was chosen may still be in front
        self._had_focus = self.isAncestorOf(self.window().focusWidget())
        self.columns.set_dataset(None)
        self.out = self._beside(path)
        self.done.hide()
        self._run("read", {"path": str(path), "options": ReadOptions()}, self._on_read)

    def write_to(self, out: Path) -> None:
        """Write the answers there."""
        self.out = out
        self.format.choose(out.suffix.lstrip("."))
        self._tell()

    def start(self) -> None:
        """Answer every row."""
        if self._model is None or self.dataset is None or self.is_busy or self.columns.lacks():
            return
        self.done.hide()
        if self.out == self._source:
            self.problem.show_error(
                StudioError(
                    "same-file",
                    "The answers would replace “{file}”.",
                    "Choose another file for them.",
                    file=str(self.out),
                )
            )
        else:
            self._run("open", {"folder": self._model.folder, "device": self._device}, self._on_opened)

    def stop(self) -> None:
        """Stop the work; rows that were answered are not kept."""
        self.chain.stop()

    @property
    def is_busy(self) -> bool:
        """Say whether a file is being read or answered."""
        return self.chain.is_busy

    @property
    def is_answering(self) -> bool:
        """Say whether the rows of a file are being answered: work that must not be lost by the way."""
        return self._is_answering and self.chain.is_busy

    def _build(self) -> None:
        self.file_name, self.out_name = ElidedText(), ElidedText()
        self.file_button, self.out_button = Button("Choose…"), Button("Choose…")
        self.format = Choice(FORMATS, name="Format")
        self.for_excel = Check("for Excel")
        tip(self.for_excel, "The file begins with the mark by which Excel knows UTF-8.")
        scaled(self.format.setMaximumWidth, 280)
        formats = QWidget()
        flow = Flow(formats, gap=16)
        flow.addWidget(self.format)
        flow.addWidget(self.for_excel)
        rows = FieldRows()
        rows.add(Text("File", "muted"), self.file_name, self.file_button)
        self.columns = ColumnChoices(rows, self)
        rows.add(Text("Answers go to", "muted"), self.out_name, self.out_button)
        rows.add(Text("Format", "muted"), formats)
        self.add(rows)
        self.lacks = Text("", wrap=True)
        self.add(self.lacks)
        self.body.addSpacing(8)
        self.progress, self.button = Progress(), WorkButton("Answer every row")
        row = SideBySide(gap=12)
        row.add(Actions(self.button), 0)
        row.add(self.progress, 1)
        self.add(row)
        self.done = Banner(tone="good", action="Open folder")
        self.problem = ErrorBox(closable=False)
        self.add(self.done)
        self.add(self.problem)
        self.added = Text("", "muted", wrap=True)
        self.add(self.added)
        self.body.addStretch(1)
        self.done.hide()

    def _connect(self) -> None:
        self._close.clicked.connect(self._on_close)
        self.file_button.clicked.connect(self._on_choose_file)
        self.out_button.clicked.connect(self._on_choose_out)
        self.format.chosen.connect(self._on_format)
        self.columns.changed.connect(self._tell)
        self.button.started.connect(self.start)
        self.chain.changed.connect(self._tell)
        self.chain.failed.connect(self.problem.show_error)
        self.chain.failed.connect(self._return_focus)
        self.done.acted.connect(self._on_open_folder)

    def _tell(self) -> None:
        """Say what was chosen, and let it start where everything is known."""
        if self._source is None:
            self.file_name.set_words("csv, tsv, json, jsonl, txt, parquet")
        elif self.dataset is None:
            self.file_name.set_words("{file}", file=self._source.name)
        else:
            self.file_name.set_words("{file} · {rows} {rows:row|rows}", file=self._source.name, rows=self.dataset.rows)
        self.out_name.set_words("{file}", file=str(self.out) if self.out else "–")
        busy = self.is_busy
        for widget in (self.file_button, self.out_button, self.format, self.for_excel):
            widget.setEnabled(not busy)
        self.columns.set_enabled(not busy)
        lacks = self.columns.lacks()
        self.lacks.set_words(lacks)
        self.lacks.setVisible(bool(lacks))
        self.for_excel.setVisible(self.format.current() == "csv")
        self.added.set_words(self._added_words)
        if not busy:
            self.button.setEnabled(self.dataset is not None and not lacks)

    def _added_words(self) -> str:
        """Say which columns are added, and what those hold whose names do not say it."""
        if self._model is None:
            return ""
        taken = [column.name for column in self.dataset.columns] if self.dataset is not None else []
        added = added_columns(self._model, f".{self.format.current()}", taken)
        named = tr(ADDED, columns="”, “".join(added))
        return in_line([named, *(tr(about, column=name) for name, about in added.items() if about)])

    def _run(self, verb: str, arguments: dict[str, object], then: Callable[[Any], None]) -> None:
        self.problem.clear()
        self._is_answering = verb in ANSWERING
        self.chain.run(verb, arguments, then)

    def _beside(self, path: Path) -> Path:
        return free_file(path.with_name(f"{path.stem}{ENDING}.{self.format.current()}"))

    def _on_read(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.for_excel.setChecked(dataset.is_from_excel)
        self.columns.set_dataset(dataset)
        self._guess()
        self._return_focus()

    def _guess(self) -> None:
        """Ask which columns look like those that no name tells."""
        if self._model is not None and self.dataset is not None and self.columns.missing():
            self._run("suggest", {"dataset": self.dataset, "task": self._model.task}, self._on_guessed)

    def _on_guessed(self, guess: Suggestion) -> None:
        self.columns.guess(guess.roles)
        self._return_focus()

    def _return_focus(self) -> None:
        """Let the keys go on here: what had the focus was disabled while the file was read, and lost it."""
        if self._had_focus and not self.is_busy:
            self._had_focus = False
            (self.button if self.button.isEnabled() else self.file_button).setFocus()

    def _on_opened(self, opened: Opened) -> None:
        arguments = {
            "handle": opened.handle,
            "path": str(self._source),
            "out": str(self.out),
            "options": {**self.columns.options(), "bom": self.for_excel.isChecked()},
        }
        self._run("predict_file", arguments, self._on_written)

    def _on_written(self, result: FileResult) -> None:
        self.button.set_done()
        self.done.set_words(
            "{rows} {rows:row|rows} written to {file}.",
            hint=partial(remarks_words, result.remarks) if result.remarks else "",
            tone="warning" if result.unanswered else "good",
            rows=result.rows,
            file=Path(result.out).name,
        )
        self.done.show()

    def _on_close(self) -> None:
        self.stop()
        self.closed.emit()

    def _on_choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("A file of texts"), str(self._session.recall("folder", "")))
        if name:
            self._session.remember("folder", str(Path(name).parent))
            self.take_file(Path(name))

    def _on_choose_out(self) -> None:
        title, kinds = tr("Where the answers go"), "CSV (*.csv);;JSON lines (*.jsonl)"
        out = ask_where_to_save(self, title, str(self.out or ""), kinds)
        if out is not None:
            self.write_to(out)

    def _on_format(self, kind: object) -> None:
        if self.out is not None:
            self.write_to(free_file(self.out.with_suffix(f".{kind}")))

    def _on_open_folder(self) -> None:
        if self.out is not None:
            show_in_files(str(self.out))
