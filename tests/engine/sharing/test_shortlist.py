"""A base of the shortlist is fetched by the verb that fetches every model: as pinned, from the hub that Settings names."""

from dataclasses import replace
from pathlib import Path

from slm_studio import engine
from slm_studio.core.bases import read_bases, suited
from slm_studio.core.events import Finished, Progress
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings, load_settings, save_settings
from tests.hub_server import HubServer


def test_a_base_is_fetched_as_pinned_and_is_here_from_then_on(
    hub: HubServer, plain: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    listed = next(base for base in read_bases() if base.id.endswith("all-MiniLM-L6-v2"))
    content = {path.name: path.read_bytes() for path in plain.iterdir() if path.is_file()}
    base = replace(listed, revision=hub.add_model(listed.id, content))
    hub.add_model(listed.id, content | {"config.json": b"{}"})  # a newer commit, which nobody looked at yet
    save_settings(Settings(endpoint=hub.endpoint))
    assert suited([base], 10**12)[0].here == ""

    *events, last = engine.fetch(base.id, load_settings().endpoint, base.revision)

    assert isinstance(last, Finished) and isinstance(last.result, SavedModel)
    assert any(isinstance(event, Progress) and 0 < event.done <= event.total for event in events)
    assert suited([base], 10**12)[0].here == last.result.folder
    assert (Path(last.result.folder) / "config.json").read_bytes() == content["config.json"]
