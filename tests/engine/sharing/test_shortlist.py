"""A base of the shortlist is fetched by the verb that fetches every model: as pinned, from the hub that Settings names."""

from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import bases
from slm_studio.core.bases import Base, folder_of, hub_cache, read_bases, suited
from slm_studio.core.events import Finished, Progress
from slm_studio.core.recipe import make_recipe
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings, load_settings, save_settings
from slm_studio.core.work import outcome
from slm_studio.engine.sharing.base import find_base
from tests.hub_server import HubServer


@pytest.fixture
def base(hub: HubServer, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    """Return a base of the list as the hub holds it; a newer commit stands there too, at which nobody looked yet."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    known = next(each for each in read_bases() if each.id.endswith("all-MiniLM-L6-v2"))
    content = {path.name: path.read_bytes() for path in plain.iterdir() if path.is_file()}
    pinned = replace(known, revision=hub.add_model(known.id, content))
    hub.add_model(known.id, content | {"config.json": b"{}"})
    monkeypatch.setattr(bases, "read_bases", lambda: (pinned,))
    save_settings(Settings(endpoint=hub.endpoint))
    return pinned


def test_a_run_that_names_a_base_takes_it_as_pinned_and_once(base: Base, hub: HubServer) -> None:
    recipe = make_recipe("classify", base=base.id, roles={"text": "text", "label": "label"})

    folder = outcome(find_base(recipe))
    asked = len(hub.seen)

    assert (Path(folder) / "config.json").read_bytes() != b"{}"
    assert folder_of(base.id) == Path(folder) == Path(outcome(find_base(recipe)))
    assert len(hub.seen) == asked


def test_what_another_tool_fetched_is_not_fetched_again(base: Base, hub: HubServer, plain: Path) -> None:
    cached = hub_cache() / f"models--{base.id.replace('/', '--')}" / "snapshots" / base.revision
    cached.parent.mkdir(parents=True)
    plain.rename(cached)

    recipe = make_recipe("classify", base=base.id, roles={"text": "text", "label": "label"})

    assert outcome(find_base(recipe)) == str(cached) and not hub.seen


def test_a_base_is_fetched_as_pinned_and_is_here_from_then_on(base: Base, plain: Path) -> None:
    assert suited([base], 10**12)[0].here == ""

    *events, last = engine.fetch(base.id, load_settings().endpoint, base.revision)

    assert isinstance(last, Finished) and isinstance(last.result, SavedModel)
    assert any(isinstance(event, Progress) and 0 < event.done <= event.total for event in events)
    assert suited([base], 10**12)[0].here == last.result.folder
    assert (Path(last.result.folder) / "config.json").read_bytes() == (plain / "config.json").read_bytes()
