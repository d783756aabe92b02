"""One label a text: a softmax over all labels, or one sigmoid for two."""

# B rows of a batch, N rows, L labels

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from slm_studio.core import knobs
from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Progress
from slm_studio.core.moderation import catch_of
from slm_studio.core.results import Baseline, Label, Metric
from slm_studio.core.shapes import ShapeOptions
from slm_studio.core.tasks.classify import ClassifyOptions, NamingOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.hopeless import refuse_labels
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.unseen import unseen_facts, unseen_labels
from slm_studio.engine.examples import WEIGHTS, Batch, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import baselines, moderation, remarks, scoring, simple
from slm_studio.engine.models.decisions import chance_of, is_single, loss_named, refuse_decision
from slm_studio.engine.targets import deciding
from slm_studio.engine.targets.target import Facts, Target, Texts, straightened
from slm_studio.engine.task import Judgement, Seen, Table

UNKNOWN_LABEL = -100  # what cross-entropy passes over: a label that training never saw
FEWEST_TO_CALIBRATE = 30  # held-out rows below which a temperature would be noise
MOST_CELLS = 200  # labels beyond which a confusion matrix is neither readable nor small


class OneLabel(Target):
    """The strategy."""

    key = "one"

    def strata(self, cells: Sequence[str], joined: str) -> Sequence[str]:
        """Return the labels."""
        return cells

    def refuse(self, rows: Rows, role: str, joined: str) -> None:
        """Refuse too few rows, one label only, a label a row."""
        refuse_labels(rows, role)

    def learn(self, cells: Sequence[str], joined: str) -> Facts:
        """Return the labels, most frequent first, and how often each stands."""
        counts = Counter(cells)
        labels = sorted(counts, key=lambda label: (-counts[label], label))
        return {"labels": labels, "counts": [counts[label] for label in labels]}

    def check(self, options: ShapeOptions, outputs: int) -> None:
        """Refuse one sigmoid and the binary loss where there are more than two labels."""
        refuse_decision(options, outputs)

    def wishes(self, options: object, facts: Mapping[str, object]) -> Facts:
        """Return the label to catch, and how much shall be right without a person."""
        assert isinstance(options, ClassifyOptions)
        return deciding.wishes(options, facts)

    def foretell(self, cells: Sequence[str], joined: str) -> int:
        """Count the labels."""
        return len(set(cells))

    def outputs(self, facts: Mapping[str, object]) -> int:
        """Return the number of labels."""
        labels = facts["labels"]
        assert isinstance(labels, list)
        return len(labels)

    def name(self, loaded: Loaded) -> None:
        """Write the labels into the net's config; a base may have been made for another kind of answer."""
        name_labels(loaded)
        loaded.net.config.problem_type = None

    def adopt(self, loaded: Loaded) -> None:
        """Take the labels from the config where studio.json has none."""
        adopt_labels(loaded)

    def columns(self, cells: Sequence[str], loaded: Loaded) -> Mapping[str, Sequence[int]]:
        """Return the number of each label."""
        number = {label: index for index, label in enumerate(labels_of(loaded))}
        return {"labels": [number.get(label, UNKNOWN_LABEL) for label in cells]}

    def loss(self, logits_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the mean loss of the recipe's kind, smoothed and weighed as it says."""
        assert isinstance(options, ClassifyOptions)
        weights = class_weights(loaded).to(logits_BL.device) if options.class_weights == "balanced" else None
        losses = loss_named(options.loss)(
            logits_BL,
            batch["labels"],
            weight=weights,
            label_smoothing=options.label_smoothing,
            ignore_index=UNKNOWN_LABEL,
            reduction="none" if WEIGHTS in batch else "mean",
        )
        if WEIGHTS not in batch:
            return losses
        known_B = batch["labels"] != UNKNOWN_LABEL
        each_B = weights[batch["labels"].clamp(min=0)] * known_B if weights is not None else known_B
        return weighed_mean(losses, batch, each_B)

    def margin_loss(self, margins_BL: Tensor, batch: Batch, loaded: Loaded, options: object) -> Tensor:
        """Return the squared hinge of each label against all others, as linear support vector machines have it.

        Source: Fan et al. 2008 (LIBLINEAR), https://www.jmlr.org/papers/v9/fan08a.html
        """
        assert isinstance(options, ClassifyOptions)
        known_B = batch["labels"] != UNKNOWN_LABEL
        labels_B = batch["labels"].clamp(min=0)
        signs_BL = 2 * functional.one_hot(labels_B, margins_BL.shape[1]) - 1
        losses_B = straightened((1 - signs_BL * margins_BL).clamp(min=0)).sum(1) * known_B
        if options.class_weights == "balanced":
            losses_B = losses_B * class_weights(loaded).to(margins_BL.device)[labels_B]
        if WEIGHTS in batch:
            return weighed_mean(losses_B, batch, known_B)
        return losses_B.sum() / known_B.sum().clamp(min=1)

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of guessing by the shares of the labels that were learnt: their entropy, mostly."""
        counts_L = np.asarray(loaded.facts.get("counts") or [1], dtype=np.float64)
        shares_L = counts_L / counts_L.sum()
        return chance_of(str(loaded.facts.get("loss", "")), shares_L) or None

    def calibrate(self, seen: Seen, loaded: Loaded) -> Facts:
        """Return the temperature of the probabilities, by which logits are divided, and the thresholds that hang on them."""
        known_N = seen["labels"] != UNKNOWN_LABEL
        probabilities_NL, labels_N = seen["probabilities"][known_N], seen["labels"][known_N]
        found: Facts = {}
        if len(labels_N) >= FEWEST_TO_CALIBRATE:
            found["temperature"] = round(scoring.fit_temperature(probabilities_NL, labels_N), 4)
            probabilities_NL = scoring.tempered(probabilities_NL, float(found["temperature"]))  # type: ignore[arg-type]
        return found | deciding.thresholds(probabilities_NL, labels_N, labels_of(loaded), loaded.facts)

    def observe(self, logits_BL: Tensor, batch: Batch, loaded: Loaded) -> Seen:
        """Return probabilities [B, L], true labels [B] and losses [B]."""
        learnt_by = loss_named(str(loaded.facts.get("loss", "")))
        nats_B = learnt_by(logits_BL, batch["labels"], reduction="none", ignore_index=UNKNOWN_LABEL)
        return {
            "probabilities": self.numbers(logits_BL, loaded),
            "labels": batch["labels"].cpu().numpy(),
            "nats": nats_B.cpu().numpy(),
        }

    def judge(self, seen: Seen, asked: Texts, cells: Sequence[str], loaded: Loaded, *, whole: bool) -> Judgement:
        """Return mean loss, accuracy, F1 and what else is told of labels; the surest mistakes stand first."""
        names, probabilities_NL = labels_of(loaded), seen["probabilities"]
        known_N = seen["labels"] != UNKNOWN_LABEL
        loss = float(seen["nats"].sum(dtype=np.float64)) / max(1, int(known_N.sum()))
        predicted_N = moderation.decide(probabilities_NL, names, catch_of(loaded.facts))
        if not whole:
            accuracy = float((predicted_N == seen["labels"]).mean())
            f1 = scoring.macro_f1(seen["labels"][known_N], predicted_N[known_N], len(names))
            return Judgement(
                loss=loss, metrics=(Metric(key="accuracy", value=accuracy), Metric(key="f1_macro", value=f1))
            )
        predicted = [names[place] for place in predicted_N]
        sure_N = probabilities_NL[np.arange(len(predicted_N)), predicted_N]
        right_N = np.array([one == other for one, other in zip(cells, predicted, strict=True)])
        present = [label for label in names if label in set(cells) | set(predicted)] + sorted(set(cells) - set(names))
        return Judgement(
            loss=loss,
            metrics=(
                *scoring.classification_metrics(cells, predicted),
                *deciding.metrics(seen["labels"], predicted_N, sure_N, names, loaded.facts),
            ),
            evidence=_likeliest_right(probabilities_NL, names, cells),
            cases=_cases(asked, cells, predicted, sure_N, right_N),
            per_label=scoring.per_class(cells, predicted, present),
            labels=tuple(present),
            confusion=scoring.confusion(cells, predicted, present) if len(present) <= MOST_CELLS else (),
            facts={"calibration_error": scoring.calibration_error(sure_N, right_N)}
            | unseen_facts(names, ([cell] for cell in cells)),
        )

    def strangers(self, loaded: Loaded, cells: Sequence[str], split: str) -> Iterator[Note]:
        """Count the rows whose label the model cannot answer."""
        found = unseen_labels(labels_of(loaded), cells)
        if found is not None:
            yield Note("labels-unseen", found.message, found.values(split))

    def remarks(self, loaded: Loaded, cells: Sequence[str], *, scored: bool) -> Iterator[Remark]:
        """Yield labels that no scored row has; of learnt ones those that are odd."""
        if scored:
            yield from remarks.on_missing(cells, labels_of(loaded))
            yield from deciding.remarks(loaded.facts)
        else:
            yield from remarks.on_spellings(labels_of(loaded))
            yield from remarks.on_nothing(labels_of(loaded))

    def baselines(
        self,
        train: tuple[Texts, Sequence[str]],
        scored: tuple[Texts, Sequence[str]],
        judged: Judgement,
        loaded: Loaded,
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return majority and TF-IDF + linear."""
        assert judged.evidence is not None
        (texts, labels), (asked, true), right = train, scored, judged.evidence
        yield Progress("Training simple methods for comparison", 0, 2)
        first = baselines.majority(labels, true, right)
        yield Progress("Training simple methods for comparison", 1, 2)
        learnt, scored_texts = [*texts.values()], [*asked.values()]
        if len(learnt) > 1:
            return first, simple.tfidf_pairs(learnt, labels, scored_texts, true, right)
        second = baselines.tfidf_linear(learnt[0], labels, scored_texts[0], true, right)
        return first, second

    def numbers(self, logits_BL: Tensor, loaded: Loaded) -> np.ndarray:
        """Return the probability of every label."""
        return (logits_BL / temperature_of(loaded)).softmax(-1).cpu().numpy()

    def items(self, numbers_L: np.ndarray, loaded: Loaded, options: Mapping[str, object]) -> Iterator[Label]:
        """Yield labels, the answer first and the others likeliest first, at most options["top"] (default 10)."""
        names = labels_of(loaded)
        answer = int(moderation.decide(numbers_L[None], names, catch_of(loaded.facts))[0])
        others = [index for index in np.argsort(-numbers_L, kind="stable") if index != answer]
        for index in [answer, *others][: top_of(options)]:
            yield Label(names[index], float(numbers_L[index]))

    def names(self, loaded: Loaded) -> Sequence[str]:
        """Return the labels."""
        return labels_of(loaded)

    def formula(self, loaded: Loaded) -> str:
        """Return a softmax, or the one sigmoid that a net ends in; where held-out rows said so, with a temperature."""
        by = "" if temperature_of(loaded) == 1 else f" / {temperature_of(loaded):g}"
        if is_single(loaded.net):
            other, label = map(escape, labels_of(loaded))
            return f"<i>p</i><sub>{label}</sub> = σ(<i>z</i>{by})\n<i>p</i><sub>{other}</sub> = 1 − <i>p</i><sub>{label}</sub>"
        return f"<i>p</i><sub>y</sub> = exp(<i>z</i><sub>y</sub>{by}) / Σ<sub>k</sub> exp(<i>z</i><sub>k</sub>{by})"

    def said(self, numbers_L: np.ndarray, cell: str, loaded: Loaded) -> tuple[str, str, str]:
        """Return the true label, the likeliest one and its probability."""
        best = next(self.items(numbers_L, loaded, {"top": 1}))
        return cell, best.label, f"{best.score:.2f}"


def _likeliest_right(probabilities_NL: np.ndarray, names: Sequence[str], cells: Sequence[str]) -> np.ndarray:
    """Return where the likeliest label is right: what a net knows is compared, not how often a label is said to catch it."""
    return np.array([names[place] == cell for place, cell in zip(probabilities_NL.argmax(-1), cells, strict=True)])


def top_of(options: Mapping[str, object]) -> int:
    """Return how many labels are named at most. Raises StudioError where that is no such number."""
    naming = NamingOptions(**{"top": options["top"]} if "top" in options else {})  # type: ignore[arg-type]
    if problems := knobs.problems(naming):
        raise problems[0]
    return naming.top


def labels_of(loaded: Loaded) -> list[str]:
    """Return the labels in the order of the net's outputs."""
    labels = loaded.facts["labels"]
    assert isinstance(labels, list)
    return labels


def name_labels(loaded: Loaded) -> None:
    """Write the labels into the net's config, where other programs look for them."""
    labels = labels_of(loaded)
    loaded.net.config.id2label = dict(enumerate(labels))
    loaded.net.config.label2id = {label: place for place, label in enumerate(labels)}


def adopt_labels(loaded: Loaded) -> None:
    """Take the labels from the config where the facts have none. Raises StudioError where they contradict the weights."""
    names = loaded.net.config.id2label
    loaded.facts.setdefault("labels", [names[place] for place in sorted(names)])
    _refuse_facts(loaded.facts, loaded.net.config.num_labels)


def temperature_of(loaded: Loaded) -> float:
    """Return what logits are divided by before they become probabilities."""
    return float(loaded.facts.get("temperature") or 1.0)  # type: ignore[arg-type]


def class_weights(loaded: Loaded) -> Tensor:
    """Return weights that let rare labels count as much as frequent ones (scikit-learn's “balanced”)."""
    counts = torch.tensor(loaded.facts["counts"], dtype=torch.float32)
    return counts.sum() / (len(counts) * counts.clamp(min=1))


def _refuse_facts(facts: Mapping[str, object], outputs: int) -> None:
    """Refuse what studio.json says where the weights contradict: an answer would bear the wrong name."""
    labels = facts["labels"]
    names = {label for label in labels if isinstance(label, str)} if isinstance(labels, list) else set()
    if len(names) != outputs or not isinstance(labels, list) or len(labels) != outputs:
        raise StudioError(
            "model-labels",
            "studio.json names {named} {named:label|labels}, but the weights tell {outputs} apart.",
            "Fetch the model again, or restore its folder from a copy.",
            named=len(names),
            outputs=outputs,
        )


def _cases(
    asked: Texts, labels: Sequence[str], predicted: Sequence[str], sure_N: np.ndarray, right_N: np.ndarray
) -> Table:
    """Return the scored rows: the surest mistakes first, then the answers that are right, least sure first."""
    order = sorted(
        range(len(labels)), key=lambda row: (bool(right_N[row]), sure_N[row] if right_N[row] else -sure_N[row])
    )
    return Table(
        ("row", *asked, "label", "predicted", "score", "right"),
        [
            (
                row, *(cells[row] for cells in asked.values()), labels[row], predicted[row],
                round(float(sure_N[row]), 4), bool(right_N[row]),
            )
            for row in order
        ],
    )  # fmt: skip
