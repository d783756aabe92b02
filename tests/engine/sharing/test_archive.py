"""Copies that open anywhere, and imports that trust nothing."""

import io
import json
import os
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.results import FileResult
from slm_studio.core.saved import SavedModel, list_models, open_saved
from slm_studio.engine.sharing import unpacking
from slm_studio.engine.sharing.archive import export_model, import_model
from slm_studio.engine.sharing.parity import same_answers
from tests.engine.sharing.conftest import LABELS, contents


def export(folder: Path, kind: str, out: Path) -> FileResult:
    *_, last = export_model(folder, kind, out)
    assert isinstance(last, Finished)
    return last.result


def adopt(source: Path, name: str = "") -> SavedModel:
    *_, last = import_model(source, name)
    assert isinstance(last, Finished)
    return last.result


def refused(source: Path) -> StudioError:
    before = set(paths.models().glob("*"))
    with pytest.raises(StudioError) as caught:
        adopt(source)
    assert "{" not in str(caught.value) + caught.value.advice
    assert set(paths.models().glob("*")) == before
    assert not list((paths.cache() / "imports").glob("*"))
    return caught.value


def zipped(folder: Path, out: Path, top: str = "") -> Path:
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in contents(folder).items():
            archive.writestr(top + name, data)
    return out


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_copy_answers_the_same_and_comes_back(tiny: Path, tmp_path: Path, kind: str) -> None:
    result = export(tiny, kind, tmp_path / "copy")

    back = adopt(Path(result.out))

    assert result.checked["largest_difference"] == 0.0
    assert same_answers(tiny, Path(back.folder)).same
    assert (back.name, back.task, back.metrics) == ("Reviews 2", "classify", open_saved(tiny).metrics)
    assert back.origin == f"file:{Path(result.out).name}"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_copy_holds_figures_but_neither_rows_nor_paths(tiny: Path, tmp_path: Path, home: Path, kind: str) -> None:
    out = Path(export(tiny, kind, tmp_path / "copy").out)

    files = (
        contents(out)
        if kind == "folder"
        else {name: zipfile.ZipFile(out).read(name) for name in zipfile.ZipFile(out).namelist()}
    )
    for text in (str(home), str(Path.home()), "a secret row", "20260101-run"):
        assert not [name for name, data in files.items() if text.encode() in data.replace(b"\\", b"")], text
    report = next(data for name, data in files.items() if name.endswith("report/report.json"))
    assert json.loads(report)["rows"] == 120
    assert not [name for name in files if name.endswith(("cases.jsonl", "log.txt"))]


def test_the_same_model_gives_the_same_zip(tiny: Path, tmp_path: Path) -> None:
    one, other = export(tiny, "zip", tmp_path / "one.zip"), export(tiny, "zip", tmp_path / "other")

    assert Path(one.out).read_bytes() == Path(other.out).read_bytes()
    assert other.out.endswith("other.zip")


