"""The chain, against sequences counted one by one."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_studio.engine.models.crf import (
    CRF,
    UNKNOWN,
    Chain,
    Lattice,
    bio_chain,
    log_partition,
    negative_log_likelihood,
    viterbi,
)

LABELS = ["O", "B-x", "I-x", "B-y", "I-y"]


def chain_of(labels, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    make = lambda *shape: torch.randn(*shape, generator=generator, dtype=dtype)  # noqa: E731
    return Chain(make(labels, labels), make(labels), make(labels))


def emissions_of(rows, words, labels, seed=1, dtype=torch.float64):
    return torch.randn(rows, words, labels, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def score(emissions_TL, path, chain):
    total = chain.start_L[path[0]] + chain.end_L[path[-1]]
    total = total + sum(emissions_TL[word, tag] for word, tag in enumerate(path))
    return float(total + sum(chain.transitions_LL[one, other] for one, other in pairwise(path)))


def all_paths(emissions_TL, chain):
    words, labels = emissions_TL.shape
    return {path: score(emissions_TL, path, chain) for path in product(range(labels), repeat=words)}


def mask_of(rows, words):
    return torch.ones(rows, words, dtype=torch.bool)


@settings(deadline=None, max_examples=25)
@given(words=st.integers(1, 4), labels=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_partition_best_path_and_likelihood_are_those_of_every_sequence_counted(words, labels, seed):
    chain, emissions_BTL = chain_of(labels, seed), emissions_of(2, words, labels, seed + 1)
    gold_BT = torch.randint(labels, (2, words), generator=torch.Generator().manual_seed(seed))
    mask_BT = mask_of(2, words)

    partition_B = log_partition(emissions_BTL, mask_BT, chain)
    losses_B = negative_log_likelihood(emissions_BTL, gold_BT, mask_BT, chain)
    best_BT = viterbi(emissions_BTL, mask_BT, chain)

    for row in range(2):
        paths = all_paths(emissions_BTL[row], chain)
        total = np.logaddexp.reduce(list(paths.values()))
        assert float(partition_B[row]) == pytest.approx(total)
        assert float(losses_B[row]) == pytest.approx(total - paths[tuple(gold_BT[row].tolist())])
        assert tuple(best_BT[row].tolist()) == max(paths, key=paths.__getitem__)


@settings(deadline=None, max_examples=15)
@given(words=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_probabilities_of_tags_and_spans_are_sums_over_the_sequences_that_bio_allows(words, seed):
    chain, emissions_BTL = chain_of(5, seed) + bio_chain(LABELS), emissions_of(1, words, 5, seed)
    paths = all_paths(emissions_BTL[0], chain)
    total = np.logaddexp.reduce(list(paths.values()))
    shares = {path: np.exp(value - total) for path, value in paths.items()}

    lattice = Lattice(emissions_BTL, mask_of(1, words), chain)

    tags_TL = lattice.tags(0)
    for word, tag in product(range(words), range(5)):
        assert tags_TL[word, tag] == pytest.approx(sum(share for path, share in shares.items() if path[word] == tag))
    for start in range(words):
        for end in range(start + 1, words + 1):
            expected = sum(
                share
                for path, share in shares.items()
                if path[start] == 1 and all(tag == 2 for tag in path[start + 1 : end]) and path[end : end + 1] != (2,)
            )
            assert lattice.span(0, start, end, 1, 2) == pytest.approx(expected, abs=1e-12)


def test_a_type_without_an_inside_tag_marks_single_words():
    labels = ["O", "B-x"]
    lattice = Lattice(emissions_of(1, 3, 2), mask_of(1, 3), bio_chain(labels, emissions_of(1, 1, 1)))

    assert lattice.span(0, 1, 2, 1, None) == pytest.approx(lattice.tags(0)[1, 1])
    assert lattice.span(0, 0, 2, 1, None) == 0.0


@settings(deadline=None, max_examples=20)
@given(words=st.integers(1, 4), seed=st.integers(0, 10_000), scale=st.sampled_from([0.1, 5.0]))
def test_decoding_under_bio_finds_the_best_sequence_among_those_allowed(words, seed, scale):
    log_softmax_BTL = (emissions_of(1, words, 5, seed) * scale).log_softmax(-1)
    allowed = {
        path: value
        for path, value in all_paths(log_softmax_BTL[0], bio_chain(LABELS, log_softmax_BTL)).items()
        if is_bio([LABELS[tag] for tag in path])
    }

    best = viterbi(log_softmax_BTL, mask_of(1, words), bio_chain(LABELS, log_softmax_BTL))[0].tolist()

    assert tuple(best) == max(allowed, key=allowed.__getitem__)


def is_bio(tags):
    return all(not tag.startswith("I-") or before in (f"B-{tag[2:]}", tag) for before, tag in pairwise(["O", *tags]))


def test_the_grammar_rules_out_what_bio_rules_out_and_nothing_else():
    chain = bio_chain(LABELS)

    for one, other in product(range(5), repeat=2):
        assert (chain.transitions_LL[one, other] == 0) == is_bio([LABELS[one].replace("I-", "B-"), LABELS[other]])
    assert [float(each) for each in chain.start_L] == [0, 0, -torch.inf, 0, -torch.inf]


def test_an_unknown_gold_tag_stands_for_any_tag():
    chain, emissions_BTL = chain_of(3), emissions_of(1, 3, 3)
    paths = all_paths(emissions_BTL[0], chain)
    agreeing = [value for path, value in paths.items() if path[0] == 2 and path[2] == 1]

    loss_B = negative_log_likelihood(emissions_BTL, torch.tensor([[2, UNKNOWN, 1]]), mask_of(1, 3), chain)

    assert float(loss_B[0]) == pytest.approx(np.logaddexp.reduce(list(paths.values())) - np.logaddexp.reduce(agreeing))
    nothing_known_B = negative_log_likelihood(emissions_BTL, torch.full((1, 3), UNKNOWN), mask_of(1, 3), chain)
    assert float(nothing_known_B[0]) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("places", [[0, 1, 2], [4, 5, 6], [0, 3, 6], [1, 2, 5]], ids=["right", "left", "holes", "both"])
def test_padding_changes_nothing_wherever_it_stands(places):
    chain, words_BTL, gold = chain_of(4), emissions_of(1, 3, 4), torch.tensor([[1, 3, 0]])
    padded_BTL, mask_BT, gold_BT = torch.full((1, 7, 4), 50.0).double(), mask_of(1, 7) & False, torch.full((1, 7), -100)
    padded_BTL[:, places], mask_BT[:, places], gold_BT[:, places] = words_BTL, True, gold

    whole = mask_of(1, 3)
    assert torch.equal(log_partition(padded_BTL, mask_BT, chain), log_partition(words_BTL, whole, chain))
    assert torch.equal(
        negative_log_likelihood(padded_BTL, gold_BT, mask_BT, chain),
        negative_log_likelihood(words_BTL, gold, whole, chain),
    )
    found_BT = viterbi(padded_BTL, mask_BT, chain)
    assert torch.equal(found_BT[:, places], viterbi(words_BTL, whole, chain))
    assert (found_BT[~mask_BT] == UNKNOWN).all()
    np.testing.assert_array_equal(Lattice(padded_BTL, mask_BT, chain).tags(0), Lattice(words_BTL, whole, chain).tags(0))


def test_rows_of_different_length_do_not_touch_each_other():
    chain, emissions_BTL = chain_of(4), emissions_of(3, 6, 4)
    lengths = [6, 2, 0]
    mask_BT = torch.arange(6)[None] < torch.tensor(lengths)[:, None]

    together_B = log_partition(emissions_BTL, mask_BT, chain)
    best_BT = viterbi(emissions_BTL, mask_BT, chain)
    gold_BT = torch.tensor([[0, 1, 2, 3, 0, 1]] * 3)
    losses_B = negative_log_likelihood(emissions_BTL, gold_BT, mask_BT, chain)

    for row, length in enumerate(lengths[:2]):
        alone_BTL = emissions_BTL[row : row + 1, :length]
        assert float(together_B[row]) == pytest.approx(float(log_partition(alone_BTL, mask_of(1, length), chain)))
        assert torch.equal(best_BT[row, :length], viterbi(alone_BTL, mask_of(1, length), chain)[0])
        loss_B = negative_log_likelihood(alone_BTL, gold_BT[:1, :length], mask_of(1, length), chain)
        assert float(losses_B[row]) == pytest.approx(float(loss_B))
    assert float(together_B[2]) == float(losses_B[2]) == 0.0
    assert (best_BT[2] == UNKNOWN).all()


def test_gradients_are_those_of_finite_differences():
    torch.manual_seed(0)
    emissions_BTL = emissions_of(2, 4, 3).requires_grad_()
    tables = [
        each.requires_grad_() for each in (torch.randn(3, 3).double(), torch.randn(3).double(), torch.randn(3).double())
    ]
    mask_BT = torch.tensor([[True, True, True, False], [False, True, True, True]])
    gold_BT = torch.tensor([[0, UNKNOWN, 2, 1], [0, 1, 1, 0]])

    assert torch.autograd.gradcheck(
        lambda emissions, *chain: negative_log_likelihood(emissions, gold_BT, mask_BT, Chain(*chain)),
        (emissions_BTL, *tables),
    )


def test_long_rows_in_single_precision_agree_with_double():
    """512 words of strong opinions: sums of some ten thousand nats."""
    chain, emissions_BTL = chain_of(9), emissions_of(2, 512, 9) * 20
    gold_BT, mask_BT = emissions_BTL.argmax(-1), mask_of(2, 512)
    single = Chain(chain.transitions_LL.float(), chain.start_L.float(), chain.end_L.float())
    scores_BTL = emissions_BTL.float().requires_grad_()

    loss_B = negative_log_likelihood(scores_BTL, gold_BT, mask_BT, single)
    loss_B.sum().backward()

    exact_B = negative_log_likelihood(emissions_BTL, gold_BT, mask_BT, chain)
    torch.testing.assert_close(loss_B.double(), exact_B, atol=0.02, rtol=1e-4)
    assert torch.isfinite(scores_BTL.grad).all()
    assert torch.equal(viterbi(scores_BTL, mask_BT, single), viterbi(emissions_BTL, mask_BT, chain))


def test_a_chain_learns_who_follows_whom():
    """Scores that say nothing, and a gold order that only the chain can tell: x is always followed by y."""
    torch.manual_seed(0)
    crf, gold_BT = CRF(3), torch.tensor([[0, 1, 2, 0, 1, 2]] * 4)
    nothing_BTL, mask_BT = torch.zeros(4, 6, 3), mask_of(4, 6)
    before = crf(nothing_BTL, gold_BT, mask_BT).item()
    optimizer = torch.optim.AdamW(crf.parameters(), lr=0.3)

    for _ in range(60):
        optimizer.zero_grad()
        crf(nothing_BTL, gold_BT, mask_BT).backward()
        optimizer.step()

    assert before == pytest.approx(np.log(3))  # in nats a word
    assert crf(nothing_BTL, gold_BT, mask_BT).item() < 0.02
    assert viterbi(nothing_BTL, mask_BT, crf.chain())[0].tolist() == gold_BT[0].tolist()
