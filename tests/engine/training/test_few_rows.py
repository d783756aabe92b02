"""Few rows in the one loop: scored before the first step, the better way taken and said, stopped and resumed bit by bit."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Evaluated, Event, Note, Step
from slm_studio.core.few import few_of
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import Run, create_run
from slm_studio.core.saved import SavedModel
from tests.engine.models.foreign import make_foreign
from tests.engine.training.conftest import result

WORDS = {"red": ("rose", "blood", "brick", "ruby"), "green": ("grass", "leaf", "lime", "moss")}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    lines = [f"the {word} of {n},{label}" for n in range(9) for label, words in WORDS.items() for word in words]
    path.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    found = result(engine.read(str(path)))
    assert isinstance(found, Dataset)
    return found


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    base = make_foreign(tmp_path_factory.mktemp("few") / "base", "bert", "")
    settings = {
        "epochs": 2,
        "batch": 16,
        "max_length": 16,
        "precision": "fp32",
        "eval_every": 2,
    }
    return make_recipe("classify", base=str(base), roles={"text": "text", "label": "label"}, settings=settings)


def trained(plan: Recipe, rows: Dataset) -> tuple[list[Event], SavedModel, Run]:
    run = create_run(plan, rows)
    events = list(engine.train(plan, rows, run))
    model = events[-1].result  # type: ignore[union-attr]
    assert isinstance(model, SavedModel)
    return events, model, run


@pytest.fixture(scope="module")
def undisturbed(plan: Recipe, rows: Dataset) -> tuple[list[Event], SavedModel, Run]:
    return trained(plan, rows)


def weights(model: SavedModel) -> dict[str, torch.Tensor]:
    return load_file(Path(model.folder) / "model.safetensors")


def is_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_untouched_base_is_scored_first_and_the_better_way_is_said(
    undisturbed: tuple[list[Event], SavedModel, Run],
) -> None:
    events, model, _ = undisturbed

    looks = [event for event in events if isinstance(event, Evaluated)]
    said = [event.code for event in events if isinstance(event, Note) and event.code.startswith("few-")]
    found = few_of(model.facts)
    assert looks[0].n == 0
    assert found is not None and found.rows == model.rows["validation"]
    assert found.frozen == looks[0].metrics["accuracy"]
    best = min(looks, key=lambda look: look.loss)
    assert said == ["few-tuned" if best.n else "few-frozen"]
    assert (found.tuned is None) == (best.n == 0)
    assert model.learnt_validation and "still" not in model.facts


def test_steps_that_hurt_leave_the_base_as_it_was(rows: Dataset, plan: Recipe) -> None:
    """The head alone then learns the held-out rows, too."""
    events, model, _ = trained(replace(plan, learning_rate=3.0), rows)

    found, base = few_of(model.facts), load_file(Path(plan.base) / "model.safetensors")
    assert found is not None and found.tuned is None
    assert model.learnt_validation
    mine = weights(model)
    assert all(torch.equal(mine[f"bert.{name}"], tensor) for name, tensor in base.items() if "pooler" not in name)
    assert any(isinstance(event, Note) and event.code == "few-frozen" for event in events)
    assert "few-frozen" in (Path(model.folder) / "report" / "report.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("steps", [1, 3, 9])
def test_a_run_that_is_stopped_goes_on_bit_by_bit(
    rows: Dataset, plan: Recipe, undisturbed: tuple[list[Event], SavedModel, Run], steps: int
) -> None:
    """Before the first look at tuned vectors, after it, and in the last pass."""
    _, whole, _ = undisturbed
    run = create_run(plan, rows)
    events = engine.train(plan, rows, run)
    for event in events:
        if isinstance(event, Step) and event.n == steps:
            break
    events.close()  # type: ignore[attr-defined]

    model = result(engine.resume(run))

    assert isinstance(model, SavedModel)
    assert is_same(weights(model), weights(whole))
    assert model.facts == whole.facts


def test_a_checkpoint_that_is_kept_has_the_head_of_its_vectors(
    undisturbed: tuple[list[Event], SavedModel, Run],
) -> None:
    _, whole, run = undisturbed

    kept = result(engine.keep(run))

    assert isinstance(kept, SavedModel)
    assert is_same(weights(kept), weights(whole))
