"""A chat, measured: loss on answers, answers beside true ones, the nearest learnt question and the base for scale."""

# R rows, A rows that were answered

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from slm_studio.core.messages import Dialogue
from slm_studio.core.results import Baseline, Metric
from slm_studio.engine.measuring import compare, scoring


def answer_metrics(answers: Sequence[str], true: Sequence[str], ended: Sequence[bool]) -> tuple[Metric, ...]:
    """Return how often answers end by themselves, how like the true ones they are, how different from each other."""
    from slm_studio.engine.measuring import dialogues

    return (dialogues.stop_rate(ended), dialogues.chrf(answers, true), *dialogues.variety(answers))


def likeness(answers: Sequence[str], true: Sequence[str]) -> np.ndarray:
    """Return how like its true one each answer is [A], from 0 to 1."""
    from slm_studio.engine.measuring import dialogues

    return dialogues.chrf_each(answers, true)


def loss_metrics(nats_R: np.ndarray, tokens_R: np.ndarray) -> tuple[Metric, ...]:
    """Return the loss of a token of the answers, and how many tokens one is as unsure as between."""
    held = np.flatnonzero(tokens_R)
    nats_R, tokens_R = nats_R[held], tokens_R[held]
    loss = float(nats_R.sum() / tokens_R.sum())
    low, high = scoring.bootstrap(lambda places: float(nats_R[places].sum() / tokens_R[places].sum()), len(held))
    perplexity, least, most = (math.exp(min(each, 700)) for each in (loss, low, high))
    return (
        Metric(key="answer_loss", value=loss, low=low, high=high),
        Metric(key="perplexity", value=perplexity, low=least, high=most),
    )


def nearest(learnt: Sequence[Dialogue], scored: Sequence[Dialogue], mine_A: np.ndarray) -> Baseline:
    """Return how the answer to the nearest learnt question does; `mine_A` is the likeness of the model's own answers."""
    from slm_studio.engine.measuring import dialogues

    began = time.perf_counter()
    true = [each[-1].content for each in scored]
    answers = dialogues.nearest_answers(learnt, [each[:-1] for each in scored])
    gain = compare.paired(mine_A, dialogues.chrf_each(answers, true), np.ones(len(scored)))
    return Baseline(
        key="nearest",
        metrics=(dialogues.chrf(answers, true),),
        seconds=time.perf_counter() - began,
        verdict=compare.paired_verdict(gain, len(scored)),
    )


def base(other_R: np.ndarray, mine_R: np.ndarray, tokens_R: np.ndarray, began: float) -> Baseline:
    """Return how the base foresees the same answers as it was; nats of each row, and what the paired gain says."""
    gain = compare.paired(other_R, mine_R, tokens_R)
    return Baseline(
        key="base",
        metrics=tuple(replace(each, low=None, high=None) for each in loss_metrics(other_R, tokens_R)),
        seconds=time.perf_counter() - began,
        verdict=compare.paired_verdict(gain, int((tokens_R > 0).sum())),
    )
