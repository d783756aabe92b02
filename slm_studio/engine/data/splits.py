"""Splits: which rows are learnt from, which choose the checkpoint, and which are scored once at the end."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from slm_studio.core.dataset import Dataset
from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe
from slm_studio.core.tasks import task_info
from slm_studio.engine.data.rows import Rows, open_rows

FEWEST_FOR_TEST = 50  # rows below which none is spent on a final score
FEWEST_FOR_VALIDATION = 3


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many rows no part holds: those without an answer, and of the others those without a text, by the column that lacks it."""

    unanswered: int = 0
    blank: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "LeftOut") -> "LeftOut":
        columns = dict.fromkeys((*self.blank, *other.blank))
        blank = {column: self.blank.get(column, 0) + other.blank.get(column, 0) for column in columns}
        return LeftOut(self.unanswered + other.unanswered, blank)


NOTHING_LEFT_OUT = LeftOut()


@dataclass(frozen=True, kw_only=True, slots=True)
class Splits:
    """The rows of a run."""

    train: Rows
    validation: Rows
    test: Rows
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def may_learn_all(self) -> bool:
        """Say whether the validation rows may be learnt once they have chosen: others are left to score, and the person did not name them."""
        return len(self.test) > 0 and len(self.validation) > 0 and self.validation.part == self.train.part

    def learnt(self, *, validation: bool) -> Rows:
        """Return the rows that a model learnt from, those for validation too where it did."""
        return self.train.with_those(self.validation) if validation and self.may_learn_all else self.train


def split_dataset(
    dataset: Dataset,
    recipe: Recipe,
    *,
    answer: str = "",
    stratified: bool = False,
    answered: Callable[[Sequence[str]], Sequence[bool]] | None = None,
    strata: Callable[[Sequence[str]], Sequence[str]] | None = None,
    filled: Sequence[str] = (),
    keys: Callable[[Rows], np.ndarray] | None = None,
) -> Splits:
    """Cut a dataset by a settled recipe's shares and seed; the person's own validation and test rows are used as they are.

    Rows that ask the same but for case and spaces stand on one side only, and rows whose role `answer` is empty are
    left out (`answered` says which of its cells are not). Where `stratified`, the values of that role keep their shares in
    every part, or what `strata` makes of them. Rows that ask nothing are left out, too, and those that lack one of the
    roles `filled`; `keys` says in another way which rows stand on one side. The same rows, recipe and seed always give
    the same split.
    """
    asking = [role.name for role in task_info(recipe.task).asking if role.name in recipe.chosen]
    sift = partial(_sift, answer=answer, answered=answered, filled=tuple(dict.fromkeys((*asking, *filled))))
    kept, left_out, _ = sift(open_rows(dataset, recipe))
    given = {split: _given(dataset, recipe, split, sift) for split in ("validation", "test")}
    shares = {
        "test": 0.0 if given["test"] or len(kept) < FEWEST_FOR_TEST else recipe.test_share or 0.0,
        "validation": 0.0
        if given["validation"] or len(kept) < FEWEST_FOR_VALIDATION
        else recipe.validation_share or 0.0,
    }
    values: Sequence[str] = kept.column(answer) if stratified else [""] * len(kept)
    values = strata(values) if stratified and strata is not None else values
    weight = task_info(recipe.task).weight
    others = {answer, weight.name if weight else ""}
    alike = keys(kept) if keys is not None else _keys(kept, others)
    places = cut_by_shares(alike, values, shares["validation"], shares["test"], seed=recipe.seed)
    train, validation, test = (kept.take(part) for part in places)
    return Splits(
        train=train,
        validation=given["validation"].rows if given["validation"] else validation,
        test=given["test"].rows if given["test"] else test,
        left_out=sum((each.left_out for each in given.values() if each), left_out),
    )


