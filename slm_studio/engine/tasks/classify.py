"""Classify: one text, one label."""

# B rows of a batch, T tokens, L labels

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from slm_studio.core import knobs
from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Progress
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Label, Metric
from slm_studio.core.tasks.classify import ClassifyOptions, NamingOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.hopeless import refuse_labels
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.unseen import unseen_facts, unseen_labels
from slm_studio.engine.examples import IDS, Batch, Packed, Packer
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import baselines, remarks, scoring
from slm_studio.engine.models.bag import BagTokenizer
from slm_studio.engine.models.classifiers import make_classifier
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.decisions import chance_of, loss_named, refuse_decision
from slm_studio.engine.models.encoding import encode_framed
from slm_studio.engine.models.features import foretell_features
from slm_studio.engine.models.lengths import count_cut, length_of, settle_length
from slm_studio.engine.models.opening import continue_net, open_net, open_tokenizer, settle_padding
from slm_studio.engine.models.vocabulary import train_word_pieces, train_words
from slm_studio.engine.task import (
    Judgement,
    Seen,
    Sketch,
    Table,
    Task,
    checked,
    few,
    parts,
    text_lengths,
)

UNKNOWN_LABEL = -100  # what cross-entropy passes over: a label that training never saw
FEWEST_TO_CALIBRATE = 30  # held-out rows below which a temperature would be noise
ANSWERED = 64  # prompts that are answered together
MOST_CELLS = 200  # labels beyond which a confusion matrix is neither readable nor small


