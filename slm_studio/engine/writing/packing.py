"""Packing: short dialogues side by side in blocks, so that no step is spent on padding and none looks into its neighbour.

A block has no attention mask: its positions begin at 0 with every dialogue, from which transformers makes a mask that ends at each
(masking_utils.find_packed_sequence_indices). That holds only without a cache: call the net with `use_cache=False`.
"""

# B blocks, T tokens of a block, N examples, P places where something is learnt, K learnt tokens, V vocabulary

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel


def pack(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return which examples share a block of `size` tokens: the longest first, each into the fullest block that has room.

    The same lengths give the same blocks. Example: pack([3, 5, 2, 4], 7) == [[1, 2], [3, 0]]
    """
    by_room: list[list[int]] = [[] for _ in range(size + 1)]  # room → numbers of blocks
    blocks: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        length = lengths[place]
        room = next((room for room in range(length, size + 1) if by_room[room]), None)
        if room is None:
            if length > size:
                raise ValueError(f"an example of {length} tokens in blocks of {size}")
            blocks.append([])
            number, room = len(blocks) - 1, size
        else:
            number = by_room[room].pop()
        blocks[number].append(place)
        by_room[room - length].append(number)
    return blocks


@dataclass(frozen=True, slots=True)
class Blocks:
    """Examples of a batch side by side."""

    ids_BT: Tensor
    answers_BT: Tensor  # bool: tokens that are learnt; never the first of an example
    positions_BT: Tensor
    owners_BT: Tensor  # the example that each token is of


def side_by_side(ids_NT: Tensor, answers_NT: Tensor, lengths_N: Tensor, pad_id: int) -> Blocks:
    """Return a batch whose short examples share blocks, as wide as its longest: never more blocks than examples."""
    lengths, width = lengths_N.tolist(), ids_NT.shape[1]
    groups = pack(lengths, width)
    ids_BT = ids_NT.new_full((len(groups), width), pad_id)
    answers_BT = torch.zeros_like(ids_BT, dtype=torch.bool)
    positions_BT, owners_BT = torch.zeros_like(ids_BT), torch.zeros_like(ids_BT)
    for place, group in enumerate(groups):
        at = 0
        for example in group:
            length = lengths[example]
            here = slice(at, at + length)
            ids_BT[place, here] = ids_NT[example, :length]
            answers_BT[place, here] = answers_NT[example, :length].bool()
            answers_BT[place, at] = False  # it would follow from its neighbour
            positions_BT[place, here] = torch.arange(length, device=ids_NT.device)
            owners_BT[place, here] = example
            at += length
    return Blocks(ids_BT, answers_BT, positions_BT, owners_BT)


def learnt_nats(net: PreTrainedModel, blocks: Blocks) -> tuple[Tensor, Tensor]:
    """Return the nats [K] of each learnt token, and the example [K] that it is of."""
    learnt_BT = blocks.answers_BT[:, 1:]
    # Logits are asked for where any block has something to learn: they are the most that a step has to hold.
    places_P = learnt_BT.any(0).nonzero().flatten()
    keeps = net._supports_logits_to_keep()
    logits_BPV = net(
        input_ids=blocks.ids_BT, position_ids=blocks.positions_BT, use_cache=False,
        **({"logits_to_keep": places_P} if keeps else {}),
    ).logits  # fmt: skip
    logits_BPV = logits_BPV if keeps else logits_BPV[:, places_P]
    mask_BP = learnt_BT[:, places_P]
    targets_K = blocks.ids_BT[:, 1:][:, places_P][mask_BP]
    nats_K = functional.cross_entropy(logits_BPV[mask_BP].float(), targets_K, reduction="none")
    return nats_K, blocks.owners_BT[:, 1:][:, places_P][mask_BP]
