"""Packing: short dialogues side by side in blocks, so that no step is spent on padding and none looks into its neighbour.

A block has no attention mask: its positions begin at 0 with every dialogue, from which transformers makes a mask that ends at each
(masking_utils.find_packed_sequence_indices). That holds only without a cache: call the net with `use_cache=False`.
"""

# B blocks, T tokens of a block

from collections.abc import Sequence

import numpy as np

IGNORED = -100  # what cross-entropy leaves out


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


def block(examples: Sequence[tuple[np.ndarray, np.ndarray]], size: int, pad_id: int) -> dict[str, np.ndarray]:
    """Return input_ids, labels and position_ids (T) of examples (ids, and which are learnt) side by side.

    Each padding token is a text of its own. The first token of an example is no label: it would follow from its neighbour.
    """
    input_ids = np.full(size, pad_id, np.int64)
    labels = np.full(size, IGNORED, np.int64)
    position_ids = np.zeros(size, np.int64)
    at = 0
    for ids, answers in examples:
        end = at + len(ids)
        input_ids[at:end] = ids
        labels[at:end] = np.where(answers, ids, IGNORED)
        labels[at] = IGNORED
        position_ids[at:end] = np.arange(len(ids))
        at = end
    return {"input_ids": input_ids, "labels": labels, "position_ids": position_ids}
