"""A style over the local API: it stands before the text as it does in the studio, in streams too, and a strange one is refused."""

import json

import pytest

from slm_studio import engine
from slm_studio.core.events import Predicted
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from tests.serve.asking import ask
from tests.test_task_contract import first_family, recipe_for, result, rows_of

ASKED = {"max_tokens": 24, "temperature": 0}


@pytest.fixture(scope="module")
def poet(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    """Return a small writer that knows two styles."""
    form, place = "write/styles", tmp_path_factory.mktemp("poet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        recipe, rows = recipe_for(form, first_family(form), epochs=12), rows_of(form, place)
        return result(engine.train(recipe, rows, create_run(recipe, rows)))


@pytest.fixture
def server(serve, poet: SavedModel):
    return serve(poet)


def written(server, **body) -> str:
    return str(ask(server, "/v1/completions", ASKED | body).json["choices"][0]["text"])


def written_here(poet: SavedModel, style: str | None) -> str:
    handle = result(engine.open(poet.folder, "cpu")).handle
    prompt = {"text": "The"} | ({} if style is None else {"style": style})
    *events, _ = engine.predict(handle, prompt, {"temperature": 0.0, "max_new_tokens": 24})
    return "".join(event.item.text for event in events if isinstance(event, Predicted))


def test_a_style_is_written_in_as_in_the_studio(server, poet: SavedModel) -> None:
    found = {style: written(server, prompt="The", style=style) for style in ("glad", "安静")}

    assert found["glad"] != found["安静"]
    assert found == {style: written_here(poet, style) for style in found}
    assert written(server, prompt="The") == written_here(poet, None) == written(server, prompt="The", style="")


def test_a_stream_and_several_beginnings_take_it_too(server) -> None:
    whole = written(server, prompt="The", style="glad")

    raw = ask(server, "/v1/completions", ASKED | {"prompt": "The", "style": "glad", "stream": True}).body.decode()
    lines = [line.removeprefix("data: ") for line in raw.splitlines() if line.startswith("data: {")]
    several = ask(server, "/v1/completions", ASKED | {"prompt": ["The", "The"], "style": "glad"}).json["choices"]

    assert "".join(json.loads(line)["choices"][0]["text"] for line in lines) == whole
    assert [each["text"] for each in several] == [whole, whole]


def test_a_strange_style_is_refused_with_those_that_are_known(server) -> None:
    told = ask(server, "/v1/completions", ASKED | {"prompt": "The", "style": "epic"})

    assert told.status == 400 and told.error["code"] == "style-unknown" and "glad" in told.error["hint"]


def test_a_model_without_styles_takes_none(serve, trained) -> None:
    told = ask(serve(trained["write"]), "/v1/completions", ASKED | {"prompt": "The", "style": "glad"})

    assert told.status == 400 and "style" in told.error["message"]
