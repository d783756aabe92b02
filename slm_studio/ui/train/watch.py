"""Watch: one run as it learns, or as it learnt. Curves, numbers, the doctor's opinion, samples."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.events import Note, Step
from slm_studio.core.measures import measure
from slm_studio.core.run import info_of_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, say, tr
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.parts.run_words import DOCTOR, machine_words
from slm_studio.ui.train.charts import ChartsCard
from slm_studio.ui.train.samples import SamplesCard
from slm_studio.ui.train.story import Story
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import SteadyText, Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of
from slm_studio.ui.widgets.stat import Stat, StatGrid

PACE = 290  # milliseconds between two looks at the numbers: after a drawing of the chart and before a delivery
SIDE = 274


class Watch(QWidget):
    """Give it a story once; call `grow` when it grew and `settle` when its state turned."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.story: Story | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)  # a coarse one waits for others, to be due with them
        self._timer.setInterval(PACE)
        self._timer.timeout.connect(self._show_numbers)
        self.charts, self.samples = ChartsCard(), SamplesCard()
        self.numbers, self.doctor, self.how = Card(padding=12), Card(), Card("How it runs")
        self.grid = StatGrid(least=100, most=2)
        self._stats: dict[str, Stat] = {}
        for key, name in (
            ("first", mark("held out")),
            ("second", mark("held-out loss")),
            ("speed", mark("tokens/s")),
            ("memory", mark("memory")),
        ):
            self._stats[key] = self.grid.add_stat(key, name)
        self.numbers.add(self.grid)
        self.opinion, self.machine = SteadyText("", "second"), Text("", "muted", wrap=True)
        self.doctor.add(self.opinion)
        self.how.add(self.machine)
        self._build()

    def show_story(self, story: Story) -> None:
        """Show a run from its beginning."""
        self.story = story
        self.opinion.forget()
        self.charts.show_story(story)
        self.samples.show_samples(())
        self._show_numbers()

    def grow(self, steps: Sequence[Step]) -> None:
        """Show what came; numbers follow at a calm pace."""
        self.charts.grow(steps)
        if not self._timer.isActive():
            self._timer.start()

    def settle(self) -> None:
        """Show at once what is known: the run turned."""
        self.charts.settle()
        self._show_numbers()

    def retranslate(self) -> None:
        """Say names and sentences in the language of now."""
        self._show_numbers()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        row = SideBySide()
        scaled(self.charts.setMinimumHeight, 300)
        row.add(self.charts, 1)
        side = column_of(self.numbers, self.doctor, self.how)
        row.add(side, 0)
        row.limit(side, SIDE, SIDE)
        column.addWidget(row, 1)
        column.addWidget(self.samples)

    def _keys(self) -> tuple[str, str]:
        """Return the two held-out metrics that lead, among those that are known."""
        assert self.story is not None
        info = info_of_run(self.story.run)
        last = self._metrics(self.story)
        shown = [key for key in info.shown if key in last or not last] or [info.metric]
        return shown[0], shown[1] if len(shown) > 1 else "loss"

    def _final(self, story: Story | None) -> SavedModel | None:
        """Return the model of a run that ended: its scores are the ones that count, here as in Evaluate."""
        return story.model if story is not None and story.model is not None and not story.is_at_work else None

    def _metrics(self, story: Story) -> dict[str, float]:
        model = self._final(story)
        if model is not None:
            return dict(model.metrics)
        best = story.best or (story.evaluations[-1] if story.evaluations else None)
        return {"loss": best.loss} | best.metrics if best else dict(story.run.metrics or {})

    def _name_metrics(self) -> None:
        first, second = self._keys()
        model = self._final(self.story)
        template = mark("test {metric}") if model and model.metrics_on == "test" else mark("held-out {metric}")
        self._stats["first"].name.set_words(lambda: tr(template, metric=measure(first).name))
        self._stats["second"].name.set_words(lambda: measure(second).name)

    def _show_numbers(self) -> None:
        story = self.story
        if story is None:
            return
        self._name_metrics()
        metrics = self._metrics(story)
        for place, key in zip(("first", "second"), self._keys(), strict=True):
            self.grid.set_value(place, measure(key).written(metrics.get(key)))
        speed, memory = story.recent("tokens_per_second"), story.recent("memory")
        self.grid.set_value("speed", f"{speed:,.0f}" if speed == speed else "–")
        self.grid.set_value("memory", bytes_words(int(memory)) if memory == memory and memory > 0 else "–")
        self._show_opinion(story.word())
        self._show_how(story)
        self.samples.show_samples(story.samples)
        self.samples.setVisible(bool(story.samples) or story.is_at_work)

    def _show_opinion(self, note: Note | None) -> None:
        self.doctor.setVisible(note is not None)
        if note is None:
            return
        title, tone = DOCTOR[note.code]
        if self.doctor.property("tone") != tone:
            self.doctor.set_tone(tone)
        self.doctor.set_title(title)
        self.opinion.set_words(lambda: say(note.message, note.values))

    def _show_how(self, story: Story) -> None:
        self.how.setVisible(story.machine is not None or story.how is not None)
        machine, how = story.machine, story.how
        parts = []
        if how is not None:
            parts.append(say(how.message, how.values))
        if machine is not None:
            parts.append(machine_words(machine))
        if story.replanned is not None and not story.replanned.last:
            n, steps = story.replanned.n, story.replanned.steps
            parts.append(tr("Planned anew at step {n}, to keep the time: {steps} steps in all.", n=n, steps=steps))
        notes = [*filter(None, [story.fresh]), *story.remarks.values()]
        parts += [say(note.message, note.values) for note in notes]
        self.machine.setText("\n".join(parts))
