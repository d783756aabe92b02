"""Tag: each word of a text gets a tag; neighbours of one tag are a span."""

# B rows of a batch, N of all, T words or pieces, L labels

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForTokenClassification

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import EXAMPLES, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note, Progress
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Metric, Span, plain_spans, spans_in_words
from slm_studio.core.spans import Scheme
from slm_studio.core.tagged import Sentence, bio_tags, scheme_of_cells, sentence_of, unequal_rows
from slm_studio.core.tasks.tag import TagOptions
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.unseen import unseen_facts, unseen_labels
from slm_studio.engine.examples import IDS, MASK, WEIGHTS, Batch, Packed, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import spans as scoring
from slm_studio.engine.measuring.remarks import STRANGE_LABELS
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.crf import UNKNOWN, negative_log_likelihood
from slm_studio.engine.models.lengths import DEFAULT, settle_length
from slm_studio.engine.models.marking import best_tags, emissions, mark_sentences, pack_sentences, tags_of_rows
from slm_studio.engine.models.opening import continue_net, open_net, open_tokenizer, settle_padding
from slm_studio.engine.models.sentences import FIRSTS, GOLD, add_sentences, sentence_packer, slots_of
from slm_studio.engine.models.taggers import MOST_FEATURES, make_tagger
from slm_studio.engine.models.vectors.starting import STARTED, known_words, open_start, places_in, sow
from slm_studio.engine.models.vocabulary import train_word_pieces
from slm_studio.engine.models.windows import windows
from slm_studio.engine.models.word_features import WordTokenizer
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, parts

OUTSIDE = "O"
UNEQUAL = mark("{count} {count:row has|rows have} more or fewer tags than words: the tags are taken in their order.")
ANSWERED = 32  # prompts that are answered together


