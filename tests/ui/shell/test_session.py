"""The session tells each change once, forgets what no longer fits, and comes back after a restart."""

import os
from dataclasses import replace

import pytest

from slm_studio.core import settings as core_settings
from slm_studio.core.dataset import Dataset, ReadReport, opened_before, save_dataset
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Suggestion
from slm_studio.core.saved import SavedModel, save_facts
from slm_studio.ui.shell.session import Session, memory_file


def dataset(home, name: str = "one") -> Dataset:
    folder = home / "datasets" / name
    made = Dataset(
        id=name, name=f"{name}.csv", source="", folder=str(folder), columns=(), rows=3, held_out={}, fingerprint="f",
        report=ReadReport(format="csv"), created="2026-01-01",
    )  # fmt: skip
    save_dataset(made)
    return made


@pytest.fixture
def session(qapp, home) -> Session:
    return Session()


def heard(signal) -> list:
    values: list = []
    signal.connect(lambda *value: values.append(value))
    return values


def test_a_change_is_told_once(session: Session, home) -> None:
    told = heard(session.dataset_changed)
    one = dataset(home)

    session.set_dataset(one)
    session.set_dataset(one)

    assert told == [(one,)]


def test_a_dataset_that_is_opened_again_stands_first_among_those_of_before(session: Session, home) -> None:
    one, two = dataset(home, "one"), dataset(home, "two")
    for seconds, each in enumerate((one, two)):
        os.utime(f"{each.folder}/dataset.json", (seconds, seconds))
    assert opened_before() == [two, one]

    session.set_dataset(one)

    assert opened_before() == [one, two]


def test_another_dataset_forgets_the_plan(session: Session, home) -> None:
    session.set_dataset(dataset(home))
    session.set_suggestion(Suggestion(task="classify", roles={"text": "a"}, base="blank:bag-small", reason=""))
    session.set_recipe(make_recipe("classify"))

    session.set_dataset(replace(session.dataset, rows=4))
    assert session.recipe is not None  # the same one, a row more

    session.set_dataset(dataset(home, "two"))
    assert session.recipe is None
    assert session.suggestion is None


def test_settings_are_written_and_told(session: Session, language) -> None:
    told, spoken = heard(session.settings_changed), heard(session.language_changed)

    session.change_settings(theme="dark", language="zh_CN")

    assert told[0][0].theme == "dark"
    assert spoken == [("zh_CN",)]
    assert core_settings.load_settings().language == "zh_CN"


def test_the_last_state_comes_back(session: Session, home) -> None:
    model = SavedModel(folder=str(home / "models" / "m"), name="m", task="classify", base="blank:bag-small")
    save_facts(model)
    session.set_dataset(dataset(home))
    session.set_model(model)
    session.remember("train.form", {"epochs": 3})
    session.save()

    again = Session()
    again.restore()

    assert again.dataset == session.dataset
    assert again.model is not None and again.model.name == "m"
    assert again.recall("train.form") == {"epochs": 3}


def test_what_is_gone_is_forgotten_without_a_word(session: Session, home) -> None:
    session.remember("dataset", str(home / "datasets" / "gone"))

    session.restore()

    assert session.dataset is None
    assert session.recall("dataset") == ""


def test_a_damaged_memory_starts_fresh(home) -> None:
    memory_file().parent.mkdir(parents=True, exist_ok=True)
    memory_file().write_text("[1, 2")

    assert Session().recall("anything", 7) == 7
