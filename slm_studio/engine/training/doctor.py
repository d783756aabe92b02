"""The doctor: says in words what the curve shows, with evidence and a remedy."""

import math
from collections.abc import Iterator

from slm_studio.core.events import Evaluated, Note
from slm_studio.core.recipe import Recipe
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import TaskInfo
from slm_studio.core.texts import mark
from slm_studio.core.verdict import last_word
from slm_studio.engine.training.checkpoint import Position

GAP = 0.5  # nats by which the held-out loss exceeds the training loss before we speak of learning by heart
BY_HEART = mark(
    "It begins to learn rows by heart: the held-out loss is {gap} above the training loss. The best checkpoint is kept; more rows or more dropout would help."
)
BY_HEART_UNDROPPED = mark(
    "It begins to learn rows by heart: the held-out loss is {gap} above the training loss. The best checkpoint is kept; more rows would help."
)
FLAT = 4  # evaluations without gain that look like a plateau


class Doctor:
    """Looks at each evaluation and speaks when its opinion changes.

    What it has seen stands in the Position, so that a run that goes on is judged by all of its curve.
    """

    def __init__(self, info: TaskInfo, chance: float | None = None) -> None:
        self.info = info
        self.chance = chance  # the loss of guessing, where it is known

    def look(self, evaluated: Evaluated, position: Position, recipe: Recipe) -> Iterator[Note]:
        """Yield at most one Note. Codes: first-look, learning-well, by-heart, plateau, not-learning, unstable, diverging."""
        position.looks += 1
        if position.looks == 1 and math.isfinite(evaluated.loss):
            position.first_loss = evaluated.loss
        if math.isfinite(position.recent_loss):
            position.lowest_loss = min(_or_endless(position.lowest_loss), position.recent_loss)
        note = self._opinion(evaluated, position, recipe)
        if note.code != position.opinion:
            position.opinion = note.code
            yield note

    def conclude(self, model: SavedModel, position: Position) -> Iterator[Note]:
        """Yield the last Note of a run that ended with a model. Its code begins with “ended”."""
        best = position.best_step or position.step
        yield last_word(model, best=best, steps=position.step, opinion=position.opinion)

    def _opinion(self, evaluated: Evaluated, position: Position, recipe: Recipe) -> Note:
        gap = max(0.0, evaluated.loss - position.recent_loss)
        values: dict[str, str | int | float] = {
            "gap": round(gap, 3),
            "loss": round(evaluated.loss, 4),
            "patience": recipe.patience or 0,
            "stale": position.stale,
        }
        if position.skipped:
            return Note(
                "unstable",
                "{skipped} {skipped:step|steps} had a gradient that was not finite and {skipped:was|were} skipped. A lower learning rate would help.",
                values | {"skipped": position.skipped},
            )
        if found := self._diverging(evaluated, position):
            lowest = round(position.lowest_loss or 0, 3)
            return Note("diverging", found, values | {"lowest": lowest, "chance": round(self.chance or 0, 3)})
        if position.looks >= 3 and _or_endless(position.best) > 0.995 * _or_endless(position.first_loss):
            return Note(
                "not-learning",
                "The held-out loss has not fallen yet. If it stays so, try another learning rate.",
                values,
            )
        if position.stale >= 2 and gap > GAP:
            return Note(
                "by-heart",
                BY_HEART_UNDROPPED if "dropout" in recipe.unused else BY_HEART,
                values,
            )
        if position.stale >= FLAT and recipe.patience:
            return Note(
                "plateau",
                "No gain in the last {stale} {stale:evaluation|evaluations}. After {patience} the run ends and keeps the best.",
                values,
            )
        if not evaluated.best:
            return Note(
                "no-gain",
                "No gain at the latest look; the best so far was after step {best}.",
                values | {"best": position.best_step},
            )
        if position.looks == 1:
            return Note(
                "first-look", "The first look at held-out rows. The next ones show whether they improve.", values
            )
        return (
            Note("learning-well", "Held-out rows still improve, and nothing speaks of learning by heart.", values)
            if gap <= GAP
            else Note("learning-with-gap", "Held-out rows still improve, {gap} behind the training loss.", values)
        )

    def _diverging(self, evaluated: Evaluated, position: Position) -> str:
        """Return the sentence for a run that moves away from what it had learnt, or ""."""
        if not math.isfinite(evaluated.loss + position.recent_loss):
            return mark(
                "The loss is no longer a number. The best checkpoint so far is kept; train again with a third of the learning rate."
            )
        if not evaluated.best and position.recent_loss > _or_endless(position.lowest_loss) + GAP:
            return mark(
                "The training loss rises again: it was {lowest} before. The best checkpoint is kept; a third of the learning rate would help."
            )
        if position.looks >= 2 and self.chance is not None and evaluated.loss > self.chance + GAP:
            return mark("The held-out loss is {loss}, worse than guessing ({chance}): the learning rate is too high.")
        return ""


def _or_endless(loss: float | None) -> float:
    return math.inf if loss is None else loss
