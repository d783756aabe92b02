"""From a model and rows to a report on disk."""

import csv
import io
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from slm_studio.core import codec, files, paths
from slm_studio.core.cleaning import STEPS
from slm_studio.core.dataset import Dataset, Remark, Split, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Progress
from slm_studio.core.recipe import Recipe, make_recipe, recipe_from_json
from slm_studio.core.report import CASES_FILE, REPORT_FILE
from slm_studio.core.results import Report
from slm_studio.core.saved import REPORT_FOLDER, SavedModel
from slm_studio.core.tasks import Role, TaskInfo
from slm_studio.core.texts import mark
from slm_studio.core.work import Work, quietly
from slm_studio.engine.data.cleaning import clean_dataset, steps_of
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import NOTHING_LEFT_OUT, LeftOut
from slm_studio.engine.data.standing_in import guessed_roles, taken_for
from slm_studio.engine.evaluation.learnt import learnt_rows
from slm_studio.engine.evaluation.observe import observe_all
from slm_studio.engine.inference.shelf import Item, on_shelf
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.remarks import on_known, on_weights
from slm_studio.engine.task import Judgement, Table, Task
from slm_studio.engine.watched import watched

BATCH = 64
CLEANED = mark("The rows were mended as those of training: {steps}.")


def evaluate_model(handle: str, dataset: Dataset, split: str, roles: dict[str, str]) -> Iterator[Event]:
    """Score an open model on the rows it has never learnt; the report says how many others the file holds.

    Only where a file holds nothing else are learnt rows scored, and then the report's split is “train”.
    """
    item = on_shelf(handle)
    recipe = yield from _fit_roles(recipe_of_model(item.model, roles), dataset, item.info)
    for problem in recipe.problems():
        if problem.code == "column-twice":
            raise problem
    dataset = yield from _cleaned(item, dataset, recipe)
    recipe = item.task.settle(recipe, dataset)
    chosen = _choose(item, recipe, dataset, split)
    part, rows = chosen.part, chosen.rows
    folder = paths.cache() / "reports" / f"{Path(item.model.folder).name}-{dataset.id}-{split or part}"
    if dataset.fingerprint == item.model.fingerprint and part == item.model.metrics_on:
        folder = Path(item.model.folder) / REPORT_FOLDER
    if len(rows):
        yield from item.task.strangers(item.loaded, rows, part)
    report = yield from score_rows(
        item.task,
        item.loaded,
        recipe,
        rows,
        folder=folder,
        train=chosen.train,
        names=(item.model.name, dataset.name, part),
        rows_of=dataset.id,
        learnt=chosen.learnt,
        left_out=chosen.left_out,
    )
    yield Finished(report)


def _cleaned(item: Item, dataset: Dataset, recipe: Recipe) -> Work[Dataset]:
    """Return the rows after what was done to those of training, which the model has never seen otherwise."""
    steps = [step for step in item.cleaning if step not in steps_of(dataset)]
    if not steps:
        return dataset
    for event in clean_dataset(dataset, steps, recipe):
        if isinstance(event, Finished):
            assert isinstance(event.result, Dataset)
            yield Note("cleaned-alike", CLEANED, {"steps": ", ".join(STEPS[step].title for step in steps)})
            return event.result
        yield event
    raise AssertionError("cleaning ends in Finished")


