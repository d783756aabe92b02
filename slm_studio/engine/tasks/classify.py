"""Classify: one text, one label."""

# B rows of a batch, T tokens, L labels

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Progress
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Label, Report, Token
from slm_studio.core.saved import local_folder
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.quality import refuse_hopeless
from slm_studio.engine.data.rows import Row, Rows
from slm_studio.engine.data.splits import Splits, split_dataset
from slm_studio.engine.data.unseen import unseen_facts, unseen_labels
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import baselines, remarks, scoring
from slm_studio.engine.models.bag import BagTokenizer
from slm_studio.engine.models.classifiers import make_classifier
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.encoding import encode_framed
from slm_studio.engine.models.features import foretell_features
from slm_studio.engine.models.lengths import count_cut, length_of, settle_length
from slm_studio.engine.models.opening import continue_net, open_net, open_tokenizer, settle_padding
from slm_studio.engine.models.vocabulary import train_word_pieces
from slm_studio.engine.task import Batch, Example, Held, Table, Task, parts

UNKNOWN_LABEL = -100  # what cross-entropy passes over: a label that training never saw
FEWEST_TO_CALIBRATE = 30  # held-out rows below which a temperature would be noise
MOST_CELLS = 200  # labels beyond which a confusion matrix is neither readable nor small


@dataclass(frozen=True, slots=True)
class Scored:
    """What one batch leaves behind."""

    probabilities_BL: np.ndarray
    labels_B: np.ndarray
    loss: float  # sum over the rows with a known label


