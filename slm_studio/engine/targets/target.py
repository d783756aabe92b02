"""Target: what the answer to a text is, as a strategy. The task brings texts and the net; all that hangs on the kind of answer is asked here."""

# B rows of a batch, L outputs of the net, N rows

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from torch import Tensor

from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.results import Baseline, Item
from slm_studio.core.shapes import ShapeOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.examples import Batch, Ids
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.task import Judgement, Seen

Texts = Mapping[str, Sequence[str]]  # what is asked: role → the cells of all rows
Facts = dict[str, object]


class Target:
    """The base strategy. Cells of the answer stand as in the file."""

    key: ClassVar[str]
    fillers: ClassVar[Mapping[str, int]] = {}  # sequences of an example beside its tokens, and what fills their tails

    # Rows

    def refuse(self, rows: Rows, role: str) -> None:
        """Refuse rows of which nothing can be learnt. Raises StudioError."""
        raise NotImplementedError

    def learn(self, cells: Sequence[str]) -> Facts:
        """Return what the net's shape and the answers need."""
        raise NotImplementedError

    def check(self, options: ShapeOptions, outputs: int) -> None:
        """Refuse a last layer or a loss that is not for such answers. Raises StudioError."""
        if options.output == "sigmoid" or options.loss != "auto":
            raise StudioError(
                "output-target",
                "One sigmoid and the losses by name are for one label a text.",
                "Set output and loss back: a softmax over labels, automatic.",
            )

    def foretell(self, cells: Sequence[str]) -> int:
        """Return how many outputs the net will have."""
        raise NotImplementedError

    def outputs(self, facts: Mapping[str, object]) -> int:
        """Return how many outputs the net has."""
        raise NotImplementedError

    def name(self, loaded: Loaded) -> None:
        """Write into the net's config what its outputs mean, where other programs look for it."""
        raise NotImplementedError

    def adopt(self, loaded: Loaded) -> None:
        """Complete the facts of a model that was opened. Raises StudioError where they contradict its weights."""
        raise NotImplementedError

    def columns(self, cells: Sequence[str], loaded: Loaded) -> Mapping[str, Sequence[Ids] | Ids]:
        """Return what examples hold of the true answers, column by column."""
        raise NotImplementedError

    # Learning

    def loss(self, logits_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the mean loss of a batch, a scalar."""
        raise NotImplementedError

    def margin_loss(self, margins_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the mean loss of what a linear classifier says, a scalar; margins are around -1 and 1."""
        raise NotImplementedError

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of knowing nothing but the answers of training, where that is known."""
        return None

    def calibrate(self, seen: Seen, loaded: Loaded) -> Facts:
        """Return facts by which later answers are as held-out rows say they may be."""
        return {}

    # Scoring

    def observe(self, logits_BL: Tensor, batch: Batch, loaded: Loaded) -> Seen:
        """Return what judging needs, one entry an example."""
        raise NotImplementedError

    def judge(self, seen: Seen, asked: Texts, cells: Sequence[str], loaded: Loaded, *, whole: bool) -> Judgement:
        """Return how rows fared. Not `whole`: loss and metrics alone."""
        raise NotImplementedError

    def strangers(self, loaded: Loaded, cells: Sequence[str], split: str) -> Iterator[Note]:
        """Say what in rows to be scored training never saw."""
        yield from ()

    def remarks(self, loaded: Loaded, cells: Sequence[str], *, scored: bool) -> Iterator[Remark]:
        """Yield what a number over these rows does not say by itself."""
        yield from ()

    def baselines(
        self, train: tuple[Sequence[str], Sequence[str]], scored: tuple[Sequence[str], Sequence[str]], judged: Judgement
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return simple methods. Each pair: texts, and the cells of the answers."""
        raise NotImplementedError

    # Answering

    def numbers(self, logits_BL: Tensor, loaded: Loaded) -> np.ndarray:
        """Return the numbers [B, L] that stand behind answers."""
        raise NotImplementedError

    def items(self, numbers_L: np.ndarray, loaded: Loaded, options: Mapping[str, object]) -> Iterator[Item]:
        """Yield the pieces of one answer."""
        raise NotImplementedError

    def said(self, numbers_L: np.ndarray, loaded: Loaded) -> tuple[str, str]:
        """Return the answer of one row as it is shown while the model learns, and how sure it is."""
        raise NotImplementedError
