"""A run begins from a model of the hub: fetched once, with the token that its owner asks for, which stays nowhere."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings, save_settings
from tests.hub_server import TOKEN, HubServer

BASE = "ada/secret-base"


@pytest.fixture
def rows(tmp_path: Path) -> Dataset:
    path = tmp_path / "rows.csv"
    texts = ("the quick fox", "the lazy dog", "good and fine", "bad and awful")
    path.write_text("text,label\n" + "\n".join(f"{text} {n},{'ab'[n % 2]}" for n in range(8) for text in texts))
    dataset = list(engine.read(str(path)))[-1].result
    assert isinstance(dataset, Dataset)
    return dataset


@pytest.fixture
def private_hub(hub: HubServer, plain: Path) -> HubServer:
    hub.add_model(BASE, {path.name: path.read_bytes() for path in plain.iterdir() if path.is_file()}, private=True)
    return hub


def train(rows: Dataset, hub: HubServer, token: str) -> SavedModel:
    save_settings(Settings(endpoint=hub.endpoint))
    settings = {"epochs": 1, "batch": 8, "max_length": 16, "precision": "fp32"}
    recipe = make_recipe("classify", base=BASE, roles={"text": "text", "label": "label"}, settings=settings)
    model = list(engine.train(recipe, rows, create_run(recipe, rows), token))[-1].result
    assert isinstance(model, SavedModel)
    return model


def test_a_private_base_is_fetched_once_and_its_token_is_written_nowhere(
    rows: Dataset, private_hub: HubServer, home: Path
) -> None:
    model = train(rows, private_hub, TOKEN)
    fetched = len(private_hub.requests("model.safetensors"))
    again = train(rows, private_hub, "")

    assert model.base == again.base == BASE
    assert fetched > 0 and len(private_hub.requests("model.safetensors")) == fetched
    assert not [path for path in home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_a_private_base_without_a_token_is_a_sentence(rows: Dataset, private_hub: HubServer) -> None:
    with pytest.raises(StudioError) as caught:
        train(rows, private_hub, "")

    assert BASE in str(caught.value)
    assert "token" in caught.value.advice
