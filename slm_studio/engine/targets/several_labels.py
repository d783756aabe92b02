"""Several labels a text, or none: a sigmoid for each, with a threshold of its own."""

# B rows of a batch, N rows, L labels

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from slm_studio.core.dataset import Remark
from slm_studio.core.emptiness import is_empty
from slm_studio.core.events import Note, Progress
from slm_studio.core.label_sets import labels_in
from slm_studio.core.results import LIST, Baseline, Label, Metric, join_labels
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.hopeless import refuse_label_sets
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.several import joined_labels
from slm_studio.engine.data.unseen import unseen_facts, unseen_labels
from slm_studio.engine.examples import WEIGHTS, Batch, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import remarks, sets, simple
from slm_studio.engine.targets.one_label import adopt_labels, labels_of, name_labels, top_of
from slm_studio.engine.targets.target import Facts, Target, Texts, straightened
from slm_studio.engine.task import Judgement, Seen, Table

FEWEST = 5  # held-out rows with a label, and without it, below which its threshold would be noise
MIDDLE = 0.5
MOST_PULL = 20.0  # times that a row with a rare label counts, at most
NOTHING = "–"  # what stands in samples for no label
NO_LABEL = -1  # fills the tail of a row's labels


class SeveralLabels(Target):
    """The strategy."""

    key = "many"
    own_loss = "binary"
    fillers: ClassVar = {"labels": NO_LABEL}

    def answered(self, cells: Sequence[str], joined: str) -> list[bool]:
        """Return which cells hold an answer. Where a sign joins labels, nothing is the only way to write that there are none."""
        signs = joined_in(cells, joined) != LIST
        return [signs or not is_empty(cell) for cell in cells]

    def strata(self, cells: Sequence[str], joined: str) -> Sequence[str]:
        """Return the rarest label of each row, so that no part of the rows lacks it."""
        joined = joined_in(cells, joined)
        rows = [labels_in(cell, joined) for cell in cells]
        counts = Counter(label for row in rows for label in row)
        return [min(row, key=lambda label: (counts[label], label), default="") for row in rows]

    def refuse(self, rows: Rows, role: str, joined: str) -> None:
        """Refuse too few rows, the same labels in all, labels of which none stands twice."""
        cells = rows.column(role)
        joined = joined_in(cells, joined)
        refuse_label_sets(rows, role, [labels_in(cell, joined) for cell in cells])

    def learn(self, cells: Sequence[str], joined: str) -> Facts:
        """Return the labels, most frequent first, how often each stands, and how a cell joins them."""
        joined = joined_in(cells, joined)
        counts = Counter(label for cell in cells for label in labels_in(cell, joined))
        labels = sorted(counts, key=lambda label: (-counts[label], label))
        return {
            "labels": labels,
            "counts": [counts[label] for label in labels],
            "rows": len(cells),
            "joined": joined,
        }

    def foretell(self, cells: Sequence[str], joined: str) -> int:
        """Count the labels."""
        joined = joined_in(cells, joined)
        return len({label for cell in cells for label in labels_in(cell, joined)})

    def outputs(self, facts: Mapping[str, object]) -> int:
        """Return the number of labels."""
        labels = facts["labels"]
        assert isinstance(labels, list)
        return len(labels)

    def name(self, loaded: Loaded) -> None:
        """Write the labels into the net's config, and that each has a sigmoid of its own."""
        name_labels(loaded)
        loaded.net.config.problem_type = "multi_label_classification"

    def adopt(self, loaded: Loaded) -> None:
        """Take the labels from the config where studio.json has none."""
        adopt_labels(loaded)

    def columns(self, cells: Sequence[str], loaded: Loaded) -> Mapping[str, Sequence[list[int]]]:
        """Return the numbers of each row's labels; one that training never saw has none."""
        number = {label: index for index, label in enumerate(labels_of(loaded))}
        joined = joined_in(cells, _known(loaded))
        return {"labels": [[number[label] for label in labels_in(cell, joined) if label in number] for cell in cells]}

    def loss(self, logits_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the mean binary cross-entropy of a label; where rare ones are weighed, their rows count for more."""
        assert isinstance(options, ClassifyOptions)
        pull = pulls(loaded).to(logits_BL.device) if options.class_weights == "balanced" else None
        given_BL = several(batch, logits_BL)
        if WEIGHTS not in batch:
            return functional.binary_cross_entropy_with_logits(logits_BL, given_BL, pos_weight=pull)
        losses_BL = functional.binary_cross_entropy_with_logits(logits_BL, given_BL, pos_weight=pull, reduction="none")
        return weighed_mean(losses_BL.mean(-1), batch)

    def margin_loss(self, margins_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the squared hinge of each label by itself; where rare ones are weighed, their rows count for more."""
        assert isinstance(options, ClassifyOptions)
        given_BL = several(batch, margins_BL)
        losses_BL = straightened((1 - (2 * given_BL - 1) * margins_BL).clamp(min=0))
        if options.class_weights == "balanced":
            losses_BL = losses_BL * torch.where(given_BL > 0, pulls(loaded).to(margins_BL.device), 1.0)
        losses_B = losses_BL.sum(1)
        return weighed_mean(losses_B, batch) if WEIGHTS in batch else losses_B.mean()

    def chance(self, loaded: Loaded) -> float | None:
        """Return the mean entropy of each label by itself."""
        counts_L = np.asarray(loaded.facts.get("counts") or [0], np.float64)
        rows = float(loaded.facts.get("rows") or 0)  # type: ignore[arg-type]
        if not rows:
            return None
        shares_L = np.clip(counts_L / rows, 1e-9, 1 - 1e-9)
        return float(-(shares_L * np.log(shares_L) + (1 - shares_L) * np.log(1 - shares_L)).mean()) or None

    def calibrate(self, seen: Seen, loaded: Loaded) -> Facts:
        """Return the threshold of each label that is best on held-out rows."""
        found = sets.best_thresholds(seen["given"], seen["probabilities"], FEWEST, MIDDLE)
        return {"thresholds": [round(float(each), 4) for each in found]}

    def observe(self, logits_BL: Tensor, batch: Batch, loaded: Loaded) -> Seen:
        """Return probabilities [B, L], which labels are true [B, L] and losses [B]."""
        given_BL = several(batch, logits_BL)
        nats_BL = functional.binary_cross_entropy_with_logits(logits_BL, given_BL, reduction="none")
        return {
            "probabilities": self.numbers(logits_BL, loaded),
            "given": given_BL.bool().cpu().numpy(),
            "nats": nats_BL.mean(-1).cpu().numpy(),
        }

    def judge(self, seen: Seen, asked: Texts, cells: Sequence[str], loaded: Loaded, *, whole: bool) -> Judgement:
        """Return mean loss, F1 over all labels and of each, and rows as they fared, the worst first."""
        probabilities_NL, given_NL = seen["probabilities"], seen["given"]
        chosen_NL = probabilities_NL >= thresholds_of(loaded)
        loss = float(seen["nats"].mean(dtype=np.float64)) if len(seen["nats"]) else 0.0
        if not whole:
            micro, macro = sets.count_sets(given_NL, chosen_NL).f1(), sets.macro_f1(given_NL, chosen_NL)
            return Judgement(
                loss=loss, metrics=(Metric(key="f1_micro", value=micro), Metric(key="f1_macro", value=macro))
            )
        names, joined = labels_of(loaded), joined_in(cells, _known(loaded))
        true = [labels_in(cell, joined) for cell in cells]
        labels = with_unknown(names, true)
        given_NL, chosen_NL, scores_NL = (
            widened(each, len(labels)) for each in (as_matrix(true, labels), chosen_NL, probabilities_NL)
        )
        scored = sets.per_label(given_NL, chosen_NL, labels)
        return Judgement(
            loss=loss,
            metrics=sets.set_metrics(given_NL, chosen_NL, scores_NL),
            evidence=chosen_NL,
            cases=_cases(asked, true, [[labels[at] for at in np.flatnonzero(row)] for row in chosen_NL], seen["nats"]),
            per_label=scored,
            labels=tuple(each.label for each in scored),
            facts={"empty_rows": float(sum(not each for each in true))} | unseen_facts(names, true),
        )

    def strangers(self, loaded: Loaded, cells: Sequence[str], split: str) -> Iterator[Note]:
        """Count the labels that the model cannot answer."""
        joined = joined_in(cells, _known(loaded))
        found = unseen_labels(labels_of(loaded), [label for cell in cells for label in labels_in(cell, joined)])
        if found is not None:
            yield Note("labels-unseen", remarks.STRANGE_LABELS, found.values(split))

    def remarks(self, loaded: Loaded, cells: Sequence[str], *, scored: bool) -> Iterator[Remark]:
        """Yield labels that no scored row has; of learnt ones those that are odd, and rows with none."""
        joined, names = joined_in(cells, _known(loaded)), labels_of(loaded)
        found = [labels_in(cell, joined) for cell in cells]
        if scored:
            yield from remarks.on_missing([label for each in found for label in each], names)
        else:
            yield from remarks.on_spellings(names)
            yield from remarks.on_nothing(names)
            yield from remarks.on_no_labels(sum(not each for each in found))

    def baselines(
        self,
        train: tuple[Texts, Sequence[str]],
        scored: tuple[Texts, Sequence[str]],
        judged: Judgement,
        loaded: Loaded,
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return the most frequent labels and TF-IDF + linear."""
        assert judged.evidence is not None
        (texts, learnt), (asked, cells), mine_NL = train, scored, judged.evidence
        joined = joined_in(learnt, "")
        given = [labels_in(cell, joined) for cell in learnt]
        true = [labels_in(cell, joined_in(cells, joined)) for cell in cells]
        labels = with_unknown(labels_of(loaded), [*given, *true])  # in the order of the model's own
        learnt_NL, true_NL = as_matrix(given, labels), as_matrix(true, labels)
        mine_NL = widened(mine_NL, len(labels))
        yield Progress("Training simple methods for comparison", 0, 2)
        first = simple.frequent_labels(learnt_NL, true_NL, mine_NL)
        yield Progress("Training simple methods for comparison", 1, 2)
        second = simple.tfidf_several([*texts.values()], learnt_NL, [*asked.values()], true_NL, mine_NL)
        return first, second

    def numbers(self, logits_BL: Tensor, loaded: Loaded) -> np.ndarray:
        """Return the probability of every label."""
        return logits_BL.sigmoid().cpu().numpy()

    def items(self, numbers_L: np.ndarray, loaded: Loaded, options: Mapping[str, object]) -> Iterator[Label]:
        """Yield every label, likeliest first, and whether it is chosen; of options["top"] as many, but all that are chosen."""
        names, chosen_L = labels_of(loaded), numbers_L >= thresholds_of(loaded)
        top = top_of(options) if "top" in options else len(names)
        for place, index in enumerate(np.argsort(-numbers_L, kind="stable")):
            if place < top or chosen_L[index]:
                yield Label(names[index], float(numbers_L[index]), bool(chosen_L[index]))

    def names(self, loaded: Loaded) -> Sequence[str]:
        """Return the labels."""
        return labels_of(loaded)

    def formula(self, loaded: Loaded) -> str:
        """Return a sigmoid a label, and what it must reach to count as yes."""
        return "<i>p</i><sub>y</sub> = σ(<i>z</i><sub>y</sub>)\n<i>y</i> ∈ <i>Y</i> ⇔ <i>p</i><sub>y</sub> ≥ <i>θ</i><sub>y</sub>"

    def said(self, numbers_L: np.ndarray, cell: str, loaded: Loaded) -> tuple[str, str, str]:
        """Return the true labels, the chosen ones, and the highest probability of any."""
        chosen = [each.label for each in self.items(numbers_L, loaded, {}) if each.chosen]
        true = labels_in(cell, _known(loaded))
        return (
            join_labels(true, ", ") or NOTHING,
            join_labels(chosen, ", ") or NOTHING,
            f"{float(numbers_L.max(initial=0.0)):.2f}",
        )


def joined_in(cells: Sequence[str], known: str) -> str:
    """Return how cells join their labels: as is known of the training rows, where these few do not tell."""
    if known and known != LIST:
        return known
    found = joined_labels(cells)
    return found.separator if found else known or LIST


def _known(loaded: Loaded) -> str:
    return str(loaded.facts.get("joined") or "")


def several(batch: Batch, logits_BL: Tensor) -> Tensor:
    """Return which labels are true, as [B, L] of 0 and 1."""
    labels_BK = batch["labels"]
    out_BL = torch.zeros(len(labels_BK), logits_BL.shape[1] + 1, device=logits_BL.device)
    places_BK = torch.where(labels_BK < 0, logits_BL.shape[1], labels_BK)
    return out_BL.scatter_(1, places_BK, 1.0)[:, :-1]


def thresholds_of(loaded: Loaded) -> np.ndarray:
    """Return from which probability on each label is chosen."""
    labels, known = labels_of(loaded), loaded.facts.get("thresholds")
    is_whole = isinstance(known, list) and len(known) == len(labels)
    return np.asarray(known if is_whole else [MIDDLE] * len(labels), np.float32)


def pulls(loaded: Loaded) -> Tensor:
    """Return how much more a row with each label counts than one without it, so that both sides weigh the same."""
    counts = torch.tensor(loaded.facts["counts"], dtype=torch.float32).clamp(min=1)
    return ((float(loaded.facts["rows"]) - counts) / counts).clamp(1.0, MOST_PULL)  # type: ignore[arg-type]


def with_unknown(names: Sequence[str], true: Sequence[Sequence[str]]) -> list[str]:
    """Return the labels of the model and behind them those of rows that it does not know."""
    return [*names, *sorted({label for each in true for label in each} - set(names))]


def as_matrix(rows: Sequence[Sequence[str]], labels: Sequence[str]) -> np.ndarray:
    """Return which row has which label."""
    place = {label: number for number, label in enumerate(labels)}
    found_NL = np.zeros((len(rows), len(labels)), bool)
    for row, each in enumerate(rows):
        found_NL[row, [place[label] for label in each]] = True
    return found_NL


def widened(cells_NL: np.ndarray, width: int) -> np.ndarray:
    """Return a matrix with empty columns behind its own, up to `width`."""
    return np.pad(cells_NL, ((0, 0), (0, max(0, width - cells_NL.shape[1]))))


def _cases(asked: Texts, true: Sequence[Sequence[str]], chosen: Sequence[Sequence[str]], nats_N: np.ndarray) -> Table:
    """Return the scored rows: the mistakes of the highest loss first, then the answers that are right."""
    right = [set(one) == set(other) for one, other in zip(true, chosen, strict=True)]
    order = sorted(range(len(true)), key=lambda row: (right[row], -nats_N[row]))
    return Table(
        ("row", *asked, "label", "predicted", "loss", "right"),
        [
            (
                row, *(cells[row] for cells in asked.values()), list(true[row]), list(chosen[row]),
                round(float(nats_N[row]), 4), right[row],
            )
            for row in order
        ],
    )  # fmt: skip
