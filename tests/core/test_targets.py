"""Targets: what somebody named as a place to write is a file, and what stands there is not lost."""

import os
import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from slm_studio.core import files, targets
from slm_studio.core.errors import StudioError

ON_LINUX = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux has a folder that takes no files")


def refused(path: Path) -> StudioError:
    with pytest.raises(StudioError) as caught, targets.target_file(path) as stream:
        stream.write(b"new")
    return caught.value


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("before", ["old", None])
def test_a_link_stays_and_where_it_leads_is_written(tmp_path: Path, before: str | None) -> None:
    (tmp_path / "deep").mkdir()
    real, link, first = tmp_path / "deep" / "real.csv", tmp_path / "link.csv", tmp_path / "first.csv"
    if before:
        real.write_text(before)
    link.symlink_to("deep/real.csv")
    first.symlink_to("link.csv")

    with targets.target_file(first) as stream:
        stream.write(b"new")

    assert (first.is_symlink(), link.is_symlink(), real.is_symlink()) == (True, True, False)
    assert real.read_text() == "new"
    assert os.listdir(tmp_path / "deep") == ["real.csv"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_a_pipe_a_socket_and_a_device_are_refused_and_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, linked: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out.csv"
    if kind == "pipe":
        os.mkfifo(out)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as door:
            door.bind("out.csv")
    else:
        out.symlink_to(os.devnull)
    if linked:
        (tmp_path / "link.csv").symlink_to("out.csv")
        out = tmp_path / "link.csv"
    before = out.stat()

    error = refused(out)

    assert error.code == "not-a-file" and out.name in str(error)
    assert (out.stat().st_ino, out.stat().st_mode) == (before.st_ino, before.st_mode)


@ON_LINUX
def test_what_a_program_has_open_is_refused_even_where_it_is_a_file(tmp_path: Path) -> None:
    with (tmp_path / "open.txt").open("w") as stream:
        (tmp_path / "out.csv").symlink_to(f"/proc/self/fd/{stream.fileno()}")

        assert refused(tmp_path / "out.csv").code == "not-a-file"

    assert (tmp_path / "out.csv").is_symlink()
    assert (tmp_path / "open.txt").read_text() == ""


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_in_a_circle_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")

    assert refused(tmp_path / "a.csv").code == "link-in-a-circle"


@ON_LINUX
@pytest.mark.parametrize("out", ["/proc/x.csv", "/proc/deep/x.csv", "/sys/x.csv"])
def test_a_place_that_takes_no_files_is_named_as_the_cause(out: str) -> None:
    error = refused(Path(out))

    assert error.code == "takes-no-files"
    assert str(error) == f"“{out}” cannot be written: “/{out.split('/')[1]}” takes no files."


def test_a_file_on_the_way_is_named_as_the_cause(tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("x")

    error = refused(tmp_path / "afile" / "deep" / "x.csv")

    assert error.code == "in-the-way"
    assert error.values["path"] == str(tmp_path / "afile")


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    targets.check_file(tmp_path / "a" / "b.csv")

    assert list(tmp_path.iterdir()) == []


def test_a_disk_of_unknown_size_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(0, 0, 0))
    files.check_room(tmp_path, 10)

    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(5, 5, 0))
    with pytest.raises(StudioError, match="disk is full"):
        files.check_room(tmp_path, 10)
