"""Forms made from knobs: one field per setting, with its label, its name, its help, its range and what is wrong with it."""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from typing import get_type_hints

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core import knobs
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import Knob, listed, written
from slm_studio.core.texts import explain, mark, tr
from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.fields import Check, Choice, LineField
from slm_studio.ui.widgets.labels import ElidedText, Text, restyle
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words

UNREADABLE = mark("Enter a number.")
UNREADABLE_LIST = mark("Enter whole numbers, with commas between them.")


class KnobForm(QWidget):
    """Shows the knobs of a dataclass in columns. `changed` brings all values after each change that makes sense.

    A knob that is None stands empty, and says what is recommended (from `placeholders`).
    """

    changed = Signal(object)  # dict[str, object]: name → value
    problem_changed = Signal(bool)  # True while a field holds what cannot be

    def __init__(
        self, owner: type, *, names: Sequence[str] | None = None, without: Sequence[str] = (),
        placeholders: Mapping[str, object] | None = None, columns: int = 2, least: int = 300, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        """`names` picks knobs and their order (default: all, as declared); `without` leaves some out; `least` pixels a column."""
        super().__init__(parent)
        self._owner = owner
        self._fields: dict[str, KnobField] = {}
        self._had_problem = False
        self._columns = Columns(least=least, most=columns, gap=20)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._columns)
        found = {each.name: each for each in knobs.knobs(owner) if each.name not in without}
        for name in names if names is not None else found:
            field = KnobField(owner, found[name])
            self._fields[name] = field
            self._columns.add(field)
            field.changed.connect(self._on_changed)
        self.set_placeholders(placeholders or {})
        self._rest_idle()

    def values(self) -> dict[str, object]:
        """Return what the fields hold; a field that cannot be read keeps its last sound value."""
        return {name: field.value() for name, field in self._fields.items()}

    def set_values(self, values: Mapping[str, object]) -> None:
        """Fill fields without telling anybody; names that are not here are left out."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].set_value(value)
        self._rest_idle()
        self._tell_problem()

    def set_placeholders(self, placeholders: Mapping[str, object]) -> None:
        """Say what is recommended where a field stands empty."""
        for name, value in placeholders.items():
            if name in self._fields:
                self._fields[name].set_recommended(value)

    def field(self, name: str) -> "KnobField":
        """Return one field (to hide it, or to give it the focus)."""
        return self._fields[name]

    def has_problem(self) -> bool:
        """Say whether a field holds what cannot be."""
        return any(field.problem() for field in self._fields.values())

    def summary(self, most: int = 5) -> str:
        """Return the settings in one line: “learning_rate 0.003 · batch 32 · 14 more”."""
        parts = [f"{name} {shown}" for name, field in self._fields.items() if (shown := field.shown())]
        more = len(self._fields) - min(most, len(parts))
        return " · ".join(parts[:most] + ([tr("{n} more", n=more)] if more > 0 else []))

    def _rest_idle(self) -> None:
        """Let nobody enter what means nothing beside the other values."""
        idle = knobs.idle(self._owner, self.values())
        for name, field in self._fields.items():
            field.setEnabled(name not in idle)

    def _tell_problem(self) -> None:
        if self.has_problem() != self._had_problem:
            self._had_problem = not self._had_problem
            self.problem_changed.emit(self._had_problem)

    def _on_changed(self) -> None:
        self._rest_idle()
        self._tell_problem()
        self.changed.emit(self.values())


class KnobField(QWidget):
    """One knob: label and name, the field, its help, and below it what is wrong."""

    changed = Signal()

    def __init__(self, owner: type, knob: Knob, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.knob = knob
        self._owner = owner
        self._value: object = None if knob.optional else knob.default
        self._recommended: object = None
        self._error: StudioError | None = None
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addWidget(self._names())
        self._editor: Check | Choice | LineField = self._build_editor()
        column.addWidget(self._editor)
        self._problem = Text("", "bad", wrap=True)
        self._problem.hide()
        column.addWidget(self._problem)
        column.addWidget(Text(knob.help, "muted", wrap=True))
        column.addStretch(1)
        self.set_value(self._value)

    def value(self) -> object:
        """Return the last sound value."""
        return self._value

    def set_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self._value = value
        if isinstance(self._editor, Check):
            self._editor.setChecked(bool(value))
        elif isinstance(self._editor, Choice):
            self._editor.choose(value)
        else:
            self._editor.setText("" if value is None else written(value))
        self._check(value)

    def set_recommended(self, value: object) -> None:
        """Say what an empty field means."""
        self._recommended = value
        self.retranslate()

    def offer(self, options: Sequence[tuple[object, Words]]) -> None:
        """Let the person choose instead of type. What stands here stays, even if it is not among the options."""
        if not isinstance(self._editor, Choice):
            choice, typed = Choice(), self._editor
            choice.chosen.connect(self._on_value)
            self._column.replaceWidget(typed, choice)
            typed.deleteLater()
            self._editor = choice
        known = [value for value, _ in options]
        own: list[tuple[object, Words]] = [] if self._value in known else [(self._value, partial(str, self._value))]
        self._editor.set_options([*options, *own], self._value)
        self.retranslate()

    def problem(self) -> str:
        """Return what is wrong with what stands here, in words, or ""."""
        return self._problem.text() if self._error else ""

    def shown(self) -> str:
        """Return the value that counts (the person's, else the recommended one) as text."""
        value = self._value if self._value is not None else self._recommended
        return "" if value is None else written(value)

    def retranslate(self) -> None:
        """Say placeholder and problem in the language of now."""
        if isinstance(self._editor, LineField):
            words = (
                "" if self._recommended is None else tr("as recommended ({value})", value=written(self._recommended))
            )
            self._editor.setPlaceholderText(words or (tr("as recommended") if self.knob.optional else ""))
        self._editor.setAccessibleName(tr(self.knob.label))
        self._editor.setAccessibleDescription(tr(self.knob.help))
        if self._error:
            message, hint = explain(self._error)
            self._problem.setText(hint or message)

    def _names(self) -> QWidget:
        row = SideBySide(gap=8)
        row.layout().addStrut(the_theme().px(22))  # names in Chinese and Latin letters stand in one line
        row.add(Text(self.knob.label, "strong"), 0)
        name = ElidedText("{name}", "small", name=self.knob.name)
        name.setFont(the_theme().monospace(11.5))
        row.add(name, 1)
        return row

    def _build_editor(self) -> Check | Choice | LineField:
        if self.knob.kind is bool:
            check = Check("On")
            check.toggled.connect(self._on_value)
            return check
        if self.knob.choices:
            choice = Choice(list(self.knob.choices.items()))
            choice.chosen.connect(self._on_value)
            return choice
        line = LineField()
        line.textEdited.connect(self._on_text)
        return line

    def _on_value(self, value: object) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit()

    def _on_text(self, text: str) -> None:
        value, readable = read_value(self.knob, text)
        if not readable:
            told = UNREADABLE_LIST if self.knob.kind is tuple else UNREADABLE
            self._show_error(StudioError("knob-unreadable", told))
        elif not self._check(value):
            self._value = value
        self.changed.emit()

    def _check(self, value: object) -> StudioError | None:
        error = knob_problem(self._owner, self.knob.name, value)
        self._show_error(error)
        return error

    def _show_error(self, error: StudioError | None) -> None:
        self._error = error
        self._problem.setVisible(error is not None)
        self._editor.setProperty("problem", error is not None)
        restyle(self._editor)
        self.retranslate()


def knob_problem(owner: type, name: str, value: object) -> StudioError | None:
    """Return what is wrong with one value of one knob, or None."""
    field = next(each for each in dataclasses.fields(owner) if each.name == name)
    alone = dataclasses.make_dataclass(
        "Alone", [(name, get_type_hints(owner)[name], dataclasses.field(default=None, metadata=field.metadata))]
    )
    found = knobs.problems(alone(**{name: value}))
    return found[0] if found else None


def read_value(knob: Knob, text: str) -> tuple[object, bool]:
    """Return what a person typed as the knob's own type, and whether it could be read."""
    text = text.strip()
    if not text and knob.optional:
        return None, True
    if knob.kind is str:
        return text, True
    if knob.kind is tuple:
        try:
            return listed(text), True
        except ValueError:
            return None, False
    plain = text.replace(" ", "").replace("\u202f", "")
    # 1,024 groups thousands; 0,003 is how half of Europe writes 0.003.
    grouped = (
        "," in plain
        and all(len(part) == 3 and part.isdigit() for part in plain.split(",")[1:])
        and not plain.startswith("0")
    )
    plain = plain.replace(",", "") if grouped else plain.replace(",", ".")
    try:
        return (int(plain) if knob.kind is int else float(plain)), True
    except ValueError:
        return None, False
