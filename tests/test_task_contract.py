"""What every task must do: learn, build blank, encode, overfit eight rows, save, open, predict the same, score, resume.

The default suite takes one family per task; the full grid of families runs with: pytest -m slow tests/test_task_contract.py
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from slm_studio import engine
from slm_studio.core.answer_columns import NO_SCORE, added_columns
from slm_studio.core.dataset import Dataset
from slm_studio.core.editing import Change
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Progress, Sample, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.results import Item, Number, Report
from slm_studio.core.run import create_run, open_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.core.tasks.info import CONTINUED
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import open_rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.architectures import ARCHITECTURES, names_labels
from slm_studio.engine.models.fitting import check_shapes, count_classes
from slm_studio.engine.models.foreign_config import check_config
from slm_studio.engine.models.known_pairs import FILE
from slm_studio.engine.models.weights import read_weights
from slm_studio.engine.task import Task
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.optimizer import Optimizers
from slm_studio.engine.training.plan import Plan, prepare
from tests.tasks import fodder, forms

# Without warm-up, BERT bears no more; tables that learn by plain descent have rates of their own.
RATES = {"bert": 0.001, "bag": 0.003, "linear": 2.0}
TELLS_OTHERWISE = ("glove",)  # its loss is told in nats, which never vanish: what it fits does, and the slope with it
GRID = [
    pytest.param(form, family.key, id=f"{form}-{family.key}", marks=[pytest.mark.slow] if place else [])
    for info in all_tasks()
    for form in forms(info.key)
    for place, family in enumerate(family for family in info.families if family.key != CONTINUED)
]
EACH = [form for info in all_tasks() for form in forms(info.key)]
# Between paragraphs nothing is wanted, a right text teaches without candidates, and no word goes without its tag.
LEAVING_OUT = [
    form
    for info in all_tasks()
    if not info.packs and info.answers != "order"
    for form in forms(info.key)
    if form != "tag"
]


def result(events: Iterator[Event]) -> object:
    last = list(events)[-1]
    assert isinstance(last, Finished)
    return last.result


def keeps_pairs(model: SavedModel) -> bool:
    """Say whether rows stay beside a model's net."""
    return (Path(model.folder) / FILE).exists()


def task_of_form(form: str) -> str:
    return form.partition("/")[0]


def rows_of(task: str, folder: Path) -> Dataset:
    dataset = result(engine.read(str(fodder(task).write(folder))))
    assert isinstance(dataset, Dataset)
    return dataset


def recipe_for(task: str, family: str, **settings: object) -> Recipe:
    common = {
        "batch": 8,
        "max_length": 32,
        "dropout": 0.0,
        "precision": "fp32",
        "epochs": 2,
        "patience": 0,
        "eval_every": 3,
        "validation_share": 0.2,
        "test_share": 0.0,
    }
    fed = fodder(task)
    return make_recipe(
        task_of_form(task), base=f"blank:{family}-nano", roles=fed.roles, settings=common | fed.settings | settings
    ).settled()


def first_family(form: str) -> str:
    return task_info(task_of_form(form)).families[0].key


@pytest.mark.parametrize("nothing", ["", " \u200b"], ids=["empty", "unseen"])
@pytest.mark.parametrize("form", LEAVING_OUT)
def test_a_row_that_asks_nothing_is_in_no_part_and_counted(form: str, nothing: str, tmp_path: Path) -> None:
    rows, recipe = rows_of(form, tmp_path), recipe_for(form, first_family(form))
    task = task_of(recipe.task)
    for role in task.info.asking:
        if column := recipe.roles.get(role.name):
            before = str(open_rows(rows, recipe).table.column(column)[0])
            blank = result(engine.edit(rows, (Change(row=0, column=column, before=before, after=nothing),)))
            assert isinstance(blank, Dataset)
            splits = task.split(blank, task.settle(recipe, blank))

            assert splits.left_out.blank == {column: 1}
            assert not any(0 in part.indices for part in (splits.train, splits.validation, splits.test))


@pytest.mark.parametrize("task", [info.key for info in all_tasks()])
def test_a_time_budget_is_all_that_a_plan_needs(task: str, tmp_path: Path) -> None:
    form = forms(task)[0]
    rows, recipe = rows_of(form, tmp_path), recipe_for(form, first_family(form), epochs=None, minutes=0.05)

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    assert isinstance(model, SavedModel) and model.steps > 1


