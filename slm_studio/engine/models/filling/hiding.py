"""Hiding: which tokens of a block are hidden, and what stands there instead: [MASK], another token, or the token itself.

Everything is a function of numbers (a seed, the block's place, the token's place), never of what was drawn before: a run
that goes on hides what it would have hidden, held-out rows hide the same tokens at every look, and who shares a batch
changes nothing.
Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805; whole words: https://github.com/google-research/bert, May 2019
"""

# B blocks, T tokens

from dataclasses import dataclass

import numpy as np

from slm_studio.engine.models.filling.pieces import PieceTable

CHOICE, FATE, OTHER = 0, 1, 2  # what a number is drawn for


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How much is hidden, and how."""

    hidden: float = 0.15  # of all tokens
    masked: float = 0.8  # of the hidden ones: those in whose place [MASK] stands
    random: float = (
        0.1  # … and those in whose place another token stands; the rest stay, and are asked for all the same
    )


def drawn(seed: int, places_B: np.ndarray, width: int, purpose: int) -> np.ndarray:
    """Return a number (0…1, without 1) for each token of some blocks: [B, T], the same for the same arguments.

    Source: splitmix64, Steele et al. 2014, https://doi.org/10.1145/2714064.2660195
    """
    with np.errstate(over="ignore"):
        state_B = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + places_B.astype(np.uint64)
        state_B = _mixed(state_B) + np.uint64(purpose)
        state_BT = _mixed(_mixed(state_B)[:, None] + np.arange(width, dtype=np.uint64)[None])
    return (state_BT >> np.uint64(11)) * 2.0**-53


def hide(
    ids_BT: np.ndarray,
    starts_BT: np.ndarray,
    inside_BT: np.ndarray,
    places_B: np.ndarray,
    seed: int,
    share: float,
    table: PieceTable,
) -> np.ndarray:
    """Return which tokens are hidden [B, T]: each unit with probability `share`, at least one of each block.

    `starts_BT` says where units begin, `inside_BT` what is no padding. Control tokens are never hidden.
    """
    may_BT = inside_BT & ~table.spared_V[ids_BT]
    first_BT = np.maximum.accumulate(np.where(starts_BT, np.arange(ids_BT.shape[1]), 0), axis=1)
    chance_BT = np.take_along_axis(drawn(seed, places_B, ids_BT.shape[1], CHOICE), first_BT, axis=1)
    chance_BT = np.where(may_BT, chance_BT, 2.0)
    least_B1 = chance_BT.min(axis=1, keepdims=True, initial=2.0)
    found: np.ndarray = may_BT & (chance_BT < np.maximum(share, np.nextafter(least_B1, 3.0)))
    return found


def disguised(
    ids_BT: np.ndarray,
    hidden_BT: np.ndarray,
    places_B: np.ndarray,
    seed: int,
    shares: Shares,
    mask_id: int,
    table: PieceTable,
) -> np.ndarray:
    """Return the tokens that the net gets to see in place of the hidden ones."""
    width = ids_BT.shape[1]
    fate_BT, plain = drawn(seed, places_B, width, FATE), table.plain
    others_BT = plain[(drawn(seed, places_B, width, OTHER) * len(plain)).astype(np.int64)]
    is_masked_BT = hidden_BT & (fate_BT < shares.masked)
    is_other_BT = hidden_BT & ~is_masked_BT & (fate_BT < shares.masked + shares.random)
    return np.where(is_masked_BT, mask_id, np.where(is_other_BT, others_BT, ids_BT))


def _mixed(state: np.ndarray) -> np.ndarray:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = state ^ (state >> np.uint64(31))
    return mixed
