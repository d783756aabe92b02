"""RemarksCard: how the file was understood, everything that was guessed, repaired or skipped, and other ways to read it."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.dataset import UNDIVIDED, Dataset, ReadOptions
from slm_studio.core.texts import mark, tr
from slm_studio.ui.data.dataset_words import DELIMITERS, delimiter_name, encoding_name, remark_places, remark_words
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import ElidedText, Text

OFFERED = (
    "utf-8", "gb18030", "cp950", "big5hkscs", "cp932", "euc_jp", "cp949", "utf-16", "cp1252", "cp1250", "cp1251", "koi8_r",
    "iso8859-1", "iso8859-15", "iso8859_7", "cp1256", "iso2022_jp", "hz", "mac_roman",
)  # fmt: skip
HEADED = ("csv", "tsv")  # formats whose header a person may settle …
GRIDS = ("xlsx", "html")  # … as in grids, of which only the header is a guess …
SHAPED = (*HEADED, "txt", "labelled")  # … and those whose delimiter


class RemarksCard(Card):
    """Emits the options with which the file shall be read again; the table shows at once what they give."""

    reread_requested = Signal(object)  # ReadOptions
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("How the file was read", parent=parent)
        self._options = ReadOptions()
        self._dataset: Dataset | None = None
        close = IconButton("close", "Close")
        self.set_trailing(close)
        close.clicked.connect(self.closed)
        self._build_choices()
        self.hint = Text(
            "Letters look wrong, or the columns? Read it differently; the table shows what comes of it.",
            "muted",
            wrap=True,
        )
        self.add(self.hint)
        self.add(self._ways)

    def show_report(self, dataset: Dataset, options: ReadOptions) -> None:
        """Show how `dataset` was read, with the options it was read with."""
        self._dataset, self._options = dataset, options
        self._fill()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self._fill()

    def _build_choices(self) -> None:
        self._ways = QWidget()
        row = QHBoxLayout(self._ways)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.sheet = Choice(name="Sheet")
        self.encoding, self.delimiter, self.header = (
            Choice(name="Encoding"),
            Choice(name="Delimiter"),
            Choice(name="Header"),
        )
        for choice in (self.sheet, self.encoding, self.delimiter, self.header):
            row.addWidget(choice)
            choice.chosen.connect(self._on_chosen)
        row.addStretch(1)

    def _fill(self) -> None:
        if self._dataset is None:
            return
        report = self._dataset.report
        found = encoding_name(report.encoding)
        self.encoding.set_options(
            [
                ("", lambda: tr("Encoding: as found ({name})", name=found)),
                *((name, _Named(encoding_name(name))) for name in _with(self._options.encoding, OFFERED)),
            ],
            self._options.encoding,
        )
        labelled = report.format == "labelled"
        parted = tr("label and text") if labelled else delimiter_name(report.delimiter or UNDIVIDED)
        self.delimiter.set_options(
            [
                ("", lambda: tr("Cells parted by: as found ({name})", name=parted)),
                *((each, _Parted(each)) for each in _with(self._options.delimiter, tuple(DELIMITERS))),
            ],
            self._options.delimiter,
        )
        self.header.set_options(
            [
                (None, mark("First row: as found")),
                (True, mark("First row names the columns")),
                (False, mark("First row is data")),
            ],
            self._options.header,
        )
        self.sheet.set_options([(name, _Named(tr("Sheet: {name}", name=name))) for name in report.sheets], report.sheet)
        self.sheet.setVisible(len(report.sheets) > 1)
        self.encoding.setVisible(bool(report.encoding))
        self.delimiter.setVisible(report.format in SHAPED)
        self.header.setVisible(report.format in (*HEADED, *GRIDS))
        self.hint.setVisible(bool(report.encoding) or len(report.sheets) > 1)
        self._fill_lines()

    def _fill_lines(self) -> None:
        assert self._dataset is not None
        empty(self.body, keep=2)
        remarks = self._dataset.report.remarks
        if not remarks:
            self.add(Text("Nothing had to be guessed twice, repaired or skipped.", "muted"))
        for remark in remarks:
            places = remark_places(remark)
            line = ElidedText("", "second")
            line.setText(remark_words(remark) + (f"  ({places})" if places else ""))
            line.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            self.add(line)

    def _chosen_sheet(self) -> str:
        """Return the sheet to read; "" while it is the one that was found without being asked for."""
        chosen = str(self.sheet.current() or "")
        found = self._dataset.report.sheet if self._dataset is not None else ""
        return self._options.sheet if chosen == found else chosen

    def _on_chosen(self, _: object) -> None:
        header = self.header.current()
        options = replace(
            self._options, sheet=self._chosen_sheet(), encoding=str(self.encoding.current() or ""), delimiter=str(self.delimiter.current() or ""),
            header=header if isinstance(header, bool) else None,
        )  # fmt: skip
        if options != self._options:
            self.reread_requested.emit(options)


def _with(settled: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is offered and what was settled elsewhere, so that choosing something else does not undo it."""
    return offered if not settled or settled in offered else (*offered, settled)


class _Parted:
    """A delimiter in words of the language of now."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter

    def __call__(self) -> str:
        return delimiter_name(self._delimiter)


class _Named:
    """A name that is the same in every language."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> str:
        return self._name
