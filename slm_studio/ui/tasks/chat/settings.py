"""ChatSettings: who answers, and how boldly: the system prompt, the knobs of sampling, what ends an answer."""

from collections.abc import Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.generation import AnsweringOptions
from slm_studio.core.texts import tr
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import Text

KNOBS = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed", "max_new_tokens")
ALTERNATIVES = 5
PARTER = "|"  # between stop strings
PAUSE = 500  # milliseconds after the last key


class ChatSettings(QWidget):
    """`changed` follows every change that makes sense."""

    changed = Signal()
    problem_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.form = KnobForm(AnsweringOptions, names=KNOBS, columns=1, least=160)
        self.stop = LineField("none", name="Stop strings")
        column.addWidget(self.form)
        column.addWidget(Text("Stop strings", "strong"))
        column.addWidget(self.stop)
        column.addWidget(Text("An answer ends before the first of these, separated by |.", "muted", wrap=True))
        column.addStretch(1)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self.changed)
        self.form.changed.connect(self._on_changed)
        self.form.problem_changed.connect(self.problem_changed)
        self.stop.textEdited.connect(self._on_changed)
        self.retranslate()

    def options(self) -> dict[str, object]:
        """Return how to answer, as the verb predict takes it."""
        stop = tuple(each for part in self.stop.text().split(PARTER) if (each := part.replace("\\n", "\n")))
        return self.form.values() | {"alternatives": ALTERNATIVES, "stop": stop}

    def state(self) -> dict[str, object]:
        """Return what stands here as JSON values."""
        return self.form.values() | {"stop": self.stop.text()}

    def restore(self, state: Mapping[str, object]) -> None:
        """Show what `state` returned."""
        self.form.set_values({name: value for name, value in state.items() if name in KNOBS})
        self.stop.setText(str(state.get("stop", "")))

    def retranslate(self) -> None:
        """Say what an empty seed means."""
        self.form.set_placeholders({"seed": tr("a new one each time")})

    def _on_changed(self, *_: object) -> None:
        self._pause.start()
