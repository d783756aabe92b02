"""Word2vec's own steps: a word is foretold, and both tables move before the next one is looked at, as in its papers.

What is computed for one word is too little for a library of tensors, so Numba compiles these loops for the processor at
hand. A step of the training loop walks over a batch in copies of the rows that it meets; how far each row came, divided by
the rate of the step, is the gradient that the loop gets. Descending it leads to where word2vec would be.

Sources: Mikolov et al. 2013, https://arxiv.org/abs/1310.4546; Vigna 2016 (xorshift64*), https://arxiv.org/abs/1402.6246
"""

# B blocks, T words of the longest, S words that stay and the ends of texts, V vocabulary, D width, U different words of a
# batch, K a word and random ones

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numba import njit
from torch import Tensor
from torch.autograd.function import FunctionCtx

from slm_studio.engine.models.vectors.drawing import Draws

END, NONE = -1, -1  # of a text; no slot
TOLD = 512  # words of a batch whose loss is told
# Sums in any order, as vector units add them; what is not a number stays one, so that the loop sees it.
_compiled = njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Way:
    """How a batch is walked over."""

    draws: Draws
    is_cbow: bool
    rate: float
    workers: int = 1  # threads, each with a part of the blocks and copies of its own: what it changes is added


class Walk(NamedTuple):
    """Of both tables the ids [U] of the rows that moved, in order, and the gradient [U, D]; the mean loss of those pairs that are told."""

    vectors: tuple[np.ndarray, np.ndarray]
    contexts: tuple[np.ndarray, np.ndarray]
    loss: float


class _Rows(NamedTuple):
    """Copies of the rows of a table that a batch meets."""

    table_VD: np.ndarray
    slots_V: np.ndarray  # where the row of a word is; NONE where it is not
    ids_U: np.ndarray
    rows_UD: np.ndarray
    used: np.ndarray  # [1]: how many there are


class _Chance(NamedTuple):
    """What random words are drawn by."""

    own_V: np.ndarray
    others_V: np.ndarray
    state: np.ndarray  # [1]: of the generator, 64 bits


