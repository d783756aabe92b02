"""Rows as examples: the right text, from which a net that writes learns, and beside it all candidates with their errors."""

# N rows, B of them in a batch, M candidates

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.candidate_columns import FURTHER, OWNS, SCORE_NAMES
from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.data.lists import MOST, Listed
from slm_studio.engine.examples import IDS, MASK, Batch, Packed, Packer
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.edits import edits, units_in
from slm_studio.engine.measuring.weighing import Lists
from slm_studio.engine.ordering.asking import Encoded, encode_lists, encode_right, lender_of, way_of
from slm_studio.engine.task import Seen, parts

CANDIDATES, CUTS = "candidates", "cuts"  # the tokens of all candidates behind one another, and how many each has
OWN, ERRORS, SIZES = "own", "errors", "sizes"  # of each candidate: its own score, its edits, its units
SKIP, SKIP_RIGHT = "skip", "skip_right"  # tokens before a candidate, before the right text
TOGETHER = 16  # lists between two signs of life
COUNT, TRUE = "count", "true"  # of a row: its candidates, the units of its right text
_OF_CANDIDATES = (OWN, ERRORS, SIZES)  # … and of those that bring further scores these, by their roles


@dataclass(frozen=True, slots=True)
class Counting:
    """In what errors are counted."""

    unit: str
    loosely: bool

    def units(self, text: str) -> Sequence[str]:
        """Return the units of a text."""
        return units_in(text, self.unit, loosely=self.loosely)


def pack_lists(loaded: Loaded, lists: Sequence[Listed], counting: Counting, *, learns: bool) -> Work[Packed]:
    """Yield Progress; return an example of each row with a right text; where nothing is learnt from it, of those with candidates."""
    further = further_roles(loaded)
    numbers = (CUTS, *_OF_CANDIDATES, *further)
    packer = Packer(**dict.fromkeys((IDS, CANDIDATES), loaded.padding), **dict.fromkeys(numbers, 0))
    for part in parts(len(lists)):
        held = [
            at for at in range(part.start, part.stop) if lists[at].reference.strip() and (learns or lists[at].texts)
        ]
        some = [lists[at] for at in held]
        encoded = encode_lists(loaded, some)
        right, skips = _right(loaded, some, encoded)
        true = [counting.units(each.reference) for each in some]
        units = [[counting.units(text) for text in each.texts] for each in some]
        packer.add(
            held,
            **{
                IDS: right,
                CANDIDATES: [[id_ for ids in each.candidates for id_ in ids] for each in encoded],
                CUTS: [[len(ids) for ids in each.candidates] for each in encoded],
                OWN: [_numbers(each.own, each) for each in some],
                **{role: [_numbers(each.further.get(role, ()), each) for each in some] for role in further},
                ERRORS: [[edits(one, other) for one in mine] for mine, other in zip(units, true, strict=True)],
                SIZES: [[len(one) for one in mine] for mine in units],
                COUNT: [len(each.texts) for each in some],
                SKIP: [each.skip for each in encoded],
                SKIP_RIGHT: skips,
                TRUE: [len(each) for each in true],
            },
        )
        yield Progress("Turning text into tokens", part.stop, len(lists))
    return packer.packed()


def further_roles(loaded: Loaded) -> tuple[str, ...]:
    """Return the roles of own scores behind the first that a model weighs."""
    return tuple(role for role in own_names(loaded) if role in FURTHER)


def own_names(loaded: Loaded) -> dict[str, str]:
    """Return the roles of all own scores that a model weighs, each with the name of the column that it learnt from."""
    found, asks = loaded.facts.get(SCORE_NAMES), loaded.facts.get("asks")
    names = found if isinstance(found, dict) else {}
    return {role: str(names.get(role, role)) for role in OWNS if isinstance(asks, list | tuple) and role in asks}


def _numbers(scores: Sequence[float], one: Listed) -> np.ndarray:
    """Return the scores of a list; where it has none they tell nothing apart."""
    return np.array(scores or [0.0] * len(one.texts), np.float32)


def features_of(one: Listed, model_M: np.ndarray, sizes_M: np.ndarray, loaded: Loaded) -> Lists:
    """Return a list by itself as weights read it, without errors."""
    missing = [0.0] * len(one.texts)
    further = [one.further.get(role) or missing for role in further_roles(loaded)]
    features_1MF = np.stack([np.array(one.own or missing), model_M, sizes_M, *map(np.array, further)], axis=-1)[None]
    return Lists(features_1MF, np.zeros(features_1MF.shape[:2]), np.ones(features_1MF.shape[:2], bool))


def _right(loaded: Loaded, lists: Sequence[Listed], encoded: Sequence[Encoded]) -> tuple[list[list[int]], list[int]]:
    """Return what is learnt: the right texts; for nets that search the contexts, from which nothing is learnt."""
    if way_of(lender_of(loaded)) == "vectors":
        return [each.context for each in encoded], [0] * len(lists)
    return encode_right(loaded, lists)


def encoded_in(batch: Batch) -> list[Encoded]:
    """Return the lists of a batch as tokens."""
    found = []
    for row, cuts in enumerate(batch[CUTS].tolist()):
        ids, starts = batch[CANDIDATES][row].tolist(), np.cumsum([0, *cuts])
        candidates = [ids[start : start + cut] for start, cut in zip(starts, cuts, strict=False)]
        candidates = candidates[: int(batch[COUNT][row])]
        found.append(Encoded(candidates, int(batch[SKIP][row]), batch[IDS][row][batch[MASK][row] > 0].tolist()))
    return found


def side_by_side(batch: Batch, scores: Sequence[np.ndarray]) -> Seen:
    """Return what is known of each candidate as [B, MOST], 0 behind the last of a list, and how many there are [B]."""
    names = (*_OF_CANDIDATES, *(role for role in FURTHER if role in batch))
    seen = {name: np.zeros((len(scores), MOST)) for name in ("model", *names)}
    for row, each in enumerate(scores):
        seen["model"][row, : len(each)] = each
        for name in names:
            seen[name][row, : len(each)] = batch[name][row, : len(each)].cpu().numpy()
    return seen | {name: batch[name].cpu().numpy() for name in (COUNT, TRUE)}


def compared(seen: Seen) -> Lists:
    """Return what weights are learnt from."""
    return Lists(
        np.stack([seen[OWN], seen["model"], seen[SIZES], *(seen[role] for role in FURTHER if role in seen)], axis=-1),
        seen[ERRORS],
        np.arange(MOST) < seen[COUNT][:, None],
    )


def with_lists(seen: Seen) -> Seen:
    """Return the rows that hold candidates."""
    held = seen[COUNT] > 0
    return {name: values[held] for name, values in seen.items()}


def chosen(packed: Packed, most: int) -> list[np.ndarray]:
    """Return places of examples with candidates, from all over and at most so many, a few at a time."""
    held = np.flatnonzero(packed.numbers[COUNT] > 0)
    if not len(held):
        return []
    places = held[np.unique(np.linspace(0, len(held) - 1, min(most, len(held))).astype(np.int64))]
    return [places[start : start + TOGETHER] for start in range(0, len(places), TOGETHER)]