@dataclass(frozen=True)
class Learnt:
    """A run that nothing disturbed, for all tests that need one."""

    rows: Dataset
    recipe: Recipe
    events: list[Event]

    @property
    def model(self) -> SavedModel:
        assert isinstance(self.events[-1], Finished) and isinstance(self.events[-1].result, SavedModel)
        return self.events[-1].result


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Learnt]:
    """Return a function that trains a family of a form, once."""

    @cache
    def learn(form: str, family: str) -> Learnt:
        rows, recipe = rows_of(form, tmp_path_factory.mktemp("rows")), recipe_for(form, family, dropout=0.2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLM_STUDIO_HOME", str(tmp_path_factory.mktemp("learnt") / "home"))
            return Learnt(rows, recipe, list(engine.train(recipe, rows, create_run(recipe, rows))))

    return learn


def plan_for(recipe: Recipe, dataset: Dataset) -> Plan:
    return outcome(prepare(recipe, dataset))


def answers(task: Task, loaded: Loaded, form: str) -> list[tuple[int, Item]]:
    options = {"temperature": 0.0, "max_new_tokens": 5, "seed": 1}
    answered = task.answer(loaded, fodder(form).prompts, options)
    return [(place, item) for place, item in answered if not isinstance(item, Progress)]


def slope(net: torch.nn.Module) -> float:
    """Return how long the gradients are together."""
    gradients = [each.grad for each in net.parameters() if each.grad is not None]
    return sum(float((each.coalesce().values() if each.is_sparse else each).norm()) for each in gradients)


def assert_same(one: list[tuple[int, Item]], other: list[tuple[int, Item]]) -> None:
    """Compare answers and how sure they are, but for the last digits: these hang on where weights lie in memory."""
    if any(isinstance(item, Number) for _, item in (*one, *other)):
        assert [place for place, _ in one] == [place for place, _ in other]
        assert [item.value for _, item in one] == pytest.approx([item.value for _, item in other], rel=1e-4, abs=1e-6)
        return
    unsure = [[(place, replace(item, score=0.0)) for place, item in answered] for answered in (one, other)]
    assert unsure[0] == unsure[1]
    assert [item.score for _, item in one] == pytest.approx([item.score for _, item in other], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("key", "family"), GRID)
def test_it_overfits_a_few_rows_and_answers_the_same_after_saving(key: str, family: str, tmp_path: Path) -> None:
    rows = rows_of(key, tmp_path)
    rate = RATES.get(family, 0.01)
    recipe = recipe_for(key, family, learning_rate=rate, weight_decay=0.0, **fodder(key).overfit)
    plan = plan_for(recipe, rows)
    optimizers = Optimizers(plan.loaded.net, plan.recipe)
    batch = plan.material.train.take(range(8))
    plan.loaded.net.train()
    told: list[float] = []
    while not told or (len(told) < 150 and np.mean(told[-3:]) >= 0.3 * told[0]):
        torch.manual_seed(len(told))
        optimizers.forget()
        loss = plan.task.loss(plan.loaded, batch, plan.recipe)
        loss.backward()
        told.append(slope(plan.loaded.net) if family in TELLS_OTHERWISE else float(loss.detach()))
        optimizers.step(1.0)
    assert np.mean(told[-3:]) < 0.3 * told[0]

    plan.loaded.net.eval()
    before = answers(plan.task, plan.loaded, key)
    plan.task.save(plan.loaded, tmp_path / "model")
    opened = task_of(task_of_form(key)).open(tmp_path / "model", plan.loaded.facts)

    assert_same(answers(plan.task, opened, key), before)
    assert not list((tmp_path / "model").glob("*.bin"))


@pytest.mark.parametrize(("key", "family"), [each.values for each in GRID])
def test_its_blank_nets_pass_the_inspection_of_models_from_elsewhere(key: str, family: str, tmp_path: Path) -> None:
    loaded = plan_for(recipe_for(key, family), rows_of(key, tmp_path)).loaded
    loaded.net.save_pretrained(tmp_path / "net")

    config, tensors = check_config(tmp_path / "net"), read_weights(tmp_path / "net")
    rows = check_shapes(ARCHITECTURES[str(config["model_type"])], config, tensors)

    assert rows >= len(loaded.tokenizer)
    labels = loaded.facts.get("labels")
    if names_labels(task_of_form(key)) and labels:
        assert count_classes(config, tensors) == len(labels)


@pytest.mark.parametrize(("key", "family"), GRID)
def test_the_way_through_its_net_can_be_looked_at_or_that_is_said(key: str, family: str, tmp_path: Path) -> None:
    plan = plan_for(recipe_for(key, family), rows_of(key, tmp_path))
    task, loaded, prompt = plan.task, plan.loaded, fodder(key).prompts[0]
    loaded.net.eval()
    if not task.info.opens_up:
        with pytest.raises(StudioError, match="is not shown"):
            task.inside(loaded, prompt, "")
        return

    steps = [step.key for step in task.inside(loaded, prompt, "").steps]
    shown = [task.inside(loaded, prompt, step) for step in steps]

    assert steps[-1] == "output" and len(set(steps)) == len(steps) > 1
    assert all(inside.grids and inside.steps[place].formula for place, inside in enumerate(shown))


@pytest.mark.parametrize(("key", "family"), GRID)
def test_it_trains_scores_resumes_and_is_scored_again(
    key: str, family: str, learnt: Callable[[str, str], Learnt]
) -> None:
    whole = learnt(key, family)
    run = create_run(whole.recipe, whole.rows)
    work = engine.train(whole.recipe, whole.rows, run)
    seen = []
    for event in work:
        seen.append(event)
        if isinstance(event, Step) and event.n == 2:
            break
    work.close()

    rest = list(engine.resume(open_run(run.path)))

    assert [event.loss for event in seen + rest if isinstance(event, Step)] == [
        event.loss for event in whole.events if isinstance(event, Step)
    ]
    model = rest[-1].result
    assert set(model.info.shown) <= set(model.metrics)
    assert model.baseline
    opened = result(engine.open(model.folder, "cpu"))
    report = result(engine.evaluate(opened.handle, whole.rows))
    assert isinstance(report, Report)
    assert {metric.key: metric.value for metric in report.metrics} == pytest.approx(model.metrics, rel=1e-5)
    result(engine.close(opened.handle))


@pytest.mark.parametrize(("key", "family"), GRID)
@torch.inference_mode()
def test_padding_changes_no_answer(key: str, family: str, tmp_path: Path) -> None:
    plan = plan_for(recipe_for(key, family), rows_of(key, tmp_path))
    plan.loaded.net.eval()
    examples = plan.material.train

    together = plan.task.observe(plan.loaded, examples.take(range(len(examples))))
    alone = [plan.task.observe(plan.loaded, examples.take([place])) for place in range(len(examples))]

    for name, seen in together.items():
        one, other = (np.concatenate([np.atleast_1d(each) for each in whole]) for whole in (seen, _joined(alone, name)))
        assert one == pytest.approx(other, rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize("form", EACH)
def test_a_whole_file_is_answered_row_by_row(form: str, learnt: Callable[[str, str], Learnt], tmp_path: Path) -> None:
    run = learnt(form, first_family(form))
    rows, model = run.rows, run.model
    opened = result(engine.open(model.folder, "cpu"))
    out = tmp_path / "answers.csv"

    done = result(engine.predict_file(opened.handle, rows.source, str(out), {"max_new_tokens": 3, "seed": 1}))

    assert done.rows == rows.rows
    header = out.read_text(encoding="utf-8-sig").splitlines()[0]
    names = [column.name for column in rows.columns]
    added = added_columns(model, ".csv", names)
    assert header.split(",") == [*names, *added]
    assert ("known_pair" in added) == keeps_pairs(model)
    with out.open(encoding="utf-8-sig", newline="") as stream:
        answers = list(csv.DictReader(stream))
    answered = [row for row in answers if row["prediction"]]
    scoreless = {name for name in added if name.startswith("score") and not any(row[name] for row in answered)}
    assert not answered or scoreless == {name for name, about in added.items() if about == NO_SCORE}


@pytest.mark.parametrize("form", EACH)
def test_a_plan_is_measured_without_training(form: str, tmp_path: Path) -> None:
    rows = rows_of(form, tmp_path)
    recipe = recipe_for(form, first_family(form))

    sizes = result(engine.measure(rows, recipe))

    net = plan_for(recipe, rows).loaded.net
    parameters = sum(parameter.numel() for parameter in net.parameters())
    assert sizes.parameters == pytest.approx(parameters, rel=0.35)  # the vocabulary is only known once it is learnt
    assert 0 < sizes.seconds_low <= sizes.seconds_high
    assert sizes.memory > sizes.parameters * 4


def _joined(alone: list[dict[str, np.ndarray]], name: str) -> np.ndarray:
    return np.concatenate([each[name] for each in alone])


@pytest.mark.parametrize("form", EACH)
def test_its_rows_are_suggested_as_what_they_are(form: str, tmp_path: Path) -> None:
    asked = "" if fodder(form).is_suggested else task_of_form(form)

    found = result(engine.suggest(rows_of(form, tmp_path), asked))

    assert (found.task, found.roles) == (task_of_form(form), fodder(form).roles)


@pytest.mark.parametrize("form", EACH)
def test_its_cases_and_samples_have_the_columns_it_promises(form: str, learnt: Callable[[str, str], Learnt]) -> None:
    run = learnt(form, first_family(form))
    model = run.model

    samples = [event for event in run.events if isinstance(event, Sample)]
    assert samples
    info = model.info
    assert set(samples[0].columns) <= {shown.key for shown in info.samples}
    assert {shown.key for shown in info.samples if not shown.may_lack} <= set(samples[0].columns)
    report = Path(model.folder) / "report"
    cases = [json.loads(line) for line in (report / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {shown.key for shown in info.cases if not shown.may_lack} <= set(cases[0])


@pytest.mark.parametrize("form", EACH)
def test_it_goes_out_and_comes_back_the_same(form: str, learnt: Callable[[str, str], Learnt], tmp_path: Path) -> None:
    model = learnt(form, first_family(form)).model

    *told, finished = engine.export(model.folder, "zip", str(tmp_path / "out.zip"))
    done = finished.result
    back = result(engine.adopt(str(tmp_path / "out.zip")))

    assert done.checked["same_answers"] is True
    assert back.parameters == model.parameters > 0
    assert [event.code for event in told if isinstance(event, Note)] == ["pairs-stay"] * keeps_pairs(model)
    task = task_of(task_of_form(form))
    one, other = (task.open(Path(each.folder), each.facts) for each in (model, back))
    one.kept = None  # rows that a model keeps beside its net stay here, as was said
    assert_same(answers(task, one, form), answers(task, other, form))
