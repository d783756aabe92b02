"""From texts to vectors: prefixed, cut at the model's length, read in batches of like length, brought to length 1."""

# B texts of a batch, T tokens, D numbers of a vector, N texts of all

import sys
import time
from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from slm_studio.core.events import Progress
from slm_studio.core.work import Work, outcome
from slm_studio.engine.examples import IDS, MASK, Batch, Packer, by_length
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.embedding.net import BagForTextVectors
from slm_studio.engine.models.encoding import Ids, encode_framed
from slm_studio.engine.models.features import BagTokenizer
from slm_studio.engine.models.lengths import length_of

Side = Literal["query", "passage"]
QUERY: Side = "query"
PASSAGE: Side = "passage"
PREFIXES, POOLING = "prefixes", "pooling"  # facts
BATCH = 32  # texts that are read together
LIVELY = 0.25  # seconds between two signs of life
READING = "Reading passages"


def prefixes_of(loaded: Loaded) -> dict[str, str]:
    """Return what stands before questions and before passages."""
    found = loaded.facts.get(PREFIXES)
    query, passage = found if isinstance(found, list | tuple) and len(found) == 2 else ("", "")
    return {QUERY: str(query), PASSAGE: str(passage)}


def encode_side(loaded: Loaded, texts: Sequence[str], side: Side, limit: int = 0) -> list[Ids]:
    """Return token ids of texts with their prefix, cut at the model's length."""
    prefix = prefixes_of(loaded)[side]
    return encode_framed(loaded.tokenizer, [prefix + text for text in texts], limit or length_of(loaded))  # type: ignore[arg-type]


def whole_lengths(loaded: Loaded, texts: Sequence[str], side: Side = QUERY) -> list[int]:
    """Return how many tokens each text would be, were none cut; a bag reads all words, and so none is."""
    if isinstance(loaded.tokenizer, BagTokenizer):
        return []
    return [len(ids) for ids in encode_side(loaded, texts, side, sys.maxsize)]


def vectors_of(loaded: Loaded, ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Return vectors_BD of length 1; of a text that holds nothing known it is 0."""
    said = loaded.net(input_ids=ids_BT, attention_mask=mask_BT)
    if isinstance(loaded.net, BagForTextVectors):
        return functional.normalize(said.pooler_output.float(), dim=-1)
    hidden_BTD = said.last_hidden_state.float()
    if loaded.facts.get(POOLING) == "cls":
        return functional.normalize(hidden_BTD[:, 0], dim=-1)
    kept_BT1 = mask_BT[:, :, None].to(hidden_BTD.dtype)
    means_BD = (hidden_BTD * kept_BT1).sum(1) / kept_BT1.sum(1).clamp(min=1e-9)
    return functional.normalize(means_BD, dim=-1)


def embed(loaded: Loaded, texts: Sequence[str], side: Side, what: str = READING) -> Work[np.ndarray]:
    """Yield Progress; return vectors [N, D] of length 1 in the order of the texts."""
    packer = Packer(**{IDS: loaded.padding})
    packer.add(range(len(texts)), **{IDS: encode_side(loaded, texts, side)})
    packed = packer.packed()
    if len(texts):
        loaded.refuse_unknown(int(packed.sequences[IDS].values_S.max(initial=0)))
    vectors_ND = np.zeros((len(texts), width_of(loaded)), np.float32)
    done, told = 0, time.perf_counter()
    for places in by_length(packed.work_N, BATCH, 1):
        vectors_ND[places] = _read(loaded, packed.take(places))
        done += len(places)
        if time.perf_counter() - told > LIVELY:
            told = time.perf_counter()
            yield Progress(what, done, len(texts))
    return vectors_ND


def embed_now(loaded: Loaded, texts: Sequence[str], side: Side) -> np.ndarray:
    """Return vectors [N, D] of a few texts."""
    return outcome(embed(loaded, texts, side))


def width_of(loaded: Loaded) -> int:
    """Return the numbers of a vector."""
    config = loaded.net.config
    return int(cast(int, getattr(config, "hidden_size", None) or config.dim))


@torch.inference_mode()
def _read(loaded: Loaded, batch: Batch) -> np.ndarray:
    loaded.net.eval()
    return vectors_of(loaded, batch[IDS].to(loaded.device), batch[MASK].to(loaded.device)).cpu().numpy()
