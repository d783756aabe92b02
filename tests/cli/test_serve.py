"""slm-studio serve: says where and with which key, answers until Ctrl-C, and leaves nothing; what cannot be is a sentence."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from slm_studio.serve.server import LocalServer
from tests.cli.commands import Run
from tests.serve.asking import ask

COMMAND = [sys.executable, "-m", "slm_studio", "serve"]


class Standing(LocalServer):
    """A server of another process."""

    def __init__(self, told: dict[str, str]) -> None:
        self.key = told["key"]
        self.port = int(told["url"].rpartition(":")[2])


def test_the_flag_counts_more_than_the_environment(run: Run, sorter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLM_STUDIO_KEY", "of-the-environment")
    assert run("serve", sorter, "--port", "0", "--key", "a b").error["code"] == "bad-key"
    monkeypatch.setenv("SLM_STUDIO_KEY", "a b")
    assert run("serve", sorter, "--port", "0").error["code"] == "bad-key"


@contextmanager
def serving(*models: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Serve as a person does; what was said of where the server stands."""
    words = [*COMMAND, *map(str, models), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8") as work:
        assert work.stdout is not None
        told: dict[str, str] = {}
        while "url" not in told:
            told = json.loads(work.stdout.readline())
        yield work, told


def ended(work: subprocess.Popen[str], told: dict[str, str], home: Path, how: signal.Signals) -> str:
    """Stop a server, which leaves nothing, and return all else that it said."""
    work.send_signal(how)
    out, err = work.communicate(timeout=20)
    assert work.returncode == 130 and "Traceback" not in err, err
    assert json.loads(out.splitlines()[-1]) == {"stopped": {}}
    assert not list((home / "servers").iterdir())
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", Standing({"key": "", **told}).port), timeout=2)
    return out + err


def test_it_answers_until_it_is_stopped_and_leaves_nothing(sorter: Path, writer: Path, home: Path) -> None:
    with serving(sorter, writer) as (work, told):
        server = Standing(told)
        answer = ask(server, "/v1/classify", {"text": "where is my parcel"}).json
        written = ask(server, "/v1/completions", {"prompt": "line", "max_tokens": 2}).json
        port_file = json.loads(Path(told["file"]).read_text())

        said = ended(work, told, home, signal.SIGINT)

    assert answer["items"][0]["label"] and written["usage"]["completion_tokens"] == 2
    assert [each["route"] for each in told["models"]] == ["/v1/classify", "/v1/completions"]
    assert told["base_url"] == told["url"] + "/v1"
    assert (port_file["url"], port_file["key"], port_file["pid"]) == (told["url"], told["key"], work.pid)
    assert told["key"] not in said and not any(told["key"] in log.read_text() for log in (home / "logs").iterdir())


def test_a_key_of_the_environment_counts_and_is_neither_shown_nor_in_the_list_of_programs(
    sorter: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLM_STUDIO_KEY", "of-the-environment")

    with serving(sorter) as (work, told):
        answered = ask(Standing({**told, "key": "of-the-environment"}), "/v1/models").status
        refused = ask(Standing({**told, "key": "another"}), "/v1/models").status
        said = ended(work, told, home, signal.SIGTERM)

    assert (answered, refused) == (200, 401)
    assert "key" not in told and "of-the-environment" not in said


def test_a_port_that_is_taken_is_said_before_anything_is_opened(run: Run, sorter: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = run("serve", sorter, "--port", port)

    assert told.error["message"] == f"Port {port} is taken by another program." and len(told.lines) == 1


def test_what_cannot_be_served_is_a_sentence(run: Run, sorter: Path, tmp_path: Path) -> None:
    twin = shutil.copytree(sorter, tmp_path / "twin")
    damaged = shutil.copytree(sorter, tmp_path / "damaged")
    (damaged / "studio.json").write_text("{", encoding="utf-8")

    assert run("serve").code == 2
    assert run("serve", tmp_path).error["code"] == "not-a-model"
    (tmp_path / "index.json").write_text("{}", "utf-8")
    assert "is an index of documents" in str(run("serve", tmp_path).error["message"])
    assert run("serve", damaged).error["code"] == "file-damaged"
    assert run("serve", sorter, twin).error["message"].startswith("Two models are called “sorter”, so nobody could say")
    assert run("serve", sorter, "--port", "x").code == 2
    assert run("serve", sorter, "--port", "70000").error["code"] == "no-port"
    assert run("serve", sorter, "--port", "0", "--key", "a b").error["code"] == "bad-key"


def test_weights_that_are_damaged_are_said_and_no_server_stays(run: Run, sorter: Path, home: Path) -> None:
    weights = next(sorter.glob("*.safetensors"))
    os.truncate(weights, weights.stat().st_size // 2)

    told = run("serve", sorter, "--port", "0")

    assert told.error["code"] not in ("unexpected", "engine-died")
    assert not list((home / "servers").iterdir())
