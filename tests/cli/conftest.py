"""One trained classifier and one writer for the whole session, and a way to run commands in this process."""

import shutil
from pathlib import Path

import pytest

from slm_studio import cli, engine
from slm_studio.cli import command
from slm_studio.host.engines import Engines
from tests.cli.commands import SMALL, Run, messages, runner, write_rows


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "客户 messages.csv", messages())


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train both models once, through the command line."""
    place = tmp_path_factory.mktemp("trained")
    book = place / "book.txt"
    book.write_text("\n".join(f"line {n} of a small book about {n % 7} cats" for n in range(120)), encoding="utf-8")
    small = ["--epochs", "1", "--precision", "fp32", "--place", "thread"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        patch.setattr(command, "Engines", lambda settings: Engines(settings, door=engine))
        sorting = ["train", str(write_rows(place / "rows.csv", messages())), *SMALL, "--out", str(place / "sorter")]
        writing = [
            "train",
            str(book),
            "--base",
            "blank:llama-nano",
            "--max-length",
            "32",
            *small,
            "--out",
            str(place / "writer"),
        ]
        assert cli.main(sorting) == 0
        assert cli.main(writing) == 0
    return place


@pytest.fixture
def sorter(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "sorter", tmp_path / "sorter"))


@pytest.fixture
def writer(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "writer", tmp_path / "writer"))
