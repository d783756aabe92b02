"""Words: a vector for every word, learnt from the company that it keeps."""

# B examples of a batch, N of all, P pairs of words, V words, D numbers of a vector

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from slm_studio.core.answers import UNKNOWN_WORDS
from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.events import Progress
from slm_studio.core.prompt import Prompt, as_text
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Hit, Metric, Point
from slm_studio.core.tasks.words import WordsOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.cells import said
from slm_studio.engine.data.passages import split_passages
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.data.splits import Splits
from slm_studio.engine.examples import IDS, MASK, Batch, Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import word_vectors as scoring
from slm_studio.engine.measuring.scoring import bootstrap
from slm_studio.engine.models.config import network_config
from slm_studio.engine.models.opening import open_net, open_tokenizer
from slm_studio.engine.models.vectors import judging
from slm_studio.engine.models.vectors.asking import NEAR, NEEDED, ask, drawn, telling, unknown_words
from slm_studio.engine.models.vectors.blocks import (
    COLUMNS,
    COUNTS,
    LEAST_BLOCK,
    PAIRS,
    block_length,
    count_pairs,
    pair_blocks,
    text_blocks,
)  # fmt: skip
from slm_studio.engine.models.vectors.cutting import Cutting, read_dictionary
from slm_studio.engine.models.vectors.growing import grown
from slm_studio.engine.models.vectors.held import (
    WINDOW,
    company_of_rows,
    company_tables,
    draws_of,
    is_fitted,
    nats_of_pairs,
    objective_of,
    stream_of_rows,
    tables_of,
    window_of,
)  # fmt: skip
from slm_studio.engine.models.vectors.net import FITTED, SLMForWordVectors, WordVectorsConfig
from slm_studio.engine.models.vectors.objective import LeastSquares, held_out
from slm_studio.engine.models.vectors.outgoing import write_vectors
from slm_studio.engine.models.vectors.questions import (
    KIND,
    Questions,
    analogies_of,
    packed_questions,
    pairs_of,
    teach_nothing,
)
from slm_studio.engine.models.vectors.space import space_of
from slm_studio.engine.models.vectors.texts import about_words, passages, refuse_hopeless
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary, count_words
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task

SIZES = {"nano": 50, "micro": 100, "small": 200, "base": 300}  # numbers of a vector
WINDOWS = {FITTED: 10}  # GloVe weighs far neighbours less, so it looks farther
COUNTED = "counted"  # among the facts until the tables are made: how often each word stands
SKETCHED = 20_000  # rows whose words stand for all
LEAST_RATE = 1e-7  # that a step divides by
TOLD = 512  # pairs of a batch whose loss is told
READ, EPOCHS, LOOKS = (
    5_000_000,
    (5, 200),
    20,
)  # words that are read in all; how often at least and at most; looks on the way
COMPARED = 1000  # words whose vectors two folders are compared by
EXAMPLES, SHOWN, NEIGHBOURS = 12, 4, 6  # words to begin with, those shown as vectors learn, and neighbours of each


