"""A damaged record costs itself and nothing beside it."""

from pathlib import Path

import pytest

from slm_studio.core import files, paths
from slm_studio.core.dataset import list_datasets
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import History, create_run, list_runs
from slm_studio.core.saved import SavedModel, list_models, save_facts
from slm_studio.core.settings import Settings, load_settings
from tests.core.test_codec import a_dataset

DAMAGE = [
    b"",
    b"\0\0\0",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe{}",
    b"[" * 100_000,
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b'{"name": ' + b"[" * 200 + b"]" * 200 + b"}",
    b'{"facts": {"labels": ' + b"[" * 300 + b"]" * 300 + b"}}",
]


def a_model(name: str) -> Path:
    folder = paths.models() / name
    folder.mkdir(parents=True)
    save_facts(SavedModel(folder=str(folder), name=name, task="classify", base="blank:bag-small"))
    return folder


@pytest.mark.parametrize("damage", DAMAGE)
def test_one_damaged_record_costs_only_itself(damage: bytes) -> None:
    recipe = make_recipe("classify", roles={"text": "text", "label": "label"})
    whole, broken = (create_run(recipe, a_dataset()) for _ in range(2))
    a_model("whole")
    for path in (
        a_model("broken") / "studio.json",
        broken.path / "state.json",
        paths.datasets() / "x" / "dataset.json",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damage)

    assert [model.name for model in list_models()] == ["whole"]
    assert [run.id for run in list_runs()] == [whole.id]
    assert list_datasets() == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_settings_are_the_defaults(damage: bytes) -> None:
    files.write_atomic(paths.settings_file(), damage)

    assert load_settings() == Settings()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_line_of_the_history_costs_one_event(damage: bytes, tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append({"event": "note", "n": 1})
    with history.path.open("ab") as stream:
        stream.write(damage + b"\n")
    history.append({"event": "note", "n": 2})

    assert [line["n"] for line in history.lines() if "n" in line] == [1, 2]


def test_what_nests_as_deeply_as_we_write_is_read() -> None:
    assert files.parse_json("[" * 50 + "]" * 50)
    with pytest.raises(ValueError, match="nest too deeply"):
        files.parse_json("[" * 200 + "]" * 200)


def test_a_file_that_nests_too_deeply_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(b"[" * 100_000)

    with pytest.raises(StudioError, match=r"deep\.json") as caught:
        files.read_json(path)

    assert caught.value.code == "file-damaged"
