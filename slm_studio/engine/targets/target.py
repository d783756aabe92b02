"""Target: what the answer to a text is, as a strategy. The task brings texts and the net; all that hangs on the kind of answer is asked here."""

# B rows of a batch, L outputs of the net, N rows

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from slm_studio.core.dataset import Remark
from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.results import Baseline, Item
from slm_studio.core.shapes import ShapeOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.examples import Batch, Ids
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.features import FEW_OUTPUTS
from slm_studio.engine.task import Judgement, Seen

Texts = Mapping[str, Sequence[str]]  # what is asked: role → the cells of all rows
Facts = dict[str, object]


class Target:
    """The base strategy. Cells of the answer stand as in the file."""

    key: ClassVar[str]
    pace: ClassVar[float] = 1.0  # of the direct way, which a loss without an end to its pull must not overshoot with
    own_loss: ClassVar[str] = "auto"  # what its loss is called, where a recipe names it
    fillers: ClassVar[Mapping[str, int]] = {}  # sequences of an example beside its tokens, and what fills their tails

    def gains(self, outputs: int) -> tuple[float, float]:
        """Return what the direct and the deep way of a bag count for: what features have in common tells many outputs apart."""
        return 1.5, 0.4 if outputs > FEW_OUTPUTS else 0.2

    # Rows

    def answered(self, cells: Sequence[str], joined: str) -> list[bool]:
        """Return which cells of a column hold an answer; `joined` is how cells join several labels, where that is known."""
        return [not is_empty(cell) for cell in cells]

    def strata(self, cells: Sequence[str], joined: str) -> Sequence[str]:
        """Return what keeps its share in every part of the rows that are split; "" where nothing has to."""
        return [""] * len(cells)

    def refuse(self, rows: Rows, role: str, joined: str) -> None:
        """Refuse rows of which nothing can be learnt. Raises StudioError."""
        raise NotImplementedError

    def learn(self, cells: Sequence[str], joined: str) -> Facts:
        """Return what the net's shape and the answers need."""
        raise NotImplementedError

    def check(self, options: ShapeOptions, outputs: int) -> None:
        """Refuse a last layer or a loss that is not for such answers. Raises StudioError."""
        if options.output == "sigmoid" or options.loss not in ("auto", self.own_loss):
            raise StudioError(
                "output-target",
                "One sigmoid and the losses by name are for one label a text.",
                "Set output and loss back: a softmax over labels, automatic.",
            )

    def wishes(self, options: object, facts: Mapping[str, object]) -> Facts:
        """Return what is wished for answers and will be decided on held-out rows. Raises StudioError where it cannot be."""
        return {}

    def foretell(self, cells: Sequence[str], joined: str) -> int:
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
        """Return the mean loss of what a linear model says, a scalar; of labels it says margins, around -1 and 1."""
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
        self,
        train: tuple[Texts, Sequence[str]],
        scored: tuple[Texts, Sequence[str]],
        judged: Judgement,
        loaded: Loaded,
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return simple methods. Each pair: what is asked, and the cells of the answers."""
        raise NotImplementedError

    # Answering

    def numbers(self, logits_BL: Tensor, loaded: Loaded) -> np.ndarray:
        """Return the numbers [B, L] that stand behind answers."""
        raise NotImplementedError

    def items(self, numbers_L: np.ndarray, loaded: Loaded, options: Mapping[str, object]) -> Iterator[Item]:
        """Yield the pieces of one answer."""
        raise NotImplementedError

    def names(self, loaded: Loaded) -> Sequence[str]:
        """Return what each output of the net stands for."""
        raise NotImplementedError

    def formula(self, loaded: Loaded) -> str:
        """Return how an answer is made of the outputs z, for people who want to see it (core/inside.py says how it is written)."""
        raise NotImplementedError

    def ranked(self, logits_L: Tensor, loaded: Loaded, most: int) -> list[tuple[str, float, float]]:
        """Return the answers, the likeliest first: what an output stands for, the output, what is made of it."""
        numbers_L = self.numbers(logits_L[None], loaded).reshape(-1)
        names = self.names(loaded)
        order = np.argsort(-numbers_L, kind="stable")[:most]
        return [(names[at], float(logits_L[at]), float(numbers_L[at])) for at in order]

    def said(self, numbers_L: np.ndarray, cell: str, loaded: Loaded) -> tuple[str, str, str]:
        """Return what samples show of a row: the true answer, that of the model, and how sure it is or how far it lies off."""
        raise NotImplementedError


def straightened(short: Tensor) -> Tensor:
    """Return squares of what is missed, but straight lines beyond 2: else steps overshoot farther each time.

    Where all texts are alike, a linear model moves all answers with every row. Source: Zhang 2004 (“modified Huber”),
    https://icml.cc/Conferences/2004/proceedings/papers/295.pdf
    """
    far = short.abs()
    return torch.where(far > 2, 4 * (far - 1), far.square())
