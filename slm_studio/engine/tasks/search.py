"""Search: a question and the passages that answer it come to lie near one another."""

# B rows of a batch, C candidates, N rows of all, Q questions, P passages, K found ones, D numbers of a vector

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.events import Progress
from slm_studio.core.prompt import Prompt, as_text
from slm_studio.core.recipe import Recipe, answer_column, split_base
from slm_studio.core.results import Baseline, Hit
from slm_studio.core.tasks.search import SCORED, SearchOptions
from slm_studio.core.work import Work
from slm_studio.engine.data.amounts import amounts_in
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import Splits, split_dataset, text_keys
from slm_studio.engine.examples import IDS, MASK, WEIGHTS, Batch, Packed, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.remarks import on_cut, on_no_numbers
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.embedding.latent import latent_vectors, width_for
from slm_studio.engine.models.embedding.making import WIDTHS, make_encoder
from slm_studio.engine.models.embedding.net import BagForTextVectors
from slm_studio.engine.models.embedding.sentence_files import Sentences, said_of, write_sentences
from slm_studio.engine.models.embedding.teaching import choice_losses, order_loss
from slm_studio.engine.models.embedding.texts import (
    PASSAGE,
    POOLING,
    PREFIXES,
    QUERY,
    embed,
    embed_now,
    vectors_of,
    whole_lengths,
    width_of,
)
from slm_studio.engine.models.features import BagTokenizer, foretell_features
from slm_studio.engine.models.lengths import length_of, settle_length, unread
from slm_studio.engine.models.opening import continue_encoder, open_net, open_tokenizer, settle_padding
from slm_studio.engine.models.vectors.starting import STARTED, coverage, known_words, open_start, places_in, sow
from slm_studio.engine.models.vocabulary import train_word_pieces
from slm_studio.engine.retrieval import judging, teaching_rows
from slm_studio.engine.retrieval.finding import found_in, nothing_to_search
from slm_studio.engine.retrieval.nearness import threshold_of
from slm_studio.engine.retrieval.pool import Pool, pool_of, together
from slm_studio.engine.retrieval.sharing import chosen_share, share_of
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, text_lengths
from slm_studio.engine.writing.held_out import as_it_was

MOST_POOLED, SOME_POOLED = 2000, 200  # passages that held-out questions are asked among: for good, and for a sample
WEIGHED = 500  # held-out rows, and passages among which they are asked, that weigh meaning against words
MANY, FEW = 5, 20  # questions of a passage, and passages, from which on (below which) questions are held out


