"""A label to catch and answers for a person: chosen while training, and the same for every face."""

import csv
import json
from pathlib import Path

import pytest

import slm_studio
from slm_studio import engine
from slm_studio.core.answers import answer_json
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.moderation import catch_of, person_of
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Report
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.engine.targets import deciding
from tests.engine.training.conftest import result

ROLES = {"text": "text", "label": "label"}


def dataset_of(folder: Path) -> Dataset:
    """Messages of which a few words tell the label, mostly: every seventh is labelled otherwise."""
    path = folder / "rows.csv"
    labels = ["spam" if (n % 3 == 0) != (n % 7 == 0) else "ham" for n in range(420)]
    words = ["win cash" if n % 3 == 0 else "see you" for n in range(420)]
    path.write_text(
        "text,label\n"
        + "".join(f"{word} {n},{label}\n" for n, (word, label) in enumerate(zip(words, labels, strict=True)))
    )
    found = result(engine.read(str(path)))
    assert isinstance(found, Dataset)
    return found


def trained(folder: Path, **settings: object) -> SavedModel:
    rows = dataset_of(folder)
    recipe = make_recipe(
        "classify", base="blank:bag-nano", roles=ROLES, settings={"validation_share": 0.3, "last_epochs": 0} | settings
    )
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    assert isinstance(model, SavedModel)
    return model


def test_every_face_says_what_held_out_rows_decided(tmp_path: Path) -> None:
    model = trained(tmp_path, catch="spam", recall=0.9, right=0.8)
    catch, person = catch_of(model.facts), person_of(model.facts)
    assert catch is not None and catch.rows > 20 and catch.threshold <= 0.5
    assert person is not None and 0 < person.below <= 1.01

    report = json.loads((Path(model.folder) / "report" / "report.json").read_text(encoding="utf-8"))
    card = (Path(model.folder) / "README.md").read_text(encoding="utf-8")
    assert {"caught", "rightly_caught", "automatic", "rightly_automatic"} <= model.metrics.keys()
    assert {"label-caught", "handed-on"} <= {each["code"] for each in report["remarks"]}
    assert "“spam” from a probability" in card and "for a person" in card

    handle = result(engine.open(model.folder)).handle  # type: ignore[attr-defined]
    asked = [{"text": "win cash 3"}, {"text": "see you 4"}, {"text": "cash you"}]
    said = []
    for prompt in asked:
        *items, done = engine.predict(handle, prompt, {})
        plain = answer_json([each.item for each in items if hasattr(each, "item")], prompt, model.info, done.result)  # type: ignore[union-attr, arg-type]
        said.append((plain["items"][0]["label"], plain["for_a_person"]))  # type: ignore[index]
    ours = slm_studio.load(model.folder)
    assert [(str(each), each.for_a_person) for each in ours([prompt["text"] for prompt in asked])] == said

    table = tmp_path / "asked.csv"
    table.write_text("text\n" + "".join(prompt["text"] + "\n" for prompt in asked))
    result(engine.predict_file(handle, str(table), str(tmp_path / "out.csv"), {}))
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["prediction"], row["for_a_person"] == "yes") for row in rows] == said


def test_what_is_caught_costs_precision_and_not_the_verdict(tmp_path: Path) -> None:
    plain, eager = trained(tmp_path), trained(tmp_path, catch="spam", recall=1.0)

    assert "caught" not in plain.metrics
    assert eager.metrics["caught"] >= 0.8
    assert eager.verdicts["majority"] == plain.verdicts["majority"]  # what the net knows is compared


def test_a_label_that_no_row_has_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="spma") as caught:
        trained(tmp_path, catch="spma")

    assert caught.value.code == "no-such-label" and "spam" in caught.value.advice


def test_models_without_wishes_say_nothing_of_people(tmp_path: Path) -> None:
    model = trained(tmp_path)
    handle = result(engine.open(model.folder)).handle  # type: ignore[attr-defined]

    done = result(engine.predict(handle, {"text": "win"}, {}))

    assert "for_a_person" not in done  # type: ignore[operator]
    assert isinstance(result(engine.evaluate(handle, dataset_of(tmp_path))), Report)


@pytest.mark.parametrize(
    ("threshold", "words"), [(0.31, "though another label may be likelier"), (0.5, "needs no lower threshold")]
)
def test_a_threshold_is_only_told_as_one_where_it_changes_answers(threshold: float, words: str) -> None:
    facts = {"labels": ["ham", "spam"], "catch": {"label": "spam", "recall": 0.95, "threshold": threshold, "rows": 60}}

    (told,) = deciding.remarks(facts)

    assert words in told.message and told.values["rows"] == 60
