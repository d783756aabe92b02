"""ChartsCard: loss, learning rate or speed of one run, one at a time, each drawn only while it is looked at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from slm_studio.core.curves import COLUMNS
from slm_studio.core.events import Evaluated, Step
from slm_studio.core.measures import measure
from slm_studio.core.run import FAILED, INTERRUPTED, PAUSED, STOPPED, info_of_run
from slm_studio.core.texts import mark
from slm_studio.ui.train.story import Story
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled

if TYPE_CHECKING:
    from slm_studio.ui.widgets.chart import CurveChart

VALUES = (
    ("loss", mark("Loss")),
    ("rate", mark("Learning rate")),
    ("gradient_norm", mark("Gradient")),
    ("tokens_per_second", mark("Speed")),
)
WAITING = mark("The curve begins with the first step.")
NO_STEP = {
    STOPPED: mark("Stopped before the first step. Resume goes on from there."),
    INTERRUPTED: mark("Interrupted before the first step. Resume goes on from there."),
    PAUSED: mark("Paused before the first step. Resume goes on from there."),
    FAILED: mark("Ended before the first step."),
}
WITHOUT = mark("There is no curve: the model stays as it is.")


class ChartsCard(Card):
    """Show a story once with `show_story`, then add what comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._story: Story | None = None
        self._charts: dict[str, CurveChart] = {}  # made when there is a run to draw
        self._drawn: dict[str, int] = {}  # evaluations that a chart has
        self.value = Choice(VALUES, name="Chart", strong=True, tight=True)
        self.set_leading(self.value)
        self.head.layout().setAlignment(self.value, Qt.AlignmentFlag.AlignLeft)
        self._stack = QStackedWidget()
        self._waiting = Text(WAITING, "muted")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._waiting)
        # Its height is what the place leaves, not the plot's wish (which would push what is below out of sight).
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.add(self._stack, 1)
        self.value.chosen.connect(self._on_chosen)

    def show_story(self, story: Story) -> None:
        """Draw a run from its beginning."""
        self._story = story
        self._fill(str(self.value.current()))

    def grow(self, steps: Sequence[Step]) -> None:
        """Add what came since; charts that nobody looks at are drawn when somebody does."""
        if self._story is None:
            return
        key = str(self.value.current())
        chart = self._charts[key]
        evaluations = self._story.evaluations
        if self._drawn.get(key, 0) > len(evaluations) or (steps and not self._drawn_steps(key)):
            self._fill(key)
            return
        if steps:
            chart.add_steps(steps)
            self._stack.setCurrentWidget(chart)
        self._add_evaluations(key, evaluations)
        chart.set_total(self._story.total if self._story.is_at_work else 0)

    def settle(self) -> None:
        """Mark the latest step only while the run is at work; where none was done yet, say how that is."""
        if self._story is not None:
            self._waiting.set_words(_waiting_words(self._story))
            chart = self._charts[str(self.value.current())]
            chart.set_now(self._story.is_at_work)
            chart.set_total(self._story.total if self._story.is_at_work else 0)

    def _drawn_steps(self, key: str) -> bool:
        return key in self._drawn

    def _chart(self, key: str) -> "CurveChart":
        if key not in self._charts:
            from slm_studio.ui.widgets.chart import CurveChart  # pyqtgraph takes half a second, and no run may be shown

            chart = CurveChart(key)
            scaled(chart.setMinimumHeight, 200)
            self._charts[key] = chart
            self._stack.addWidget(chart)
            self.set_trailing(chart.controls)
        return self._charts[key]

    def _fill(self, key: str) -> None:
        """Draw everything that is known anew."""
        story, chart = self._story, self._chart(key)
        self._drawn = {key: 0}
        chart.clear()
        if story is None:
            return
        if key == "loss":
            metric = info_of_run(story.run).metric
            chart.set_metric("" if metric == "loss" else metric, measure(metric).title)
        n, epoch, seconds, values = (story.steps.column(COLUMNS.index(name)) for name in ("n", "epoch", "seconds", key))
        if len(story.steps):
            chart.add_columns(n, epoch, seconds, values)
        self._stack.setCurrentWidget(chart if len(story.steps) else self._waiting)
        self._add_evaluations(key, story.evaluations)
        self.settle()

    def _add_evaluations(self, key: str, evaluations: Sequence[Evaluated]) -> None:
        new = evaluations[self._drawn.get(key, 0) :]
        if new and key == "loss":
            self._charts[key].add_evaluations(new)
        self._drawn[key] = len(evaluations)

    def _on_chosen(self, value: object) -> None:
        key = str(value)
        if self._story is None:
            return
        chart = self._chart(key)
        for each in self._charts.values():
            each.controls.setVisible(each is chart)
        self._fill(key)


def _waiting_words(story: Story) -> str:
    """Return what stands in the place of a curve that has not begun."""
    has_none = not story.run.steps and bool(story.evaluations)
    return WITHOUT if has_none else NO_STEP.get(story.state, WAITING)