def cut_by_shares(
    keys: np.ndarray, labels: Sequence[str], validation_share: float, test_share: float, *, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places of train, validation and test, each sorted: rows with one key stay together, labels keep their shares.

    Where a label has too few rows for its share, the rows of the whole decide; train always keeps one row of each label.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    groups = _groups(keys)
    side = np.zeros(len(keys), np.int8)  # 0 train, 1 validation, 2 test
    members = _groups_by_label(groups, labels, generator)
    for number, share in ((2, test_share), (1, validation_share)):
        wanted = _wanted(len(keys), share)
        quotas = _quotas([sum(len(group) for group in each) for each in members], wanted)
        taken = 0
        for place, quota in enumerate(quotas):
            members[place], count = _take(members[place], quota, side, number)
            taken += count
        if wanted and not taken:  # every label has a single group: one of them must do
            _take_any(members, side, number)
    return tuple(np.flatnonzero(side == number) for number in (0, 1, 2))  # type: ignore[return-value]


def fold(text: str) -> str:
    """Return a text as it counts for being “the same”: case folded, spaces run together. Example: " A  b" → "a b" """
    return " ".join(text.casefold().split())


def text_keys(texts: Sequence[str]) -> np.ndarray:
    """Return one 64-bit key per text; texts that fold alike have the same."""
    digests = (hashlib.blake2b(fold(text).encode("utf-8", "replace"), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), "<u8")


def among(keys: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return for each key whether it is one of the others.

    By sorting: numpy 2.0 counts through the range of what it compares, and these keys do not fit its counter.
    """
    return np.isin(keys, others, kind="sort")


class _Sifted(NamedTuple):
    rows: Rows
    left_out: LeftOut
    emptied: str  # the role for want of which no row is left, or ""


def _sift(
    rows: Rows, *, answer: str, answered: Callable[[Sequence[str]], Sequence[bool]] | None, filled: Sequence[str]
) -> _Sifted:
    """Leave out rows without an answer, then those that lack one of the roles `filled`."""
    kept = _holding(rows, answer, answered or _cells) if answer else rows
    unanswered, emptied, blank = len(rows) - len(kept), "" if len(kept) else answer, {}
    for role in filled:
        before, kept = len(kept), _holding(kept, role, _texts)
        if len(kept) < before:
            blank[rows.roles[role]] = before - len(kept)
            emptied = emptied if len(kept) else role
    return _Sifted(kept, LeftOut(unanswered, blank), emptied)


def _holding(rows: Rows, role: str, held: Callable[[Sequence[str]], Sequence[bool]]) -> Rows:
    """Return the rows whose cell of a role holds something."""
    is_held = np.array(held(rows.column(role)), bool)
    return rows if is_held.all() else rows.take(np.flatnonzero(is_held))


def _cells(cells: Sequence[str]) -> list[bool]:
    """Return which cells hold something."""
    return [not is_empty(cell) for cell in cells]


def _texts(cells: Sequence[str]) -> list[bool]:
    """Return which cells hold a text; a list of nothing is none."""
    return [not is_empty(cell) and cell.strip() != "[]" for cell in cells]


def _given(dataset: Dataset, recipe: Recipe, split: str, sift: Callable[[Rows], _Sifted]) -> _Sifted | None:
    """Return what is left of the person's own rows of a split, where there is one. Raises StudioError if nothing is."""
    if not dataset.held_out.get(split):
        return None
    rows = open_rows(dataset, recipe, split)  # type: ignore[arg-type]
    sifted = sift(rows)
    if not len(sifted.rows):
        role = sifted.emptied
        is_text = any(each.name == role and each.reads == "text" for each in task_info(recipe.task).roles)
        raise StudioError(
            "no-labels-held-out",
            "None of the {rows} {split} rows has a text in column “{column}”."
            if is_text
            else "None of the {rows} {split} rows has a label in column “{column}”.",
            "Choose another file for them, or leave it out: then a share of the rows is held out.",
            rows=len(rows),
            split=split,
            column=recipe.roles[role],
        )
    return sifted


def _keys(rows: Rows, left_out: Collection[str]) -> np.ndarray:
    """Return a key over all cells but those of some roles: the label, the weight."""
    others = [rows.column(each) for each in rows.roles if each not in left_out]
    if not others:
        return np.arange(len(rows), dtype=np.uint64)
    return text_keys(others[0] if len(others) == 1 else [" \0 ".join(cells) for cells in zip(*others, strict=True)])


def _wanted(rows: int, share: float) -> int:
    """Return how many of `rows` make a share: at least one where there is a share, never more than half."""
    return min(max(1, round(rows * share)), rows // 2) if share > 0 and rows > 1 else 0


def _groups(keys: np.ndarray) -> list[np.ndarray]:
    """Return the places of equal keys, in order of first appearance."""
    order = np.argsort(keys, kind="stable")
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    return sorted(np.split(order, borders), key=lambda group: int(group[0])) if len(keys) else []


def _groups_by_label(
    groups: list[np.ndarray], labels: Sequence[str], generator: np.random.Generator
) -> list[list[np.ndarray]]:
    """Return the groups of each label (that of a group's first row), shuffled; labels in order of first appearance."""
    found: dict[str, list[np.ndarray]] = {}
    for group in groups:
        found.setdefault(labels[int(group[0])], []).append(group)
    return [[each[place] for place in generator.permutation(len(each))] for each in found.values()]


def _quotas(sizes: Sequence[int], wanted: int) -> list[int]:
    """Share `wanted` rows out over labels of these sizes: whole parts first, then the largest remainders."""
    exact = [size * wanted / max(1, sum(sizes)) for size in sizes]
    quotas = [int(each) for each in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (quotas[place] - exact[place], place))
    for place in by_remainder[: wanted - sum(quotas)]:
        quotas[place] += 1
    return quotas


def _take(groups: list[np.ndarray], quota: int, side: np.ndarray, number: int) -> tuple[list[np.ndarray], int]:
    """Put groups on a side until the quota is full; one that does not fit stays, and so does the last of a label."""
    left: list[np.ndarray] = []
    taken = 0
    for place, group in enumerate(groups):
        is_last = not left and place == len(groups) - 1
        if taken >= quota:
            return left + groups[place:], taken
        if is_last or taken + len(group) > quota:
            left.append(group)
            continue
        side[group] = number
        taken += len(group)
    return left, taken


def _take_any(members: list[list[np.ndarray]], side: np.ndarray, number: int) -> None:
    """Put one group on a side, although train then lacks its label: the smallest of the label with most groups."""
    rich = max(range(len(members)), key=lambda place: len(members[place]), default=None)
    if rich is None or sum(map(len, members)) < 2 or not members[rich]:
        return
    group = min(members[rich], key=len)
    side[group] = number
    members[rich] = [each for each in members[rich] if each is not group]