class Classify(Task):
    """The strategy."""

    key = "classify"

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return the labels, most frequent first, and what each weighs."""
        refuse_labels(rows, "label")
        counts = Counter(rows.column("label"))
        labels = sorted(counts, key=lambda label: (-counts[label], label))
        options = recipe.options
        assert isinstance(options, ClassifyOptions)
        refuse_decision(options, len(labels))
        facts = {"labels": labels, "counts": [counts[label] for label in labels], "max_length": recipe.max_length}
        return facts | ({"loss": options.loss} if options.loss != "auto" else {})

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the rows."""
        family, size = split_base(recipe.base)
        options = recipe.options
        assert isinstance(options, ClassifyOptions)
        labels = facts["labels"]
        assert isinstance(labels, list)
        if family == "bag":
            tokenizer = BagTokenizer.learn(rows.column("text"), size=size, lowercase=options.lowercase)
        elif options.pieces == "words":
            framed = family == "bert"  # whose first token stands for the whole text
            tokenizer = train_words(rows.column("text"), options.vocabulary, options.lowercase, framed=framed)
        else:
            tokenizer = train_word_pieces(rows.column("text"), options.vocabulary, options.lowercase)
        net = make_classifier(
            family, size, vocabulary_size=len(tokenizer), labels=len(labels), max_length=recipe.max_length or 128,
            dropout=recipe.dropout or 0.0, pad_token_id=tokenizer.pad_token_id, wished=options,
        )  # fmt: skip
        return _named(Loaded(net, tokenizer, facts))

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Put a head that tells these labels apart on a base."""
        labels = facts["labels"]
        assert isinstance(labels, list)
        net, fresh = continue_net(folder, self.key, labels=len(labels), dropout=recipe.dropout or 0.0)
        tokenizer = open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        return _named(Loaded(net, tokenizer, settle_length(facts | {"fresh": fresh}, net)))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return one example a row, in order; many rows are tokenised together."""
        number = {label: index for index, label in enumerate(labels_of(loaded))}
        packer = Packer(input_ids=loaded.padding)
        for places in parts(len(rows)):
            part = rows[places]
            labels = part.column("label") if "label" in part.roles else [""] * len(part)
            packer.add(
                range(places.start, places.stop),
                input_ids=encode_texts(loaded, part.column("text")),
                labels=[number.get(label, UNKNOWN_LABEL) for label in labels],
            )
            yield Progress("Turning text into tokens", places.stop, len(rows))
        return checked(packer.packed(), loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of the recipe's kind, smoothed and weighed as it says."""
        options = recipe.options
        assert isinstance(options, ClassifyOptions)
        logits_BL = self._logits(loaded, batch)
        weights = class_weights(loaded).to(logits_BL.device) if options.class_weights == "balanced" else None
        return loss_named(options.loss)(
            logits_BL,
            batch["labels"],
            weight=weights,
            label_smoothing=options.label_smoothing,
            ignore_index=UNKNOWN_LABEL,
        )

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return probabilities [B, L], true labels [B] and losses [B]."""
        logits_BL = self._logits(loaded, batch)
        learnt_by = loss_named(str(loaded.facts.get("loss", "")))
        nats_B = learnt_by(logits_BL, batch["labels"], reduction="none", ignore_index=UNKNOWN_LABEL)
        return {
            "probabilities": (logits_BL / temperature_of(loaded)).softmax(-1).cpu().numpy(),
            "labels": batch["labels"].cpu().numpy(),
            "nats": nats_B.cpu().numpy(),
        }

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Return mean loss, accuracy, F1 and what else is told of labels; the surest mistakes stand first."""
        yield from ()
        names, probabilities_NL = labels_of(loaded), seen["probabilities"]
        known_N = seen["labels"] != UNKNOWN_LABEL
        loss = float(seen["nats"].sum(dtype=np.float64)) / max(1, int(known_N.sum()))
        predicted_N = probabilities_NL.argmax(-1)
        if not whole:
            accuracy = float((predicted_N == seen["labels"]).mean())
            f1 = scoring.macro_f1(seen["labels"][known_N], predicted_N[known_N], len(names))
            return Judgement(
                loss=loss, metrics=(Metric(key="accuracy", value=accuracy), Metric(key="f1_macro", value=f1))
            )
        true, predicted = rows.column("label"), [names[place] for place in predicted_N]
        sure_N = probabilities_NL.max(-1)
        right_N = np.array([one == other for one, other in zip(true, predicted, strict=True)])
        present = [label for label in names if label in set(true) | set(predicted)] + sorted(set(true) - set(names))
        return Judgement(
            loss=loss,
            metrics=scoring.classification_metrics(true, predicted),
            evidence=right_N,
            cases=_cases(rows, predicted, sure_N, right_N),
            per_label=scoring.per_class(true, predicted, present),
            labels=tuple(present),
            confusion=scoring.confusion(true, predicted, present) if len(present) <= MOST_CELLS else (),
            facts={"calibration_error": scoring.calibration_error(sure_N, right_N)} | unseen_facts(names, true),
        )

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Count the rows whose label the model cannot answer."""
        found = unseen_labels(labels_of(loaded), rows.column("label"))
        if found is not None:
            yield Note("labels-unseen", found.message, found.values(split))

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of guessing by the shares of the labels that were learnt: their entropy, mostly."""
        counts_L = np.asarray(loaded.facts.get("counts") or [1], dtype=np.float64)
        shares_L = counts_L / counts_L.sum()
        return chance_of(str(loaded.facts.get("loss", "")), shares_L) or None

    def calibrate(self, seen: Seen) -> dict[str, object]:
        """Return the temperature of the probabilities; logits stay as the net computes them."""
        known_N = seen["labels"] != UNKNOWN_LABEL
        if known_N.sum() < FEWEST_TO_CALIBRATE:
            return {}
        found = scoring.fit_temperature(seen["probabilities"][known_N], seen["labels"][known_N])
        return {"temperature": round(found, 4)}

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield labels that no scored row has, and texts of which the model reads the beginning."""
        if scored:
            yield from remarks.on_missing(rows.column("label"), labels_of(loaded))
        else:
            yield from remarks.on_spellings(labels_of(loaded))
            yield from remarks.on_nothing(labels_of(loaded))
        yield from remarks.on_cut(
            count_cut(loaded, rows.column("text"), examples.sequences[IDS].lengths), len(rows), length_of(loaded)
        )

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return majority and TF-IDF + linear."""
        assert judged.evidence is not None
        true, right = scored.column("label"), judged.evidence
        yield Progress("Training simple methods for comparison", 0, 2)
        first = baselines.majority(train.column("label"), true, right)
        yield Progress("Training simple methods for comparison", 1, 2)
        second = baselines.tfidf_linear(train.column("text"), train.column("label"), scored.column("text"), true, right)
        return first, second

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Answer a few held-out rows."""
        best = dict(self.answer(loaded, [{"text": row["text"]} for row in rows], {"top": 1}))
        cells = [
            (row["text"], row.get("label", ""), best[place].label, f"{best[place].score:.2f}")
            for place, row in enumerate(rows)
        ]
        return Table(("text", "true", "predicted", "score"), tuple(cells))

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Label]]:
        """Yield labels, likeliest first, at most options["top"] (default 10); prompts of like length go together."""
        names, top = labels_of(loaded), top_of(options)
        for place, scores_L in self._scores(loaded, prompts):
            for index in np.argsort(-scores_L, kind="stable")[:top]:
                yield place, Label(names[index], float(scores_L[index]))

    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the probability of every label, prompt by prompt."""
        scores = dict(self._scores(loaded, prompts))
        return np.concatenate([scores[place] for place in range(len(prompts))])

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net, tokenizer = open_net(folder, self.key), open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        facts = settle_length(facts, net)
        facts.setdefault("labels", [net.config.id2label[place] for place in sorted(net.config.id2label)])
        _refuse_facts(facts, net.config.num_labels)
        return Loaded(net.to(device).eval(), tokenizer, facts)

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a row."""
        base = None if recipe.is_blank else folder_of(recipe.base)
        lengths_N = text_lengths(few(rows).column("text"), base)
        return Sketch(net=self._hollow(recipe, rows), examples=len(rows), tokens_N=lengths_N)

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        labels, options = len(set(rows.column("label"))), recipe.options
        assert isinstance(options, ClassifyOptions)
        refuse_decision(options, labels)
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            config.num_labels = labels
            return built(lambda: AutoModelForSequenceClassification.from_config(config))
        family, size = split_base(recipe.base)
        texts = rows.column("text")
        known = foretell_features(texts, size=size) if family == "bag" else min(options.vocabulary, _pieces(texts))
        return make_classifier(
            family, size, vocabulary_size=known, labels=labels, max_length=recipe.max_length or 128,
            dropout=recipe.dropout or 0.0, pad_token_id=0, wished=options,
        )  # fmt: skip

    def _scores(self, loaded: Loaded, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (which prompt, probability of each label), in batches of like length."""
        packer = Packer(input_ids=loaded.padding)
        packer.add(range(len(prompts)), input_ids=encode_texts(loaded, [str(prompt["text"]) for prompt in prompts]))
        packed = checked(packer.packed(), loaded)
        order = np.argsort(packed.work_N, kind="stable")
        for start in range(0, len(order), ANSWERED):
            places = order[start : start + ANSWERED]
            yield from zip(places.tolist(), self._probabilities(loaded, packed.take(places)), strict=True)

    @torch.inference_mode()
    def _probabilities(self, loaded: Loaded, batch: Batch) -> np.ndarray:
        logits_BL = self._logits(loaded, {name: tensor.to(loaded.device) for name, tensor in batch.items()})
        return (logits_BL / temperature_of(loaded)).softmax(-1).cpu().numpy()

    def _logits(self, loaded: Loaded, batch: Batch) -> Tensor:
        return loaded.net(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.float()


TASK = Classify()


def top_of(options: Mapping[str, object]) -> int:
    """Return how many labels are named at most. Raises StudioError where that is no such number."""
    naming = NamingOptions(**{"top": options["top"]} if "top" in options else {})  # type: ignore[arg-type]
    if problems := knobs.problems(naming):
        raise problems[0]
    return naming.top


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


def labels_of(loaded: Loaded) -> list[str]:
    """Return the labels in the order of the net's outputs."""
    labels = loaded.facts["labels"]
    assert isinstance(labels, list)
    return labels


def _pieces(texts: Sequence[str]) -> int:
    """Return about how many word pieces texts have to offer: their words, their characters, and those as continuations."""
    text = " ".join(texts).lower()
    return len(set(text.split())) + 2 * len(set(text))


def temperature_of(loaded: Loaded) -> float:
    """Return what logits are divided by before they become probabilities."""
    return float(loaded.facts.get("temperature") or 1.0)  # type: ignore[arg-type]


def class_weights(loaded: Loaded) -> Tensor:
    """Return weights that let rare labels count as much as frequent ones (scikit-learn's “balanced”)."""
    counts = torch.tensor(loaded.facts["counts"], dtype=torch.float32)
    return counts.sum() / (len(counts) * counts.clamp(min=1))


def encode_texts(loaded: Loaded, texts: Sequence[str]) -> list[list[int]]:
    """Return token ids of many texts, cut at the model's length."""
    return encode_framed(loaded.tokenizer, texts, length_of(loaded))  # type: ignore[arg-type]


def _named(loaded: Loaded) -> Loaded:
    """Write the labels into the net's config, where other programs look for them."""
    labels = labels_of(loaded)
    loaded.net.config.id2label = dict(enumerate(labels))
    loaded.net.config.label2id = {label: place for place, label in enumerate(labels)}
    return loaded


def _cases(rows: Rows, predicted: Sequence[str], sure_N: np.ndarray, right_N: np.ndarray) -> Table:
    """Return the scored rows: the surest mistakes first, then the answers that are right, least sure first."""
    order = sorted(
        range(len(rows)), key=lambda row: (bool(right_N[row]), sure_N[row] if right_N[row] else -sure_N[row])
    )
    texts, labels = rows.column("text"), rows.column("label")
    return Table(
        ("row", "text", "label", "predicted", "score", "right"),
        [
            (row, texts[row], labels[row], predicted[row], round(float(sure_N[row]), 4), bool(right_N[row]))
            for row in order
        ],
    )