class Classify(Task[Scored]):
    """The strategy."""

    key = "classify"

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Divide the rows so that every label keeps its share."""
        return split_dataset(dataset, recipe, role="label")

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return the labels, most frequent first, and what each weighs."""
        refuse_hopeless(rows, recipe)
        counts = Counter(rows.column("label"))
        labels = sorted(counts, key=lambda label: (-counts[label], label))
        return {"labels": labels, "counts": [counts[label] for label in labels], "max_length": recipe.max_length}

    def build(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer."""
        loaded = self._blank(recipe, facts, rows) if recipe.is_blank else self._continued(recipe, facts)
        labels = labels_of(loaded)
        loaded.net.config.id2label = dict(enumerate(labels))
        loaded.net.config.label2id = {label: place for place, label in enumerate(labels)}
        return loaded

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe) -> Work[list[Example]]:
        """Yield Progress; return one example a row, in order; many rows are tokenised together."""
        number = {label: index for index, label in enumerate(labels_of(loaded))}
        found: list[Example] = []
        for places in parts(len(rows)):
            part = rows[places]
            ids = encode_texts(loaded, part.column("text"))
            labels = part.column("label") if "label" in part.roles else [""] * len(part)
            found.extend(
                {"input_ids": np.asarray(each, dtype=np.int64), "labels": number.get(label, UNKNOWN_LABEL)}
                for each, label in zip(ids, labels, strict=True)
            )
            yield Progress("Turning text into tokens", len(found), len(rows))
        return found

    def encode(self, row: Row, loaded: Loaded, recipe: Recipe) -> Iterator[Example]:
        """Turn one row into one example."""
        label = labels_of(loaded).index(row["label"]) if row.get("label") in labels_of(loaded) else UNKNOWN_LABEL
        yield {"input_ids": encode_texts(loaded, [row["text"]])[0], "labels": label}

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean cross-entropy, smoothed and weighed as the recipe says."""
        options = recipe.options
        assert isinstance(options, ClassifyOptions)
        logits_BL = self._logits(loaded, batch)
        weights = class_weights(loaded).to(logits_BL.device) if options.class_weights == "balanced" else None
        return functional.cross_entropy(
            logits_BL,
            batch["labels"],
            weight=weights,
            label_smoothing=options.label_smoothing,
            ignore_index=UNKNOWN_LABEL,
        )

    def observe(self, loaded: Loaded, batch: Batch) -> Scored:
        """Return probabilities, true labels and the summed loss."""
        logits_BL = self._logits(loaded, batch)
        loss = functional.cross_entropy(logits_BL, batch["labels"], reduction="sum", ignore_index=UNKNOWN_LABEL)
        return Scored(
            (logits_BL / temperature_of(loaded)).softmax(-1).cpu().numpy(), batch["labels"].cpu().numpy(), float(loss)
        )

    def summarise(self, observations: Sequence[Scored]) -> Held:
        """Return mean loss, accuracy and macro F1."""
        true = np.concatenate([scored.labels_B for scored in observations])
        predicted = np.concatenate([scored.probabilities_BL.argmax(-1) for scored in observations])
        known = true != UNKNOWN_LABEL
        classes = observations[0].probabilities_BL.shape[1]
        loss = sum(scored.loss for scored in observations) / max(1, int(known.sum()))
        accuracy = float((true == predicted).mean())
        return Held(loss, {"accuracy": accuracy, "f1_macro": scoring.macro_f1(true[known], predicted[known], classes)})

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Count the rows whose label the model cannot answer."""
        found = unseen_labels(labels_of(loaded), rows.column("label"))
        if found is not None:
            yield Note("labels-unseen", found.message, found.values(split))

    def chance(self, loaded: Loaded) -> float | None:
        """Return the entropy of the labels that were learnt."""
        counts_L = np.asarray(loaded.facts.get("counts") or [1], dtype=np.float64)
        shares_L = counts_L / counts_L.sum()
        return float(-(shares_L * np.log(shares_L)).sum()) or None

    def calibrate(self, observations: Sequence[Scored]) -> dict[str, object]:
        """Return the temperature of the probabilities; logits stay as the net computes them."""
        labels_N = np.concatenate([scored.labels_B for scored in observations])
        known = labels_N != UNKNOWN_LABEL
        if known.sum() < FEWEST_TO_CALIBRATE:
            return {}
        probabilities_NL = np.concatenate([scored.probabilities_BL for scored in observations])
        return {"temperature": round(scoring.fit_temperature(probabilities_NL[known], labels_N[known]), 4)}

    def report(
        self, observations: Sequence[Scored], order: np.ndarray, rows: Rows, loaded: Loaded, folder: Path
    ) -> Report:
        """Score the rows and write one line a row to cases.jsonl, surest mistakes first."""
        names = labels_of(loaded)
        probabilities_NL = np.empty((len(order), len(names)), dtype=np.float32)
        probabilities_NL[order] = np.concatenate([scored.probabilities_BL for scored in observations])
        true = rows.column("label")
        predicted = [names[place] for place in probabilities_NL.argmax(-1)]
        confidence = probabilities_NL.max(-1)
        right = np.array([one == other for one, other in zip(true, predicted, strict=True)])
        present = [label for label in names if label in set(true) | set(predicted)] + sorted(set(true) - set(names))
        cases = folder / "cases.jsonl"
        write_cases(cases, rows, predicted, confidence, right)
        return Report(
            task=self.key, model="", dataset="", split="", rows=len(rows),
            metrics=scoring.classification_metrics(true, predicted),
            per_label=scoring.per_class(true, predicted, present),
            labels=tuple(present),
            confusion=scoring.confusion(true, predicted, present) if len(present) <= MOST_CELLS else (),
            cases=str(cases),
            facts={"calibration_error": scoring.calibration_error(confidence, right)} | unseen_facts(names, true),
        )  # fmt: skip

    def remarks(self, rows: Rows, loaded: Loaded, examples: Sequence[Example], *, scored: bool) -> Iterator[Remark]:
        """Yield labels that no scored row has, and texts of which the model reads the beginning."""
        if scored:
            yield from remarks.on_missing(rows.column("label"), labels_of(loaded))
        else:
            yield from remarks.on_spellings(labels_of(loaded))
            yield from remarks.on_nothing(labels_of(loaded))
        yield from remarks.on_cut(count_cut(loaded, rows.column("text"), examples), len(rows), length_of(loaded))

    def baselines(
        self, train: Rows, scored: Rows, report: Report, folder: Path, loaded: Loaded
    ) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return majority and TF-IDF + linear."""
        true, right = scored.column("label"), rights(Path(report.cases), len(scored))
        yield Progress("Training simple methods for comparison", 0, 2)
        first = baselines.majority(train.column("label"), true, right)
        yield Progress("Training simple methods for comparison", 1, 2)
        second = baselines.tfidf_linear(train.column("text"), train.column("label"), scored.column("text"), true, right)
        return first, second

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Answer a few held-out rows."""
        answers = self.predict_many(loaded, rows.column("text"), {"top": 1})
        cells = [
            (row["text"], row.get("label", ""), answer[0].label, f"{answer[0].score:.2f}")
            for row, answer in zip(rows, answers, strict=True)
        ]
        return Table(("text", "true", "predicted", "score"), tuple(cells))

    def predict(self, loaded: Loaded, prompt: str, options: Mapping[str, object]) -> Iterator[Label | Token]:
        """Yield labels, likeliest first; at most options["top"] (default 10)."""
        yield from self.predict_many(loaded, [prompt], options)[0]

    def predict_many(self, loaded: Loaded, prompts: Sequence[str], options: Mapping[str, object]) -> list[list[Label]]:  # type: ignore[override]
        """Answer many prompts in batches of like length."""
        ids = encode_texts(loaded, prompts)
        names, top = labels_of(loaded), int(options.get("top", 10))  # type: ignore[call-overload]
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        answers: list[list[Label]] = [[] for _ in prompts]
        for start in range(0, len(order), 64):
            places = order[start : start + 64]
            for place, scores_L in zip(
                places, self._probabilities(loaded, [ids[place] for place in places]), strict=True
            ):
                best = np.argsort(-scores_L, kind="stable")[:top]
                answers[place] = [Label(names[index], float(scores_L[index])) for index in best]
        return answers

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net, tokenizer = open_net(folder, self.key), open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        facts = settle_length(facts, net)
        facts.setdefault("labels", [net.config.id2label[place] for place in sorted(net.config.id2label)])
        _refuse_facts(facts, net.config.num_labels)
        return Loaded(net.to(device).eval(), tokenizer, facts)

    def sketch(self, recipe: Recipe, rows: Rows) -> nn.Module:
        """Return a net of this shape without numbers."""
        labels = len(set(rows.column("label")))
        if not recipe.is_blank:
            folder = local_folder(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            config.num_labels = labels
            return built(lambda: AutoModelForSequenceClassification.from_config(config))
        family, size = split_base(recipe.base)
        options = recipe.options
        assert isinstance(options, ClassifyOptions)
        texts = rows.column("text")
        known = foretell_features(texts, size=size) if family == "bag" else min(options.vocabulary, _pieces(texts))
        return make_classifier(
            family, size, vocabulary_size=known, labels=labels, max_length=recipe.max_length or 128,
            dropout=recipe.dropout or 0.0, pad_token_id=0,
        )  # fmt: skip

    @torch.inference_mode()
    def _probabilities(self, loaded: Loaded, ids: Sequence[Sequence[int]]) -> np.ndarray:
        batch = self.collate([{"input_ids": each} for each in ids], loaded)
        logits_BL = self._logits(loaded, {name: tensor.to(loaded.device) for name, tensor in batch.items()})
        return (logits_BL / temperature_of(loaded)).softmax(-1).cpu().numpy()

    def _logits(self, loaded: Loaded, batch: Batch) -> Tensor:
        return loaded.net(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.float()

    def _blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        family, size = split_base(recipe.base)
        options = recipe.options
        assert isinstance(options, ClassifyOptions)
        labels = facts["labels"]
        assert isinstance(labels, list)
        if family == "bag":
            tokenizer = BagTokenizer.learn(rows.column("text"), size=size, lowercase=options.lowercase)
        else:
            tokenizer = train_word_pieces(rows.column("text"), options.vocabulary, options.lowercase)
        net = make_classifier(
            family, size, vocabulary_size=len(tokenizer), labels=len(labels), max_length=recipe.max_length or 128,
            dropout=recipe.dropout or 0.0, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        return Loaded(net, tokenizer, facts)

    def _continued(self, recipe: Recipe, facts: dict[str, object]) -> Loaded:
        labels, folder = facts["labels"], Path(recipe.base)
        assert isinstance(labels, list)
        net, fresh = continue_net(folder, self.key, labels=len(labels), dropout=recipe.dropout or 0.0)
        tokenizer = open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        return Loaded(net, tokenizer, settle_length(facts | {"fresh": fresh}, net))


TASK = Classify()


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


def write_cases(path: Path, rows: Rows, predicted: Sequence[str], confidence: np.ndarray, right: np.ndarray) -> None:
    """Write one JSON object a row: the surest mistakes first, then the answers that are right, least sure first."""
    order = sorted(
        range(len(rows)), key=lambda row: (bool(right[row]), confidence[row] if right[row] else -confidence[row])
    )
    texts, labels = rows.column("text"), rows.column("label")
    with path.open("w", encoding="utf-8") as stream:
        for row in order:
            case = {
                "row": row,
                "text": texts[row],
                "label": labels[row],
                "predicted": predicted[row],
                "score": round(float(confidence[row]), 4),
                "right": bool(right[row]),
            }
            stream.write(json.dumps(case, ensure_ascii=False) + "\n")


def rights(cases: Path, rows: int) -> np.ndarray:
    """Return which rows the model has right, in the order of the rows."""
    found = np.zeros(rows, dtype=bool)
    with cases.open(encoding="utf-8") as stream:
        for line in stream:
            case = json.loads(line)
            found[case["row"]] = case["right"]
    return found
