"""Pairs are counted as a plain loop would, however the counting is done; blocks lose no word."""

import numpy as np
import pytest

from slm_studio.core.work import outcome
from slm_studio.engine.examples import IDS
from slm_studio.engine.models.vectors import blocks


def brute(stream: np.ndarray, window: int, words: int) -> np.ndarray:
    counts = np.zeros((words, words))
    for at, one in enumerate(stream):
        for apart in range(1, window + 1):
            reached = stream[at : at + apart + 1]
            if len(reached) <= apart or (reached < 0).any():
                break
            low, high = sorted((one, reached[-1]))
            counts[low, high] += (2 if low == high else 1) / apart
    return counts


@pytest.mark.parametrize("dense", [True, False])
def test_pairs_are_counted_as_a_loop_would(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CHUNK", 300)
    monkeypatch.setattr(blocks, "DENSE", 1 << 24 if dense else 0)
    stream = np.random.default_rng(0).integers(-1, 12, 5000).astype(np.int32)

    rows, columns, counts = outcome(blocks.count_pairs(stream, 4, 12))

    table = np.zeros((12, 12))
    table[rows, columns] = counts
    assert table == pytest.approx(brute(stream, 4, 12), abs=1e-3)


def test_blocks_hold_every_word_once() -> None:
    stream = np.array([*range(150), -1, *range(20), -1], np.int32)

    packed = blocks.text_blocks(stream, 5)

    assert packed.take(range(len(packed)))[IDS].flatten().tolist()[: len(stream)] == stream.tolist()
    assert packed.work_N.sum() == 170


def test_a_window_that_reaches_far_makes_blocks_longer() -> None:
    assert (blocks.block_length(5), blocks.block_length(15)) == (64, 128)


def test_a_small_table_of_pairs_still_gives_many_examples() -> None:
    packed = blocks.pair_blocks(np.arange(640, dtype=np.int32), np.arange(640, dtype=np.int32), np.ones(640), 0)

    assert len(packed) == 64 and sorted(packed.sequences[IDS].values_S.tolist()) == list(range(640))


def test_a_block_ends_with_a_text_where_it_can() -> None:
    texts = [np.append(np.full(length, place), -1) for place, length in enumerate((40, 40, 300, 10))]
    stream = np.concatenate(texts).astype(np.int32)

    found = blocks.text_blocks(stream, 5)

    pieces = [found.sequences[IDS][place] for place in range(len(found))]
    assert np.concatenate(pieces).tolist() == stream.tolist()
    assert [len(piece) for piece in pieces] == [41, 41, 110, 64, 64, 63, 11]
    assert [piece[-1] == -1 for piece in pieces] == [True, True, False, False, False, True, True]
