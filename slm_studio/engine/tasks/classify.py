"""Classify: a text gets an answer. Texts, nets and batches are seen to here; what an answer is, engine/targets knows."""

# B rows of a batch, L outputs of the net

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.events import Note, Progress
from slm_studio.core.inside import MOST_READ, Inside
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, answer_column, split_base, split_of
from slm_studio.core.results import Baseline, Item
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import Splits, split_dataset
from slm_studio.engine.examples import IDS, Batch, Packed, Packer
from slm_studio.engine.inside.bag import MOST_ANSWERS
from slm_studio.engine.inside.classifier import classifier_stages
from slm_studio.engine.inside.pieces import pieces_of
from slm_studio.engine.inside.stages import look_inside
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import remarks
from slm_studio.engine.models.asking import count_cut, encode_asked, fillers_of, logits_of
from slm_studio.engine.models.bag import DEEP, DIRECT, BagForSequenceClassification, BagTokenizer, shrink_of
from slm_studio.engine.models.classifiers import make_classifier
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.features import foretell_features
from slm_studio.engine.models.few import telling, tuning
from slm_studio.engine.models.few.settling import is_few, settle
from slm_studio.engine.models.foreign_config import target_in
from slm_studio.engine.models.lengths import length_of, settle_length, unread
from slm_studio.engine.models.opening import continue_net, open_net, open_tokenizer, settle_padding
from slm_studio.engine.models.vectors.starting import (
    STARTED,
    coverage,
    known_words,
    open_start,
    places_in,
    sow,
    words_of_texts,
)
from slm_studio.engine.models.vocabulary import train_word_pieces, train_words
from slm_studio.engine.targets import TARGETS, Target, target_of
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, parts, text_lengths

BAGS = ("bag", "linear")  # families that read hashed features
ANSWERED = 64  # prompts that are answered together