class Tag(Task):
    """The strategy."""

    key = "tag"

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return the scheme of the tags and the labels: O, then B- and I- of every type, most frequent first."""
        scheme = scheme_of_cells(rows.column("tags"))
        labels = _labels_in(rows, scheme)
        if labels == [OUTSIDE]:
            raise StudioError(
                "no-spans",
                "No row of column “{column}” marks anything, so there is nothing to learn.",
                "Choose the column of the tags or spans, or mark some stretches first.",
                column=rows.roles["tags"],
            )
        return {"labels": labels, "scheme": scheme, "max_length": recipe.max_length}

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the words."""
        family, size = split_base(recipe.base)
        options = recipe.options
        assert isinstance(options, TagOptions)
        sentences = [sentence_of(cell) for cell in rows.column("text")]
        labels = cast(list[str], facts["labels"])
        if family == "lstm":
            start = open_start(options.vectors) if options.vectors else None
            features = WordTokenizer.learn([each.plain for each in sentences], most=MOST_FEATURES[size])
            net = make_tagger(
                family, size, vocabulary_size=len(features), labels=labels, dropout=recipe.dropout or 0.0,
                slots=features.settings.slots, embedding=start.width if start else None,
            )  # fmt: skip
            if start is not None:
                places = places_in(features, start)
                facts[STARTED] = len(places), sum(name.startswith("w") for name in features.names)
                sow(net.get_input_embeddings(), places, start)
            return Loaded(net, features, facts)
        tokenizer = train_word_pieces([each.text for each in sentences], options.vocabulary, lowercase=False)
        net = make_tagger(
            family, size, vocabulary_size=len(tokenizer), labels=labels, dropout=recipe.dropout or 0.0,
            max_length=recipe.max_length or 128, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        return Loaded(net, tokenizer, facts)

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Put a head that knows these tags on a base."""
        labels = cast(list[str], facts["labels"])
        if isinstance(tokenizer := open_tokenizer(folder), WordTokenizer):
            return self._taught(self.open(folder, facts), labels, folder)
        net, fresh = continue_net(folder, self.key, labels=len(labels), dropout=recipe.dropout or 0.0)
        net.config.id2label = dict(enumerate(labels))
        net.config.label2id = {label: place for place, label in enumerate(labels)}
        settle_padding(net, tokenizer, folder.name)
        return Loaded(net, tokenizer, settle_length(facts | {"fresh": fresh}, net))

    def _taught(self, loaded: Loaded, labels: list[str], folder: Path) -> Loaded:
        """Return a tagger of our own that learns on; its chain and head know their tags, and no others can be put there."""
        known = labels_of(loaded)
        if set(labels) - set(known):
            raise StudioError(
                "tags-unknown",
                "“{model}” knows no {labels}, and a model of its shape cannot learn new kinds.",
                "Train from nothing, or continue a BERT.",
                model=folder.name,
                labels=", ".join(sorted({label[2:] for label in set(labels) - set(known)})),
            )
        loaded.facts["labels"] = known
        return loaded

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a row, several of a long one."""
        some = few(rows)
        sentences = [sentence_of(cell) for cell in some.column("text")]
        limit = recipe.max_length or DEFAULT
        lengths = [len(part) for each in sentences for part in windows([1] * len(each.words), limit)]
        # Marks may be rarer than the rows that are looked at.
        marked = some if _labels_in(some, scheme_of_cells(some.column("tags"))) != [OUTSIDE] else rows
        labels = cast(list[str], self.learn(marked, recipe)["labels"])
        return Sketch(
            net=self._hollow(recipe, labels, sentences),
            examples=len(rows) * len(lengths) // max(1, len(some)),
            tokens_N=np.array(lengths),
        )

    def _hollow(self, recipe: Recipe, labels: list[str], sentences: Sequence[Sentence]) -> nn.Module:
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            config.num_labels = len(labels)
            return built(lambda: AutoModelForTokenClassification.from_config(config))
        family, size = split_base(recipe.base)
        options = recipe.options
        assert isinstance(options, TagOptions)
        words = {word for sentence in sentences for word in sentence.plain}
        known = (
            len(WordTokenizer.learn([each.plain for each in sentences], most=MOST_FEATURES[size]))
            if family == "lstm"
            else min(options.vocabulary, len(words) + 2 * len(set().union(*words)))
        )
        return make_tagger(
            family,
            size,
            vocabulary_size=known,
            labels=labels,
            dropout=0.0,
            slots=32,
            max_length=recipe.max_length or 128,
        )

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return an example of each row, several of a long one: ids, where words begin, and their tags."""
        number = {label: place for place, label in enumerate(labels_of(loaded))}
        scheme = scheme_of(loaded)
        packer = sentence_packer(loaded)
        for places in parts(len(rows)):
            part = rows[places]
            sentences = [sentence_of(cell) for cell in part.column("text")]
            tags = gold_tags(part, scheme) if "tags" in part.roles else [[] for _ in sentences]
            gold = [[number.get(tag, UNKNOWN) for tag in each] for each in tags]
            add_sentences(packer, loaded, range(places.start, places.stop), [each.plain for each in sentences], gold)
            yield Progress("Turning text into tokens", places.stop, len(rows))
        return checked(packer.packed(width=slots_of(loaded)), loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of a word: of the whole chain where the net has one, else of each word by itself."""
        if WEIGHTS in batch:
            nats_B = self._nats(emissions(loaded, labels_of(loaded), batch)[0], loaded, batch)
            return weighed_mean(nats_B, batch, (batch[GOLD] != UNKNOWN).sum(-1))
        if slots_of(loaded) > 1:
            loss: Tensor = loaded.net(input_ids=batch[IDS], attention_mask=batch[FIRSTS], labels=batch[GOLD]).loss
            return loss
        logits_BTL = loaded.net(input_ids=batch[IDS], attention_mask=batch[MASK]).logits.float()
        return functional.cross_entropy(logits_BTL.flatten(0, 1), batch[GOLD].flatten(), ignore_index=UNKNOWN)

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the best tags of each row's words [B][words], its loss in nats [B] and how many words it is of [B]."""
        emissions_BTL, chain = emissions(loaded, labels_of(loaded), batch)
        return {
            "tags": best_tags(emissions_BTL, batch[FIRSTS].bool(), chain),
            "nats": self._nats(emissions_BTL, loaded, batch).double().cpu().numpy(),
            "words": (batch[GOLD] != UNKNOWN).sum(-1).cpu().numpy(),
        }

    def _nats(self, emissions_BTL: Tensor, loaded: Loaded, batch: Batch) -> Tensor:
        """Return the summed loss [B] of the words of each row."""
        if slots_of(loaded) > 1:
            return negative_log_likelihood(emissions_BTL, batch[GOLD], batch[FIRSTS].bool(), loaded.net.chain())
        of_words_BT = functional.cross_entropy(
            emissions_BTL.transpose(1, 2), batch[GOLD], reduction="none", ignore_index=UNKNOWN
        )
        return of_words_BT.sum(-1)

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return loss, precision, recall and F1 of entities, as seqeval's strict mode counts them."""
        labels, scheme = labels_of(loaded), scheme_of(loaded)
        gold = gold_tags(rows, scheme)
        mine = tags_of_rows(examples, [[labels[tag] for tag in tags] for tags in seen["tags"]])
        loss = float(seen["nats"].sum() / max(1, seen["words"].sum()))
        if not whole:
            yield from ()
            return Judgement(
                loss=loss, metrics=(Metric(key="entity_f1", value=scoring.count_entities(gold, mine).f1()),)
            )
        yield Progress("Comparing spans", 0, 0)
        right_N = np.array(
            [scoring.entities_of(one) == scoring.entities_of(other) for one, other in zip(gold, mine, strict=True)]
        )
        loss_N = _by_row(examples, seen["nats"]) / np.maximum(1, _by_row(examples, seen["words"]))
        table, counts = scoring.error_table(gold, mine), scoring.count_entities(gold, mine)
        return Judgement(
            loss=loss,
            metrics=scoring.entity_metrics(gold, mine),
            evidence=np.stack([counts.both_N, counts.answered_N, counts.gold_N]),
            cases=_cases(rows, gold, mine, right_N, loss_N),
            per_label=tuple(each.score for each in scoring.per_type(gold, mine)),
            facts={f"entity_f1_{name}": value for name, value in scoring.lenient_f1(table).items()}
            | {
                f"{kind}:{type_}": float(getattr(errors, kind))
                for type_, errors in table.items()
                for kind in scoring.KINDS
            }
            | unseen_facts(_kinds(labels), map(_kinds, gold)),
        )

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Count the marks of kinds that the model cannot answer."""
        gold = gold_tags(rows, scheme_of(loaded))
        found = unseen_labels(_kinds(labels_of(loaded)), [kind for tags in gold for kind in _kinds(tags)])
        if found is not None:
            yield Note("labels-unseen", STRANGE_LABELS, found.values(split))

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield in how many rows tags and words are not as many, and what the vectors know that it began with."""
        yield from () if scored else known_words(loaded.facts)
        if places := unequal_rows(rows.column("text"), rows.column("tags")):
            yield Remark(code="tags-unequal", message=UNEQUAL, count=len(places), rows=tuple(places[:EXAMPLES]))

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return the tag that a word bears most often, and a list of the names in the training rows."""
        scheme = scheme_of(loaded)
        known, tags = [sentence_of(cell).plain for cell in train.column("text")], gold_tags(train, scheme)
        asked, gold = [sentence_of(cell).plain for cell in scored.column("text")], gold_tags(scored, scheme)
        assert judged.evidence is not None
        mine = scoring.Counts(*judged.evidence)
        found = []
        for done, (key, method) in enumerate(
            (("frequent_tag", scoring.most_frequent_tag), ("gazetteer", scoring.gazetteer))
        ):
            yield Progress("Training simple methods for comparison", done, 2)
            began = time.perf_counter()
            found.append(scoring.span_baseline(key, gold, method(known, tags, asked), mine, began))
        return tuple(found)

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Mark a few held-out rows."""
        scheme = scheme_of(loaded)
        sentences = [sentence_of(cell) for cell in rows.column("text")]
        found: list[list[Span]] = [[] for _ in sentences]
        for place, span in self.answer(loaded, [{"text": cell} for cell in rows.column("text")], {}):
            found[place].append(span)
        cells = [
            (sentence.text, spans_in_words(sentence.text, _spans(sentence, tags)), spans_in_words(sentence.text, spans))
            for sentence, tags, spans in zip(sentences, gold_tags(rows, scheme), found, strict=True)
        ]
        return Table(("text", "true", "predicted"), cells)

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Span]]:
        """Yield the spans of each prompt in their order; places are characters, of words those of the text they make."""
        sentences = [sentence_of(prompt["text"]) for prompt in prompts]
        for place, (start, end, type_), score in mark_sentences(
            loaded, labels_of(loaded), [each.plain for each in sentences]
        ):
            words = sentences[place].words
            yield place, Span(words[start].start, words[end - 1].end, type_, score)

    @torch.inference_mode()
    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the score of every tag at every word."""
        found = []
        for prompt in prompts:
            packed = pack_sentences(loaded, [sentence_of(prompt["text"]).plain])
            batch = {name: tensor.to(loaded.device) for name, tensor in packed.take(range(len(packed))).items()}
            emissions_BTL, _ = emissions(loaded, labels_of(loaded), batch)
            found.append(emissions_BTL[batch[FIRSTS].bool()].flatten().cpu().numpy())
        return np.concatenate(found)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net, tokenizer = open_net(folder, self.key), open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        facts = settle_length(facts, net)
        facts.setdefault("labels", [net.config.id2label[place] for place in sorted(net.config.id2label)])
        return Loaded(net.to(device).eval(), tokenizer, facts)


TASK = Tag()
_GOLD: WeakKeyDictionary[Rows, tuple[Scheme, list[list[str]]]] = WeakKeyDictionary()


def labels_of(loaded: Loaded) -> list[str]:
    """Return the tags in the order of the net's outputs."""
    return cast(list[str], loaded.facts["labels"])


