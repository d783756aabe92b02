"""Few rows: what was tried with a base, and which way was taken. The window, the card and the command line say the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from slm_studio.core.texts import mark

FEW = "few"  # among a model's facts
TUNED = mark(
    "Few rows: pairs of them tuned the base, then a logistic regression learnt from its vectors. Of {rows} held-out {rows:row|rows} it got {tuned} right, the untouched base with the same regression {frozen}: the tuned one is taken."
)
SURER = mark(
    "Few rows: pairs of them tuned the base, then a logistic regression learnt from its vectors. Of {rows} held-out {rows:row|rows} it got {tuned} right, the untouched base with the same regression {frozen}. The tuned one is taken because it holds the right labels for likelier: of few rows that says more than a count."
)
FROZEN = mark(
    "Few rows: a logistic regression on the vectors of the untouched base got {frozen} of {rows} held-out {rows:row|rows} right. Tuning the base by pairs of rows did no better, so the untouched one is taken."
)


@dataclass(frozen=True, slots=True)
class Few:
    """How many of the held-out rows each way got right, as shares; `tuned` is None where it was not taken."""

    rows: int
    frozen: float
    tuned: float | None

    @property
    def sentence(self) -> str:
        """Return the template that says which way was taken, and why."""
        if self.tuned is None:
            return FROZEN
        return TUNED if self.tuned > self.frozen else SURER


def few_of(facts: Mapping[str, object]) -> Few | None:
    """Return what the facts of a model say, or None where it learnt in another way."""
    found = facts.get(FEW)
    if not isinstance(found, dict):
        return None
    rows, frozen, tuned = (found.get(name) for name in ("rows", "frozen", "tuned"))
    if not isinstance(rows, int) or not isinstance(frozen, int | float):
        return None
    return Few(rows, float(frozen), float(tuned) if isinstance(tuned, int | float) else None)
