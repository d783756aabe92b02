"""Task: a strategy. A task writes the verbs in which it differs; whoever trains, scores and serves asks no more than this."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, cast

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Progress
from slm_studio.core.inside import Inside
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, split_of
from slm_studio.core.results import Baseline, ClassScore, Item, Metric
from slm_studio.core.tasks import TaskInfo, task_info
from slm_studio.core.work import Work
from slm_studio.engine.data.cells import said
from slm_studio.engine.data.describe import count_tokens
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import LeftOut, Splits, split_dataset
from slm_studio.engine.examples import IDS, Batch, Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.remarks import on_blank, on_unlabelled
from slm_studio.engine.models.lengths import count_pieces, length_of

Seen = dict[str, np.ndarray]  # what scoring needs: each [N, …], one entry an example, in their order
ENCODE_CHUNK = 256  # rows between two signs of life, at most
SKETCHED = 1000  # rows whose lengths stand for all
ANSWERED = 256  # rows of a file that are answered at once
LIVELY = 0.25  # seconds between two signs of life, at most


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to show. `columns` are keys that the task's TaskInfo gives a title and a style."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]  # JSON values


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """How rows fared."""

    loss: float  # mean, in nats
    metrics: tuple[Metric, ...]  # by CLI.md's keys; with intervals where rows were scored for good
    evidence: np.ndarray | None = None  # of each row, what paired tests against other methods need: the task's own
    cases: Table = Table((), ())  # the scored rows, those worth a look first
    per_label: tuple[ClassScore, ...] = ()
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    facts: dict[str, float] = field(default_factory=dict)
    counted: str = ""  # see Report

    def values(self) -> dict[str, float]:
        """Return the metrics as plain numbers."""
        return {metric.key: metric.value for metric in self.metrics}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sketch:
    """What a plan counts before anything is built."""

    net: nn.Module  # of the recipe's shape, on the meta device: no memory, no numbers
    examples: int  # about how many the rows will become
    tokens_N: np.ndarray  # about how many tokens each of some of them is
    logits: int = 0  # numbers that a step computes for each token, where these are many
    times: int = 1  # that many tokens are read in a step: what goes along with an example is about as long


class Task:
    """The base strategy."""

    key: ClassVar[str]
    falls_straight: ClassVar[bool] = False  # how the learning rate falls: in a straight line, or along half a cosine
    reads_in_order: ClassVar[bool] = (
        False  # whether an epoch reads its rows as they stand; never where time may end it early
    )

    @property
    def info(self) -> TaskInfo:
        """Return what screens know of this task."""
        return task_info(self.key)

    def info_of(self, loaded: Loaded) -> TaskInfo:
        """Return what screens know of this task as a model does it."""
        return self.info.shaped({"asks": (), **loaded.facts})

    # Rows

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Decide what a recipe left to the data."""
        return recipe

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Divide the rows into train, validation and test."""
        answer = self.info.answer.name if self.info.answer else ""
        return split_dataset(dataset, recipe, answer=answer, stratified=split_of(recipe, dataset) == "stratified")

    def on_left_out(self, left_out: LeftOut, loaded: Loaded) -> Iterator[Remark]:
        """Say how many rows were left out, and for want of what."""
        yield from self.on_unanswered(left_out.unanswered, loaded)
        yield from on_blank(left_out.blank)

    def on_unanswered(self, count: int, loaded: Loaded) -> Iterator[Remark]:
        """Say how many rows were left out because they hold no answer."""
        yield from on_unlabelled(count)

    def texts(self, rows: Rows) -> list[str]:
        """Return what is asked of each row as plain text: to tell its language and length, and rows that are the same."""
        role = self.info.asked[0]
        cells = rows.column(role.name)
        return cells if role.reads == "text" else [said(cell, role.reads) for cell in cells]

    def taught(self, rows: Rows) -> list[str]:
        """Return what rows teach a model to write: it may write that down from memory."""
        return self.texts(rows)

    def width(self, loaded: Loaded) -> int:
        """Return how many numbers the net answers each token with: one that writes, with a likelihood of every token."""
        return int(loaded.net.config.vocab_size) if self.info.answers == "tokens" else 1

    def reads_on(self, loaded: Loaded) -> bool:
        """Say whether rows are the lines of one text rather than each a whole of its own."""
        return False

    # Learning

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return the facts (JSON-able) that the net's shape and the answers need. Raises StudioError if it is hopeless."""
        raise NotImplementedError

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the rows."""
        raise NotImplementedError

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Make net and tokenizer from the base that stands in a folder."""
        raise NotImplementedError

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count what the recipe will make of rows. Called on the meta device."""
        raise NotImplementedError

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return all examples."""
        raise NotImplementedError

    def lessons(self, rows: Rows, loaded: Loaded, recipe: Recipe) -> Work[Packed]:
        """Yield Progress; return the examples that are learnt from, where these are not all that are scored."""
        return self.examples(rows, loaded, recipe)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of a batch, a scalar in nats. The learning rate of the recipe is that of the step."""
        raise NotImplementedError

    def learns(self, recipe: Recipe) -> bool:
        """Say whether steps move the net: else it stays as it is, and all that is learnt is what `fit` fits."""
        return True

    def fits(self, recipe: Recipe) -> bool:
        """Say whether a part of the net is fitted to all rows at once: then it answers before the first step, and is scored then."""
        return False

    def fit(self, loaded: Loaded, examples: Packed, recipe: Recipe) -> Work[None]:
        """Yield Progress; fit what no step moves to examples, as the rest of the net is now."""
        yield from ()

    def compare(self, loaded: Loaded, first: Mapping[str, float], best: Mapping[str, float], rows: int) -> None:
        """Keep among the facts what steps brought, of a net that was scored before the first: `best` are the scores of the best later state, none where no state was better."""

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of guessing by how often each answer occurs, where that is known."""
        return None

    def fresh(self, loaded: Loaded) -> Sequence[str]:
        """Return the names of parameters that were newly made on top of inherited ones: they learn faster."""
        return cast(Sequence[str], loaded.facts.get("fresh", ()))

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Return a few answers, to watch while the model learns."""
        raise NotImplementedError

    # Scoring

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Run the net on a batch without learning and return what judging needs, one entry an example."""
        raise NotImplementedError

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return how rows fared. Not `whole`: loss and metrics alone, while the model learns."""
        raise NotImplementedError

    @property
    def calibrates(self) -> bool:
        """Say whether held-out rows tell anything besides what they are scored by."""
        return type(self).calibrate is not Task.calibrate

    def calibrate(self, seen: Seen, loaded: Loaded) -> dict[str, object]:
        """Return facts by which later answers sound as sure as held-out rows say they may."""
        return {}

    def weigh(self, loaded: Loaded, train: Rows, held_out: Rows, recipe: Recipe) -> Work[None]:
        """Yield Progress; learn from held-out rows what else than the net counts in an answer, of what was learnt from."""
        yield from ()

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return simple methods, trained and scored on the same rows."""
        yield from ()
        return ()

    def memorised(self, train: Rows, scored: Rows, loaded: Loaded) -> Work[tuple[dict[str, float], tuple[Remark, ...]]]:
        """Yield Progress; return how much of what the model writes stands in its training rows, as facts and as remarks."""
        yield from ()
        return {}, ()

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Say what in rows to be scored training never saw, so that no answer can be right there."""
        yield from ()

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield what a number over these rows does not say by itself; `scored`: not only learnt from."""
        yield from ()

    # Answering

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Item | Progress]]:
        """Answer prompts, piece by piece: (which prompt, item). The pieces of one prompt come in order.

        Before the first of them it may say how far a long prompt is read.
        """
        raise NotImplementedError

    def together(self, options: Mapping[str, object]) -> int:
        """Return how many rows of a file are answered between two looks at what came: of texts each takes long enough."""
        return 1 if self.info.answers == "tokens" else ANSWERED

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return what of a prompt the model receives, where that may be less than all (JSON values)."""
        return {}

    def searched(self, prompt: Prompt, options: Mapping[str, object]) -> str:
        """Return the folder of the index in which the answer to a prompt is looked for, "" where it is in none."""
        return ""

    def of_other_side(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> str:
        """Return the language of a prompt ("zh", "en") that is in that of the answer, where the other direction reads it; else ""."""
        return ""

    def rendered(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return the exact text and tokens that the model receives, of word vectors a map (JSON values).

        Raises StudioError where a task has nothing to show.
        """
        raise StudioError(
            "nothing-rendered",
            "Models of the task “{task}” receive a prompt as it is written.",
            "Ask for an answer instead.",
            task=self.key,
        )

    def inside(self, loaded: Loaded, prompt: Prompt, step: str) -> Inside:
        """Return the way from a prompt to its answer through the net, and the numbers of one of its steps ("": the first).

        Raises StudioError where there is no such step, or a task has nothing to show.
        """
        raise StudioError(
            "nothing-inside",
            "The inside of models of the task “{task}” is not shown.",
            "Ask for an answer instead.",
            task=self.key,
        )

    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return every number that stands behind the answers, in a fixed order: two models are the same if these are."""
        raise NotImplementedError

    def vectors(self, loaded: Loaded, texts: Sequence[str], *, are_questions: bool) -> Work[np.ndarray]:
        """Yield Progress; return vectors [N, D] of length 1, whose products say how alike texts are.

        Raises StudioError where a task makes none.
        """
        yield from ()
        raise StudioError(
            "no-text-vectors",
            "Models of the task “{task}” make no vectors of texts.",
            "Ask a model that searches.",
            task=self.key,
        )

    def export(self, loaded: Loaded, kind: str, path: Path) -> Work[float]:
        """Yield Progress; write a file in one of the forms that `info.exports` names, and return how far it is from the model.

        The largest difference between two numbers when the file is read again.
        """
        raise NotImplementedError

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write net and tokenizer as a Transformers folder, in which other programs find how much of a text is read."""
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(loaded.tokenizer, PreTrainedTokenizerBase) and self.info.answers not in ("tokens", "order"):
            loaded.tokenizer.model_max_length = length_of(loaded)
        loaded.net.save_pretrained(str(folder))
        loaded.tokenizer.save_pretrained(str(folder))

    def kept_parameters(self, loaded: Loaded, recipe: Recipe) -> int:
        """Return how many parameters `keep` writes; tied ones count once."""
        return loaded.parameters

    def keep(self, loaded: Loaded, recipe: Recipe, base: str, folder: Path) -> None:
        """Write what stays of a trained net. `base` is the public name of what it went on from."""
        self.save(loaded, folder)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read back what `save` wrote, ready to answer."""
        raise NotImplementedError


def parts(rows: int) -> Iterator[slice]:
    """Cut `rows` rows into parts for work that is done between two of them; where they take long, the next are smaller."""
    start, size = 0, ENCODE_CHUNK // 16
    while start < rows:
        began = time.perf_counter()
        yield slice(start, min(rows, start + size))
        start += size
        size = max(1, size // 4) if time.perf_counter() - began > LIVELY else min(ENCODE_CHUNK, size * 2)


def answers_of(
    task: Task, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
) -> list[list[Item]]:
    """Return the whole answer to each of some prompts."""
    found: list[list[Item]] = [[] for _ in prompts]
    for place, item in task.answer(loaded, prompts, options):
        if not isinstance(item, Progress):
            found[place].append(item)
    return found


def text_lengths(texts: Sequence[str], base: Path | None = None) -> np.ndarray:
    """Return how many tokens each text is: of the vocabulary of a base, where its folder is given and holds one, else about.

    About: a Latin word and a Chinese, Japanese or Korean character are 1.3 each. A vocabulary that was not made for a
    language needs three times as many for its characters.
    """
    known = count_pieces(base, texts) if base is not None else None
    if known is not None:
        return known
    least_N = np.array([len(text) / 6 for text in texts])  # of what has no blanks
    return np.maximum(1.3 * count_tokens(pa.array(texts, pa.large_string())), least_N)


def checked(packed: Packed, loaded: Loaded) -> Packed:
    """Return examples whose tokens the net knows. Raises StudioError where one stands beyond its table."""
    loaded.refuse_unknown(int(packed.sequences[IDS].values_S.max(initial=0)))
    return packed


def few(rows: Rows, most: int = SKETCHED) -> Rows:
    """Return rows from all over, few enough to be measured at once."""
    return rows.take(np.linspace(0, len(rows) - 1, most).astype(int)) if len(rows) > most else rows