class Words(Task):
    """The strategy."""

    key = "words"
    falls_straight = True  # as word2vec's does: with a cosine, neighbours are less like those of gensim
    reads_in_order = True  # as word2vec does; with an order of its own for each epoch, too, they are less like those

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """A text file is a book, the rows of a table are texts of their own; little text is read more often than much."""
        options = _options(recipe)
        recipe = replace(recipe, options=replace(options, reads=options.reads_of(dataset)))
        if not recipe.roles.get("text"):
            return recipe
        words = max(1, about_words(open_rows(dataset, recipe), "text"))
        epochs = recipe.epochs or max(EPOCHS[0], min(EPOCHS[1], round(READ / words)))
        steps = epochs * words // (LEAST_BLOCK * (recipe.batch or 1))
        return replace(recipe, epochs=epochs, eval_every=recipe.eval_every or max(1, steps // LOOKS))

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Cut a book in order, shuffle texts of their own; questions stay as they stand: a line names the kind of those below."""
        rows = open_rows(dataset, recipe)
        if _questions(rows) is not None:
            return Splits(train=rows, validation=rows.take([]), test=rows.take([]))
        return split_passages(dataset, recipe, "text", _options(recipe).reads)

    def texts(self, rows: Rows) -> list[str]:
        """Return each row as plain text."""
        if "text" in rows.roles:
            return [said(cell, "words") for cell in rows.column("text")]
        return [" ".join(pair) for pair in zip(rows.column("first"), rows.column("second"), strict=True)]

    def reads_on(self, loaded: Loaded) -> bool:
        """A book reads on."""
        return loaded.facts.get("reads") == "book"

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return what is drawn, and how often each word stands, which the tables are made by."""
        if _questions(rows) is not None:
            raise teach_nothing()
        options = _options(recipe)
        cutting = _cutting(recipe)
        counts = count_words(passages(rows.column("text"), options.reads), cutting)
        window = options.window or WINDOWS.get(split_base(recipe.base)[0], WINDOW)
        refuse_hopeless(counts, options.min_count, window, rows.roles["text"])
        names = ("negative", "sample", "ns_exponent", "x_max", "reads")
        drawn = {name: getattr(options, name) for name in names} | {"window": window, "words": counts.total()}
        return {COUNTED: (cutting, counts), **drawn}

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make the tables for the words of the rows."""
        options, (family, size) = _options(recipe), split_base(recipe.base)
        cutting, counts = cast(tuple[Cutting, Counter[str]], facts.pop(COUNTED))
        vocabulary = WordVocabulary.learn(counts, cutting, least=options.min_count, most=options.vocabulary)
        width = options.vector_size or SIZES[size]
        net = SLMForWordVectors(WordVectorsConfig(vocab_size=len(vocabulary), hidden_size=width, objective=family))
        return Loaded(net, vocabulary, facts | _about(vocabulary, counts))

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Go on with vectors; words that they lack are added."""
        _, counts = cast(tuple[Cutting, Counter[str]], facts.pop(COUNTED))
        loaded = self.open(folder, facts)
        vocabulary, net = cast(WordVocabulary, loaded.tokenizer), cast(SLMForWordVectors, loaded.net)
        added = vocabulary.add(counts, least=_options(recipe).min_count)
        return Loaded(grown(net, added), vocabulary, facts | _about(vocabulary, counts))

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count the words of some rows, and blocks of as many as all rows may hold."""
        options, (family, size) = _options(recipe), split_base(recipe.base)
        some = rows.take(np.linspace(0, len(rows) - 1, SKETCHED).astype(int)) if len(rows) > SKETCHED else rows
        counts = count_words(passages(some.column("text"), options.reads), _cutting(recipe))
        share = len(rows) / max(1, len(some))
        kept = sum(count * share >= options.min_count for count in counts.values())
        window = options.window or WINDOWS.get(family, WINDOW)
        folder = None if recipe.is_blank else folder_of(recipe.base)
        if folder is not None:
            net: nn.Module = SLMForWordVectors(cast(WordVectorsConfig, network_config(folder)))
        elif recipe.is_blank:
            width, words = options.vector_size or SIZES[size], min(max(2, kept), options.vocabulary or kept + 2)
            net = SLMForWordVectors(WordVectorsConfig(vocab_size=words, hidden_size=width, objective=family))
        else:
            net = nn.Module()  # a hub model that is not here yet: nothing can be counted
        words = round(counts.total() * share)
        examples = words * window // 2 // PAIRS if family == FITTED else words // block_length(window)
        return Sketch(net=net, examples=max(1, examples), tokens_N=np.array([block_length(window)]))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return blocks of text, for GloVe pairs of words with their counts, or the questions that rows are."""
        vocabulary = cast(WordVocabulary, loaded.tokenizer)
        if asked := _questions(rows):
            return packed_questions(asked, vocabulary)
        stream_S = yield from stream_of_rows(rows, loaded, "text")
        if (
            not is_fitted(loaded) or int((stream_S != UNKNOWN).sum()) != loaded.facts["known"]
        ):  # unseen text is not counted
            return text_blocks(stream_S, window_of(loaded))
        rows_P, columns_P, counts_P = yield from count_pairs(stream_S, window_of(loaded), len(vocabulary))
        return pair_blocks(rows_P, columns_P, counts_P, recipe.seed if recipe else 0)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of a pair; what is drawn comes from torch's generator, which the loop seeds by the step."""
        net = cast(SLMForWordVectors, loaded.net)
        if is_fitted(loaded):
            return self._fit(loaded, net, batch)
        from slm_studio.engine.models.vectors.word2vec import (
            Way,
            Word2Vec,
        )  # with a compiler, for which learning alone waits

        rate = max(recipe.learning_rate or 0.0, LEAST_RATE)
        workers = _options(recipe).workers or 1
        way = Way(draws_of(loaded), objective_of(loaded) == "cbow", rate, workers)
        found: Tensor = Word2Vec.apply(net.vectors.weight, net.contexts.weight, batch[IDS], way)
        return found

    def _fit(self, loaded: Loaded, net: SLMForWordVectors, batch: Batch) -> Tensor:
        """Return the loss of a few pairs in nats, as it is told of unseen text; what moves the rows are GloVe's squares."""
        kept = batch[MASK].bool()
        rows_N, columns_N, counts_N = batch[IDS][kept], batch[COLUMNS][kept], batch[COUNTS][kept]
        tables = (net.vectors, net.contexts, net.vector_biases, net.context_biases)
        squares = LeastSquares.apply(
            *(table.weight for table in tables), rows_N, columns_N, counts_N, float(cast(float, loaded.facts["x_max"]))
        )
        some = slice(0, TOLD)
        nats_N = nats_of_pairs(loaded, rows_N[some], columns_N[some])
        nats = (nats_N * counts_N[some]).sum() / counts_N[some].sum()
        told: Tensor = squares + (nats - squares).detach()
        return told

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of not telling real words from random ones."""
        return (1 + draws_of(loaded).sampling.negative) * math.log(2)

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the summed loss [B] and the pairs [B] of each block; of questions the answer [B] and its likeness [B]."""
        if KIND in batch:
            return judging.answers_to(space_of(loaded), batch[IDS].cpu().numpy())
        if COUNTS in batch:
            nats_BT = nats_of_pairs(loaded, batch[IDS].flatten(), batch[COLUMNS].flatten()).view_as(batch[COUNTS])
            counts_BT = batch[COUNTS] * batch[MASK]
            nats_B, pairs_B = (nats_BT * counts_BT).sum(-1), counts_BT.sum(-1)
        else:
            tables, draws, is_weighed = tables_of(loaded), draws_of(loaded), is_fitted(loaded)
            nats_B, pairs_B = held_out(objective_of(loaded), *tables, batch[IDS], draws, is_weighed=is_weighed)
        return {"nats": nats_B.double().cpu().numpy(), "pairs": pairs_B.double().cpu().numpy()}

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return how well real neighbours are told from random words, or how questions were answered."""
        names = cast(WordVocabulary, loaded.tokenizer).names
        if asked := _questions(rows):
            metric, evidence_N = judging.metrics_of(asked, examples, seen["predicted"], seen["score"])
            cases = judging.question_cases(asked, examples, seen["predicted"], seen["score"], names)
            facts = judging.shares(asked, examples, evidence_N)
            return Judgement(
                loss=0.0, metrics=(metric,), evidence=evidence_N, cases=Table(judging.CASES, cases), facts=facts
            )
        loss = float(seen["nats"].sum() / max(1.0, seen["pairs"].sum()))
        yield Progress("Asking for neighbours", 0, 0)
        pairs = yield from company_of_rows(rows, loaded, "text")
        tables = company_tables(loaded)
        told_N = scoring.told_apart(pairs, *tables)
        accuracy = scoring.accuracy_of(pairs, told_N)
        if not whole:
            return Judgement(loss=loss, metrics=(Metric(key=accuracy.key, value=accuracy.value),))
        low, high = bootstrap(
            lambda places: float(seen["nats"][places].sum() / max(1.0, seen["pairs"][places].sum())), len(seen["nats"])
        )
        return Judgement(
            loss=loss,
            metrics=(accuracy, Metric(key="loss", value=loss, low=low, high=high)),
            evidence=told_N,
            cases=Table(judging.CASES, judging.neighbour_cases(pairs, told_N, tables, names)),
            facts={"pairs": float(len(pairs))},
        )

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return what random vectors and counting achieve on the same pairs or questions."""
        vocabulary, width = cast(WordVocabulary, loaded.tokenizer), int(loaded.net.config.hidden_size)
        assert judged.evidence is not None
        stream_S = yield from stream_of_rows(train, loaded, "text")
        counted = yield from count_pairs(stream_S, window_of(loaded), len(vocabulary))
        methods = {
            "random_vectors": partial(scoring.random_vectors, len(vocabulary), width),
            "ppmi_svd": partial(scoring.counted_vectors, *counted, len(vocabulary), width),
        }
        asked, found = _questions(scored), []
        for done, (key, method) in enumerate(methods.items()):
            yield Progress("Training simple methods for comparison", done, len(methods))
            began = time.perf_counter()
            vectors_VD, contexts_VD = method()
            seconds = time.perf_counter() - began
            if asked is not None:
                found.append(judging.question_baseline(key, asked, judged.evidence, vocabulary, vectors_VD, seconds))
            else:
                pairs = yield from company_of_rows(scored, loaded, "text")
                found.append(scoring.company_baseline(key, pairs, judged.evidence, vectors_VD, contexts_VD, seconds))
        return tuple(found)

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Say how many questions could be asked, of what text little is known, and where Chinese was cut by characters."""
        vocabulary = cast(WordVocabulary, loaded.tokenizer)
        if asked := _questions(rows):
            yield from judging.coverage(asked, examples, vocabulary)
            return
        yield from judging.cut_by_characters(self.texts(rows[:SKETCHED]), vocabulary.cutting)
        yield from judging.little_text(cast(int, loaded.facts.get("words") or 0))

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Show the neighbours of a few words."""
        space, wished = space_of(loaded), _options(recipe).prompts
        words = [word.strip() for word in wished.split("|") if word.strip()]
        places = [place for word in words if (place := space.vocabulary.place(word)) != UNKNOWN]
        places = places or space.places(cast(Sequence[str], loaded.facts["common"])[:SHOWN])
        return Table(
            ("word", "neighbours"),
            [
                (space.vocabulary.names[place], ", ".join(judging.neighbours(space, place, NEIGHBOURS)))
                for place in places
            ],
        )

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Hit | Point]]:
        """Yield the nearest words of each prompt, or what else the option “ask” names."""
        space = space_of(loaded)
        for place, prompt in enumerate(prompts):
            is_pair = "text" not in prompt
            cell = (as_text(prompt.get("first", "")), as_text(prompt.get("second", ""))) if is_pair else prompt["text"]
            for item in ask(space, cell, {**options, "ask": "similarity"} if is_pair else options):
                yield place, item

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return the words that have no vector, where others have one and answer alone."""
        if "text" not in prompt or str(options.get("ask") or NEAR) in NEEDED:
            return {}  # all words are needed, or none is there: that is an error of its own
        vocabulary = cast(WordVocabulary, loaded.tokenizer)
        return {UNKNOWN_WORDS: unknown_words(vocabulary, prompt["text"])}

    def rendered(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return a map of the words around those of a prompt."""
        return drawn(space_of(loaded), prompt.get("text", ""), options)

    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the vectors of words from all over the table."""
        vectors_VD = space_of(loaded).vectors_VD
        places = np.unique(np.linspace(0, len(vectors_VD) - 1, COMPARED).astype(int))
        return np.asarray(vectors_VD[places].ravel())

    def export(self, loaded: Loaded, kind: str, path: Path) -> Work[float]:
        """Write a file that other programs read."""
        return (yield from write_vectors(loaded, kind, path))

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net, vocabulary = open_net(folder, self.key), open_tokenizer(folder)
        assert isinstance(vocabulary, WordVocabulary)
        known = dict(facts)
        known.setdefault("common", telling(vocabulary, EXAMPLES))
        return Loaded(net.to(device).eval(), vocabulary, known)


TASK = Words()


def _questions(rows: Rows) -> Questions | None:
    """Return what rows ask; None where they are running text."""
    if "text" in rows.roles:
        return analogies_of(rows.column("text"))
    alike = rows.column("alike") if "alike" in rows.roles else [""] * len(rows)
    return pairs_of(rows.column("first"), rows.column("second"), alike)


def _options(recipe: Recipe) -> WordsOptions:
    options = recipe.options or WordsOptions()
    assert isinstance(options, WordsOptions)
    return options


def _cutting(recipe: Recipe) -> Cutting:
    """Return how texts are cut: as the options say, or as the base does it."""
    options = _options(recipe)
    folder = None if recipe.is_blank else folder_of(recipe.base)
    if folder is not None and isinstance(vocabulary := open_tokenizer(folder), WordVocabulary):
        return vocabulary.cutting
    own = read_dictionary(options.dictionary)
    return Cutting(segmentation=options.segmentation, lowercase=options.lowercase, dictionary=own)


def _about(vocabulary: WordVocabulary, counts: Counter[str]) -> dict[str, object]:
    """Return words to begin with, and how many words of the text to learn from are known."""
    known = sum(counts[name] for name in vocabulary.names)
    return {"common": telling(vocabulary, EXAMPLES), "known": known}
