"""A row that counts more is learnt more, in every task that has the role."""

from pathlib import Path

import numpy as np
import pytest
import torch

from slm_studio import engine
from slm_studio.core.recipe import make_recipe
from slm_studio.core.tasks import all_tasks
from slm_studio.core.work import outcome
from slm_studio.engine.examples import WEIGHTS, weighed
from slm_studio.engine.training.plan import Plan, prepare
from tests.tasks import fodder

WEIGHED = [
    (info.key, family.key)
    for info in all_tasks()
    if info.weight
    for family in info.families
    if family.key != "continued"
]


def plan_of(task: str, family: str, folder: Path, **roles: str) -> Plan:
    fed = fodder(task)
    dataset = list(engine.read(str(fed.write(folder))))[-1].result
    settings = {"batch": 8, "max_length": 48, "dropout": 0.0, "precision": "fp32"} | fed.settings
    recipe = make_recipe(task, base=f"blank:{family}-nano", roles=fed.roles | roles, settings=settings)
    return outcome(prepare(recipe.settled(), dataset))


@pytest.mark.parametrize(("task", "family"), WEIGHED)
def test_rows_of_weight_one_are_as_before_and_one_of_weight_zero_is_none(
    task: str, family: str, tmp_path: Path
) -> None:
    plan = plan_of(task, family, tmp_path)
    examples, loaded = plan.material.train, plan.loaded
    loaded.net.eval()
    rows = int(examples.rows_N.max()) + 1

    def loss(weights: np.ndarray | None, places: list[int]) -> float:
        found = examples if weights is None else weighed(examples, weights.tolist())
        return float(plan.task.loss(loaded, found.take(places), plan.recipe).detach())

    places = list(range(min(8, len(examples))))
    assert loss(np.ones(rows), places) == pytest.approx(loss(None, places), rel=1e-4)
    if plan.task.info.answers == "hits":
        return  # rows are each other's wrong answers, whatever they weigh
    only = np.zeros(rows)
    only[examples.rows_N[places[1]]] = 3.0
    alone = [place for place in places if examples.rows_N[place] == examples.rows_N[places[1]]]
    assert loss(only, places) == pytest.approx(loss(None, alone), rel=1e-3)


def test_the_role_reaches_what_is_learnt_also_in_a_last_pass(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label,w\n" + "\n".join(f"text {n},{'ab'[n % 2]},{n % 3}" for n in range(60)))
    dataset = list(engine.read(str(path)))[-1].result
    roles = {"text": "text", "label": "label", "weight": "w"}

    plan = outcome(prepare(make_recipe("classify", base="blank:bag-nano", roles=roles).settled(), dataset))

    learnt, held = (
        [float(cell) for cell in rows.column("weight")] for rows in (plan.splits.train, plan.splits.validation)
    )
    assert plan.material.train.numbers[WEIGHTS].tolist() == learnt
    assert plan.material.all is not None and plan.material.all.numbers[WEIGHTS].tolist() == [*learnt, *held]
    assert plan.material.train.take([0])[WEIGHTS].dtype == torch.float32


def test_equal_pairs_stand_on_one_side_whatever_they_weigh(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"text {n % 30},other {n % 30},{'ab'[n % 2]},{n}" for n in range(120)]
    path.write_text("text,text2,label,w\n" + "\n".join(lines))
    dataset = list(engine.read(str(path)))[-1].result
    roles = {"text": "text", "text2": "text2", "label": "label", "weight": "w"}

    plan = outcome(prepare(make_recipe("classify", base="blank:bag-nano", roles=roles).settled(), dataset))

    sides = [set(getattr(plan.splits, part).column("text")) for part in ("train", "validation", "test")]
    assert all(sides) and not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
