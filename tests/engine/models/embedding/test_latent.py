"""Where a bag of text vectors begins: with the cosines of TF-IDF, whatever the machine rounds."""

import numpy as np
import pytest

from slm_studio.engine.models.embedding.latent import latent_vectors, width_for
from slm_studio.engine.models.features import BagTokenizer

TEXTS = ["red apples and pears", "a red rose", "the green grass", "green tea, please", "苹果很甜", "绿草如茵"]


def features(tokenizer: BagTokenizer, texts: list[str]) -> np.ndarray:
    rows = np.zeros((len(texts), len(tokenizer)))
    for row, text in zip(rows, texts, strict=True):
        row[tokenizer.encode(text)] = tokenizer.weights_V[tokenizer.encode(text)]
    return rows


def cosines(vectors: np.ndarray) -> np.ndarray:
    ones = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return ones @ ones.T


def test_texts_are_as_alike_as_their_words() -> None:
    tokenizer = BagTokenizer.learn(TEXTS, size="nano")
    rows = features(tokenizer, TEXTS)

    found = cosines(rows @ latent_vectors(tokenizer, TEXTS, width_for(256, TEXTS), seed=1))

    assert found == pytest.approx(cosines(rows), abs=1e-5)


def test_where_texts_differ_in_fewer_ways_the_rest_says_nothing() -> None:
    tokenizer = BagTokenizer.learn(TEXTS, size="nano")
    spelled = [*TEXTS, *(text.upper() for text in TEXTS), *(f"  {text}" for text in TEXTS)]  # the same words
    assert width_for(16, spelled) > len(TEXTS)

    spread = latent_vectors(tokenizer, spelled, 12, seed=1).std(0)

    assert spread[: len(TEXTS)].min() > 30 * spread[len(TEXTS) :].max() > 0
