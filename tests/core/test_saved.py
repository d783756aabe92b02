"""A model is found by its path, its folder's name, the person's name for it, or where it was fetched from."""

from pathlib import Path

import pytest

from slm_studio.core import files, paths
from slm_studio.core.saved import SavedModel, local_folder, save_facts


@pytest.fixture
def make():
    def saved(name: str, created: str = "2026-01-01", origin: str = "", folder: str = "") -> Path:
        at = paths.models() / (folder or files.slug(name))
        at.mkdir(parents=True)
        save_facts(
            SavedModel(
                folder=str(at),
                name=name,
                task="classify",
                facts={},
                base="blank:bag-nano",
                recipe={},
                created=created,
                origin=origin,
            )
        )
        return at

    return saved


@pytest.mark.parametrize("name", ["My Model", "我的 模型", "tickets → team"])
def test_a_model_is_found_by_the_name_that_it_was_given(make, name: str) -> None:
    folder = make(name)

    assert local_folder(name) == folder
    assert local_folder(folder.name) == folder
    assert local_folder(str(folder)) == folder


def test_of_one_name_the_newest_is_meant(make) -> None:
    make("My Model", folder="older")
    newer = make("My Model", created="2026-02-02", folder="newer")

    assert local_folder("My Model") == newer


def test_a_model_is_found_by_where_it_was_fetched_from(make) -> None:
    folder = make("tickets", origin="hub:ada/tickets@0123abc")

    assert local_folder("ada/tickets") == folder
    assert local_folder("ada/other") is None


def test_no_name_is_no_model(make) -> None:
    make("My Model")

    assert local_folder("") is None