def gold_tags(rows: Rows, scheme: Scheme) -> list[list[str]]:
    """Return a BIO tag for each word of each row; held-out rows are asked at every look, so it is kept as long as they are."""
    known = _GOLD.get(rows)
    if known is None or known[0] != scheme:
        known = _GOLD[rows] = scheme, bio_tags(rows.column("text"), rows.column("tags"), scheme)
    return known[1]


def _labels_in(rows: Rows, scheme: Scheme) -> list[str]:
    """Return O, then B- and I- of every type that some rows mark, the most frequent first."""
    counts = Counter(kind for tags in gold_tags(rows, scheme) for kind in _kinds(tags))
    types = sorted(counts, key=lambda type_: (-counts[type_], type_))
    return [OUTSIDE, *(f"{place}-{type_}" for type_ in types for place in "BI")]


def _kinds(tags: Iterable[str]) -> list[str]:
    """Return the kind of each span that tags begin."""
    return [tag[2:] for tag in tags if tag.startswith("B-")]


def scheme_of(loaded: Loaded) -> Scheme:
    """Return how the rows that it learnt from were tagged."""
    return cast(Scheme, loaded.facts.get("scheme", "BIO"))


def _by_row(examples: Packed, numbers_N: np.ndarray) -> np.ndarray:
    """Return the sums over the examples that each row became."""
    return np.bincount(examples.rows_N, numbers_N)


def _spans(sentence: Sentence, tags: Sequence[str]) -> list[Span]:
    return [
        Span(sentence.words[start].start, sentence.words[end - 1].end, type_, 1.0)
        for start, end, type_ in scoring.entities_of(tags)
    ]


def _cases(
    rows: Rows, gold: Sequence[Sequence[str]], mine: Sequence[Sequence[str]], right_N: np.ndarray, loss_N: np.ndarray
) -> Table:
    """Return the scored rows: wrong ones first, the most surprising before all."""
    sentences = [sentence_of(cell) for cell in rows.column("text")]
    order = sorted(range(len(rows)), key=lambda row: (bool(right_N[row]), -loss_N[row]))
    return Table(
        ("row", "place", "text", "tags", "predicted", "loss", "right"),
        [
            (
                row,
                int(rows.indices[row]),
                sentences[row].text,
                plain_spans(_spans(sentences[row], gold[row])),
                plain_spans(_spans(sentences[row], mine[row])),
                round(float(loss_N[row]), 4),
                bool(right_N[row]),
            )
            for row in order
        ],
    )
