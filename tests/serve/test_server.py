"""The server from its start to its end: both addresses of this computer, a port file for its owner alone, nothing left."""

import json
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.saved import open_saved
from slm_studio.serve.port_file import folder
from slm_studio.serve.server import LocalServer, checked_key
from slm_studio.serve.sockets import bind
from tests.serve.asking import ask
from tests.serve.conftest import SlowDoor


def code_of(work, *arguments, **settings) -> StudioError:
    with pytest.raises(StudioError) as caught:
        work(*arguments, **settings)
    return caught.value


def test_both_addresses_of_this_computer_answer_and_no_other_does(serve, writer) -> None:
    server = serve(writer, door=SlowDoor())

    for host in ("127.0.0.1", "::1"):
        socket.create_connection((host, server.port), timeout=5).close()
    others = {each[4][0] for each in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1", "127.0.1.1", "::1"}
    for other in ("127.0.0.2", *others):
        with pytest.raises(OSError):
            socket.create_connection((other, server.port), timeout=5)


def test_the_port_file_says_where_and_with_which_key_to_its_owner_alone_and_goes(serve, writer) -> None:
    server = serve(writer, door=SlowDoor())

    told = json.loads(server.file.read_text())
    if os.name != "nt":
        assert stat.S_IMODE(server.file.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.file.parent.stat().st_mode) == 0o700
    server.close()

    assert told == {"url": server.url, "pid": os.getpid(), "key": server.key, "models": ["writer"]}
    assert not list(folder().iterdir())


def test_the_file_of_a_server_that_was_killed_goes_with_the_next_start(serve, writer) -> None:
    folder().mkdir(parents=True)
    for name in ("1.json", "1.lock"):
        (folder() / name).write_text("{}")
    first = serve(writer, door=SlowDoor())

    second = serve(writer, door=SlowDoor())

    assert sorted(path.name for path in folder().glob("*.json")) == sorted([first.file.name, second.file.name])


def test_a_port_that_is_taken_is_said_and_by_whom(serve, writer) -> None:
    server = serve(writer, door=SlowDoor())

    ours = code_of(bind, server.port)
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        theirs = code_of(bind, other.getsockname()[1])

    assert str(ours) == f"Port {server.port} is taken: SLM Studio serves there already (process {os.getpid()})."
    assert theirs.code == "port-taken" and str(theirs).endswith("is taken by another program.")
    assert "--port; 0 picks a free one" in theirs.advice
    assert code_of(bind, 65536).code == code_of(bind, -1).code == "no-port"


def test_a_start_that_fails_leaves_nothing(serve, writer, home) -> None:
    home.mkdir()
    (home / "servers").write_text("in the way")

    assert code_of(serve, writer, door=SlowDoor()).code == "in-the-way"


def test_models_come_and_go_while_it_answers(serve, trained, writer) -> None:
    server = serve(writer, door=SlowDoor())
    other = replace(open_saved(Path(writer.folder)), name="Other")

    added = server.add(other)
    both = ask(server, "/v1/models").json["data"]
    unnamed = ask(server, "/v1/completions", {"prompt": "a"})
    server.remove(added.id)

    assert [each["id"] for each in both] == ["writer", "other"]
    assert (unnamed.status, unnamed.error["code"]) == (400, "which-model")
    assert [each["id"] for each in ask(server, "/v1/models").json["data"]] == ["writer"]
    assert json.loads(server.file.read_text())["models"] == ["writer"]


def test_before_a_model_is_open_a_request_is_told_to_wait(serve) -> None:
    told = ask(serve(door=SlowDoor()), "/v1/completions", {"prompt": "a"})

    assert (told.status, told.error["code"]) == (503, "no-model-yet")


def test_a_model_that_cannot_be_served_is_refused_in_words(serve, writer, tmp_path) -> None:
    server = serve(writer, door=SlowDoor())
    base = replace(writer, task="", name="base")

    assert code_of(server.add, writer).code == "served-twice"
    assert str(code_of(server.add, base)) == "“base” is a base that answers nothing by itself."
    vectors = code_of(server.add, replace(writer, task="words"))
    assert vectors.advice == f"Ask it in the Playground, or with: slm-studio words {writer.folder}"
    assert len(server.models) == 1


def test_a_model_that_does_not_open_is_not_served(serve, writer) -> None:
    class Closed(SlowDoor):
        def open(self, folder, device):
            raise StudioError("file-damaged", "“{path}” cannot be read.", "Make it again.", path=folder)
            yield

    server = serve(door=Closed())

    assert code_of(server.add, writer).code == "file-damaged" and not len(server.models)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "is empty"),
        ("a b", "a blank"),
        ("schlüssel", "a letter"),
        ("x" * 513, "has 513 letters"),
        ("a\n", "a blank"),
    ],
)
def test_a_key_that_no_header_takes_is_refused_for_what_is_wrong_with_it(key: str, why: str) -> None:
    error = code_of(checked_key, key)
    assert error.code == "bad-key" and why in str(error) and error.values["variable"] == "SLM_STUDIO_KEY"


def test_ones_own_key_counts_and_each_made_key_is_another(serve, writer) -> None:
    server = serve(writer, door=SlowDoor(), key="my-own")

    assert ask(server, "/v1/models", key="my-own").status == 200
    assert LocalServer(None).key != LocalServer(None).key  # type: ignore[arg-type]
