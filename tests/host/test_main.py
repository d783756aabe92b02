"""How the program starts: an engine, the window or a verb."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from slm_studio import __main__ as start

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("word", "is_path"),
    [
        ("reviews.csv", True), ("./reviews", True), ("/data/reviews", True), ("数据/评论", True), ("评论.txt", True),
        ("read", False), ("--help", False), ("--out=a.csv", False), ("runs", False), ("-x.csv", False),
    ],
)  # fmt: skip
def test_a_path_has_a_suffix_or_a_slash(word, is_path):
    assert start.looks_like_path(word) is is_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("window", None)), (["a.csv"], ("window", "a.csv")), (["--", "-a.csv"], ("window", "-a.csv")),
        (["read", "a.csv"], ("cli", ["read", "a.csv"])), (["--version"], ("cli", ["--version"])),
        (["a.csv", "b.csv"], ("cli", ["a.csv", "b.csv"])), (["--engine", "train"], ("engine", "train")),
    ],
)  # fmt: skip
def test_arguments_choose_the_face(arguments, expected, monkeypatch):
    asked = []
    for name, face in (
        ("slm_studio.ui.shell.app", "window"),
        ("slm_studio.cli", "cli"),
        ("slm_studio.host.server", "engine"),
    ):
        module = types.ModuleType(name)
        module.main = lambda given, face=face: asked.append((face, given))
        monkeypatch.setitem(sys.modules, name, module)
        package, _, last = name.rpartition(".")
        monkeypatch.setattr(
            sys.modules[package] if package in sys.modules else __import__(package), last, module, raising=False
        )
    __import__("slm_studio.ui.shell")
    monkeypatch.setattr(
        sys.modules["slm_studio.ui.shell"], "app", sys.modules["slm_studio.ui.shell.app"], raising=False
    )

    assert start.main(arguments) == 0
    assert asked == [expected]


def test_a_missing_library_is_a_sentence(monkeypatch, capsys):
    module = types.ModuleType("slm_studio.ui.shell.app")

    def main(path):
        raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")

    module.main = main
    monkeypatch.setitem(sys.modules, "slm_studio.ui.shell.app", module)
    monkeypatch.setattr(__import__("slm_studio.ui.shell").ui.shell, "app", module, raising=False)

    assert start.main([]) == 1
    said = capsys.readouterr().err
    assert "libEGL.so.1" in said and "apt install libegl1" in said and "Traceback" not in said


def test_an_error_of_ours_is_not_taken_for_a_missing_library(monkeypatch):
    module = types.ModuleType("slm_studio.ui.shell.app")

    def main(path):
        raise ImportError("cannot import name 'x' from 'slm_studio.ui'")

    module.main = main
    monkeypatch.setitem(sys.modules, "slm_studio.ui.shell.app", module)
    monkeypatch.setattr(__import__("slm_studio.ui.shell").ui.shell, "app", module, raising=False)

    with pytest.raises(ImportError):
        start.main([])


def test_a_windowed_app_gets_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)

    start._replace_missing_streams()
    sys.stdout.write("x")
    sys.stderr.write("x")
    sys.stdout.close()
    sys.stderr.close()


def test_a_locale_without_chinese_reads_and_names_chinese_all_the_same(tmp_path, home):
    table = tmp_path / "评论 🙂.csv"
    table.write_text("text,label\n" + "".join(f"很好 {n},好\n很差 {n},差\n" for n in range(30)), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON"))}
    environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-m", "slm_studio", "read", str(table), "--json"],
        capture_output=True,
        env=environment,
        timeout=120,
    )

    told = json.loads(done.stdout.decode("utf-8").splitlines()[-1])
    assert (done.returncode, told["rows"], told["suggested"]["task"]) == (0, 60, "classify")
    assert (home / "datasets").is_dir()
