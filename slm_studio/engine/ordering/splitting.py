"""Which lists are learnt from and which are held out; rows without candidates are right texts that teach a net, and nothing else."""

from dataclasses import replace

import numpy as np

from slm_studio.core.candidate_columns import LISTED, RIGHT
from slm_studio.core.dataset import Dataset, Split
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe
from slm_studio.engine.data.lists import lists_in
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.data.splits import Splits, among, split_dataset, text_keys

LOOKED_AT = 100_000  # rows of a file


def split_lists(dataset: Dataset, recipe: Recipe, *, keeps_texts: bool) -> Splits:
    """Divide the rows that hold candidates and a right text; those with the same right text stand on one side.

    `keeps_texts`: right texts without candidates are learnt too, but for those that are held out elsewhere.
    """
    splits = split_dataset(dataset, recipe, answer=RIGHT, keys=_keys)
    if not keeps_texts:
        return splits
    rows = open_rows(dataset, recipe)
    keys, held = _keys(rows), [each for each in (splits.validation, splits.test) if len(each)]
    is_held = among(keys, np.concatenate([_keys(each) for each in held])) if held else np.zeros(len(rows), bool)
    is_text = np.array([bool(cell.strip()) for cell in rows.column(RIGHT)], bool) & ~is_held
    is_text[splits.train.indices] = False
    texts = rows.take(np.flatnonzero(is_text))
    lists, left_out = recipe.roles[LISTED], splits.left_out
    blank = left_out.blank | {lists: left_out.blank.get(lists, 0) - len(texts)}
    left_out = replace(left_out, blank={column: count for column, count in blank.items() if count > 0})
    return replace(splits, train=splits.train.with_those(texts), left_out=left_out)


def _keys(rows: Rows) -> np.ndarray:
    return text_keys(rows.column(RIGHT))


def refuse_hopeless(dataset: Dataset, recipe: Recipe, *, learns: bool) -> None:
    """Refuse files whose lists tell nothing apart. `learns`: the training file may hold right texts alone. Raises StudioError."""
    parts: tuple[Split, ...] = ("train", *dataset.held_out)  # type: ignore[assignment]
    problems = {part: _problem(open_rows(dataset, recipe, part)) for part in parts}
    if len(parts) > 1 and learns:
        problems.pop("train")
    if problem := next(filter(None, problems.values()), None):
        raise problem


def _problem(rows: Rows) -> StudioError | None:
    """Return why no list of some rows can be learnt from, or None where one can."""
    lists = lists_in(rows[:LOOKED_AT])
    held = [each for each in lists if each.texts]
    if not held:
        return StudioError(
            "lists-none",
            "No row of column “{column}” holds a list of candidates.",
            "Candidates stand in a cell as a JSON list of texts, or a line each. Choose another column, or mend the file.",
            column=rows.roles[LISTED],
        )
    if all(len(each.texts) == 1 for each in held):
        return StudioError(
            "lists-of-one",
            "Every list in column “{column}” holds one candidate only, so there is nothing to choose.",
            "Let the recogniser give out several hypotheses (its n-best list), and choose the column that holds them.",
            column=rows.roles[LISTED],
        )
    if not any(each.reference.strip() for each in held):
        return StudioError(
            "lists-unanswered",
            "No list has its right text in column “{column}”, so nobody can tell which candidate is the best.",
            "Fill in the right texts of some hundred lists, or choose the column that holds them.",
            column=rows.roles[RIGHT],
        )
    if not any(len(set(each.texts)) > 1 for each in held if each.reference.strip()):
        return StudioError(
            "lists-alike",
            "In every list that has its right text all candidates are the same.",
            "Choose another column for the candidates.",
        )
    return None
