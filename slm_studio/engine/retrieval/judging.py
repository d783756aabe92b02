"""How held-out questions fared: the loss as training has it, where their passages stand, and what simpler ways find."""

# N rows, Q questions, P passages, K that are found, D numbers of a vector

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer

from slm_studio.core.dataset import Remark
from slm_studio.core.results import Baseline, Metric
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.languages import main_language
from slm_studio.engine.examples import Packed
from slm_studio.engine.measuring.compare import paired, paired_verdict
from slm_studio.engine.measuring.numbers import spearman
from slm_studio.engine.measuring.ranking import (
    FUSED,
    NOTHING,
    best_places,
    hits_among,
    pair_auc,
    ranking_baseline,
    ranking_metrics,
    reciprocal_ranks,
)
from slm_studio.engine.measuring.scoring import bootstrap
from slm_studio.engine.models.embedding.teaching import choice_losses, order_loss
from slm_studio.engine.retrieval.pool import Pool
from slm_studio.engine.retrieval.sharing import SHARE, found_by_words, fused
from slm_studio.engine.retrieval.teaching_rows import PASSAGE_NUMBER, POSITIVES
from slm_studio.engine.task import Judgement, Table

ASKING_BASE = "Asking the base"
AMONG = mark("Each question had to find its passage among {passages} passages, which are those of its file.")
SHARED = mark(
    "In a search by both, meaning counts for {meaning} % and words for {words} %: so held-out questions found most."
)
CASES = ("row", "query", "passage", "predicted", "rank", "score", "right")
PAIR_CASES = ("row", "query", "passage", "score", "predicted", "error")


def held_out_loss(
    queries_ND: np.ndarray, passages_ND: np.ndarray, examples: Packed, facts: Mapping[str, object]
) -> float:
    """Return the mean loss of choosing each row's passage among those of as many rows as a batch has."""
    size, temperature = cast(int, facts.get("batch") or 32), cast(float, facts.get("temperature") or 0.05)
    losses = []
    for start in range(0, len(queries_ND), size):
        places = np.arange(start, min(start + size, len(queries_ND)))
        positives_BK, _ = examples.sequences[POSITIVES].take(places, NOTHING)
        losses.append(
            choice_losses(
                torch.from_numpy(queries_ND[places]), torch.from_numpy(passages_ND[places]),
                torch.from_numpy(examples.numbers[PASSAGE_NUMBER][places]), torch.from_numpy(positives_BK), temperature,
            )
        )  # fmt: skip
    return float(torch.cat(losses).mean()) if losses else 0.0


def judge_pool(loss: float, pool: Pool, queries_QD: np.ndarray, passages_PD: np.ndarray, *, whole: bool) -> Judgement:
    """Return where the passages of questions stand; `evidence` is of each question what was found, best first."""
    places_QK = best_places(queries_QD @ passages_PD.T, FUSED)
    hits_QK = hits_among(places_QK, pool.right)
    metrics = ranking_metrics(hits_QK, pool.counts, intervals=whole)
    if not whole:
        return Judgement(loss=loss, metrics=metrics)
    return Judgement(
        loss=loss,
        metrics=metrics,
        evidence=places_QK,
        cases=Table(CASES, _cases(pool, places_QK, hits_QK, queries_QD, passages_PD)),
        facts={"passages": float(len(pool.passages)), "questions": float(len(pool.questions))},
    )


def judge_scores(
    likeness_N: np.ndarray, scores_N: np.ndarray, texts: tuple[Sequence[str], Sequence[str]], *, whole: bool
) -> Judgement:
    """Return how well the order of likenesses is that of the scores."""
    loss = float(order_loss(torch.from_numpy(likeness_N), torch.from_numpy(scores_N)))
    if not whole:
        return Judgement(loss=loss, metrics=(Metric(key="spearman", value=spearman(scores_N, likeness_N)),))
    gaps_N = np.abs(_ranks(scores_N) - _ranks(likeness_N))
    order = np.argsort(-gaps_N, kind="stable").tolist()
    rows = [
        (row, texts[0][row], texts[1][row], round(float(scores_N[row]), 4), round(float(likeness_N[row]), 4), round(float(gaps_N[row]), 4))
        for row in order
    ]  # fmt: skip
    return Judgement(
        loss=loss, metrics=score_metrics(scores_N, likeness_N), evidence=likeness_N, cases=Table(PAIR_CASES, rows)
    )


def score_metrics(scores_N: np.ndarray, likeness_N: np.ndarray) -> tuple[Metric, ...]:
    """Return spearman, and where there are two scores only also auc, with 95 % percentiles of resampled rows."""
    found = [_resampled("spearman", lambda rows: spearman(scores_N[rows], likeness_N[rows]), len(scores_N))]
    if len(values := np.unique(scores_N)) == 2:
        belongs_N = scores_N == values[1]
        found.append(_resampled("auc", lambda rows: pair_auc(belongs_N[rows], likeness_N[rows]), len(scores_N)))
    return tuple(found)


def by_words(pool: Pool, mine_QK: np.ndarray, share: float) -> Work[list[Baseline]]:
    """Yield Progress; return what BM25 finds, and both ways together, of which meaning has a share."""
    began = time.perf_counter()
    words_QK = yield from found_by_words(pool)
    mine_Q = reciprocal_ranks(hits_among(mine_QK, pool.right))
    seconds = time.perf_counter() - began
    return [
        ranking_baseline(key, hits_among(places, pool.right), pool.counts, mine_Q, seconds)
        for key, places in (("bm25", words_QK), ("hybrid", fused(mine_QK, words_QK, share)))
    ]


