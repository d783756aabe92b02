"""Packed examples: what rows became, in flat arrays, with the row that each came from.

A token costs 4 bytes here; lists of numbers in dicts took eight times as much and were slower to make batches of.
"""

# N examples, B of them in a batch, T tokens of the longest, S tokens of all

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

Batch = dict[str, Tensor]
IDS, MASK = "input_ids", "attention_mask"
TYPES = "token_type_ids"  # of which text of a pair a token is
WEIGHTS = "weights"  # how much each example counts while learning, where rows say it
Ids = Sequence[int] | np.ndarray
HELD = 2**27  # numbers that a net may answer with at once: half a gigabyte, and as much again for their likelihoods


@dataclass(frozen=True, slots=True)
class Ragged:
    """Sequences of unequal length behind one another: values [S], offsets [N + 1]."""

    values_S: np.ndarray
    offsets_N: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Return the length of each sequence."""
        return np.diff(self.offsets_N)

    def __getitem__(self, place: int) -> np.ndarray:
        return self.values_S[self.offsets_N[place] : self.offsets_N[place + 1]]

    def take(self, places_B: np.ndarray, filler: int, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Return some sequences as [B, T], short ones filled at the end, and where [B, T] they are not. T is at least `least`."""
        starts_B = self.offsets_N[places_B]
        lengths_B = self.offsets_N[places_B + 1] - starts_B
        inside_BT = np.arange(max(least, int(lengths_B.max(initial=0)))) < lengths_B[:, None]
        kind = np.int64 if np.issubdtype(self.values_S.dtype, np.integer) else self.values_S.dtype
        out_BT = np.full(inside_BT.shape, filler, kind)
        before_B = np.cumsum(lengths_B) - lengths_B
        out_BT[inside_BT] = self.values_S[np.repeat(starts_B - before_B, lengths_B) + np.arange(lengths_B.sum())]
        return out_BT, inside_BT


@dataclass(frozen=True, slots=True)
class Packed:
    """Examples, column by column: sequences (with what fills the tail of a short one in a batch) and single numbers."""

    sequences: Mapping[str, Ragged]
    fillers: Mapping[str, int]
    numbers: Mapping[str, np.ndarray]  # name → [N], whole ones int64, others float32
    rows_N: np.ndarray  # the row that each example came from; a block of joined rows has its own number
    work_N: np.ndarray  # tokens that each is worth, when batches are planned and speed is told
    width: int = 1  # ids of a token: also where all of a batch are empty, there is room for one

    def __len__(self) -> int:
        return len(self.rows_N)

    def take(self, places: Sequence[int] | np.ndarray) -> Batch:
        """Return a batch: sequences as [B, T], numbers as [B], and the attention mask of the token ids, int64 but for fractions."""
        places_B = np.asarray(places, np.int64)
        batch: Batch = {}
        for name, ragged in self.sequences.items():
            cells_BT, inside_BT = ragged.take(places_B, self.fillers[name], self.width if name == IDS else 1)
            batch[name] = torch.from_numpy(cells_BT)
            if name == IDS:
                batch[MASK] = torch.from_numpy(inside_BT.astype(np.int64))
        for name, numbers_N in self.numbers.items():
            batch[name] = torch.from_numpy(numbers_N[places_B])
        return batch


def joined(first: Packed, second: Packed) -> Packed:
    """Return the examples of both; rows of the second count on from those of the first."""
    sequences = {
        name: Ragged(
            np.concatenate([ragged.values_S, second.sequences[name].values_S]),
            np.concatenate([ragged.offsets_N, second.sequences[name].offsets_N[1:] + ragged.offsets_N[-1]]),
        )
        for name, ragged in first.sequences.items()
    }
    rows = int(first.rows_N.max(initial=-1)) + 1
    return Packed(
        sequences,
        first.fillers,
        {name: np.concatenate([numbers_N, second.numbers[name]]) for name, numbers_N in first.numbers.items()},
        np.concatenate([first.rows_N, second.rows_N + rows]),
        np.concatenate([first.work_N, second.work_N]),
        first.width,
    )


