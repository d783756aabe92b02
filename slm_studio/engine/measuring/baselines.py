"""Simple methods for scale, trained and scored on the same rows as the model."""

import lzma
import math
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from slm_studio.core.results import Baseline, Metric
from slm_studio.engine.data.languages import main_language
from slm_studio.engine.measuring.compare import verdict
from slm_studio.engine.measuring.scoring import classification_metrics

XZ_LIMIT = 8_000_000  # bytes; beyond that the compressor takes longer than the training


def majority(train: Sequence[str], true: Sequence[str], right: np.ndarray) -> Baseline:
    """Always say the most frequent label. `right`: the model's rows that are right."""
    began = time.perf_counter()
    answer = Counter(train).most_common(1)[0][0]
    return classified("majority", true, [answer] * len(true), right, began)


def tfidf_linear(
    texts: Sequence[str], labels: Sequence[str], scored: Sequence[str], true: Sequence[str], right: np.ndarray
) -> Baseline:
    """TF-IDF of words and parts of words into a linear support vector machine: hard to beat on short texts."""
    began = time.perf_counter()
    if len(set(labels)) == 1:  # nothing to tell apart, which the library refuses
        return classified("tfidf_linear", true, [labels[0]] * len(true), right, began)
    pipeline = Pipeline([("features", features_of(texts)), ("linear", LinearSVC(C=1.0, random_state=0))])
    pipeline.fit(list(texts), list(labels))
    return classified("tfidf_linear", true, [str(label) for label in pipeline.predict(list(scored))], right, began)


def unigram(train: np.ndarray, scored: np.ndarray, vocabulary: int, scored_bytes: int) -> Baseline:
    """Guess each token by how often it occurs (add-one): what knowing the alphabet alone gives."""
    began = time.perf_counter()
    counts = np.bincount(train, minlength=vocabulary).astype(np.float64) + 1
    nats = float(-np.log(counts / counts.sum())[scored].sum())
    return _written("unigram", nats, len(scored), scored_bytes, began)


def xz(train: str, scored: str, tokens: int) -> Baseline:
    """The compressor xz after reading the training text: learning by heart, without any model."""
    began = time.perf_counter()
    before = train.encode("utf-8")[-XZ_LIMIT:]
    after = before + scored.encode("utf-8")
    size = len(lzma.compress(after, preset=6)) - len(lzma.compress(before, preset=6))
    return _written("xz", size * 8 * math.log(2), tokens, len(after) - len(before), began)


def features_of(texts: Sequence[str]) -> FeatureUnion | TfidfVectorizer:
    """Return TF-IDF of words and parts of words, of Chinese of its characters, not fitted yet."""
    if main_language(texts[:500]) == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]+")
    parts = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2 if len(texts) > 500 else 1
    )
    return FeatureUnion([("words", words), ("parts", parts)])


def classified(key: str, true: Sequence[str], predicted: Sequence[str], right: np.ndarray, began: float) -> Baseline:
    """Return the score of a method that gave these labels; `right`: the model's rows that are right."""
    mine = np.array([one == other for one, other in zip(true, predicted, strict=True)])
    return Baseline(
        key=key,
        metrics=classification_metrics(true, predicted)[:2],
        seconds=time.perf_counter() - began,
        verdict=verdict(right, mine),
    )


def _written(key: str, nats: float, tokens: int, size: int, began: float) -> Baseline:
    metrics = (
        Metric(key="perplexity", value=math.exp(min(nats / tokens, 700))),
        Metric(key="bits_per_byte", value=nats / math.log(2) / size),
    )
    return Baseline(key=key, metrics=metrics, seconds=time.perf_counter() - began)
