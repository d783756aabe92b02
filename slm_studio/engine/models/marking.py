"""From sentences of any length to marked stretches: windows are read by themselves, and what was read is joined."""

# B rows of a batch, N examples, T words or pieces, L labels

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from slm_studio.engine.examples import IDS, MASK, Batch, Packed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.spans import Entity, entities_of
from slm_studio.engine.models.crf import Chain, Lattice, bio_chain, viterbi
from slm_studio.engine.models.sentences import FIRSTS, START, add_sentences, sentence_packer, slots_of
from slm_studio.engine.models.windows import joined, seams

READ = 32  # windows that are read together


@dataclass(frozen=True, slots=True)
class Window:
    """Some words of a sentence, their tags, and what knows how sure they are, with its row there."""

    words: range
    tags: list[str]
    lattice: Lattice
    row: int


def pack_sentences(loaded: Loaded, sentences: Sequence[Sequence[str]]) -> Packed:
    """Return sentences whose tags are not known as examples. Raises StudioError where a token stands beyond the net's table."""
    packer = sentence_packer(loaded)
    add_sentences(packer, loaded, range(len(sentences)), sentences, [[] for _ in sentences])
    packed = packer.packed(width=slots_of(loaded))
    loaded.refuse_unknown(int(packed.sequences[IDS].values_S.max(initial=0)))
    return packed


def mark_sentences(
    loaded: Loaded, labels: Sequence[str], sentences: Sequence[Sequence[str]]
) -> Iterator[tuple[int, Entity, float]]:
    """Yield (which sentence, words that bear a type, how likely that is), in their order."""
    packed = pack_sentences(loaded, sentences)
    read = _read(loaded, labels, packed)
    for place, (first, stop) in enumerate(_groups(packed.rows_N)):
        mine = read[first:stop]
        words, tags = [each.words for each in mine], [each.tags for each in mine]
        bounds = seams(words, tags)
        for entity in entities_of(joined(words, tags)):
            yield place, entity, _score(mine[bisect_right(bounds, entity.start) - 1], labels, entity)


def tags_of_rows(examples: Packed, tags_N: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the tags of each row's words from those of the examples that it became."""
    starts_N = examples.numbers[START]
    words = [range(start, start + len(tags)) for start, tags in zip(starts_N.tolist(), tags_N, strict=True)]
    return [joined(words[first:stop], tags_N[first:stop]) for first, stop in _groups(examples.rows_N)]


def emissions(loaded: Loaded, labels: Sequence[str], batch: Batch) -> tuple[Tensor, Chain]:
    """Return log scores [B, T, L] of each place and the chain in which tags may follow each other."""
    if slots_of(loaded) > 1:
        logits_BTL = loaded.net(input_ids=batch[IDS], attention_mask=batch[FIRSTS]).logits.float()
        return logits_BTL, loaded.net.chain() + bio_chain(labels, logits_BTL)
    logits_BTL = loaded.net(input_ids=batch[IDS], attention_mask=batch[MASK]).logits.float()
    return logits_BTL.log_softmax(-1), bio_chain(labels, logits_BTL)


def best_tags(emissions_BTL: Tensor, firsts_BT: Tensor, chain: Chain) -> np.ndarray:
    """Return the numbers of the best tags of each row's words as an array of arrays."""
    tags_BT = viterbi(emissions_BTL, firsts_BT, chain)
    found = np.empty(len(tags_BT), object)
    for row, (tags, firsts) in enumerate(zip(tags_BT.cpu(), firsts_BT.cpu(), strict=True)):
        found[row] = tags[firsts].numpy()
    return found


@torch.inference_mode()
def _read(loaded: Loaded, labels: Sequence[str], packed: Packed) -> list[Window]:
    """Return every example read, in batches of like length."""
    found: dict[int, Window] = {}
    order = np.argsort(packed.work_N, kind="stable")
    for start in range(0, len(order), READ):
        places = order[start : start + READ]
        batch = {name: tensor.to(loaded.device) for name, tensor in packed.take(places).items()}
        emissions_BTL, chain = emissions(loaded, labels, batch)
        firsts_BT = batch[FIRSTS].bool()
        lattice = Lattice(emissions_BTL, firsts_BT, chain)
        for row, (place, numbers) in enumerate(
            zip(places.tolist(), best_tags(emissions_BTL, firsts_BT, chain), strict=True)
        ):
            first = int(packed.numbers[START][place])
            tags = [labels[number] for number in numbers]
            found[place] = Window(range(first, first + len(tags)), tags, lattice, row)
    return [found[place] for place in range(len(order))]


def _score(window: Window, labels: Sequence[str], entity: Entity) -> float:
    """Return the probability of a span that begins in a window; of one that is longer than what windows share, of its part."""
    first, goes_on = window.words.start, f"I-{entity.type}"
    return window.lattice.span(
        window.row,
        entity.start - first,
        min(entity.end, window.words.stop) - first,
        labels.index(f"B-{entity.type}"),
        labels.index(goes_on) if goes_on in labels else None,
    )


def _groups(rows_N: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield where the examples of each row begin and end; they stand behind one another."""
    bounds = [0, *(np.flatnonzero(np.diff(rows_N)) + 1).tolist(), len(rows_N)]
    return pairwise(bounds) if len(rows_N) else iter(())