class Search(Task):
    """The strategy."""

    key = "search"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Decide by the roles what rows teach, and by how many questions a passage has what is held out."""
        options = options_of(recipe)
        options = replace(options, target=options.target_of(answer_column(recipe, dataset)))
        if options.hold_out == "auto" and recipe.roles.get("passage"):
            column = dataset.column(recipe.roles["passage"])
            repeats = column.distinct < FEW or column.filled >= MANY * column.distinct
            options = replace(options, hold_out="questions" if repeats else "passages")
        return replace(recipe, options=options)

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Divide the rows that hold both texts; what is the same, a question or a passage, stands on one side."""
        options = options_of(recipe)
        is_scored = "score" in recipe.chosen
        return split_dataset(
            dataset,
            recipe,
            answer="score" if is_scored else "",
            answered=_has_numbers if is_scored else None,
            filled=("passage",),
            keys=partial(_keys, passages=options.hold_out != "questions" and not is_scored),
        )

    def texts(self, rows: Rows) -> list[str]:
        """Return the questions; of scored pairs both texts."""
        if "score" not in rows.roles:
            return rows.column("query")
        return ["\n".join(pair) for pair in zip(rows.column("query"), rows.column("passage"), strict=True)]

    def on_unanswered(self, count: int, loaded: Loaded) -> Iterator[Remark]:
        """Say how many pairs have no score; of others nothing lacks but a text."""
        yield from on_no_numbers(count) if _is_scored(loaded) else ()

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return what rows teach, and among how many passages a question finds its own while it learns."""
        options = options_of(recipe)
        scores = _scores(rows) if "score" in rows.roles else None
        columns = [rows.roles[role] for role in ("query", "passage", "score") if role in rows.roles]
        teaching_rows.refuse_hopeless(rows.column("passage"), scores, columns)
        return {
            "target": options.target_of(None),
            "asks": ["query", "passage"],
            "max_length": recipe.max_length,
            "batch": recipe.batch,
            "temperature": options.temperature,
        }

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from the rows."""
        family, size = split_base(recipe.base)
        options, texts = options_of(recipe), [*chain(*_texts_of(rows))]
        facts |= {PREFIXES: _prefixes(options, ("", "")), POOLING: _pooling(options, "mean")}
        if family != "bag":
            pieces = train_word_pieces(texts, options.vocabulary, options.lowercase)
            net = make_encoder(
                family, size, vocabulary_size=len(pieces), dropout=recipe.dropout or 0.0,
                max_length=recipe.max_length or 128, pad_token_id=pieces.pad_token_id,
            )  # fmt: skip
            return Loaded(net, pieces, facts)
        start = open_start(options.vectors, options.vector_size) if options.vectors else None
        bag = BagTokenizer.learn(texts, size=size, lowercase=options.lowercase)
        width = start.width if start else options.vector_size or width_for(WIDTHS[size], texts)
        net = make_encoder(family, size, vocabulary_size=len(bag), dropout=recipe.dropout or 0.0, width=width)
        cast(BagForTextVectors, net).begin(bag.weights_V, latent_vectors(bag, texts, width, recipe.seed))
        if start is not None:
            facts[STARTED] = coverage(start, texts)
            sow(net.get_input_embeddings(), places_in(bag, start), start)
        return Loaded(net, bag, facts)

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Go on with an encoder; heads that it has are left behind."""
        options, said = options_of(recipe), said_of(folder)
        net = headless(continue_encoder(folder, self.key, dropout=recipe.dropout or 0.0))
        tokenizer = open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        facts |= {
            PREFIXES: _prefixes(options, (said.query or "", said.passage or "")),
            POOLING: _pooling(options, said.pooling),
            "base": folder.name,
            "base_folder": str(folder),
        }
        return Loaded(net, tokenizer, settle_length(facts, net))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return one example a row, in order."""
        queries, passages = _texts_of(rows)
        if _is_scored(loaded):
            return checked((yield from teaching_rows.pack_scored(loaded, queries, passages, _scores(rows))), loaded)
        negatives = rows.column("wrong") if "wrong" in rows.roles else None
        mines = recipe is not None and options_of(recipe).hard_negatives
        return checked((yield from teaching_rows.pack_pairs(loaded, queries, passages, negatives, mines)), loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of choosing each question's passage, or of pairs in the wrong order."""
        queries_BD = vectors_of(loaded, batch[IDS], batch[MASK])
        passages_BD = _vectors(loaded, batch[teaching_rows.PASSAGE_IDS])
        if _is_scored(loaded):
            return order_loss((queries_BD * passages_BD).sum(-1), batch[teaching_rows.SCORE], batch.get(WEIGHTS))
        numbers_C, there_B = batch[teaching_rows.PASSAGE_NUMBER], batch[teaching_rows.NEGATIVE_NUMBER] >= 0
        candidates_CD = passages_BD
        if bool(there_B.any()):
            negatives_D = _vectors(loaded, batch[teaching_rows.NEGATIVE_IDS][there_B])
            candidates_CD = torch.cat([passages_BD, negatives_D])
            numbers_C = torch.cat([numbers_C, batch[teaching_rows.NEGATIVE_NUMBER][there_B]])
        temperature = options_of(recipe).temperature
        losses_B = choice_losses(queries_BD, candidates_CD, numbers_C, batch[teaching_rows.POSITIVES], temperature)
        return weighed_mean(losses_B, batch) if WEIGHTS in batch else losses_B.mean()

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of guessing among the passages of a batch."""
        return None if _is_scored(loaded) else float(np.log(max(2, cast(int, loaded.facts.get("batch") or 2))))

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the vectors [B, D] of questions and passages."""
        queries_BD = vectors_of(loaded, batch[IDS], batch[MASK]).cpu().numpy()
        return {"queries": queries_BD, "passages": _vectors(loaded, batch[teaching_rows.PASSAGE_IDS]).cpu().numpy()}

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return where held-out questions find their passages, or how well likeness is told."""
        if _is_scored(loaded):
            likeness_N = (seen["queries"] * seen["passages"]).sum(1)
            return judging.judge_scores(likeness_N, examples.numbers[teaching_rows.SCORE], _texts_of(rows), whole=whole)
        loss = judging.held_out_loss(seen["queries"], seen["passages"], examples, loaded.facts)
        pool = self._pool(rows, MOST_POOLED if whole else 0)
        passages_PD = yield from embed(loaded, pool.passages, PASSAGE)
        return judging.judge_pool(loss, pool, seen["queries"][pool.rows], passages_PD, whole=whole)

    def _pool(self, rows: Rows, most: int) -> Pool:
        """Return the questions of some rows, asked among the passages of their whole file, at most about so many."""
        queries, passages = _texts_of(rows)
        whole = _texts_of(rows.whole()) if most else ([], [])
        return pool_of(queries, passages, whole, most)

    def calibrate(self, seen: Seen, loaded: Loaded) -> dict[str, object]:
        """Return from which likeness on a passage answers, as held-out rows tell it."""
        return {} if _is_scored(loaded) else threshold_of(seen["queries"], seen["passages"])

    def weigh(self, loaded: Loaded, train: Rows, held_out: Rows, recipe: Recipe) -> Work[None]:
        """Yield Progress; learn how much meaning counts beside words where a search is by both."""
        if not _is_scored(loaded):
            loaded.facts |= yield from chosen_share(loaded, self._pool(few(held_out, WEIGHED), WEIGHED))

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return words alone, words and meaning together, and the base as it was."""
        assert judged.evidence is not None
        if _is_scored(loaded):
            found = [judging.shared_words(_texts_of(train), _texts_of(scored), _scores(scored), judged.evidence)]
        else:
            pool = self._pool(scored, MOST_POOLED)
            found = yield from judging.by_words(pool, judged.evidence, share_of(loaded.facts))
        with as_it_was(loaded, lambda folder: self.open(folder, {}, loaded.device)) as base:
            if base is not None and not isinstance(base.net, BagForTextVectors):
                found.append((yield from self._of_base(base, scored, judged.evidence)))
        return tuple(found)

    def _of_base(self, base: Loaded, scored: Rows, evidence: np.ndarray) -> Work[Baseline]:
        began = time.perf_counter()
        if _is_scored(base):
            firsts, seconds = _texts_of(scored)
            one = yield from embed(base, firsts, QUERY, judging.ASKING_BASE)
            other = yield from embed(base, seconds, QUERY, judging.ASKING_BASE)
            return judging.base_scores((one * other).sum(1), _scores(scored), evidence, began)
        pool = self._pool(scored, MOST_POOLED)
        queries = yield from embed(base, pool.questions, QUERY, judging.ASKING_BASE)
        passages = yield from embed(base, pool.passages, PASSAGE, judging.ASKING_BASE)
        return judging.base_ranks(pool, queries, passages, evidence, began)

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield among how many passages was searched, and how many texts are longer than the model reads."""
        if scored and not _is_scored(loaded):
            yield from judging.among(len(self._pool(rows, MOST_POOLED).passages))
            yield from judging.shared(loaded.facts)
        yield from () if scored else known_words(loaded.facts)
        limit = length_of(loaded)
        if not isinstance(loaded.tokenizer, BagTokenizer):
            lengths = [examples.sequences[name].lengths for name in (IDS, teaching_rows.PASSAGE_IDS)]
            yield from on_cut(int((np.maximum(*lengths) >= limit).sum()), len(rows), limit)

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Ask a few held-out questions, or compare a few pairs."""
        queries, passages = _texts_of(rows)
        queries_QD = embed_now(loaded, queries, QUERY)
        if _is_scored(loaded):
            likeness_N = (queries_QD * embed_now(loaded, passages, QUERY)).sum(1)
            return Table(
                ("query", "passage", "true", "predicted"),
                judging.compared(queries, passages, rows.column("score"), likeness_N),
            )
        pool = self._pool(rows, SOME_POOLED)
        found = judging.asked_among(pool, queries_QD[pool.rows], embed_now(loaded, pool.passages, PASSAGE))
        return Table(("query", "true", "predicted", "rank"), found)

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Hit | Progress]]:
        """Yield the passages of an index that answer each prompt; of a prompt with a passage how alike both are."""
        for place, prompt in enumerate(prompts):
            query, passage = as_text(prompt.get("query", "")), as_text(prompt.get("passage", ""))
            if passage.strip():
                side = QUERY if _is_scored(loaded) else PASSAGE
                likeness = embed_now(loaded, [query], QUERY)[0] @ embed_now(loaded, [passage], side)[0]
                yield place, Hit(passage, float(likeness), 0)
            elif index := self.searched(prompt, options):
                for hit in found_in(index, query, loaded, options):
                    yield place, hit
            else:
                raise nothing_to_search()

    def searched(self, prompt: Prompt, options: Mapping[str, object]) -> str:
        """Return the folder of the index that was named; two texts are compared by themselves."""
        return "" if as_text(prompt.get("passage", "")).strip() else str(options.get("index") or "")

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return how many tokens of a question, or of the passage beside it, are not read."""
        return unread(whole_lengths(loaded, [as_text(prompt.get(role.name, "")) for role in self.info.asked]), loaded)

    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the vectors of the prompts, as questions and as passages."""
        texts = [as_text(prompt.get("query", "")) for prompt in prompts]
        return np.concatenate([embed_now(loaded, texts, side).ravel() for side in (QUERY, PASSAGE)])

    def vectors(self, loaded: Loaded, texts: Sequence[str], *, are_questions: bool) -> Work[np.ndarray]:
        """Return vectors [N, D] of length 1."""
        return embed(loaded, texts, QUERY if are_questions else PASSAGE)

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write net and tokenizer, and what tells sentence-transformers how to read them."""
        super().save(loaded, folder)
        if isinstance(loaded.net, BagForTextVectors):
            return
        query, passage = cast(Sequence[str], loaded.facts.get(PREFIXES) or ("", ""))
        said = Sentences(
            pooling=str(loaded.facts.get(POOLING) or "mean"), length=length_of(loaded), query=query, passage=passage
        )
        write_sentences(folder, said, width_of(loaded))

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back; what is not known of a foreign one its files say, or its name."""
        said = said_of(folder)
        known: dict[str, object] = {PREFIXES: [said.query or "", said.passage or ""], POOLING: said.pooling}
        net, tokenizer = headless(open_net(folder, self.key)), open_tokenizer(folder)
        settle_padding(net, tokenizer, folder.name)
        length = {"max_length": said.length} if said.length else {}
        loaded = Loaded(net, tokenizer, settle_length(known | length | dict(facts), net))
        net.to(device).eval()
        return loaded

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a row: a question, its passage and a wrong one."""
        base = None if recipe.is_blank else folder_of(recipe.base)
        queries, passages = (text_lengths(texts, base) for texts in _texts_of(few(rows)))
        times = 2 if options_of(recipe).hard_negatives and "score" not in rows.roles else 1
        return Sketch(net=self._hollow(recipe, rows), examples=len(rows), tokens_N=queries + times * passages)

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        options = options_of(recipe)
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            return headless(built(lambda: AutoModel.from_config(config)))
        family, size = split_base(recipe.base)
        texts = [*chain(*_texts_of(rows))]
        known = foretell_features(texts, size=size) if family == "bag" else min(options.vocabulary, _pieces(texts))
        width = options.vector_size or width_for(WIDTHS[size], texts)
        return make_encoder(
            family, size, vocabulary_size=known, dropout=0.0, max_length=recipe.max_length or 128, width=width
        )


TASK = Search()


def options_of(recipe: Recipe) -> SearchOptions:
    """Return the task's own knobs."""
    assert isinstance(recipe.options, SearchOptions)
    return recipe.options


