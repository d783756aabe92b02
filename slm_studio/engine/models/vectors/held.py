"""What a task asks of a net of word vectors again and again, kept as long as net, words or rows are."""

# S places of a stream, V words, D numbers of a vector

from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.word_vectors import Company, company
from slm_studio.engine.models.vectors.drawing import Draws, Sampling
from slm_studio.engine.models.vectors.net import FITTED, SLMForWordVectors
from slm_studio.engine.models.vectors.objective import Table
from slm_studio.engine.models.vectors.space import directions
from slm_studio.engine.models.vectors.texts import passages
from slm_studio.engine.models.vectors.vocabulary import WordVocabulary, stream_of

WINDOW = 5
PART = 256  # texts between two signs of life
_DRAWS: WeakKeyDictionary[WordVocabulary, tuple[tuple[Sampling, torch.device], Draws]] = WeakKeyDictionary()
_HELD: WeakKeyDictionary[Rows, tuple[WordVocabulary, Company]] = WeakKeyDictionary()


def window_of(loaded: Loaded) -> int:
    """Return how far words of a net look; of vectors from elsewhere as is usual."""
    return cast(int, loaded.facts.get("window") or WINDOW)


def objective_of(loaded: Loaded) -> str:
    """Return how a net learns; vectors from elsewhere do not say, and are taken for skip-gram's."""
    return str(loaded.net.config.objective or "skipgram")


def is_fitted(loaded: Loaded) -> bool:
    """Say whether a net fits counts."""
    return objective_of(loaded) == FITTED and bool(loaded.net.config.has_contexts)


def draws_of(loaded: Loaded) -> Draws:
    """Return what is drawn for a net; made once for a vocabulary."""
    vocabulary, facts = cast(WordVocabulary, loaded.tokenizer), loaded.facts
    sampling = Sampling(
        window=window_of(loaded),
        negative=cast(int, facts.get("negative", 5)),
        sample=cast(float, facts.get("sample", 0.001)),
        exponent=cast(float, facts.get("ns_exponent", 0.75)),
    )
    known = _DRAWS.get(vocabulary)
    if known is None or known[0] != (sampling, loaded.device):
        draws = Draws(vocabulary.counts, sampling, loaded.device)
        known = _DRAWS[vocabulary] = (sampling, loaded.device), draws
    return known[1]


def tables_of(loaded: Loaded) -> tuple[Table, Table]:
    """Return what looks up a word's vector, and what a word's as company; products of both are logits of “stands beside it”.

    GloVe's product and biases are the logarithm of a count. Against how often both words stand anyhow it is such a logit:
    these logarithms stand as two more numbers in each vector.
    """
    net, draws = cast(SLMForWordVectors, loaded.net), draws_of(loaded)
    if not is_fitted(loaded):
        return net.vectors, lambda ids: functional.embedding(ids, net.company())
    counts_V = torch.from_numpy(np.maximum(cast(WordVocabulary, loaded.tokenizer).counts, 1)).to(loaded.device)
    reach = 2 * sum(1 / apart for apart in range(1, window_of(loaded) + 1))
    beside_V1 = net.vector_biases.weight - torch.log(counts_V * reach).float()[:, None]
    anyhow_V1 = net.context_biases.weight - torch.log(draws.share_V * draws.sampling.negative).float()[:, None]
    one = net.vectors.weight.new_ones(1, 1)

    def vectors(ids: Tensor) -> Tensor:
        return torch.cat([net.vectors(ids), beside_V1[ids], one.expand(*ids.shape, 1)], dim=-1)

    def contexts(ids: Tensor) -> Tensor:
        return torch.cat([net.contexts(ids), one.expand(*ids.shape, 1), anyhow_V1[ids]], dim=-1)

    return vectors, contexts


@torch.no_grad()
def nats_of_pairs(loaded: Loaded, rows_N: Tensor, columns_N: Tensor) -> Tensor:
    """Return the nats [N] of telling the second of each pair from random words, where the first is known."""
    (vectors, contexts), draws = tables_of(loaded), draws_of(loaded)
    input_ND = vectors(rows_N)
    real_N = (input_ND * contexts(columns_N)).sum(-1)
    noise_NK = input_ND @ contexts(draws.spread()).T
    return functional.softplus(-real_N) + draws.sampling.negative * functional.softplus(noise_NK).mean(-1)


def stream_of_rows(rows: Rows, loaded: Loaded, role: str) -> Work[np.ndarray]:
    """Yield Progress; return the ids of the known words of rows, with the ends of texts between."""
    vocabulary, reads = cast(WordVocabulary, loaded.tokenizer), str(loaded.facts.get("reads", "lines"))
    texts = list(passages(rows.column(role), reads))
    found = [np.zeros(0, np.int32)]
    for start in range(0, len(texts), PART):
        found.append(stream_of(texts[start : start + PART], vocabulary))
        yield Progress("Turning text into words", min(start + PART, len(texts)), len(texts))
    return np.concatenate(found)


def company_of_rows(rows: Rows, loaded: Loaded, role: str) -> Work[Company]:
    """Yield Progress; return pairs of words of held-out rows, which are asked for at every look."""
    vocabulary = cast(WordVocabulary, loaded.tokenizer)
    known = _HELD.get(rows)
    if known is None or known[0] is not vocabulary:
        stream_S = yield from stream_of_rows(rows, loaded, role)
        sample = cast(float, loaded.facts.get("sample")) or 0.001
        found = company(stream_S, vocabulary.counts, window_of(loaded), sample)
        known = _HELD[rows] = vocabulary, found
    return known[1]


def company_tables(loaded: Loaded) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors, contexts, and what is added for each context: of GloVe its bias, less how frequent the word is anyhow."""
    net, counts_V = cast(SLMForWordVectors, loaded.net), cast(WordVocabulary, loaded.tokenizer).counts
    vectors_VD, contexts_VD = (each.detach().float().cpu().numpy() for each in (net.vectors.weight, net.company()))
    if is_fitted(loaded):
        biases_V = net.context_biases.weight.detach().float().cpu().numpy()[:, 0]
        return vectors_VD, contexts_VD, biases_V - np.log(np.maximum(counts_V, 1)).astype(np.float32)
    if not net.config.has_contexts:
        vectors_VD = contexts_VD = directions(vectors_VD)
    return vectors_VD, contexts_VD, np.zeros(len(counts_V), np.float32)
