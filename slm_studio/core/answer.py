"""Answer: what a model said to one prompt, and Hits: what it found, as the Python face gives them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from slm_studio.core.errors import StudioError
from slm_studio.core.results import LIST, Hit, Item, in_cells
from slm_studio.core.tasks.info import Answers


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says to one prompt. As a text it is the likeliest label, all that was written, or the spans as JSON.

    `problem` says why there is no answer to a prompt of a list; then there are no items, and the text is empty.
    `notes` are sentences on what of the prompt the model did not receive, and on the index in which it was looked for.
    """

    items: tuple[Item, ...]
    kind: Answers
    joined: str = LIST  # how several labels stand in a text
    for_a_person: bool | None = None  # less sure than the model answers by itself; None: it gives all answers itself
    problem: StudioError | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the answer as a text."""
        return "" if self.problem else in_cells(self.items, self.kind, joined=self.joined)[0]

    def __iter__(self) -> Iterator[Item]:
        """Go through labels and hits, best first; through tokens and spans in their order."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)


class Hits(tuple[Hit, ...]):
    """The passages that were found, the best first; `notes` are sentences on where they were looked for."""

    notes: tuple[str, ...]

    def __new__(cls, hits: Iterable[Hit], notes: Iterable[str] = ()) -> "Hits":
        """Take passages, and what is said of the index that holds them: that its documents have changed since."""
        found = super().__new__(cls, hits)
        found.notes = tuple(notes)
        return found
