"""What stands is on the disk: every byte is flushed before its name appears, and the name after it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio.core import files

Call = tuple[str, str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Call]]:
    """Note every fsync (by the path that is flushed) and every rename (by the new name), in their order."""
    noted: list[Call] = []
    fsync, replace, rename = os.fsync, os.replace, os.rename

    def sync(handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        noted.append(("fsync", path.name))
        assert path.is_dir() or path.stat().st_size, f"{path} was flushed before anything was written"
        fsync(handle)

    def move(real: object) -> object:
        def moved(source: str, target: str) -> None:
            noted.append(("name", Path(target).name))
            real(source, target)  # type: ignore[operator]

        return moved

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", move(replace))
    monkeypatch.setattr(os, "rename", move(rename))
    return noted


pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux tells which file a number is")


def temporary(name: str) -> bool:
    return name.startswith(".partial-")


def test_a_file_is_flushed_then_named_then_its_folder_is_flushed(calls: list[Call], tmp_path: Path) -> None:
    files.write_atomic(tmp_path / "state.json", "{}")

    (first, partial), second, third = calls
    assert first == "fsync"
    assert temporary(partial)
    assert [second, third] == [("name", "state.json"), ("fsync", tmp_path.name)]


def test_every_file_and_folder_of_a_folder_is_flushed_before_it_is_named(calls: list[Call], tmp_path: Path) -> None:
    with files.atomic_folder(tmp_path / "checkpoint") as partial:
        (partial / "model").mkdir()
        for name in ("model/weights", "optimizer", "manifest"):
            (partial / name).write_text(name)

    named = calls.index(("name", "checkpoint"))
    before = [name for call, name in calls[:named] if call == "fsync"]
    assert sorted(before[:-1]) == ["manifest", "model", "optimizer", "weights"]
    assert temporary(before[-1])
    assert calls[named + 1 :] == [("fsync", tmp_path.name)]


def test_a_folder_that_replaces_another_is_whole_before_the_other_moves(calls: list[Call], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for content in ("old", "new"):
        with files.atomic_folder(folder) as partial:
            (partial / "weights").write_text(content)

    second = calls[calls.index(("fsync", tmp_path.name)) + 1 :]
    names = [(call, name) for call, name in second if call == "name"]
    assert second.index(("fsync", "weights")) < second.index(names[0])
    assert names[0][1].endswith("-old-model")
    assert names[1] == ("name", "model")
    assert (folder / "weights").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_replacement_that_cannot_be_named_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    with files.atomic_folder(folder) as partial:
        (partial / "weights").write_text("old")
    rename = os.rename

    def refuse(source: Path, target: Path) -> None:
        if Path(target) == folder and "old" not in Path(source).name:
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(OSError, match="Input/output"), files.atomic_folder(folder) as partial:
        (partial / "weights").write_text("new")

    assert (folder / "weights").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_disk_must_hold_what_is_asked_before_anything_is_written(tmp_path: Path) -> None:
    from slm_studio.core.errors import StudioError

    files.check_room(tmp_path, 1)
    with pytest.raises(StudioError) as caught:
        files.check_room(tmp_path, 1 << 60)

    assert caught.value.code == "disk-full"
    assert caught.value.values["megabytes"]