def score_rows(
    task: Task,
    loaded: Loaded,
    recipe: Recipe,
    rows: Rows,
    *,
    folder: Path,
    train: Rows | None,
    names: tuple[str, str, str],
    rows_of: str,
    learnt: int = 0,
    left_out: LeftOut = NOTHING_LEFT_OUT,
) -> Work[Report]:
    """Yield Progress; return the Report after writing it to folder/report.json.

    names: model, dataset, split; rows_of: the dataset's id. `train` are the rows for the baselines; None leaves them out. `learnt` counts the rows
    of the file that training learnt from, `left_out` those that cannot be scored.
    """
    began = time.perf_counter()
    notes: list[Note] = []  # are in words of learning; of what a remark says, too, once is enough
    examples = yield from quietly(task.examples(rows, loaded, recipe), notes)
    if not len(examples):
        yield from notes
        raise StudioError(
            "nothing-to-score",
            "No row of “{dataset}” can be scored.",
            "Choose the columns again, or another file.",
            dataset=names[1],
        )
    seen = yield from observe_all(task, loaded, examples, BATCH)
    known = (yield from _count_known(task, loaded, rows, train)) if train is not None else 0
    said = (
        *on_known(known, len(rows)),
        *task.on_left_out(left_out, loaded),
        *task.remarks(rows, loaded, examples, scored=True),
        *(on_weights(0) if task.info.weight and task.info.weight.name in rows.roles else ()),
    )
    yield from (note for note in notes if note.code not in {each.code for each in said})
    yield from (Note(each.code, each.message, each.told) for each in said)
    folder.mkdir(parents=True, exist_ok=True)
    judged = yield from task.judge(seen, examples, rows, loaded, whole=True)
    report = replace(
        _report(task, judged, names, folder, len(rows), loaded.facts.get("target")), rows_of=rows_of, part=rows.part
    )
    remarks = (*_unseen(task, loaded, rows, names[2]), *said)
    report = replace(report, learnt=learnt, seconds=time.perf_counter() - began, remarks=remarks)
    write_report(report, folder)  # stands before the baselines, which may take longer
    if train is not None and len(train):
        yield Progress("Training simple methods for comparison", 0, 0)
        report = replace(report, baselines=(yield from task.baselines(train, rows, judged, loaded)))
        write_report(report, folder)
        facts, told = yield from task.memorised(train, rows, loaded)
        yield from (Note(each.code, each.message, each.told) for each in told)
        report = replace(report, facts=report.facts | facts, remarks=report.remarks + told)
        write_report(report, folder)
    return report


def _count_known(task: Task, loaded: Loaded, rows: Rows, train: Rows) -> Work[int]:
    """Return how many rows were learnt, too."""
    compare = partial(learnt_rows, task.texts(rows), task.texts(train), reads_on=task.reads_on(loaded))
    return int((yield from watched("Comparing with the training rows", compare)).sum())


def _report(
    task: Task, judged: Judgement, names: tuple[str, str, str], folder: Path, rows: int, target: object
) -> Report:
    return Report(
        task=task.key,
        model=names[0],
        dataset=names[1],
        split=names[2],
        rows=rows,
        metrics=judged.metrics,
        per_label=judged.per_label,
        labels=judged.labels,
        confusion=judged.confusion,
        folder=str(folder),
        cases=_write_cases(judged.cases, folder / CASES_FILE),
        facts=judged.facts,
        counted=judged.counted,
        target=str(target or ""),
    )


def _unseen(task: Task, loaded: Loaded, rows: Rows, split: str) -> Iterator[Remark]:
    """Yield what was said of these rows before they were scored."""
    for note in task.strangers(loaded, rows, split):
        yield Remark(code=note.code, message=note.message, count=int(note.values["rows"]), values=note.values)


def _write_cases(cases: Table, path: Path) -> str:
    """Write one JSON object a scored row; return where."""
    with path.open("w", encoding="utf-8") as stream:
        for row in cases.rows:
            stream.write(json.dumps(dict(zip(cases.columns, row, strict=True)), ensure_ascii=False) + "\n")
    return str(path)


def write_report(report: Report, folder: Path) -> None:
    """Write report.json, and confusion.csv for spreadsheets."""
    if report.confusion:
        lines = [["true \\ predicted", *report.labels]]
        lines += [[label, *map(str, counts)] for label, counts in zip(report.labels, report.confusion, strict=True)]
        out = io.StringIO()
        csv.writer(out).writerows(lines)
        sign = "" if out.getvalue().isascii() else "\ufeff"  # by which spreadsheets know UTF-8
        files.write_atomic(folder / "confusion.csv", sign + out.getvalue())
    codec.write(folder / REPORT_FILE, codec.to_json(report))


def recipe_of_model(model: SavedModel, roles: dict[str, str]) -> Recipe:
    """Return the recipe of a model's training, with other columns where `roles` names some."""
    if model.recipe:
        recipe = recipe_from_json(model.recipe).settled()
        recipe = replace(recipe, roles={**recipe.roles, **roles})
    else:
        recipe = make_recipe(model.task, base="imported", roles=roles).settled()
    of_model = getattr(recipe.options, "of_model", None)
    return replace(recipe, options=of_model(model.facts)) if of_model else recipe


