"""Nothing that is deleted is lost: the system's trash where there is one, else the app's own, and both give it back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.host import trash
from slm_studio.host.trash import Thrown, bring_back, empty_trash, list_kept, throw_away


@pytest.fixture
def folder(home: Path) -> Path:
    place = paths.models() / "tickets"
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(b"0" * 1000)
    return place


def test_without_a_trash_of_the_system_the_app_keeps_it_and_gives_it_back(folder: Path) -> None:
    thrown = throw_away(folder)

    assert not folder.exists()
    (kept,) = list_kept()
    assert (kept.origin, kept.place, kept.bytes) == (folder, thrown.place, 1000)

    bring_back(thrown)
    assert (folder / "model.safetensors").stat().st_size == 1000
    assert list(paths.trash().iterdir()) == []  # nor its note


def test_emptying_deletes_for_good(folder: Path) -> None:
    thrown = throw_away(folder)
    empty_trash()

    assert list_kept() == []
    with pytest.raises(StudioError) as caught:
        bring_back(thrown)
    assert caught.value.code == "trash-gone"


def test_what_took_its_place_meanwhile_stays(folder: Path) -> None:
    thrown = throw_away(folder)
    folder.mkdir()
    (folder / "new.txt").write_text("mine")

    with pytest.raises(StudioError) as caught:
        bring_back(thrown)

    assert caught.value.code == "out-exists"
    assert (folder / "new.txt").read_text() == "mine" and thrown.place is not None and thrown.place.is_dir()


def test_things_of_before_there_were_notes_go_where_their_kind_stands(home: Path) -> None:
    old = paths.trash() / "20260101-120000-ab12-20260101-tickets"
    old.mkdir(parents=True)
    (old / "recipe.json").write_text("{}")

    (kept,) = list_kept()
    assert kept.origin == paths.runs() / "20260101-tickets"
    bring_back(Thrown(origin=kept.origin, place=kept.place))
    assert (paths.runs() / "20260101-tickets" / "recipe.json").is_file()


SCRIPT = """
import sys
from pathlib import Path
from slm_studio.host.trash import bring_back, list_kept, throw_away
thrown = throw_away(Path(sys.argv[1]))
print(thrown.place, Path(sys.argv[1]).exists(), list_kept())
sys.argv[2:] and bring_back(thrown)
"""


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the trash of freedesktop.org")
def test_on_a_desktop_it_goes_to_the_systems_own_trash_and_comes_back_from_there(folder: Path, tmp_path: Path) -> None:
    def throw(*words: str) -> str:
        # In a process of its own: send2trash looks once, when it is imported, where the person's trash is.
        environment = os.environ | {"XDG_CURRENT_DESKTOP": "GNOME"}
        command = [sys.executable, "-c", SCRIPT, str(folder), *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    bin_ = tmp_path / "share" / "Trash"
    assert throw("and back") == f"{bin_ / 'files' / 'tickets'} False []"
    assert (folder / "model.safetensors").is_file()
    assert list((bin_ / "info").iterdir()) == []  # the system's list knows it no more

    throw()
    assert (bin_ / "files" / "tickets" / "model.safetensors").is_file()
    assert str(folder) in (bin_ / "info" / "tickets.trashinfo").read_text()


def test_a_server_has_no_trash_that_anybody_sees_and_a_desktop_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the fixture that keeps tests out of the trash of whoever runs them
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    assert not trash.has_system_trash()
    (tmp_path / "Trash").mkdir()
    assert trash.has_system_trash()
    (tmp_path / "Trash").rmdir()
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    assert trash.has_system_trash()
