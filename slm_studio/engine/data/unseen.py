"""Unseen: labels in rows to be scored that training never saw. Whatever a model answers there counts as wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slm_studio.core.errors import Value
from slm_studio.core.texts import mark
from slm_studio.engine.data.splits import fold

NAMED = 4  # labels that a sentence names
STRANGE = mark("{rows} of {total} {split} {total:row has|rows have} a label that training never saw, such as {labels}. No answer can be right there.")  # fmt: skip
SPELLED = mark("{rows} of {total} {split} {total:row has|rows have} a label that training knows under another spelling, such as {labels}. They count as wrong.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unseen:
    """Labels that training never saw, with how many rows have each, and of how many rows."""

    counts: dict[str, int]
    total: int
    misspelt: bool  # each differs from a known one in case or blanks only

    @property
    def rows(self) -> int:
        """Return how many rows have such a label."""
        return sum(self.counts.values())

    @property
    def message(self) -> str:
        """Return the sentence, a template over `values`."""
        return SPELLED if self.misspelt else STRANGE

    def values(self, split: str) -> dict[str, Value]:
        """Return what the sentence is filled with."""
        shown = ", ".join(f"“{label}”" for label in list(self.counts)[:NAMED])
        return {"rows": self.rows, "total": self.total, "split": split, "labels": shown, "distinct": len(self.counts)}


def unseen_labels(known: Iterable[str], cells: Sequence[str]) -> Unseen | None:
    """Return the labels among `cells` that are not known, the most frequent first; blank cells hold none."""
    learnt = set(known)
    counts = Counter(cell for cell in cells if cell.strip() and cell not in learnt)
    if not counts:
        return None
    folded = {fold(label) for label in learnt}
    return Unseen(dict(counts.most_common()), len(cells), all(fold(label) in folded for label in counts))


def unseen_facts(known: Iterable[str], rows: Iterable[Iterable[str]]) -> dict[str, float]:
    """Return the counts for a report, of the labels of each row: no keys where every label is known.

    The share is of all labels, however many a row has.
    """
    learnt = set(known)
    labels = [[label for label in row if label.strip()] for row in rows]
    strange = [found for row in labels if (found := [label for label in row if label not in learnt])]
    if not strange:
        return {}
    return {
        "unseen_rows": float(len(strange)),
        "unseen_labels": float(len(set().union(*strange))),
        "unseen_share": sum(map(len, strange)) / sum(map(len, labels)),
    }