def base_ranks(
    pool: Pool, queries_QD: np.ndarray, passages_PD: np.ndarray, mine_QK: np.ndarray, began: float
) -> Baseline:
    """Return what the base finds, as it was."""
    hits_QK = hits_among(best_places(queries_QD @ passages_PD.T, FUSED), pool.right)
    mine_Q = reciprocal_ranks(hits_among(mine_QK, pool.right))
    return ranking_baseline("base", hits_QK, pool.counts, mine_Q, time.perf_counter() - began)


def base_scores(likeness_N: np.ndarray, scores: Sequence[float], mine_N: np.ndarray, began: float) -> Baseline:
    """Return how well the base told likeness, as it was."""
    return _scored("base", np.array(scores, np.float32), likeness_N, mine_N, began)


def shared_words(
    train: tuple[Sequence[str], Sequence[str]],
    scored: tuple[Sequence[str], Sequence[str]],
    scores: Sequence[float],
    mine_N: np.ndarray,
) -> Baseline:
    """Return how well the cosine of TF-IDF tells likeness."""
    began = time.perf_counter()
    texts = [*train[0], *train[1]]
    chinese = main_language(texts[:500]) == "zh"
    vectorizer = (
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2))
        if chinese
        else TfidfVectorizer(token_pattern=r"(?u)\w+|[^\w\s]+")
    )
    vectorizer.fit(texts)
    one, other = (vectorizer.transform(list(each)) for each in scored)
    likeness_N = np.asarray(one.multiply(other).sum(1)).ravel()
    return _scored("tfidf_cosine", np.array(scores, np.float32), likeness_N, mine_N, began)


def among(passages: int) -> Iterator[Remark]:
    """Say among how many passages was searched: of fewer each is found more easily."""
    yield Remark(code="searched-among", message=AMONG, count=passages, values={"passages": passages})


def shared(facts: Mapping[str, object]) -> Iterator[Remark]:
    """Say how much meaning and words count in a search by both, where held-out questions chose it."""
    if isinstance(share := facts.get(SHARE), int | float):
        meaning = round(100 * share)
        yield Remark(code="meaning-share", message=SHARED, values={"meaning": meaning, "words": 100 - meaning})


def asked_among(pool: Pool, queries_QD: np.ndarray, passages_PD: np.ndarray) -> list[tuple[object, ...]]:
    """Return each question, its passage, what is found first, and the rank of its passage."""
    scores_QP = queries_QD @ passages_PD.T
    places_QK = best_places(scores_QP, scores_QP.shape[1])
    hits_QK = hits_among(places_QK, pool.right)
    return [
        (question, pool.passages[min(right)], pool.passages[int(places_K[0])], 1 + int(hits_K.argmax()))
        for question, right, places_K, hits_K in zip(pool.questions, pool.right, places_QK, hits_QK, strict=True)
    ]


def compared(
    firsts: Sequence[str], seconds: Sequence[str], true: Sequence[str], likeness_N: np.ndarray
) -> list[tuple[object, ...]]:
    """Return pairs with both likenesses."""
    found = [f"{each:.2f}" for each in likeness_N.tolist()]
    return list(zip(firsts, seconds, true, found, strict=True))


def _cases(
    pool: Pool, places_QK: np.ndarray, hits_QK: np.ndarray, queries_QD: np.ndarray, passages_PD: np.ndarray
) -> list[tuple[object, ...]]:
    """Return the questions, those first whose passage stands farthest behind."""
    ranks_Q = np.where(hits_QK.any(1), 1 + hits_QK.argmax(1), FUSED + 1)
    rows: list[tuple[object, ...]] = []
    for place in np.argsort(-ranks_Q, kind="stable").tolist():
        first, rank = int(places_QK[place, 0]), int(ranks_Q[place])
        likeness = float(queries_QD[place] @ passages_PD[first])
        true = pool.passages[min(pool.right[place])]
        rows.append(
            (pool.rows[place], pool.questions[place], true, pool.passages[first], rank, round(likeness, 4), rank == 1)
        )
    return rows


def _scored(key: str, scores_N: np.ndarray, other_N: np.ndarray, mine_N: np.ndarray, began: float) -> Baseline:
    """Return how well another method told likeness; both are compared by how far their ranks lie off."""
    true_N = _ranks(scores_N)
    off, mine_off = np.abs(true_N - _ranks(other_N)), np.abs(true_N - _ranks(mine_N))
    verdict = paired_verdict(paired(off, mine_off, np.ones(len(off))), len(off))
    return Baseline(
        key=key, metrics=score_metrics(scores_N, other_N), seconds=time.perf_counter() - began, verdict=verdict
    )


def _ranks(values_N: np.ndarray) -> np.ndarray:
    """Return the ranks of numbers as shares (0 … 1), equal ones in their middle."""
    _, places_N, counts = np.unique(values_N, return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    ranks: np.ndarray = ((ends - (counts - 1) / 2 - 1) / max(1, len(values_N) - 1))[places_N]
    return ranks


def _resampled(key: str, score: Callable[[np.ndarray], float], rows: int) -> Metric:
    value = score(np.arange(rows))
    low, high = bootstrap(score, rows)
    return Metric(key=key, value=value, low=min(low, value), high=max(high, value))