def test_an_occupied_place_is_not_written_over(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine.txt").write_text("mine")

    for kind, out, code in (
        ("folder", tmp_path / "copy", "out-exists"),
        ("folder", tiny / "inside", "out-inside"),
        ("gguf", tmp_path / "new", "export-kind"),
    ):
        with pytest.raises(StudioError) as caught:
            export(tiny, kind, out)
        assert caught.value.code == code
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["mine.txt"]


def test_closing_an_export_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    work = export_model(tiny, "zip", tmp_path / "out" / "copy.zip")
    next(work)

    work.close()

    assert not list((tmp_path / "out").iterdir())


def test_a_copy_that_answers_differently_is_not_kept(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slm_studio.engine.sharing import parity

    monkeypatch.setattr(parity, "same_answers", lambda one, other: parity.Parity(1, 0.5))

    with pytest.raises(StudioError) as caught:
        export(tiny, "folder", tmp_path / "out" / "copy")

    assert caught.value.code == "export-differs"
    assert not list((tmp_path / "out").iterdir())


def test_a_foreign_folder_gets_a_description(plain: Path) -> None:
    (plain / "optimizer.pt").write_bytes(b"pickle")

    model = adopt(plain, "My model")

    assert (model.name, model.task, model.facts["labels"]) == ("My model", "classify", list(LABELS))
    assert Path(model.folder) == paths.models() / "my-model"
    assert not (Path(model.folder) / "optimizer.pt").exists()
    assert list_models() == [model]


@pytest.mark.parametrize("top", ["", "model-main/"])
def test_a_zip_may_have_one_folder_around_everything(plain: Path, tmp_path: Path, top: str) -> None:
    source = zipped(plain, tmp_path / "a model.zip", top)
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("__MACOSX/._config.json", b"litter")

    assert adopt(source).name == "a model"


def test_links_into_a_hub_cache_are_followed(plain: Path, tmp_path: Path) -> None:
    repo = tmp_path / "models--ada--tiny"
    snapshot = repo / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir()
    for place, path in enumerate(plain.iterdir()):
        shutil.copy(path, repo / "blobs" / str(place))
        (snapshot / path.name).symlink_to(f"../../blobs/{place}")

    assert adopt(snapshot).task == "classify"


@pytest.mark.parametrize(
    "name", ["../evil.json", "/etc/evil.json", "a/../../evil.json", "C:/evil.json", "a\\..\\evil.json", "./x"]
)
def test_names_that_climb_are_refused(plain: Path, tmp_path: Path, name: str) -> None:
    source = zipped(plain, tmp_path / "m.zip")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"{}")

    assert refused(source).code == "unsafe-name"
    assert not list(tmp_path.parent.rglob("evil.json"))


def test_links_and_devices_are_refused(plain: Path, tmp_path: Path) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):
        source = zipped(plain, tmp_path / "m.zip")
        info = zipfile.ZipInfo("LICENSE")
        info.external_attr = (kind | 0o644) << 16
        with zipfile.ZipFile(source, "a") as archive:
            archive.writestr(info, b"/etc/passwd")
        assert refused(source).code == "model-outside"
    (plain / "LICENSE").symlink_to("/etc/passwd")
    assert refused(plain).code == "model-outside"
    (plain / "LICENSE").unlink()
    os.mkfifo(plain / "LICENSE")
    assert refused(plain).code == "model-device"


def test_bombs_are_refused_before_they_unfold(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = zipped(plain, tmp_path / "m.zip")
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vocab.txt", b"\0" * 30_000_000)
    assert refused(source).code == "archive-bomb"

    monkeypatch.setattr(unpacking, "MAX_BYTES", 1000)
    assert refused(zipped(plain, tmp_path / "m.zip")).code == "archive-too-large"
    monkeypatch.setattr(unpacking, "MAX_MEMBERS", 3)
    assert refused(zipped(plain, tmp_path / "m.zip")).code == "model-too-many-files"
    assert refused(plain).code == "model-too-many-files"


def test_a_size_that_lies_is_noticed(plain: Path, tmp_path: Path) -> None:
    source = zipped(plain, tmp_path / "m.zip")
    raw = source.read_bytes()
    place = raw.rfind(b"PK\x01\x02")
    source.write_bytes(raw[: place + 24] + (10).to_bytes(4, "little") + raw[place + 28 :])

    assert refused(source).code in ("archive-damaged", "model-damaged", "model-cut")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"no zip at all", "archive-kind"), (b"PK\x03\x04 and no more", "archive-cut"), (None, "file-missing")],
)
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes | None, code: str) -> None:
    if content:
        (tmp_path / "m.zip").write_bytes(content)

    assert refused(tmp_path / "m.zip").code == code


def test_a_cut_zip_is_said(plain: Path, tmp_path: Path) -> None:
    source = zipped(plain, tmp_path / "m.zip")
    buffer = io.BytesIO(source.read_bytes())
    raw = bytearray(buffer.getvalue())
    raw[5000] ^= 0xFF
    source.write_bytes(raw)

    assert refused(source).code == "archive-damaged"


def test_pickles_only_are_refused(plain: Path) -> None:
    (plain / "model.safetensors").rename(plain / "pytorch_model.bin")

    assert refused(plain).code == "model-pickle"
