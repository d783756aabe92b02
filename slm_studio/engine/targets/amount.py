"""A number for each text: one output, learnt in units of its spread around the mean, answered in the file's own unit."""

# B rows of a batch, N rows

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from torch import Tensor

from slm_studio.core.dataset import Remark
from slm_studio.core.events import Progress
from slm_studio.core.results import Baseline, Metric, Number
from slm_studio.core.work import Work
from slm_studio.engine.data.amounts import Writing, amounts_in, writing_of
from slm_studio.engine.data.hopeless import refuse_amounts
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.examples import WEIGHTS, Batch, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import numbers, remarks, simple
from slm_studio.engine.targets.target import Facts, Target, Texts, straightened
from slm_studio.engine.task import Judgement, Seen, Table

COVERED = 0.9  # share of held-out rows that lie inside the range of an answer
FEWEST = 20  # held-out rows below which a range would be noise
MOST_DIGITS = 6
PER_CENT = 100.0


class Amount(Target):
    """The strategy."""

    key = "number"
    own_loss = "mse"
    pace = 0.3

    def gains(self, outputs: int) -> tuple[float, float]:
        """Return a half each: both ways say the number."""
        return 0.5, 0.5

    def answered(self, cells: Sequence[str], joined: str) -> list[bool]:
        """Return which cells hold a number."""
        return [each is not None for each in amounts_in(cells)]

    def refuse(self, rows: Rows, role: str, joined: str) -> None:
        """Refuse too few numbers, and numbers that are all the same."""
        refuse_amounts(rows, role, amounts_in(rows.column(role)))

    def learn(self, cells: Sequence[str], joined: str) -> Facts:
        """Return mean and spread, the ends, how the file writes its numbers, and whether they are shares of a whole."""
        writing = writing_of(cells)
        values_N = np.array([each for each in amounts_in(cells, writing) if each is not None])
        scale = float(values_N.std()) or 1.0
        finer = min(MOST_DIGITS, max(writing.digits, 1 - math.floor(math.log10(scale))))  # two figures of the spread
        return {
            "mean": float(values_N.mean()),
            "scale": scale,
            "low": float(values_N.min()),
            "high": float(values_N.max()),
            "share": _share(values_N, writing),
            "writing": {"decimal": writing.decimal, "unit": writing.unit, "digits": finer},
        }

    def foretell(self, cells: Sequence[str], joined: str) -> int:
        """Return 1."""
        return 1

    def outputs(self, facts: Mapping[str, object]) -> int:
        """Return 1."""
        return 1

    def name(self, loaded: Loaded) -> None:
        """Write into the net's config that its one output is a number, and what it is in the file's unit."""
        config = loaded.net.config
        config.problem_type = "regression"
        config.id2label, config.label2id = {0: "LABEL_0"}, {"LABEL_0": 0}
        config.task_specific_params = {"regression": {"mean": mean_of(loaded), "scale": scale_of(loaded)}}

    def adopt(self, loaded: Loaded) -> None:
        """Take mean and spread from the config where studio.json has none."""
        known = getattr(loaded.net.config, "task_specific_params", None) or {}
        found = known.get("regression") if isinstance(known, dict) else None
        for name in ("mean", "scale"):
            value = found.get(name) if isinstance(found, dict) else None
            if isinstance(value, int | float):
                loaded.facts.setdefault(name, float(value))

    def columns(self, cells: Sequence[str], loaded: Loaded) -> Mapping[str, np.ndarray]:
        """Return each number in units of the spread; nothing (NaN) where a cell holds none."""
        values_N = _values(cells, reading_of(cells, loaded))
        return {"labels": ((values_N - mean_of(loaded)) / scale_of(loaded)).astype(np.float32)}

    def loss(self, logits_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the mean square of what is missed, in units of the spread: 1 is as good as the mean."""
        known_B = ~batch["labels"].isnan()
        squares_B = (logits_BL[:, 0] - batch["labels"].nan_to_num().to(logits_BL.dtype)) ** 2 * known_B
        if WEIGHTS in batch:
            return weighed_mean(squares_B, batch, known_B)
        return squares_B.sum() / known_B.sum().clamp(min=1)

    def margin_loss(self, margins_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the mean square of what is missed, straight beyond two spreads."""
        known_B = ~batch["labels"].isnan()
        missed_B = margins_BL[:, 0] - batch["labels"].nan_to_num().to(margins_BL.dtype)
        losses_B = straightened(missed_B) * known_B
        if WEIGHTS in batch:
            return weighed_mean(losses_B, batch, known_B)
        return losses_B.sum() / known_B.sum().clamp(min=1)

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of the mean."""
        return 1.0

    def calibrate(self, seen: Seen, loaded: Loaded) -> Facts:
        """Return how far from an answer nine of ten held-out rows lie at most."""
        off_N = np.abs(seen["predicted"] - seen["labels"])
        off_N = off_N[np.isfinite(off_N)]
        if len(off_N) < FEWEST:
            return {}
        return {"off": float(np.quantile(off_N, COVERED, method="higher"))}

    def observe(self, logits_BL: Tensor, batch: Batch, loaded: Loaded) -> Seen:
        """Return answers [B] and true numbers [B] in the file's unit, and losses [B]."""
        labels_B = batch["labels"].to(logits_BL.dtype)
        return {
            "predicted": self.numbers(logits_BL, loaded)[:, 0],
            "labels": labels_B.double().cpu().numpy() * scale_of(loaded) + mean_of(loaded),
            "squares": ((logits_BL[:, 0] - labels_B) ** 2).double().cpu().numpy(),
        }

    def judge(self, seen: Seen, asked: Texts, cells: Sequence[str], loaded: Loaded, *, whole: bool) -> Judgement:
        """Return mean loss, how far answers lie off and whether their order is right; the farthest rows stand first."""
        known = np.flatnonzero(np.isfinite(seen["labels"]))
        true_N, predicted_N = seen["labels"][known], seen["predicted"][known]
        loss = float(seen["squares"][known].mean()) if len(known) else 0.0
        if not whole:
            off = float(np.abs(predicted_N - true_N).mean()) if len(known) else 0.0
            order = numbers.spearman(true_N, predicted_N) if len(known) else 0.0
            return Judgement(loss=loss, metrics=(Metric(key="mae", value=off), Metric(key="spearman", value=order)))
        return Judgement(
            loss=loss,
            metrics=numbers.number_metrics(true_N, predicted_N, share_of(loaded)),
            evidence=seen["predicted"] - seen["labels"],
            cases=_cases(asked, cells, known, true_N, predicted_N, writing_in(loaded)),
            facts=_range(predicted_N - true_N, loaded),
        )

    def remarks(self, loaded: Loaded, cells: Sequence[str], *, scored: bool) -> Iterator[Remark]:
        """Yield how numbers were read where that could be taken for something else."""
        if not scored:
            writing = writing_of(cells)
            yield from remarks.on_writing(writing.decimal, writing.unit, sum(writing.decimal in cell for cell in cells))

    def baselines(
        self,
        train: tuple[Texts, Sequence[str]],
        scored: tuple[Texts, Sequence[str]],
        judged: Judgement,
        loaded: Loaded,
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return the mean and TF-IDF + ridge."""
        assert judged.evidence is not None
        (texts, learnt), (asked, cells), off_N = train, scored, judged.evidence
        writing = writing_of(learnt)
        learnt_N, texts = _known(_values(learnt, writing), texts)
        true_N, asked = _known(_values(cells, _reading(cells, writing)), asked)
        off_N = off_N[np.isfinite(off_N)]
        share = _share(learnt_N, writing)
        yield Progress("Training simple methods for comparison", 0, 2)
        first = simple.always_mean(learnt_N, true_N, off_N, share)
        yield Progress("Training simple methods for comparison", 1, 2)
        return first, simple.tfidf_ridge([*texts.values()], learnt_N, [*asked.values()], true_N, off_N, share)

    def numbers(self, logits_BL: Tensor, loaded: Loaded) -> np.ndarray:
        """Return the answer in the file's unit."""
        answers: np.ndarray = logits_BL.double().cpu().numpy() * scale_of(loaded) + mean_of(loaded)
        return answers

    def items(self, numbers_L: np.ndarray, loaded: Loaded, options: Mapping[str, object]) -> Iterator[Number]:
        """Yield the number, with the range in which nine of ten held-out rows lay."""
        value, off = float(numbers_L[0]), loaded.facts.get("off")
        low, high = (value - off, value + off) if isinstance(off, float) else (None, None)
        yield Number(value, low, high, writing_in(loaded).write(value))

    def names(self, loaded: Loaded) -> Sequence[str]:
        """Return the one output."""
        return ("y",)

    def formula(self, loaded: Loaded) -> str:
        """Return how the output becomes a number in the file's unit."""
        return f"<i>y</i> = {scale_of(loaded):.4g} <i>z</i> + {mean_of(loaded):.4g}"

    def said(self, numbers_L: np.ndarray, cell: str, loaded: Loaded) -> tuple[str, str, str]:
        """Return the true number, the answer as the file writes numbers, and how far it lies off."""
        writing, value = writing_in(loaded), float(numbers_L[0])
        found = amounts_in([cell], reading_of([cell], loaded))[0]
        return cell, writing.write(value), "" if found is None else writing.write(abs(value - found))


def writing_in(loaded: Loaded) -> Writing:
    """Return how the training rows wrote their numbers."""
    known = loaded.facts.get("writing")
    return Writing(**known) if isinstance(known, dict) else Writing(digits=2)


def reading_of(cells: Sequence[str], loaded: Loaded) -> Writing:
    """Return how to read the cells of a file."""
    return _reading(cells, writing_in(loaded))


def _reading(cells: Sequence[str], own: Writing) -> Writing:
    """Return how to read cells: as the training rows were, unless more of them are numbers in another way of writing."""
    found = writing_of(cells)
    return own if _known_in(cells, own) >= _known_in(cells, found) else found


def _known_in(cells: Sequence[str], writing: Writing) -> int:
    return sum(each is not None for each in amounts_in(cells, writing))


def mean_of(loaded: Loaded) -> float:
    """Return the number that an output of 0 is."""
    return float(loaded.facts.get("mean") or 0.0)  # type: ignore[arg-type]


def scale_of(loaded: Loaded) -> float:
    """Return what an output of 1 is more than one of 0."""
    return float(loaded.facts.get("scale") or 1.0)  # type: ignore[arg-type]


def share_of(loaded: Loaded) -> float:
    """Return the whole of which the numbers are shares: 1, or 100 per cent; 0 where they are none."""
    return float(loaded.facts.get("share") or 0.0)  # type: ignore[arg-type]


def _values(cells: Sequence[str], writing: Writing | None) -> np.ndarray:
    """Return the number in each cell, NaN where there is none."""
    return np.array([math.nan if each is None else each for each in amounts_in(cells, writing)], np.float64)


def _known(values_N: np.ndarray, asked: Texts) -> tuple[np.ndarray, Texts]:
    """Return the rows that hold a number."""
    places = np.flatnonzero(np.isfinite(values_N))
    return values_N[places], {role: [cells[place] for place in places] for role, cells in asked.items()}


def _range(off_N: np.ndarray, loaded: Loaded) -> dict[str, float]:
    """Return how far answers range, and which share of rows lies in the range that they name."""
    off = loaded.facts.get("off")
    return {"range": off, "in_range": float((np.abs(off_N) <= off).mean())} if isinstance(off, float) else {}


def _share(values_N: np.ndarray, writing: Writing) -> float:
    low, high = float(values_N.min()), float(values_N.max())
    if writing.unit == "%":
        return PER_CENT if low >= 0 and high <= PER_CENT else 0.0
    return 1.0 if low >= 0 and high <= 1 else 0.0


def _cases(
    asked: Texts,
    cells: Sequence[str],
    rows_N: np.ndarray,
    true_N: np.ndarray,
    predicted_N: np.ndarray,
    writing: Writing,
) -> Table:
    """Return the scored rows, those that lie farthest off first."""
    off_N = predicted_N - true_N
    return Table(
        ("row", *asked, "label", "predicted", "error", "true", "value"),
        [
            (
                row, *(texts[row] for texts in asked.values()), cells[row], writing.write(float(predicted_N[place])),
                round(float(off_N[place]), 6), float(true_N[place]), float(predicted_N[place]),
            )
            for place in np.argsort(-np.abs(off_N), kind="stable").tolist()
            for row in (int(rows_N[place]),)
        ],
    )  # fmt: skip