class Classify(Task):
    """The strategy."""

    key = "classify"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Decide by the column what the answers are, and by the rows whether they are few, where nobody said it."""
        return settle(replace(recipe, options=options_of(recipe).settled(answer_column(recipe, dataset))), dataset)

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Divide the rows that hold an answer."""
        target, joined = target_of_recipe(recipe), options_of(recipe).joined
        return split_dataset(
            dataset,
            recipe,
            answer="label",
            stratified=split_of(recipe, dataset) == "stratified",
            answered=partial(target.answered, joined=joined),
            strata=partial(target.strata, joined=joined),
        )

    def texts(self, rows: Rows) -> list[str]:
        """Return the texts; both of a pair."""
        asked = asked_in(rows).values()
        return rows.column("text") if len(asked) == 1 else ["\n".join(pair) for pair in zip(*asked, strict=True)]

    def on_unanswered(self, count: int, loaded: Loaded) -> Iterator[Remark]:
        """Say how many rows were left out for want of a label, or a number."""
        is_number = self.info_of(loaded).answers == "number"
        yield from remarks.on_no_numbers(count) if is_number else remarks.on_unlabelled(count)

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return what the answers are: labels, most frequent first, and how often each stands, or how numbers spread."""
        target, options = target_of_recipe(recipe), options_of(recipe)
        target.refuse(rows, "label", options.joined)
        facts = target.learn(rows.column("label"), options.joined)
        target.check(options, target.outputs(facts))
        learnt_by = {"loss": options.loss} if options.loss != "auto" else {}
        own = {"target": target.key, "asks": [*asked_in(rows)], "max_length": recipe.max_length}
        return facts | learnt_by | own | target.wishes(options, facts)

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the rows."""
        family, size = split_base(recipe.base)
        options, (texts, *others) = options_of(recipe), asked_in(rows).values()
        target = target_of(facts)
        outputs = target.outputs(facts)
        start = open_start(options.vectors, options.embedding) if options.vectors and family != "bert" else None
        if family in BAGS:
            second = others[0] if others else None
            tokenizer = BagTokenizer.learn(
                texts, size=size, lowercase=options.lowercase, seconds=second, outputs=outputs
            )
        elif start is not None:
            tokenizer, facts[STARTED] = words_of_texts(start, [*chain(texts, *others)], options.vocabulary)
        elif options.pieces == "words":
            framed = family == "bert"  # whose first token stands for the whole text
            tokenizer = train_words(chain(texts, *others), options.vocabulary, options.lowercase, framed=framed)
        else:
            tokenizer = train_word_pieces(chain(texts, *others), options.vocabulary, options.lowercase)
        net = make_classifier(
            family, size, vocabulary_size=len(tokenizer), labels=outputs, max_length=recipe.max_length or 128,
            dropout=recipe.dropout or 0.0, pad_token_id=tokenizer.pad_token_id,
            wished=replace(options, embedding=start.width) if start else options,
        )  # fmt: skip
        if isinstance(net, BagForSequenceClassification):
            net.weights.copy_(torch.from_numpy(tokenizer.weights_V))
            net.blend(*target.gains(outputs), target.pace, shrink_of(len(rows)))
        if start is not None:
            facts.setdefault(STARTED, coverage(start, texts))
            sow(net.get_input_embeddings(), places_in(tokenizer, start), start)
        return _named(Loaded(net, tokenizer, facts))

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Put a head that gives these answers on a base."""
        labels = target_of(facts).outputs(facts)
        net, fresh = continue_net(folder, self.key, labels=labels, dropout=recipe.dropout or 0.0)
        tokenizer = open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        loaded = Loaded(net, tokenizer, settle_length(facts | {"fresh": fresh}, net))
        if is_few(recipe):
            tuning.make_ready(loaded)
        return _named(loaded)

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return one example a row, in order; many rows are tokenised together."""
        target = target_of(loaded.facts)
        packer = Packer(**fillers_of(loaded, len(asked_in(rows))), **target.fillers)
        for places in parts(len(rows)):
            part = rows[places]
            cells = part.column("label") if "label" in part.roles else [""] * len(part)
            packer.add(
                range(places.start, places.stop),
                **encode_asked(loaded, [*asked_in(part).values()]),
                **target.columns(cells, loaded),
            )
            yield Progress("Turning text into tokens", places.stop, len(rows))
        return checked(packer.packed(), loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of a batch, as the kind of answer has it; of a bag each way learns by a loss of its own."""
        target = target_of(loaded.facts)
        if is_few(recipe):
            with tuning.handed(loaded.net) as vectors:
                told = target.loss(logits_of(loaded, batch), batch, loaded, recipe.options)
            return tuning.tuning_loss(vectors[-1], told, batch)
        if not isinstance(net := loaded.net, BagForSequenceClassification):
            return target.loss(logits_of(loaded, batch), batch, loaded, recipe.options)
        ways = net.ways(batch["input_ids"])
        losses = {DIRECT: target.margin_loss, DEEP: target.loss}
        learnt = torch.stack(
            [losses[way](said_BL, batch, loaded, recipe.options) for way, said_BL in ways.items()]
        ).sum()
        with torch.no_grad():
            told = target.loss(net.joined(ways), batch, loaded, recipe.options)
        return told + learnt - learnt.detach()  # the loss of the whole, as of held-out rows; the gradient of the ways

    def fits(self, recipe: Recipe) -> bool:
        """Few rows have a head that is fitted."""
        return is_few(recipe)

    def fit(self, loaded: Loaded, examples: Packed, recipe: Recipe) -> Work[None]:
        """Yield Progress; fit the head of few rows on their vectors as they are now."""
        if is_few(recipe):
            yield from tuning.fit_head(loaded, examples, balanced=options_of(recipe).class_weights == "balanced")

    def compare(self, loaded: Loaded, first: Mapping[str, float], best: Mapping[str, float], rows: int) -> None:
        """Keep whether pairs of rows made a base better than it was: its report says so."""
        loaded.facts |= telling.found_out(first, best, rows)

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return answers [B, L], true ones and losses [B]."""
        return target_of(loaded.facts).observe(logits_of(loaded, batch), batch, loaded)

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Return how the rows fared."""
        yield from ()
        asked = asked_in(rows) if whole else {}
        return target_of(loaded.facts).judge(seen, asked, rows.column("label"), loaded, whole=whole)

    def strangers(self, loaded: Loaded, rows: Rows, split: str) -> Iterator[Note]:
        """Count the rows whose label the model cannot answer."""
        yield from target_of(loaded.facts).strangers(loaded, rows.column("label"), split)

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of knowing nothing but the answers of training."""
        return target_of(loaded.facts).chance(loaded)

    def calibrate(self, seen: Seen, loaded: Loaded) -> dict[str, object]:
        """Return the facts by which later answers sound as sure as they may; logits stay as the net computes them."""
        return target_of(loaded.facts).calibrate(seen, loaded)

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield what is odd about the answers, and texts of which the model reads the beginning."""
        yield from target_of(loaded.facts).remarks(loaded, rows.column("label"), scored=scored)
        yield from telling.remarks(loaded.facts) if scored else ()
        yield from () if scored else known_words(loaded.facts)
        cut = count_cut(loaded, [*asked_in(rows).values()], examples.sequences[IDS].lengths)
        yield from remarks.on_cut(cut, len(rows), length_of(loaded))

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return simple methods for this kind of answer."""
        learnt, asked = ((asked_in(rows), rows.column("label")) for rows in (train, scored))
        return (yield from target_of(loaded.facts).baselines(learnt, asked, judged, loaded))

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Answer a few held-out rows."""
        target = target_of(loaded.facts)
        asked, labels = asked_in(rows), rows.column("label") if "label" in rows.roles else [""] * len(rows)
        scores = dict(
            self._scores(loaded, [dict(zip(asked, pair, strict=True)) for pair in zip(*asked.values(), strict=True)])
        )
        cells = [
            (*(texts[place] for texts in asked.values()), *target.said(scores[place], labels[place], loaded))
            for place in range(len(rows))
        ]
        last = self.info_of(loaded).samples[-1].key  # how sure, or how far off
        return Table((*asked, "true", "predicted", last), tuple(cells))

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Item]]:
        """Yield what each prompt is answered with; prompts of like length go together."""
        target = target_of(loaded.facts)
        for place, scores_L in self._scores(loaded, prompts):
            for item in target.items(scores_L, loaded, options):
                yield place, item

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return how many tokens of a text, or of a pair, are not read."""
        asked = [[str(prompt[role.name])] for role in self.info_of(loaded).asked]
        return unread((len(ids) for ids in encode_asked(loaded, asked, sys.maxsize)[IDS]), loaded)

    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return every output, prompt by prompt."""
        scores = dict(self._scores(loaded, prompts))
        return np.concatenate([scores[place] for place in range(len(prompts))])

    def inside(self, loaded: Loaded, prompt: Prompt, step: str) -> Inside:
        """Return the way from a text, or a pair, to its answer."""
        asked = [[str(prompt[role.name])] for role in self.info_of(loaded).asked]
        limit = length_of(loaded)
        # What a bag does not read it drops as well; of a text it computes nothing piece by piece.
        read = encode_asked(
            loaded, asked, limit if isinstance(loaded.tokenizer, BagTokenizer) else min(MOST_READ, limit)
        )
        cut = len(encode_asked(loaded, asked, sys.maxsize)[IDS][0]) - len(read[IDS][0])
        packer = Packer(**fillers_of(loaded, len(asked)))
        packer.add(range(1), **read)
        batch = {name: tensor.to(loaded.device) for name, tensor in checked(packer.packed(), loaded).take([0]).items()}
        target, ids = target_of(loaded.facts), read[IDS][0]
        stages = classifier_stages(
            loaded.net, ids, pieces_of(loaded.tokenizer, ids, *(texts[0] for texts in asked)), target.names(loaded),
            target.formula(loaded), lambda logits_L: target.ranked(logits_L, loaded, MOST_ANSWERS),
        )  # fmt: skip
        run = partial(logits_of, loaded, batch)
        return look_inside(loaded.net, stages, run, step, read=len(ids), cut=cut)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net, tokenizer = open_net(folder, self.key), open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        loaded = Loaded(net, tokenizer, settle_length(with_target(facts, net), net))
        target_of(loaded.facts).adopt(loaded)
        tuning.hold_still(loaded)
        net.to(device).eval()
        return loaded

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a row."""
        base = None if recipe.is_blank else folder_of(recipe.base)
        lengths_N = np.sum([text_lengths(texts, base) for texts in asked_in(few(rows)).values()], axis=0)
        return Sketch(net=self._hollow(recipe, rows), examples=len(rows), tokens_N=lengths_N)

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        options, target = options_of(recipe), target_of_recipe(recipe)
        labels = target.foretell(rows.column("label"), options.joined)
        target.check(options, labels)
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            config.num_labels = labels
            net = built(lambda: AutoModelForSequenceClassification.from_config(config))
            if is_few(recipe):
                tuning.make_ready(Loaded(net, None, {}))
            return net
        family, size = split_base(recipe.base)
        texts, *others = asked_in(rows).values()
        known = (
            foretell_features(texts, size=size, seconds=others[0] if others else None, outputs=labels)
            if family in BAGS
            else min(options.vocabulary, _pieces([*texts, *chain(*others)]))
        )
        return make_classifier(
            family, size, vocabulary_size=known, labels=labels, max_length=recipe.max_length or 128,
            dropout=recipe.dropout or 0.0, pad_token_id=0, wished=options,
        )  # fmt: skip

    def _scores(self, loaded: Loaded, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (which prompt, the numbers behind its answer), in batches of like length."""
        roles = [role.name for role in self.info_of(loaded).asked]
        packer = Packer(**fillers_of(loaded, len(roles)))
        asked = [[str(prompt[role]) for prompt in prompts] for role in roles]
        packer.add(range(len(prompts)), **encode_asked(loaded, asked))
        packed = checked(packer.packed(), loaded)
        order = np.argsort(packed.work_N, kind="stable")
        for start in range(0, len(order), ANSWERED):
            places = order[start : start + ANSWERED]
            yield from zip(places.tolist(), self._numbers(loaded, packed.take(places)), strict=True)

    @torch.inference_mode()
    def _numbers(self, loaded: Loaded, batch: Batch) -> np.ndarray:
        logits_BL = logits_of(loaded, {name: tensor.to(loaded.device) for name, tensor in batch.items()})
        return target_of(loaded.facts).numbers(logits_BL, loaded)


TASK = Classify()


def options_of(recipe: Recipe) -> ClassifyOptions:
    """Return the task's own knobs."""
    assert isinstance(recipe.options, ClassifyOptions)
    return recipe.options


def target_of_recipe(recipe: Recipe) -> Target:
    """Return what the answers of a settled recipe are."""
    return TARGETS[options_of(recipe).target_of(None)]


def asked_in(rows: Rows) -> dict[str, list[str]]:
    """Return what is asked of each row: a text, or a pair of texts."""
    return {role: rows.column(role) for role in ("text", "text2") if role in rows.roles}


def with_target(facts: Mapping[str, object], net: PreTrainedModel) -> dict[str, object]:
    """Return facts that say what the answers are; of a model from elsewhere its config does."""
    found = target_in({"problem_type": getattr(net.config, "problem_type", None)})
    return {**facts, "target": facts.get("target") or found}


def _pieces(texts: Sequence[str]) -> int:
    """Return about how many word pieces texts have to offer: their words, their characters, and those as continuations."""
    text = " ".join(texts).lower()
    return len(set(text.split())) + 2 * len(set(text))


def _named(loaded: Loaded) -> Loaded:
    target_of(loaded.facts).name(loaded)
    return loaded