def by_length(work_N: np.ndarray, most: int, width: int) -> Iterator[np.ndarray]:
    """Yield the places of all examples, those of like length together so that little is padding, at most `most` at once.

    Fewer where a net answers each token with `width` numbers: 64 dialogues of 1,024 tokens and a vocabulary of 49,152
    would be 13 GB.
    """
    order_N = np.argsort(work_N, kind="stable")
    start = 0
    while start < len(order_N):
        held = np.arange(1, most + 1)[: len(order_N) - start] * work_N[order_N[start : start + most]] * width
        stop = start + max(1, int(np.searchsorted(held, HELD, side="right")))
        yield order_N[start:stop]
        start = stop


def weighed(packed: Packed, weights: Sequence[float]) -> Packed:
    """Return examples of which each counts as much as its row says."""
    weights_N = np.asarray(weights, np.float32)[packed.rows_N]
    return replace(packed, numbers={**packed.numbers, WEIGHTS: weights_N})


def weighed_mean(losses_B: Tensor, batch: Batch, each_B: Tensor | None = None) -> Tensor:
    """Return the mean of losses, in which each counts as much as its row says and as `each_B` does: tokens, weights of classes."""
    weights_B = batch[WEIGHTS].to(losses_B.dtype)
    counts_B = weights_B if each_B is None else weights_B * each_B
    return (weights_B * losses_B).sum() / counts_B.sum().clamp(min=1e-6)


def _flat(cells: Ids) -> np.ndarray:
    """Return whole numbers in four bytes each, and fractions as they are."""
    is_fraction = isinstance(cells, np.ndarray) and cells.dtype.kind == "f"
    return cells if is_fraction else np.asarray(cells, np.int32)


class Packer:
    """Gathers examples part by part. `fillers` names the sequences and what fills their tails; all else are numbers."""

    def __init__(self, **fillers: int) -> None:
        self.fillers = fillers
        self._values: dict[str, list[np.ndarray]] = {name: [] for name in fillers}
        self._lengths: dict[str, list[np.ndarray]] = {name: [] for name in fillers}
        self._numbers: dict[str, list[np.ndarray]] = {}
        self._rows: list[np.ndarray] = []

    def add(self, rows: Ids, **columns: Sequence[Ids] | Ids) -> None:
        """Add one example for each of `rows`; every column holds as many sequences, or numbers."""
        self._rows.append(np.asarray(rows, np.int64))
        for name, cells in columns.items():
            assert len(cells) == len(rows), name
            if name in self.fillers:
                self._values[name] += [_flat(each) for each in cells]
                self._lengths[name].append(np.fromiter(map(len, cells), np.int64, len(cells)))  # type: ignore[arg-type]
            else:
                numbers = np.asarray(cells)
                kind = np.float32 if numbers.dtype.kind == "f" else np.int64
                self._numbers.setdefault(name, [])
                if len(numbers):  # none are of no kind
                    self._numbers[name].append(numbers.astype(kind))

    def packed(self, *, unpaid: int = 0, width: int = 1) -> Packed:
        """Return all examples. `unpaid` tokens of each are no work: the first of a text that is written is not guessed.

        A token has `width` ids.
        """
        sequences = {
            name: Ragged(
                np.concatenate([np.zeros(0, np.int32), *values]),
                np.concatenate([np.zeros(1, np.int64), *self._lengths[name]]).cumsum(),
            )
            for name, values in self._values.items()
        }
        rows_N = np.concatenate([np.zeros(0, np.int64), *self._rows])
        work_N = sequences[IDS].lengths // width - unpaid if IDS in sequences else np.ones(len(rows_N), np.int64)
        numbers = {name: np.concatenate(parts or [np.zeros(0, np.int64)]) for name, parts in self._numbers.items()}
        return Packed(sequences, self.fillers, numbers, rows_N, work_N, width)
