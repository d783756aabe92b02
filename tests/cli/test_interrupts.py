"""Ctrl-C, for real: a real process gets a real SIGINT, ends with 130, and its run goes on."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from slm_studio.core.run import list_runs
from tests.cli.commands import Run, messages, write_rows

COMMAND = [sys.executable, "-m", "slm_studio"]
LONG = ["--base", "blank:bag-nano", "--epochs", "100", "--patience", "0", "--precision", "fp32"]


def test_after_ctrl_c_the_run_is_named_and_goes_on(tmp_path: Path, run: Run) -> None:
    path = write_rows(tmp_path / "rows.csv", messages())
    work = subprocess.Popen(
        [*COMMAND, "train", str(path), *LONG, "--place", "process", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert work.stdout is not None
    steps = 0
    while steps < 5:
        steps += json.loads(work.stdout.readline()).get("event") == "step"
    work.send_signal(signal.SIGINT)
    out, err = work.communicate(timeout=60)

    assert work.returncode == 130, err
    assert "Traceback" not in err
    stopped = json.loads(out.splitlines()[-1])
    assert list(stopped) == ["stopped"]
    identity = stopped["stopped"]["run"]
    assert run("runs", "show", identity).result["state"] == "stopped"
    resumed = run("runs", "resume", identity)
    assert (resumed.code, resumed.result["run"]) == (0, identity)


def test_a_run_that_goes_on_brings_its_model_to_the_out_of_its_first_command(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rows(tmp_path / "rows.csv", messages())
    (tmp_path / "elsewhere").mkdir()
    words = [*COMMAND, "train", str(path), *LONG, "--out", "my {run} model", "--place", "thread"]
    work = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, encoding="utf-8", cwd=tmp_path)
    assert work.stderr is not None
    while not work.stderr.readline().startswith("step "):
        assert work.poll() is None
    work.send_signal(signal.SIGTERM)  # as a computer that shuts down
    _, err = work.communicate(timeout=60)
    assert work.returncode == 130, err
    assert "Traceback" not in err
    on = err.splitlines()[-1].partition("Go on with: slm-studio ")[2].split()
    assert run("runs", "show", on[-1]).result["state"] == "stopped"
    monkeypatch.chdir(tmp_path / "elsewhere")

    resumed = run(*on, as_json=False)

    assert resumed.code == 0, resumed.err
    assert (tmp_path / "my {run} model" / "studio.json").is_file()


def test_a_reader_that_leaves_is_no_traceback(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", messages())
    work = subprocess.Popen(
        [*COMMAND, "read", str(path), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert work.stdout is not None
    work.stdout.close()
    assert work.stderr is not None
    err = work.stderr.read()
    work.stderr.close()

    assert work.wait(30) == 1
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [("read", "--json"), ("train", *LONG, "--json")])
def test_results_that_cannot_be_written_are_said_and_leave_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = write_rows(tmp_path / "rows.csv", messages())
    verb, *more = words
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [*COMMAND, verb, str(path), *more], stdout=full, stderr=subprocess.PIPE, text=True, timeout=200
        )

    assert told.returncode == 1
    assert told.stderr.startswith("The disk is full.") and "Traceback" not in told.stderr
    assert not list_runs()


def test_a_training_that_nobody_reads_before_it_begins_leaves_no_run(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", messages())
    work = subprocess.Popen(
        [*COMMAND, "train", str(path), *LONG, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert work.stdout is not None and work.stderr is not None
    work.stdout.readline()
    work.stdout.close()
    err = work.stderr.read()
    work.stderr.close()

    assert work.wait(60) == 1 and err == ""
    assert not list_runs()
