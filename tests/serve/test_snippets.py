"""The code that the window offers asks the server for real, whatever stands in the text."""

import json
import shutil
import subprocess

import pytest

from slm_studio.core import snippets
from slm_studio.core.tasks import all_tasks

SERVED = [info for info in all_tasks() if info.route]
GAP = " [MASK]"  # without one a model that fills gaps has nothing to answer
ODD = '\'"$A" `b` $(c)\n二😀'  # short: the model that writes sees 32 tokens


def asked_of(info) -> str:
    return ODD + GAP * (info.answers == "gaps")


@pytest.mark.parametrize("info", SERVED, ids=lambda info: info.key)
def test_the_program_answers(server, info, monkeypatch, capsys) -> None:
    code = snippets.client_code(info, f"my-{info.key}", asked_of(info), server.url)
    if "openai" in code:
        pytest.importorskip("openai")
    monkeypatch.setenv(snippets.KEY_VARIABLE, server.key)

    names: dict[str, object] = {}
    exec(compile(code, "snippet", "exec"), names)
    if "client" in names:
        names["client"].close()  # as the end of a program does

    assert capsys.readouterr().out  # a small model may have nothing to say to that


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("info", SERVED, ids=lambda info: info.key)
def test_the_command_answers(server, info, monkeypatch) -> None:
    command = snippets.curl_command(info, f"my-{info.key}", asked_of(info), server.url, windows=False)
    monkeypatch.setenv(snippets.KEY_VARIABLE, server.key)

    told = json.loads(subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout)

    assert "error" not in told and told["model"] == f"my-{info.key}"


def test_on_windows_the_body_is_one_word_of_ascii() -> None:
    command = snippets.curl_command(SERVED[0], "m", 'a "b" 中', "http://127.0.0.1:1", windows=True)

    assert command.isascii() and "\n" not in command
    assert r'-d "{\"model\": \"m\", \"text\": \"a \\\"b\\\" \u4e2d\"}"' in command
