"""Task: a strategy of seven verbs. A task writes only the verbs in which it differs."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.events import Note, Progress
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Baseline, Label, Report, Token
from slm_studio.core.tasks import TaskInfo, task_info
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Row, Rows
from slm_studio.engine.data.splits import Splits
from slm_studio.engine.loaded import Loaded

Observation = TypeVar("Observation")
Example = Mapping[str, Sequence[int] | int]  # what one row became: token ids, perhaps a label
Batch = dict[str, Tensor]
ENCODE_CHUNK = 256  # rows between two signs of life, at most
LIVELY = 0.25  # seconds between two signs of life, at most


@dataclass(frozen=True, slots=True)
class Held:
    """How held-out rows fared: mean loss in nats, and metrics by CLI.md's keys."""

    loss: float
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """Samples shown while a model learns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Task(Generic[Observation]):
    """The base strategy. `Observation` is what one batch of scored examples leaves behind."""

    key: ClassVar[str]
    needs_text: ClassVar[bool] = True  # an empty prompt has no answer

    @property
    def info(self) -> TaskInfo:
        """Return what screens know of this task."""
        return task_info(self.key)

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Decide what a recipe left to the data."""
        return recipe

    # The seven verbs

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Divide the rows into train, validation and test."""
        raise NotImplementedError

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return the facts (JSON-able) that the net's shape and the answers need. Raises StudioError if it is hopeless."""
        raise NotImplementedError

    def build(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer: blank ones from the rows, or continued from `recipe.base` (a folder by now)."""
        raise NotImplementedError

    def encode(self, row: Row, loaded: Loaded, recipe: Recipe) -> Iterator[Example]:
        """Turn one row into examples (0 … n)."""
        raise NotImplementedError

    def collate(self, examples: Sequence[Example], loaded: Loaded) -> Batch:
        """Pad examples into one batch. Sequences become [B, T], numbers [B]."""
        batch: Batch = {}
        for name, first in examples[0].items():
            if isinstance(first, int):
                batch[name] = torch.tensor([example[name] for example in examples])
            else:
                batch[name] = pad([example[name] for example in examples], self.padding(name, loaded))  # type: ignore[misc]
        if "attention_mask" not in batch and "input_ids" in batch:
            lengths = torch.tensor([len(example["input_ids"]) for example in examples])  # type: ignore[arg-type]
            batch["attention_mask"] = (torch.arange(batch["input_ids"].shape[1])[None, :] < lengths[:, None]).long()
        if "input_ids" in batch:
            loaded.refuse_unknown(int(batch["input_ids"].max()))
        return batch

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of a batch, a scalar in nats."""
        return loaded.net(**batch).loss

    def report(
        self, observations: Sequence[Observation], order: np.ndarray, rows: Rows, loaded: Loaded, folder: Path
    ) -> Report:
        """Make the report of scored rows; whatever has rows becomes a file in `folder`.

        `order[k]` is the example that stands k-th in the concatenated observations.
        """
        raise NotImplementedError

    def predict(self, loaded: Loaded, prompt: str, options: Mapping[str, object]) -> Iterator[Label | Token]:
        """Answer one prompt, piece by piece."""
        raise NotImplementedError

    # What the loop and the report ask beside them

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe) -> Work[list[Example]]:
        """Yield Progress; return all examples."""
        found: list[Example] = []
        for part in parts(len(rows)):
            for row in rows[part]:
                found.extend(self.encode(row, loaded, recipe))
            yield Progress("Turning text into tokens", part.stop, len(rows))
        return found

    def padding(self, name: str, loaded: Loaded) -> int:
        """Return the number that fills the tail of a short sequence."""
        # The net's own: it tells by this number where a text ends, and never looks at what stands there.
        found = getattr(loaded.net.config, "pad_token_id", None) if name == "input_ids" else None
        return found if isinstance(found, int) and found >= 0 else 0

    def observe(self, loaded: Loaded, batch: Batch) -> Observation:
        """Run the net on a batch without learning and return what scoring needs."""
        raise NotImplementedError

    def reads_on(self, loaded: Loaded) -> bool:
        """Say whether rows are the lines of one text rather than each a whole of its own."""
        return False

    def summarise(self, observations: Sequence[Observation]) -> Held:
        """Return loss and metrics of all observations."""
        raise NotImplementedError

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Say what in rows to be scored training never saw, so that no answer can be right there."""
        yield from ()

    def calibrate(self, observations: Sequence[Observation]) -> dict[str, object]:
        """Return facts by which later answers sound as sure as held-out rows say they may."""
        return {}

    def remarks(self, rows: Rows, loaded: Loaded, examples: Sequence[Example], *, scored: bool) -> Iterator[Remark]:
        """Yield what a number over these rows does not say by itself; `scored`: not only learnt from."""
        yield from ()

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of guessing by how often each answer occurs, where that is known."""
        return None

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Return a few answers, to watch while the model learns."""
        raise NotImplementedError

    def baselines(
        self, train: Rows, scored: Rows, report: Report, folder: Path, loaded: Loaded
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return simple methods, trained and scored on the same rows."""
        yield from ()
        return ()

    def predict_many(
        self, loaded: Loaded, prompts: Sequence[str], options: Mapping[str, object]
    ) -> list[list[Label | Token]]:
        """Answer many prompts; batched where the task can."""
        return [list(self.predict(loaded, prompt, options)) for prompt in prompts]

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write net and tokenizer as a Transformers folder."""
        folder.mkdir(parents=True, exist_ok=True)
        loaded.net.save_pretrained(str(folder))
        loaded.tokenizer.save_pretrained(str(folder))

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read back what `save` wrote, ready to answer."""
        raise NotImplementedError

    # What a plan asks before anything is built

    cuts: ClassVar[bool] = True  # whether text beyond max_length is lost

    def sketch(self, recipe: Recipe, rows: Rows) -> nn.Module:
        """Return a net of the recipe's shape, to count its parameters. Called on the meta device: no memory, no numbers."""
        raise NotImplementedError

    def count(self, rows: Rows, recipe: Recipe) -> int:
        """Return about how many examples the rows will become."""
        return len(rows)

    def lengths(self, rows: Rows, recipe: Recipe) -> np.ndarray:
        """Return about how many tokens each example is: words, or characters where a text has few spaces."""
        return np.array([max(len(text.split()) * 1.3, len(text) / 6) for text in rows.column("text")])

    def length(self, example: Example) -> int:
        """Return the work that an example is, in tokens."""
        return len(example["input_ids"])  # type: ignore[arg-type]


def parts(rows: int) -> Iterator[slice]:
    """Cut `rows` rows into parts for work that is done between two of them; where they take long, the next are smaller."""
    start, size = 0, ENCODE_CHUNK // 16
    while start < rows:
        began = time.perf_counter()
        yield slice(start, min(rows, start + size))
        start += size
        size = max(1, size // 4) if time.perf_counter() - began > LIVELY else min(ENCODE_CHUNK, size * 2)


def pad(sequences: Sequence[Sequence[int] | np.ndarray], filler: int) -> Tensor:
    """Return sequences as one [B, T] tensor, short ones filled at the end."""
    width = max(len(sequence) for sequence in sequences)
    out = np.full((len(sequences), max(width, 1)), filler, dtype=np.int64)
    for row, sequence in zip(out, sequences, strict=True):
        row[: len(sequence)] = sequence
    return torch.from_numpy(out)