def _fit_roles(recipe: Recipe, dataset: Dataset, info: TaskInfo) -> Work[Recipe]:
    """Where the columns of training are not in a file, or not known, take those that play the same roles, and say so.

    `info` is the task as the model does it: one of pairs needs both texts.
    """
    names = {column.name for column in dataset.columns}
    there = {role: column for role, column in recipe.roles.items() if column in names}
    lacking = [role.name for role in info.missing(there)]
    optional = {info.weight.name} if info.weight else set()  # it says nothing of what is scored
    missing = [role for role in dict.fromkeys((*lacking, *recipe.roles)) if role not in {*there, *optional}]
    if not missing:
        return recipe
    free = [column.name for column in dataset.columns if column.name not in there.values()]
    guess = {role: column for role, column in guessed_roles(dataset, recipe.task).items() if column in free}
    if len(missing) == len(free) == 1:  # nothing else is left for it
        guess = {missing[0]: free[0]}
    found = {role: column for role, column in guess.items() if role in missing}
    if info.missing({**there, **found}) and not info.missing(guess):  # the same is written down in another way
        there, found = {}, guess
    if ways := info.lacking({**there, **found}):
        raise _no_column(dataset, ways)
    for role, column in found.items():
        yield taken_for(dataset, recipe.task, recipe.roles, role, column)
    return replace(recipe, roles={**there, **found})


def _no_column(dataset: Dataset, ways: Sequence[Sequence[Role]]) -> StudioError:
    """Return what is said where no way to score has all its columns; `ways` are the roles that each lacks."""
    least = min(ways, key=len)
    return StudioError(
        "role-missing",
        "No {count:column|columns} of “{dataset}” {count:looks|look} like {roles}, without which nothing can be scored.",
        "Name what is missing: {flags}. The columns are: {columns}. In the window, open a file that has such columns.",
        dataset=dataset.name,
        count=len(least),
        roles=", ".join(f"“{role.title}”" for role in least),
        flags=" | ".join(" ".join(f"--{role.name} COLUMN" for role in way) for way in ways),
        columns=", ".join(column.name for column in dataset.columns[:20]),
    )


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which rows are scored, and those for the baselines (None: the model's own data is no longer here)."""

    part: Split
    rows: Rows
    train: Rows | None
    learnt: int  # rows of the file that training learnt from
    left_out: LeftOut  # rows of the file that cannot be scored


def _choose(item: Item, recipe: Recipe, dataset: Dataset, split: str) -> _Chosen:
    task, model = item.task, item.model
    if dataset.fingerprint == model.fingerprint:
        splits = task.split(dataset, recipe)
        held: tuple[Split, ...] = ("test",) if model.learnt_validation else ("test", "validation")
        unseen = [each for each in held if len(getattr(splits, each))]
        part: Split = split or (unseen or ["train"])[0]  # type: ignore[assignment]
        learnt = splits.learnt(validation=model.learnt_validation)
        train = learnt if part in unseen else None
        told: Split = part if part in unseen else "train"  # what was learnt is not called held out
        return _Chosen(told, getattr(splits, part), train, len(learnt), splits.left_out)
    part = "test" if "test" in dataset.held_out else "train"
    whole = task.split(dataset, replace(recipe, validation_share=0.0, test_share=0.0))
    rows: Rows = getattr(whole, part)
    train = learnt_from(task, recipe, model)
    if train is None:
        return _Chosen("test", rows, None, 0, whole.left_out)
    learnt = learnt_rows(task.texts(rows), task.texts(train), reads_on=task.reads_on(item.loaded))
    if learnt.all():
        return _Chosen("train", rows, None, len(rows), whole.left_out)
    return _Chosen("test", rows.take(np.flatnonzero(~learnt)), train, int(learnt.sum()), whole.left_out)


def learnt_from(task: Task, recipe: Recipe, model: SavedModel) -> Rows | None:
    """Return the rows that a model learnt from; None where they are no longer here. `recipe` has its options."""
    folder = paths.datasets() / model.dataset
    if not model.dataset or not (folder / "dataset.json").is_file():
        return None
    own = recipe_from_json(model.recipe).settled()
    splits = task.split(open_dataset(folder), replace(own, options=recipe.options))
    return splits.learnt(validation=model.learnt_validation)
