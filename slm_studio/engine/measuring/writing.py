"""Writing: how well a model foresees text, as loss, perplexity and bits a byte, each with its interval."""

# N blocks

import math

import numpy as np

from slm_studio.core.results import Metric
from slm_studio.engine.measuring import scoring


def writing_metrics(nats_N: np.ndarray, tokens_N: np.ndarray, size: int) -> tuple[Metric, ...]:
    """Return the scores of blocks by the nats and tokens of each; `size` is all bytes of the text."""
    loss = float(nats_N.sum() / tokens_N.sum())
    low, high = scoring.bootstrap(lambda places: float(nats_N[places].sum() / tokens_N[places].sum()), len(nats_N))
    bits = float(tokens_N.sum()) / size / math.log(2)  # nats a token → bits a byte
    return (
        Metric(key="loss", value=loss, low=low, high=high),
        Metric(
            key="perplexity", value=math.exp(min(loss, 700)), low=math.exp(min(low, 700)), high=math.exp(min(high, 700))
        ),
        Metric(key="bits_per_byte", value=loss * bits, low=low * bits, high=high * bits),
    )
