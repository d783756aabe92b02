"""DurationCard: how long? A time budget, or until it stops improving."""

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.knobs import written
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Sizes
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import in_line, mark, tr
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.segmented import Segmented

PRESETS = (1.0, 5.0, 30.0)
UNTIL = "until"


class DurationCard(Card):
    """Emits the knobs `minutes` and `epochs` as the person set them."""

    chosen = Signal(object)  # dict[str, object]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("How long?", parent=parent)
        self._recipe: Recipe | None = None
        self._shown: object = ()
        self.pills: Segmented | None = None
        self.words = Text("", "muted", wrap=True)
        self.add(self.words)
        self.body.addStretch(1)

    def show_plan(self, recipe: Recipe, sizes: Sizes | None) -> None:
        """Show how long `recipe` learns; `sizes` (where they are known) tell how often it reads the rows."""
        self._recipe = recipe
        minutes = recipe.settled().minutes
        budgets = tuple(_with(minutes))
        until = mark("until it stops improving") if recipe.settled().patience != 0 else mark("as many times as set")
        if self._shown != (budgets, until):
            self._shown = budgets, until
            self._build_pills(budgets, until)
        assert self.pills is not None
        self.pills.choose(UNTIL if minutes is None else written(minutes))
        self.pills.setVisible(sizes is None or sizes.steps > 0)
        self.words.set_words(lambda: duration_words(recipe, sizes))

    def _build_pills(self, budgets: tuple[float, ...], until: str) -> None:
        if self.pills is not None:
            self.pills.hide()
            self.pills.deleteLater()
        self.pills = Segmented((), kind="pills", name="How long?", wraps=True)
        for minutes in budgets:
            self.pills.add(written(minutes), "{minutes} min", minutes=written(minutes))
        self.pills.add(UNTIL, until)
        self.pills.chosen.connect(self._on_chosen)
        self.body.insertWidget(0, self.pills)

    def _on_chosen(self, key: str) -> None:
        if key != UNTIL:
            self.chosen.emit({"minutes": float(key), "epochs": None})
            return
        assert self._recipe is not None
        defaults = self._recipe.family.defaults
        # Where the family itself has a time budget, only a number of epochs switches it off (see Recipe.settled).
        epochs = defaults.get("epochs") if defaults.get("minutes") is not None else None
        self.chosen.emit({"minutes": None, "epochs": epochs})


def duration_words(recipe: Recipe, sizes: Sizes | None) -> str:
    """Return what the choice means, in a sentence or two."""
    if sizes is not None and not sizes.steps:
        return tr(
            "No step is taken: the model stays as it is, and your rows are read once, to learn what counts for how much."
        )
    settled = recipe.settled()
    parts = []
    if settled.minutes is None and settled.epochs is None:
        parts.append(tr("How often it reads your data depends on how much there is: little text more often."))
    elif settled.minutes is None:
        times = settled.epochs or 1
        parts.append(
            tr("It reads your data {n} {n:time|times}.", n=times)
            if settled.patience == 0
            else tr("It reads your data at most {n} {n:time|times}.", n=times)
        )
    else:
        times = passes(recipe, sizes)
        if times is not None:
            parts.append(tr("In that time it reads your data about {times} {times:time|times}.", times=times))
        else:
            parts.append(tr("The budget becomes a number of steps when the run starts."))
    if settled.patience != 0:  # None: the rows say how long it waits
        parts.append(tr("It stops sooner when held-out rows stop improving, and keeps the best."))
    else:
        parts.append(tr("It keeps the state that did best on held-out rows."))
    if sizes is not None and sizes.last_epochs:
        parts.append(tr("At the end it learns these rows, too; the test rows alone stay unseen."))
    return in_line(parts)


def passes(recipe: Recipe, sizes: Sizes | None) -> str | None:
    """Return about how often the rows are read in the time budget; None while nobody knows."""
    rows = sizes.rows.get("train", 0) if sizes else 0
    batch = recipe.settled().batch
    if sizes is None or not rows or not batch or task_info(recipe.task).packs:
        return None  # blocks are no rows to count
    times = sizes.steps * batch / rows
    if times >= 10:
        digits = 10 ** (int(math.log10(times)) - 1)
        return f"{round(times / digits) * digits:,}"
    return f"{times:.1f}"


def _with(minutes: float | None) -> list[float]:
    """Return the presets, the one nearest to `minutes` replaced by it."""
    if minutes is None or minutes in PRESETS:
        return list(PRESETS)
    nearest = min(PRESETS, key=lambda preset: abs(math.log(preset / minutes)))
    return [minutes if preset == nearest else preset for preset in PRESETS]
