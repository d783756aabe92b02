"""Sampling means the same as transformers' own processors."""

import math

import pytest
import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from slm_studio.core.errors import StudioError
from slm_studio.core.generation import SamplingOptions
from slm_studio.engine.writing.sampling import candidates, penalised, pick

CONTEXT = [3, 5, 5, 90]


def reference(logits_V: torch.Tensor, options: SamplingOptions) -> torch.Tensor:
    """Return the probabilities that transformers.generate would draw from."""
    steps = LogitsProcessorList()
    if options.repetition_penalty != 1:
        steps.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
    steps.append(TemperatureLogitsWarper(options.temperature))
    if options.top_k:
        steps.append(TopKLogitsWarper(options.top_k))
    if options.top_p < 1:
        steps.append(TopPLogitsWarper(options.top_p))
    if options.min_p:
        steps.append(MinPLogitsWarper(options.min_p))
    return steps(torch.tensor([CONTEXT]), logits_V[None])[0].softmax(dim=-1)


@pytest.mark.parametrize(
    "options",
    [
        SamplingOptions(temperature=1.0, top_p=1.0),
        SamplingOptions(temperature=0.3, top_p=1.0),
        SamplingOptions(temperature=1.0, top_p=1.0, top_k=7),
        SamplingOptions(temperature=1.0, top_p=1.0, top_k=10_000),
        SamplingOptions(temperature=1.0, top_p=0.6),
        SamplingOptions(temperature=2.0, top_p=0.0),
        SamplingOptions(temperature=1.7, top_p=0.9, top_k=20),
        SamplingOptions(temperature=0.9, top_p=0.8, top_k=30, repetition_penalty=1.8),
        SamplingOptions(temperature=1.2, top_p=1.0, min_p=0.2),
        SamplingOptions(temperature=0.9, top_p=0.9, top_k=30, min_p=0.05),
    ],
)
def test_chances_equal_those_of_transformers(options: SamplingOptions) -> None:
    logits_V = torch.randn(100, generator=torch.Generator().manual_seed(0)) * 3
    logits_V[10] = logits_V[11]  # a tie

    ids_K, scores_K = candidates(logits_V, options, CONTEXT)

    chances_V = torch.zeros(100).index_copy(0, ids_K, scores_K.softmax(dim=-1))
    torch.testing.assert_close(chances_V, reference(logits_V, options))


def test_draws_follow_the_chances() -> None:
    logits_V = torch.tensor([2.0, 1.0, 0.0, -1.0])
    options = SamplingOptions(temperature=1.5, top_k=3, top_p=1.0)
    generator = torch.Generator().manual_seed(0)

    counts = torch.zeros(4)
    for _ in range(4000):
        counts[pick(logits_V, options, generator)[0]] += 1

    torch.testing.assert_close(counts / 4000, reference(logits_V, options), atol=0.03, rtol=0)


def test_temperature_zero_takes_the_likeliest_and_tells_its_plain_probability() -> None:
    logits_V = torch.tensor([0.0, 1.0, 3.0])

    token_id, probability = pick(logits_V, SamplingOptions(temperature=0))

    assert token_id == 2
    assert probability == pytest.approx(math.exp(3) / (1 + math.e + math.exp(3)))


def test_repetition_penalty_makes_a_token_less_likely_whatever_its_sign() -> None:
    scores_V = torch.tensor([2.0, -2.0, 0.5, -0.5])

    assert penalised(scores_V, 2.0, [0, 1, 1]).tolist() == [1.0, -4.0, 0.5, -0.5]


def test_repetition_penalty_acts_at_temperature_zero() -> None:
    logits_V = torch.tensor([2.0, 3.0, -1.0])

    assert pick(logits_V, SamplingOptions(temperature=0, repetition_penalty=2.0), context_ids=[1])[0] == 0


def test_same_seed_draws_the_same_tokens() -> None:
    logits_V = torch.randn(50)

    one, two = (
        [pick(logits_V, SamplingOptions(), generator)[0] for _ in range(20)]
        for generator in (torch.Generator().manual_seed(3), torch.Generator().manual_seed(3))
    )

    assert one == two


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_diverged_network_is_named(value: float) -> None:
    with pytest.raises(StudioError) as caught:
        pick(torch.tensor([1.0, value]), SamplingOptions())

    assert caught.value.code == "logits-not-finite"


def test_forbidden_tokens_are_never_drawn() -> None:
    logits_V = torch.tensor([-math.inf, 0.0, -math.inf])

    assert pick(logits_V, SamplingOptions(temperature=5.0, top_p=1.0), torch.Generator())[0] == 1
