"""From a recipe and rows to everything the loop needs: a net and its examples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Note
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import fitted_length
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.amounts import refuse_weightless, weights_in
from slm_studio.engine.data.cleaning import steps_of
from slm_studio.engine.data.hopeless import refuse_empty
from slm_studio.engine.data.rows import Rows, open_rows
from slm_studio.engine.data.splits import Splits
from slm_studio.engine.examples import joined, weighed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.remarks import on_weights
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.encoding import plain_backend
from slm_studio.engine.models.extending import Coverage, coverage, extend
from slm_studio.engine.sharing.base import find_base
from slm_studio.engine.task import Task
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.settling import settle
from slm_studio.engine.training.trainer import Material
from slm_studio.engine.watched import watched

READING, LEARNING, OPENING = mark("Reading rows"), mark("Learning the vocabulary"), mark("Opening the base")
FRESH = mark("New on top of the base, with random numbers at first: {layers}.")
FITTED = mark("{wished} tokens of each text would cut most of them, so {length} are read.")
LIMITED = mark("The base reads at most {length} tokens at once, not the {wished} of the plan.")
EXTENDED = mark("{count} {count:piece was|pieces were} added to the vocabulary: {pieces}.")
UNKNOWN = mark(
    "{share} % of the characters are unknown to the vocabulary of the base: {characters}. With {count} more {count:piece|pieces} they would be known."
)
ADDED, LACKING = "added_pieces", "lacking"
NAMED = 8  # pieces that a sentence names
SHOWN = 4  # held-out rows that are answered as the model learns


@dataclass(slots=True)
class Plan:
    """Everything the loop needs."""

    task: Task
    recipe: Recipe  # settled
    splits: Splits
    loaded: Loaded
    material: Material


def prepare(recipe: Recipe, dataset: Dataset, opened: Loaded | None = None, token: str = "") -> Work[Plan]:
    """Yield signs of life, return the Plan. `opened` is the net of a checkpoint, where a run is resumed."""
    task = task_of(recipe.task)
    problems = recipe.problems()
    if problems:
        raise problems[0]
    asked = recipe
    recipe, splits, facts = yield from watched(READING, partial(_read, task, recipe, dataset, opened is None))
    if fitted_length(asked) not in (None, recipe.max_length):
        yield Note("length-fitted", FITTED, {"wished": asked.max_length or 0, "length": recipe.max_length or 0})
    if opened is None:
        was_here = recipe.is_blank or folder_of(recipe.base) is not None
        base = yield from find_base(recipe, token)
        if not was_here:  # what hangs on the base itself can be told only now; a run that goes on finds it here
            recipe, splits, facts = yield from watched(READING, partial(_read, task, asked, dataset, True))
        what = LEARNING if recipe.is_blank else OPENING
        # What a last pass will read must be known to the vocabulary, or it would teach nothing of it.
        read = splits.learnt(validation=recipe.last_pass > 0)
        opened = yield from watched(what, partial(_build, task, replace(recipe, base=base), facts, read))
        yield from _say_length(recipe.max_length, opened.facts.get("max_length"))
        yield from _say_fresh(opened.facts.get("fresh"))
        yield from _say_pieces(opened.facts.get(ADDED), opened.facts.pop(LACKING, None))
    train = yield from task.lessons(splits.train, opened, recipe)
    validation = yield from task.examples(splits.validation, opened, recipe)
    if weight := role_of_weights(task, splits.train):
        weights, odd = weights_in(splits.train.column(weight))
        refuse_weightless(weights, recipe.roles[weight])
        train = weighed(train, weights)
        yield from (Note(each.code, each.message, each.told) for each in on_weights(odd))
    if not len(train):
        raise StudioError("nothing-to-learn", "No row holds text to learn from.", "Choose another column, or add rows.")
    for each in (*task.on_left_out(splits.left_out, opened), *task.remarks(splits.train, opened, train, scored=False)):
        yield Note(each.code, each.message, each.told)
    shown = splits.validation if len(splits.validation) else splits.train
    all_rows = None
    if recipe.last_pass and splits.may_learn_all:
        held = weighed(validation, weights_in(splits.validation.column(weight))[0]) if weight else validation
        all_rows = joined(train, held)
    return Plan(task, recipe, splits, opened, Material(train, validation, splits.validation, _few(shown), all_rows))


def _read(task: Task, recipe: Recipe, dataset: Dataset, is_new: bool) -> tuple[Recipe, Splits, dict[str, object]]:
    """Return the recipe, its rows and what they tell, before a base is fetched for rows that are hopeless."""
    recipe = replace(settle(task, recipe, dataset), cleaning=steps_of(dataset))
    asked = next(recipe.roles[role.name] for role in task.info.asked if recipe.roles.get(role.name))
    refuse_empty(task.texts(open_rows(dataset, recipe)), asked)
    splits = task.split(dataset, recipe)
    return recipe, splits, task.learn(splits.train, recipe) if is_new else {}


def role_of_weights(task: Task, rows: Rows) -> str:
    """Return the role that says how much each row counts, where a column plays it, or ""."""
    weight = task.info.weight
    return weight.name if weight and weight.name in rows.roles else ""


def _say_length(wished: int | None, length: object) -> Iterator[Event]:
    if wished and isinstance(length, int) and length < wished:
        yield Note("length-limited", LIMITED, {"wished": wished, "length": length})


def _say_fresh(names: object) -> Iterator[Event]:
    """Say which layers the base did not bring along: they begin with random numbers, and learn most."""
    if isinstance(names, list) and names:
        layers = sorted({str(name).rpartition(".")[0] or str(name) for name in names})
        yield Note("fresh-layers", FRESH, {"layers": ", ".join(layers)})


def _say_pieces(added: object, lacking: object) -> Iterator[Event]:
    """Say which pieces the vocabulary got, and what of the texts it still does not know."""
    if isinstance(added, list) and added:
        yield Note("vocabulary-extended", EXTENDED, {"count": len(added), "pieces": _some(added)})
    if isinstance(lacking, Coverage) and lacking.characters:
        share = f"{max(0.1, 100 * lacking.unknown):.1f}"
        values = {"share": share, "characters": _some(lacking.characters), "count": len(lacking.pieces)}
        yield Note("characters-unknown", UNKNOWN, values)


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:NAMED], *(["…"] if len(names) > NAMED else [])])


def _build(task: Task, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
    # Blank weights are a function of the seed alone; orthogonal ones round otherwise with other threads.
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    if recipe.is_blank:
        return task.blank(recipe, facts, rows)
    with blaming(recipe.base):
        loaded = task.continued(recipe, facts, Path(recipe.base))
    if "extend_vocabulary" in recipe.unused:
        return loaded
    texts = task.texts(rows)
    if added := extend(loaded, texts, recipe.extend_vocabulary):
        loaded.facts[ADDED] = added
    if isinstance(loaded.tokenizer, PreTrainedTokenizerFast):
        loaded.facts[LACKING] = coverage(plain_backend(loaded.tokenizer), texts)
    return loaded


def _few(rows: Rows) -> Rows:
    places = [round(place * (len(rows) - 1) / max(1, SHOWN - 1)) for place in range(min(SHOWN, len(rows)))]
    return rows.take(sorted(set(places)))
