"""The knob of tasks that learn from running text: what the rows of a dataset are to them."""

from dataclasses import dataclass

from slm_studio.core.dataset import Dataset
from slm_studio.core.knobs import knob
from slm_studio.core.tasks.info import Split
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningTextOptions:
    """What options of such a task begin with."""

    reads: str = knob(
        "auto",
        "Rows are",
        "A book joins all rows into one text; paragraphs end at every empty row; each line can be a text of its own.",
        choices={
            "auto": mark("Automatic"),
            "book": mark("One book"),
            "paragraphs": mark("Paragraphs"),
            "lines": mark("Lines"),
        },
    )

    def reads_of(self, dataset: Dataset) -> str:
        """Return what the rows of a dataset are: a text file is a book, the rows of a table are texts of their own."""
        if self.reads != "auto":
            return self.reads
        return "book" if dataset.report.format == "txt" else "lines"

    def split_of(self, dataset: Dataset) -> Split:
        """Return how rows are held out: of a book the end, so that held-out text is text never seen."""
        return "in order" if self.reads_of(dataset) == "book" else "shuffled"