def headless(net: nn.Module) -> nn.Module:
    """Return a network without the pooler that nothing reads here."""
    if getattr(net, "pooler", None) is not None:
        net.pooler = None
    return net


def _is_scored(loaded: Loaded) -> bool:
    return loaded.facts.get("target") == SCORED


def _texts_of(rows: Rows) -> tuple[list[str], list[str]]:
    return rows.column("query"), rows.column("passage")


def _scores(rows: Rows) -> list[float]:
    return [amount or 0.0 for amount in amounts_in(rows.column("score"))]


def _has_numbers(cells: Sequence[str]) -> list[bool]:
    return [amount is not None for amount in amounts_in(cells)]


def _keys(rows: Rows, *, passages: bool) -> np.ndarray:
    """Return which rows stand on one side: those that share a question, and a passage too where passages are held out."""
    return together(*_texts_of(rows)) if passages else text_keys(rows.column("query"))


def _vectors(loaded: Loaded, ids_BT: Tensor) -> Tensor:
    return vectors_of(loaded, ids_BT, (ids_BT != loaded.padding).long())


def _prefixes(options: SearchOptions, known: tuple[str, str]) -> list[str]:
    wished = (options.query_prefix, options.passage_prefix)
    return [own if wish == "auto" else wish for wish, own in zip(wished, known, strict=True)]


def _pooling(options: SearchOptions, known: str) -> str:
    return known if options.pooling == "auto" else options.pooling


def _pieces(texts: Sequence[str]) -> int:
    """Return about how many word pieces texts have to offer: their words, their characters, and those as continuations."""
    return len(set((text := " ".join(texts).lower()).split())) + 2 * len(set(text))
