"""Atomic writes and the run folder: old or new, never a half."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core import curves, files
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Step
from slm_studio.core.lock import FileLock, is_locked
from slm_studio.core.nouns import event_to_json
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import (
    INTERRUPTED,
    RUNNING,
    History,
    create_run,
    find_run,
    list_runs,
    open_run,
    recipe_of,
    save_run,
)
from tests.core.test_codec import a_dataset


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_atomic(path, "old")

    with pytest.raises(RuntimeError), files.atomic_file(path) as stream:
        stream.write(b"new")
        raise RuntimeError

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_folder_leaves_the_old_folder_and_no_trace(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    with files.atomic_folder(folder) as partial:
        (partial / "x").write_text("old")

    with pytest.raises(RuntimeError), files.atomic_folder(folder) as partial:
        (partial / "x").write_text("new")
        raise RuntimeError

    assert (folder / "x").read_text() == "old"
    assert list(tmp_path.iterdir()) == [folder]


def test_stale_temporaries_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".partial-1234-x").mkdir()
    (tmp_path / "kept").mkdir()

    files.clear_stale(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Support tickets.csv", "support-tickets-csv"),
        ("三国演义", "三国演义"),
        ("../../etc", "etc"),
        ("  ", "untitled"),
    ],
)
def test_slugs_are_safe_folder_names(text: str, name: str) -> None:
    assert files.slug(text) == name


def test_two_holders_exclude_each_other(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert first.acquire()
    assert not second.acquire()
    assert is_locked(tmp_path / "lock")
    first.release()
    assert second.acquire()
    second.release()


def test_a_running_run_that_nobody_holds_was_interrupted() -> None:
    run = create_run(make_recipe("classify", roles={"text": "t", "label": "l"}), a_dataset())
    save_run(replace(run, state=RUNNING))

    assert open_run(run.path).state == INTERRUPTED
    lock = FileLock(run.path / "lock")
    lock.acquire()
    assert open_run(run.path).state == RUNNING
    lock.release()


def test_runs_are_found_by_the_beginning_of_their_id_and_damaged_ones_are_passed_over() -> None:
    recipe = make_recipe("classify", roles={"text": "t", "label": "l"})
    first, second = create_run(recipe, a_dataset()), create_run(recipe, a_dataset())
    (second.path / "state.json").write_text("{")

    assert first.id != second.id
    assert [run.id for run in list_runs()] == [first.id]
    assert find_run(first.id).folder == first.folder
    assert recipe_of(first) == recipe
    with pytest.raises(StudioError):
        find_run("nothing")


def test_runs_of_one_name_that_begin_at_the_same_time_have_a_folder_each() -> None:
    recipe = make_recipe("classify", roles={"text": "t", "label": "l"})

    with ThreadPoolExecutor(12) as programs:
        runs = list(programs.map(lambda _: create_run(recipe, a_dataset()), range(12)))

    assert len({run.id for run in runs}) == 12
    assert {open_run(run.path).id for run in runs} == {run.id for run in list_runs()}


def test_a_new_folder_takes_nobodys_place(tmp_path: Path) -> None:
    with pytest.raises(files.PlaceTaken), files.atomic_folder(tmp_path / "model", is_new=True) as partial:
        (partial / "weights").write_text("late")
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "weights").write_text("early")

    assert (tmp_path / "model" / "weights").read_text() == "early"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_history_is_cut_back_and_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.append({"event": "a"})
    length = history.length
    history.append({"event": "b"})
    with history.path.open("ab") as stream:
        stream.write(b'{"event": "to')

    assert [line["event"] for line in history.lines()] == ["a", "b"]
    history.cut(length)
    assert [line["event"] for line in history.lines()] == ["a"]


def test_curves_can_be_rebuilt_from_the_history(tmp_path: Path) -> None:
    history = History(tmp_path)
    for n in range(1, 4):
        step = Step(n, n / 3, n * 0.5, 1 / n, 1e-3, 0.1, 100.0, 5)
        curves.append_step(tmp_path, step)
        history.append(event_to_json(step))
    written = curves.read_curves(tmp_path)
    (tmp_path / curves.FILE).unlink()

    curves.rebuild(tmp_path)

    assert curves.read_curves(tmp_path) == written
    assert len(written) == 3 * curves.RECORD.size
    assert json.loads(history.path.read_text().splitlines()[0])["n"] == 1
