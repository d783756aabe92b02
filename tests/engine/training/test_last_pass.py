"""The last pass: once the held-out rows have chosen the best checkpoint, they are learnt too, with all others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from slm_studio import engine
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.events import Evaluated, Event, Note, Replanned, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import History, create_run, open_run
from slm_studio.core.saved import SavedModel
from slm_studio.engine.evaluation.evaluate import evaluate_model
from slm_studio.engine.models.features import BagTokenizer
from tests.engine.training.conftest import losses, result
from tests.test_task_contract import plan_for

COLOURS = {"red": ("rose", "blood", "brick"), "green": ("grass", "leaf", "lime")}


def write(path: Path, count: int) -> Path:
    lines = [f"{word} {n},{label}" for n in range(count) for label, words in COLOURS.items() for word in words]
    path.write_text("\n".join(["text,label", *lines[:count]]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dataset]:
    """Return how to read so many rows, with files of held-out ones or without."""

    def read(count: int, **held: int) -> Dataset:
        tmp_path = tmp_path_factory.mktemp("rows")
        parts = {name: str(write(tmp_path / f"{name}.csv", size)) for name, size in held.items()}
        found = result(engine.read(str(write(tmp_path / "rows.csv", count)), ReadOptions(**parts)))
        assert isinstance(found, Dataset)
        return found

    return read


@pytest.fixture(scope="module")
def plain() -> Recipe:
    settings = {"epochs": 2, "batch": 8, "validation_share": 0.2, "last_epochs": 1}
    return make_recipe("classify", base="blank:bag-nano", roles={"text": "text", "label": "label"}, settings=settings)


def trained(recipe: Recipe, dataset: Dataset) -> tuple[list[Event], SavedModel]:
    events = list(engine.train(recipe, dataset, create_run(recipe, dataset)))
    model = events[-1].result  # type: ignore[union-attr]
    assert isinstance(model, SavedModel)
    return events, model


@pytest.fixture(scope="module")
def undisturbed(plain: Recipe, rows: Callable[..., Dataset]) -> tuple[list[Event], SavedModel]:
    return trained(plain, rows(100))


def weights(model: SavedModel) -> dict[str, torch.Tensor]:
    return load_file(Path(model.folder) / "model.safetensors")


def is_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_all_rows_but_those_of_the_test_are_learnt_at_the_end(
    plain: Recipe, rows: Callable[..., Dataset], undisturbed: tuple[list[Event], SavedModel]
) -> None:
    events, model = undisturbed
    _, without = trained(replace(plain, last_epochs=0), rows(100))

    sizes = result(engine.measure(rows(100), plain))
    assert (sizes.last_epochs, sizes.steps) == (1, 27)  # type: ignore[attr-defined]  # of 70 rows each; the last may be more
    begun = next(place for place, event in enumerate(events) if isinstance(event, Note) and event.code == "all-learnt")
    before = [event for event in events[:begun] if isinstance(event, Step)]
    after = [event for event in events[begun:] if isinstance(event, Step)]
    (told,) = (event for event in events if isinstance(event, Replanned))
    assert model.rows == {"train": 70, "validation": 20, "test": 10}
    assert len(before) == 2 * 9 and len(after) == 12  # of 8 rows each: 70 rows twice, then all 90
    assert told == Replanned(18, 30, last=True)
    assert [event.rate for event in after] == sorted((event.rate for event in after), reverse=True)
    assert after[-1].epoch == pytest.approx(3.0)
    assert not any(isinstance(event, Evaluated) for event in events[begun:])  # nobody is left to judge
    assert model.learnt_validation and not without.learnt_validation
    assert not is_same(weights(model), weights(without))


def test_words_of_the_rows_that_are_learnt_at_the_end_are_known(plain: Recipe, rows: Callable[..., Dataset]) -> None:
    """Else their own words could teach nothing in it."""
    for last, count in ((1, 90), (0, 70)):
        plan = plan_for(replace(plain, last_epochs=last).settled(), rows(100))
        texts = plan.splits.learnt(validation=last > 0).column("text")
        assert len(texts) == count
        assert len(plan.loaded.tokenizer) == len(BagTokenizer.learn(texts, size="nano", outputs=2))


@pytest.mark.parametrize(
    ("count", "held"),
    [(40, {}), (100, {"validation": 20, "test": 20})],
    ids=["no rows are left to score", "the person named the rows that choose"],
)
def test_there_is_none_where(plain: Recipe, rows: Callable[..., Dataset], count: int, held: dict[str, int]) -> None:
    sizes = result(engine.measure(rows(count, **held), plain))
    events, model = trained(plain, rows(count, **held))

    assert sizes.last_epochs == 0  # type: ignore[attr-defined]
    assert not model.learnt_validation
    assert not any(isinstance(event, Replanned) for event in events)


@pytest.mark.parametrize("stop_at", [18, 19, 29])
def test_a_run_that_is_stopped_in_it_goes_on_bit_by_bit(
    plain: Recipe, rows: Callable[..., Dataset], undisturbed: tuple[list[Event], SavedModel], stop_at: int
) -> None:
    dataset = rows(100)
    whole, model = undisturbed
    run = create_run(plain, dataset)
    work = engine.train(plain, dataset, run)
    before: list[Event] = []
    for event in work:
        before.append(event)
        if isinstance(event, Step) and event.n == stop_at:
            break
    work.close()

    after = list(engine.resume(open_run(run.path)))

    assert losses(before) + losses(after) == losses(whole)
    assert is_same(weights(after[-1].result), weights(model))  # type: ignore[union-attr]
    assert after[-1].result.facts == model.facts  # type: ignore[union-attr]
    assert [line["n"] for line in History(run.path).lines() if line["event"] == "step"] == list(range(1, 31))
    assert open_run(run.path).steps == 30


def test_a_checkpoint_of_it_is_kept_as_it_stands(plain: Recipe, rows: Callable[..., Dataset]) -> None:
    dataset = rows(100)
    run = create_run(plain, dataset)
    model = list(engine.train(plain, dataset, run))[-1].result  # type: ignore[union-attr]

    kept = result(engine.keep(open_run(run.path), None))

    assert isinstance(kept, SavedModel)
    assert kept.learnt_validation and kept.facts == model.facts
    assert is_same(weights(kept), weights(model))


def test_its_rows_are_no_longer_called_held_out(
    rows: Callable[..., Dataset], undisturbed: tuple[list[Event], SavedModel]
) -> None:
    dataset = rows(100)
    _, model = undisturbed
    handle = result(engine.open(model.folder)).handle  # type: ignore[attr-defined]

    scored = result(evaluate_model(handle, dataset, "", {}))
    learnt = result(evaluate_model(handle, dataset, "validation", {}))

    assert (scored.split, scored.rows, scored.learnt) == ("test", 10, 90)  # type: ignore[attr-defined]
    assert (learnt.split, learnt.rows, learnt.baselines) == ("train", 20, ())  # type: ignore[attr-defined]
