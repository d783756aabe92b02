"""A recipe whose length fits the rows: 6 tokens where that is enough, else as many as most texts have, and it is said."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Note, Step
from slm_studio.core.recipe import Recipe, recipe_from_json
from slm_studio.core.recipes import departures, plan_of
from slm_studio.core.run import create_run, open_run, recipe_of
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.settling import settle
from tests.engine.training.conftest import losses, result

ROLES = {"text": "text", "label": "label"}


def rows(folder: Path, words: int, count: int = 40) -> Dataset:
    path = folder / f"rows-{words}.csv"
    texts = [" ".join([("good", "bad")[n % 2], *["tea"] * (words - 2), str(n)]) for n in range(count)]
    path.write_text("text,label\n" + "".join(f"{text},{n % 2}\n" for n, text in enumerate(texts)), encoding="utf-8")
    dataset = result(engine.read(str(path)))
    assert isinstance(dataset, Dataset)
    return dataset


def plan(**settings: object) -> Recipe:
    return plan_of("classify", named="textbook-sentiment", roles=ROLES, settings={"epochs": 1, "batch": 8} | settings)


@pytest.mark.parametrize(("words", "length"), [(4, 6), (30, 40), (500, 256)])
def test_the_rows_decide(words: int, length: int, tmp_path: Path) -> None:
    settled = settle(task_of("classify"), plan().settled(), rows(tmp_path, words))

    assert settled.max_length == length


def test_a_length_that_the_person_set_stays(tmp_path: Path) -> None:
    assert settle(task_of("classify"), plan(max_length=8).settled(), rows(tmp_path, 30)).max_length == 8


def test_a_plan_and_a_run_say_which_length_is_read(tmp_path: Path) -> None:
    dataset = rows(tmp_path, 30)
    run = create_run(plan(), dataset)
    sizes = result(engine.measure(dataset, plan()))

    events = list(engine.train(plan(), dataset, run))

    note = next(event for event in events if isinstance(event, Note) and event.code == "length-fitted")
    model = events[-1].result
    assert sizes.length == note.values["length"] == model.facts["max_length"] == 40
    assert note.values["wished"] == 6 and sizes.cut == 0.0
    assert (recipe_of(open_run(run.path)).named, run.named) == ("textbook-sentiment", "textbook-sentiment")
    kept = recipe_from_json(model.recipe)
    assert kept.named == "textbook-sentiment" and "Maximum length" not in departures(kept)
    assert "| Recipe | Textbook sentiment (changed: Epochs, Batch size) |" in (
        Path(model.folder) / "README.md"
    ).read_text(encoding="utf-8")


def test_a_run_of_short_texts_says_nothing_of_it(tmp_path: Path) -> None:
    dataset = rows(tmp_path, 4)

    events = list(engine.train(plan(), dataset, create_run(plan(), dataset)))

    assert "length-fitted" not in [event.code for event in events if isinstance(event, Note)]


def test_a_fitted_run_resumes_bit_by_bit(tmp_path: Path) -> None:
    dataset = rows(tmp_path, 30)
    whole = list(engine.train(plan(epochs=2), dataset, create_run(plan(epochs=2), dataset)))
    run = create_run(plan(epochs=2), dataset)
    before = []
    work = engine.train(plan(epochs=2), dataset, run)
    for event in work:
        before.append(event)
        if isinstance(event, Step) and event.n == 3:
            break
    work.close()

    after = list(engine.resume(open_run(run.path)))

    assert losses(before) + losses(after) == losses(whole)


def test_one_sigmoid_for_three_labels_is_a_sentence_before_anything_is_learnt(tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text("text,label\n" + "".join(f"tea {n},{'abc'[n % 3]}\n" for n in range(60)), encoding="utf-8")
    dataset = result(engine.read(str(path)))

    for verb in (
        lambda: engine.measure(dataset, plan()),
        lambda: engine.train(plan(), dataset, create_run(plan(), dataset)),
    ):
        with pytest.raises(Exception, match="tells two labels apart, but these rows have 3"):
            list(verb())


def test_a_squared_error_is_learnt_by_and_told_alike(tmp_path: Path) -> None:
    """Training and held-out loss are the same kind of number, or the doctor would compare apples with pears."""
    dataset = rows(tmp_path, 4, count=80)
    settings = {"loss": "mse", "epochs": 12, "learning_rate": 0.01}
    recipe = plan(**settings)

    events = list(engine.train(recipe, dataset, create_run(recipe, dataset)))

    learnt = losses(events)
    held = [event.loss for event in events if type(event).__name__ == "Evaluated"]
    assert learnt[0] == pytest.approx(0.25, abs=0.02) and held[0] < 0.27 and held[-1] < 0.1
