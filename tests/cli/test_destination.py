"""--out: asked for before the work, and still right after it."""

import argparse
import os
from pathlib import Path

import pytest

import slm_studio
from slm_studio.cli.command import absolute
from slm_studio.cli.destination import Destination, destination_of, destination_of_run
from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.run import STOPPED, Run, find_run
from slm_studio.core.saved import SavedModel, open_saved, save_facts
from tests.cli.commands import Run as RunCommand


def a_model(name: str = "made") -> SavedModel:
    folder = paths.models() / name
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(name.encode())
    model = SavedModel(folder=str(folder), name=name, task="classify", base="blank:bag-small")
    save_facts(model)
    return model


def asked(out: object, overwrite: bool = False) -> Destination:
    found = destination_of(argparse.Namespace(out=str(out), overwrite=overwrite))
    assert found is not None
    return found


def test_two_trainings_do_not_overwrite_each_other(tmp_path: Path) -> None:
    first, second = asked(tmp_path / "out"), asked(tmp_path / "out")
    assert first.take(a_model("first")).folder == str(tmp_path / "out")

    with pytest.raises(StudioError) as caught:
        second.take(a_model("second"))

    assert caught.value.code == "out-taken"
    assert open_saved(tmp_path / "out").name == "first"
    assert open_saved(paths.models() / "second").name == "second"


def test_a_model_that_came_to_stand_at_out_by_itself_stays_there(tmp_path: Path) -> None:
    """OUT may be its own place among the app's models: it is called as OUT is, and no other model came in between."""
    out = asked(paths.models() / "made")

    model = out.take(a_model("made"))

    assert model.folder == str(paths.models() / "made")
    assert open_saved(paths.models() / "made").name == "made"


def test_overwriting_means_what_stood_there_then(tmp_path: Path) -> None:
    asked(tmp_path / "out").take(a_model("old"))
    first, second = asked(tmp_path / "out", overwrite=True), asked(tmp_path / "out", overwrite=True)
    first.take(a_model("first"))

    with pytest.raises(StudioError, match="while it was made"):
        second.take(a_model("second"))

    assert open_saved(tmp_path / "out").name == "first"


def test_the_folder_we_are_in_is_filled_and_stays_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = here.stat().st_ino

    model = asked(".").take(a_model())

    assert model.folder == str(here)
    assert here.stat().st_ino == before
    assert open_saved(Path(".")).name == "made"
    assert not (paths.models() / "made").exists()


def test_a_path_with_two_dots_makes_no_folder_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    model = asked("nowhere/../out").take(a_model())

    assert model.folder == str(tmp_path / "out")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only Linux has a folder that takes no folders")
@pytest.mark.parametrize("out", ["/proc/slm", "/proc/slm/deep", "/proc"])
def test_a_place_that_takes_no_folder_is_refused_before_the_work(out: str) -> None:
    with pytest.raises(StudioError) as caught:
        asked(out, overwrite=True)

    assert caught.value.code == "takes-no-files"


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_as_out_stays_and_the_model_stands_where_it_leads(tmp_path: Path, is_there: bool) -> None:
    if is_there:
        (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")

    asked(tmp_path / "link").take(a_model())

    assert (tmp_path / "link").is_symlink()
    assert open_saved(tmp_path / "real").name == "made"
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_a_file_on_the_way_to_out_is_named_as_the_cause(tmp_path: Path) -> None:
    (tmp_path / "afile").write_text("x")

    with pytest.raises(StudioError) as caught:
        asked(tmp_path / "afile" / "m")

    assert caught.value.code == "in-the-way"
    assert caught.value.values["path"] == str(tmp_path / "afile")


def test_asking_leaves_nothing_behind(tmp_path: Path) -> None:
    asked(tmp_path / "a" / "b")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [("a", "a"), ("./a", "a"), ("x/../a", "a"), ("deep/inner/..", "deep"), ("deep/link", "deep/link"), ("..", "../")],
)
def test_a_path_means_the_same_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    (tmp_path / "deep" / "inner").mkdir(parents=True)
    (tmp_path / "deep" / "link").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)

    assert absolute(given) == str(tmp_path.parent if meant == "../" else tmp_path / meant)


def a_run() -> Run:
    folder = paths.runs() / "one"
    folder.mkdir(parents=True)
    return Run(
        id="one", folder=str(folder), name="one", task="classify", base="blank:bag-nano", dataset="", fingerprint="",
        state=STOPPED, created="2026-11-28",
    )  # fmt: skip


def of_run(run: Run, out: str | None = None, overwrite: bool = False) -> Destination | None:
    return destination_of_run(argparse.Namespace(out=out, overwrite=overwrite), run)


def test_a_run_remembers_where_its_model_goes_and_an_out_that_is_named_wins(tmp_path: Path) -> None:
    asked(tmp_path / "first").remember(a_run())
    run = find_run("one")
    found, other = of_run(run), of_run(run, str(tmp_path / "other"))

    assert found is not None and found.take(a_model()).folder == str(tmp_path / "first")
    assert other is not None and other.path == tmp_path / "other"


def test_a_run_that_goes_on_replaces_what_it_was_allowed_to_and_nothing_newer(tmp_path: Path) -> None:
    asked(tmp_path / "out").take(a_model("old"))
    run = asked(tmp_path / "out", overwrite=True).remember(a_run())
    found = of_run(find_run("one"))
    assert found is not None

    assert open_saved(Path(found.take(a_model("new")).folder)).name == "new"
    with pytest.raises(StudioError, match="not empty"):
        of_run(run)
    assert of_run(run, overwrite=True) is not None


def test_a_run_of_which_no_out_was_said_has_none() -> None:
    assert of_run(a_run()) is None


def test_no_verb_replaces_a_file_unasked(run: RunCommand, sorter: Path, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    writers = (
        ("predict", sorter, "--file", rows, "--out", out),
        ("clean", rows, "--steps", "trim", "--out", out),
        ("convert", rows, out),
        ("export", sorter, tmp_path / "mine.zip"),
    )
    for words in writers:
        target = words[-1]
        target.write_text("of somebody", encoding="utf-8")

        assert run(*words).error["code"] == "out-exists", words[0]
        assert target.read_text(encoding="utf-8") == "of somebody"

        assert run(*words, "--overwrite").code == 0, words[0]
        assert target.read_bytes() != b"of somebody"
    out.write_bytes(b"")
    assert run("convert", rows, out).code == 0, "an empty file, as mktemp makes it, is nobody's work"


def test_python_replaces_no_file_unasked(sorter: Path, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    out.write_text("of somebody", encoding="utf-8")
    model = slm_studio.load(sorter)

    with pytest.raises(StudioError) as caught:
        model.answer_file(rows, out)
    assert caught.value.code == "out-exists" and out.read_text(encoding="utf-8") == "of somebody"
    assert model.answer_file(rows, out, overwrite=True).rows == 60
    model.close()