class Word2Vec(torch.autograd.Function):
    """The mean loss of a pair (of CBOW: of a word), and where the pairs of a batch lead one after another."""

    @staticmethod
    def forward(ctx: FunctionCtx, vectors_VD: Tensor, contexts_VD: Tensor, ids_BT: Tensor, way: Way) -> Tensor:
        """Walk over blocks of ids (END where none is); what is drawn comes from torch's generator."""
        tables = [table.detach().float().cpu().numpy() for table in (vectors_VD, contexts_VD)]
        parts = np.array_split(ids_BT.cpu().numpy(), min(way.workers, len(ids_BT)))
        seeds = torch.randint(1, 2**63 - 1, (len(parts),)).tolist()
        if len(parts) == 1:
            walks = [walk(*tables, parts[0], way, seeds[0])]
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                walks = list(pool.map(lambda part, seed: walk(*tables, part, way, seed), parts, seeds))
        ctx.walks, ctx.like = walks, vectors_VD
        return vectors_VD.new_tensor(np.mean([each.loss for each in walks]))

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return sparse gradients, of each table with its rows in order."""
        vectors, *more_vectors = (_sparse(*each.vectors, ctx.like) for each in ctx.walks)
        contexts, *more_contexts = (_sparse(*each.contexts, ctx.like) for each in ctx.walks)
        found = sum(more_vectors, vectors), sum(more_contexts, contexts)
        return (*(each.coalesce() * gradient for each in found), None, None)


def _sparse(ids_U: np.ndarray, values_UD: np.ndarray, like: Tensor) -> Tensor:
    values, places = torch.from_numpy(values_UD).to(like), torch.from_numpy(ids_U[None]).to(like.device)
    return torch.sparse_coo_tensor(places, values, like.shape, check_invariants=False, is_coalesced=True)


def walk(vectors_VD: np.ndarray, contexts_VD: np.ndarray, ids_BT: np.ndarray, way: Way, seed: int) -> Walk:
    """Return where blocks lead. A seed is not 0."""
    window, negative = way.draws.sampling.window, way.draws.sampling.negative
    chance = _Chance(*way.draws.places, np.array([seed], np.uint64))
    stream_S = _kept(ids_BT, way.draws.kept_V, chance)
    # The words of the text have the same slots in both tables; of the company random ones come behind them.
    slots_V = np.full(len(vectors_VD), NONE, np.int32)
    words_U = _numbered(stream_S, slots_V)
    words, drawn = len(words_U), negative * len(stream_S) * (1 if way.is_cbow else 2 * window)
    vectors = _rows(vectors_VD, slots_V, words_U, words)
    company = _rows(contexts_VD, slots_V, words_U, min(len(vectors_VD), words + drawn))
    learn = _cbow if way.is_cbow else _skip_gram
    nats, told = learn(stream_S, vectors.rows_UD, company, chance, window, negative, np.float32(way.rate))
    return Walk(_moved(vectors, way.rate), _moved(company, way.rate), nats / max(1, told))


def _rows(table_VD: np.ndarray, slots_V: np.ndarray, words_U: np.ndarray, room: int) -> _Rows:
    ids_U, rows_UD, words = np.empty(room, np.int64), np.empty((room, table_VD.shape[1]), np.float32), len(words_U)
    ids_U[:words], rows_UD[:words] = words_U, table_VD[words_U]
    return _Rows(table_VD, slots_V, ids_U, rows_UD, np.array([words]))


def _moved(rows: _Rows, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how far rows came, against their direction, for each unit of the rate."""
    order_U = np.argsort(rows.ids_U[: rows.used[0]])
    return rows.ids_U[order_U], _apart(rows, order_U, np.float32(1 / rate))


@_compiled
def _skip_gram(stream_S, vectors_UD, company, chance, window, negative, rate):
    """Foretell each word from each of its neighbours; return the nats and the pairs that are told."""
    pull_D, slots_K = np.empty(vectors_UD.shape[1], np.float32), np.empty(negative + 1, np.int64)
    nats, told = 0.0, 0
    for place in range(len(stream_S)):
        if stream_S[place] == END:
            continue
        first, last = _window(stream_S, place, window, chance)
        slots_K[0] = stream_S[place]
        for near in range(first, last + 1):
            if near == place:
                continue
            slot, count = stream_S[near], _draw(slots_K, company, chance)
            nats += _foretell(vectors_UD[slot], pull_D, slots_K[:count], company.rows_UD, rate, place < TOLD)
            told += place < TOLD
            for d in range(len(pull_D)):
                vectors_UD[slot, d] += pull_D[d]
    return nats, told


@_compiled
def _cbow(stream_S, vectors_UD, company, chance, window, negative, rate):
    """Foretell each word from the mean of its neighbours; return the nats and the words that are told."""
    width = vectors_UD.shape[1]
    mean_D, pull_D, slots_K = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(negative + 1, np.int64)
    nats, told = 0.0, 0
    for place in range(len(stream_S)):
        if stream_S[place] == END:
            continue
        first, last = _window(stream_S, place, window, chance)
        if first == last:
            continue
        share = np.float32(1 / (last - first))
        for d in range(width):
            mean_D[d] = 0
        for near in range(first, last + 1):
            if near != place:
                slot = stream_S[near]
                for d in range(width):
                    mean_D[d] += vectors_UD[slot, d] * share
        slots_K[0] = stream_S[place]
        count = _draw(slots_K, company, chance)
        nats += _foretell(mean_D, pull_D, slots_K[:count], company.rows_UD, rate, place < TOLD)
        told += place < TOLD
        for near in range(first, last + 1):  # as in word2vec, every neighbour takes the whole of it, not its share
            if near != place:
                slot = stream_S[near]
                for d in range(width):
                    vectors_UD[slot, d] += pull_D[d]
    return nats, told


