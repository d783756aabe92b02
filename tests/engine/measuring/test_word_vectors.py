"""Scores of word vectors against references, and questions told from running text."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from slm_studio.engine.measuring.word_vectors import (
    accuracy_of,
    analogies_in,
    company,
    counted_vectors,
    random_vectors,
    spearman,
    told_apart,
)


def test_spearman_is_scipys_with_ties_too() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.integers(0, 9, 200), draw.random(200)

    assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert spearman(np.ones(5), np.arange(5)) == 0


def test_analogies_are_told_from_running_text() -> None:
    found = analogies_in([": capitals", "Athens Greece Oslo Norway", "", ": family", "boy girl king queen"])

    assert [each for each in found or [] if each[1]] == [
        ("capitals", ("Athens", "Greece", "Oslo", "Norway")),
        ("family", ("boy", "girl", "king", "queen")),
    ]
    assert analogies_in(["Once upon a time", "there was a king who had no horse."]) is None


def test_neighbours_stand_beside_each_other_and_random_words_are_as_frequent() -> None:
    draw = np.random.default_rng(1)
    stream = draw.zipf(1.5, 4000).clip(max=300).astype(np.int32) - 1
    stream[::50] = -1
    counts = np.bincount(stream[stream >= 0], minlength=300)

    pairs = company(stream, counts, 3, 0.0)

    beside = {(int(one), int(stream[at + apart])) for at, one in enumerate(stream[:-3]) for apart in (1, 2, 3)}
    beside |= {(other, one) for one, other in beside}
    assert len(pairs) and all(
        (int(one), int(other)) in beside for one, other in zip(pairs.words_N, pairs.beside_N, strict=True)
    )
    assert (pairs.random_NM != pairs.beside_N[:, None]).all()
    rank = np.argsort(np.argsort(-counts, kind="stable"))
    apart = np.abs(rank[pairs.random_NM] - rank[pairs.beside_N][:, None])
    assert (apart <= np.maximum(11, 0.3 * rank[pairs.beside_N] + 1)[:, None] * 2).all()


def test_random_vectors_guess_and_counting_knows_better() -> None:
    """Words 0…9 stand among themselves, and so do 10…19."""
    draw = np.random.default_rng(2)
    stream = np.concatenate([[*draw.integers(0, 10, 20) + 10 * (text % 2), -1] for text in range(400)]).astype(np.int32)
    counts = np.bincount(stream[stream >= 0])
    pairs = company(stream, counts, 3, 0.0)
    table = np.array(
        [[(one, other) for other in range(one, 20) if one // 10 == other // 10] for one in range(20)], object
    )
    rows, columns = (np.array([pair[side] for line in table for pair in line]) for side in (0, 1))

    guess = accuracy_of(pairs, told_apart(pairs, *random_vectors(20, 8), np.zeros(20)))
    counted = accuracy_of(
        pairs, told_apart(pairs, *counted_vectors(rows, columns, np.ones(len(rows)), 20, 8), np.zeros(20))
    )

    assert guess.value == pytest.approx(0.5, abs=0.12)
    assert counted.value > 0.65 and counted.low is not None and counted.low > guess.value
