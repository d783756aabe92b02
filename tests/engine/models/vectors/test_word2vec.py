"""Words are learnt one after another as a plain loop would; what is drawn is as likely as it should be."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from slm_studio.engine.models.vectors.drawing import Draws, Sampling, even_places
from slm_studio.engine.models.vectors.word2vec import Walk, Way, Word2Vec, _kept, _numbered, walk
from tests.leavings import standing

IDS = np.array([[0, 1, 2, -1, 3, 1, 1], [2, 2, 0, 3, 1, -1, 0]])
TEXTS = [[0, 1, 2], [3, 1, 1], [2, 2, 0, 3, 1], [0]]
WORDS, WIDTH = 6, 5


def draws(window: int = 1, noise: int | None = None, sample: float = 0.0) -> Draws:
    """Draw as a vocabulary does, or always the same random word."""
    found = Draws(
        np.arange(WORDS, 0, -1), Sampling(window=window, negative=3, sample=sample, exponent=0.75), torch.device("cpu")
    )
    if noise is not None:
        found.places = (np.zeros(WORDS), np.full(WORDS, noise))
    return found


def tables() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return tuple(generator.normal(size=(WORDS, WIDTH)).astype(np.float32) for _ in range(2))


def by_hand(noise: int, is_cbow: bool, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Go over the texts as word2vec does, with windows of one and one random word that is always the same."""
    vectors, contexts = (table.astype(float) for table in tables())
    for text in TEXTS:
        for place, word in enumerate(text):
            beside = [text[near] for near in (place - 1, place + 1) if 0 <= near < len(text)]
            for group in [beside] if is_cbow and beside else [[one] for one in beside]:
                entry = vectors[group].mean(0)
                pull = np.zeros(WIDTH)
                for target, wanted in [(word, 1.0), *[(noise, 0.0)] * 3]:
                    if target == word and not wanted:
                        continue
                    stride = rate * (wanted - 1 / (1 + np.exp(-entry @ contexts[target])))
                    pull += stride * contexts[target]
                    contexts[target] += stride * entry
                for one in group:
                    vectors[one] += pull
    return vectors, contexts


def end(found: Walk, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where the gradients lead."""
    moved = tables()
    for table, (ids, gradient) in zip(moved, (found.vectors, found.contexts), strict=True):
        table[ids] -= rate * gradient
    return moved


@pytest.mark.parametrize("is_cbow", [False, True])
@pytest.mark.parametrize("noise", [2, 4])  # a word of the texts, and another one
def test_words_are_learnt_one_after_another(is_cbow: bool, noise: int) -> None:
    found = walk(*tables(), IDS, Way(draws(noise=noise), is_cbow, 0.3), 1)

    vectors, contexts = end(found, 0.3)

    wanted = by_hand(noise, is_cbow, 0.3)
    assert np.allclose(vectors, wanted[0], atol=1e-5) and np.allclose(contexts, wanted[1], atol=1e-5)
    assert not np.allclose(vectors, tables()[0], atol=0.05)


def test_the_loss_is_that_of_a_pair() -> None:
    vectors, contexts = tables()

    found = walk(vectors, contexts, np.array([[0, 1]]), Way(draws(noise=4), False, 1e-6), 1)

    likely = [np.logaddexp(0, -vectors[1] @ contexts[0]), np.logaddexp(0, -vectors[0] @ contexts[1])]
    unlikely = [3 * np.logaddexp(0, vectors[one] @ contexts[4]) for one in (0, 1)]
    assert found.loss == pytest.approx((sum(likely) + sum(unlikely)) / 2, rel=1e-4)


def test_the_loop_gets_rows_in_order_and_what_all_workers_changed() -> None:
    way, given = Way(draws(window=2), False, 0.3), [torch.tensor(table, requires_grad=True) for table in tables()]
    torch.manual_seed(0)
    seeds = torch.randint(1, 2**63 - 1, (2,)).tolist()
    apart = [walk(*tables(), IDS[[row]], way, seed) for row, seed in enumerate(seeds)]
    before = standing()

    torch.manual_seed(0)
    loss = Word2Vec.apply(*given, torch.from_numpy(IDS), replace(way, workers=2))
    (2 * loss).backward()

    assert standing() == before
    assert loss.item() == pytest.approx(np.mean([each.loss for each in apart]), rel=1e-5)
    for table, parts in zip(given, zip(*[(each.vectors, each.contexts) for each in apart], strict=True), strict=True):
        wanted = np.zeros((WORDS, WIDTH), np.float32)
        for ids, gradient in parts:
            assert (np.diff(ids) > 0).all()
            wanted[ids] += 2 * gradient
        assert (table.grad._indices()[0].diff() > 0).all()
        assert np.allclose(table.grad.to_dense().numpy(), wanted, atol=1e-5)


def test_the_same_seed_draws_the_same() -> None:
    way = Way(draws(window=3, sample=0.2), False, 0.3)

    one, again, other = (walk(*tables(), IDS, way, seed) for seed in (7, 7, 8))

    assert np.array_equal(one.contexts[1], again.contexts[1]) and one.loss == again.loss
    assert one.loss != other.loss


def test_what_is_no_number_is_told() -> None:
    vectors, contexts = tables()
    vectors[1] = np.nan

    assert np.isnan(walk(vectors, contexts, IDS, Way(draws(), False, 0.3), 1).loss)


def test_random_words_come_as_often_as_they_are_due() -> None:
    shares = np.array([0.46, 0.31, 0.0, 0.17, 0.06])

    own, others = even_places(shares)

    found = own / 5 + np.bincount(others, weights=(1 - own) / 5, minlength=5)
    assert np.allclose(found, shares) and (own >= 0).all() and (own <= 1).all()


def test_frequent_words_are_passed_over() -> None:
    from slm_studio.engine.models.vectors.word2vec import _Chance

    ids = np.array([[0] * 5000 + [1] * 5000 + [-1]])
    chance = _Chance(np.zeros(2), np.zeros(2, np.int64), np.array([3], np.uint64))

    stream = _kept(ids, np.array([0.2, 1.0]), chance)

    assert (stream == 1).sum() == 5000
    assert abs((stream == 0).sum() - 1000) < 5 * np.sqrt(5000 * 0.2 * 0.8)
    assert stream[-2:].tolist() == [-1, -1]
    assert _numbered(stream, np.full(2, -1, np.int32)).tolist() == [0, 1]