@_compiled
def _foretell(input_D, pull_D, slots_K, company_UD, rate, is_told):
    """Tell a word, the first, from random ones: company moves, and `pull_D` becomes what the input should. Return the nats."""
    width, nats = len(input_D), 0.0
    for d in range(width):
        pull_D[d] = 0
    for place, slot in enumerate(slots_K):
        wanted, logit = np.float32(place == 0), np.float32(0)
        for d in range(width):
            logit += input_D[d] * company_UD[slot, d]
        if is_told:
            nats += np.log1p(np.exp(-logit if wanted else logit))
        stride = (wanted - np.float32(1) / (np.float32(1) + np.exp(-logit))) * rate
        for d in range(width):
            here = company_UD[slot, d]
            pull_D[d] += stride * here
            company_UD[slot, d] = here + stride * input_D[d]
    return nats


@_compiled
def _draw(slots_K, company, chance):
    """Draw random words behind the first, which is to be foretold; return how many slots count."""
    count = 1
    for _ in range(1, len(slots_K)):
        place = _random(chance) * len(chance.own_V)
        word = int(place)
        if place - word >= chance.own_V[word]:
            word = chance.others_V[word]
        slot = company.slots_V[word]
        if slot == NONE:
            slot = company.used[0]
            company.slots_V[word], company.ids_U[slot] = slot, word
            for d in range(company.rows_UD.shape[1]):
                company.rows_UD[slot, d] = company.table_VD[word, d]
            company.used[0] += 1
        if slot != slots_K[0]:  # as in word2vec: it would push away what is pulled
            slots_K[count] = slot
            count += 1
    return count


@_compiled
def _window(stream_S, place, window, chance):
    """Return the first and the last place of a window of random reach, which ends with the text at the latest."""
    reach = 1 + int(_random(chance) * window)
    first, last = place, place
    while first > 0 and place - first < reach and stream_S[first - 1] != END:
        first -= 1
    while last - place < reach and stream_S[last + 1] != END:  # the last place of all is an end
        last += 1
    return first, last


@_compiled
def _random(chance):
    """Return a number from 0 to below 1. Half the time is drawing: Numba's own generator takes several times as long."""
    state = chance.state[0]
    state ^= state >> np.uint64(12)
    state ^= state << np.uint64(25)
    state ^= state >> np.uint64(27)
    chance.state[0] = state
    return np.float64((state * np.uint64(2685821657736338717)) >> np.uint64(11)) * 2.0**-53


@_compiled
def _kept(ids_BT, kept_V, chance):
    """Return the words that stay [S]; each text ends with END, and each block ends one."""
    stream_S = np.empty(ids_BT.size + len(ids_BT), np.int64)
    count = 0
    for block in range(len(ids_BT)):
        for word in ids_BT[block]:
            if word == END or _random(chance) < kept_V[word]:
                stream_S[count] = word
                count += 1
        stream_S[count] = END
        count += 1
    return stream_S[:count]


@_compiled
def _numbered(stream_S, slots_V):
    """Put slots in the place of words; return the word [U] of each slot."""
    words_U, count = np.empty(len(stream_S), np.int64), 0
    for place, word in enumerate(stream_S):
        if word == END:
            continue
        if slots_V[word] == NONE:
            slots_V[word], words_U[count] = count, word
            count += 1
        stream_S[place] = slots_V[word]
    return words_U[:count]


@_compiled
def _apart(rows, order_U, scale):
    found_UD = np.empty((len(order_U), rows.rows_UD.shape[1]), np.float32)
    for place, slot in enumerate(order_U):
        word = rows.ids_U[slot]
        for d in range(rows.rows_UD.shape[1]):
            found_UD[place, d] = (rows.table_VD[word, d] - rows.rows_UD[slot, d]) * scale
    return found_UD
