"""One request at a time: others wait or are told when to come again; whoever leaves stops the engine; an end is at once."""

import http.client
import json
import threading
import time

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Predicted
from slm_studio.core.results import Token
from tests.serve.asking import Told, ask
from tests.serve.conftest import SlowDoor, limits, until

ASKED = {"prompt": "a"}


class Asker(threading.Thread):
    """Asks in a thread of its own."""

    def __init__(self, server, **body) -> None:
        super().__init__(daemon=True)
        self.server, self.body = server, ASKED | body
        self.told: Told | None = None
        self.start()

    def run(self) -> None:
        self.told = ask(self.server, "/v1/completions", self.body)


def opened_stream(server) -> http.client.HTTPResponse:
    """Ask for a stream and return it once it has begun."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/completions", json.dumps(ASKED | {"stream": True}), headers)
    response = connection.getresponse()
    assert response.status == 200 and response.readline().startswith(b"data: {")
    response.connection = connection
    return response


def leave(response: http.client.HTTPResponse) -> None:
    response.close()
    response.connection.close()


def test_some_wait_for_their_turn_and_more_are_sent_away_with_a_time(serve, writer) -> None:
    door = SlowDoor()
    server = serve(writer, door=door, limits=limits(waiting=1))
    first = Asker(server)
    until(lambda: door.written)
    second = Asker(server)
    until(lambda: server.requests == 2)

    third = ask(server, "/v1/completions", ASKED)
    door.may_end.set()
    first.join()
    second.join()

    assert (third.status, third.error["code"], third.error["type"]) == (429, "server-busy", "rate_limit_error")
    assert third.error["message"].startswith("1 request waits already. Ask again in ")
    assert 1 <= int(third.headers["retry-after"]) <= 60 and third.headers["x-should-retry"] == "true"
    assert first.told.status == second.told.status == 200


def test_whoever_waits_too_long_is_told_so(serve, writer) -> None:
    door = SlowDoor()
    server = serve(writer, door=door, limits=limits(wait=0.1))
    first = Asker(server)
    until(lambda: door.written)

    told = ask(server, "/v1/completions", ASKED)
    door.may_end.set()
    first.join()

    assert (told.status, told.error["code"]) == (503, "turn-late") and "retry-after" in told.headers
    assert first.told.status == 200


def test_an_answer_that_takes_too_long_is_stopped(serve, writer) -> None:
    door = SlowDoor()
    server = serve(writer, door=door, limits=limits(answer=0.2))

    told = ask(server, "/v1/completions", ASKED)

    assert (told.status, told.error["code"], told.headers["x-should-retry"]) == (504, "answer-late", "false")
    until(lambda: door.closed == 1)


def test_whoever_leaves_a_stream_stops_the_engine(serve, writer) -> None:
    door = SlowDoor()
    server = serve(writer, door=door)

    leave(opened_stream(server))

    until(lambda: door.closed == 1)
    door.may_end.set()
    assert ask(server, "/v1/completions", ASKED).status == 200


@pytest.mark.parametrize("waits", [False, True])
def test_whoever_leaves_without_an_answer_stops_the_engine_or_gives_up_his_place(serve, writer, waits) -> None:
    door = SlowDoor()
    server = serve(writer, door=door, limits=limits(waiting=1))
    first = Asker(server) if waits else None
    until(lambda: door.written or not waits)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/completions", json.dumps(ASKED), headers)
    until(lambda: server.requests == 1 + waits and door.written)

    connection.close()

    if first is None:
        until(lambda: door.closed == 1)
        return
    asked: list[Asker] = []
    until(lambda: _waits(server, asked))  # its place is free again
    door.may_end.set()
    for each in (first, *asked):
        each.join()
    assert first.told.status == asked[-1].told.status == 200


def _waits(server, asked: list[Asker]) -> bool:
    """Ask once more and say whether there is a place to wait."""
    asked.append(Asker(server))
    asked[-1].join(0.3)
    return asked[-1].told is None


def test_who_reads_slowly_keeps_nobody_waiting(serve, writer) -> None:
    door = SlowDoor(pause=0.0)
    server = serve(writer, door=door)
    slow = opened_stream(server)
    until(lambda: door.written > 1000)
    door.may_end.set()

    assert ask(server, "/v1/completions", ASKED).status == 200
    assert slow.read().endswith(b"data: [DONE]\n\n")
    leave(slow)


def test_an_end_is_at_once_and_said_to_those_who_are_answered_and_who_wait(serve, writer) -> None:
    door = SlowDoor()
    server = serve(writer, door=door)
    stream = opened_stream(server)
    waiting = Asker(server)
    until(lambda: server.requests == 2)

    began = time.monotonic()
    server.close()

    assert time.monotonic() - began < 2.0
    assert b"The server is ending." in stream.read()
    waiting.join()
    assert (waiting.told.status, waiting.told.error["code"]) == (503, "server-closing")
    assert door.closed == 1 and not server.is_answering
    leave(stream)


def test_an_end_does_not_wait_for_who_does_not_read(serve, writer) -> None:
    door = SlowDoor(pause=0.0)
    server = serve(writer, door=door)
    slow = opened_stream(server)
    until(lambda: door.written > 20_000, seconds=60.0)

    began = time.monotonic()
    server.close()

    assert time.monotonic() - began < 4.0
    leave(slow)


class DyingDoor(SlowDoor):
    """A door whose engine dies while it answers, the first time."""

    def predict(self, handle, prompt, options):
        if self.written == 0:
            self.written = 1
            yield Predicted(Token("one", 0.5, 1))
            raise StudioError("engine-died", "The engine stopped unexpectedly.", "Start it again.")
        if self.opened == 1:
            raise StudioError("not-open", "This model is not open (any more).", "Open it again.")
        yield Predicted(Token("two", 0.5, 1))
        yield Finished({"count": 1, "used": 1, "seconds": 0.1, "device": "cpu", "ended": True})


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_dies_is_said_and_the_next_request_has_a_new_one(serve, writer, stream) -> None:
    server = serve(writer, door=DyingDoor())

    told = ask(server, "/v1/completions", ASKED | {"stream": stream})

    if stream:  # it had begun
        assert told.status == 200 and b"one" in told.body
        last = json.loads(told.body.strip().rpartition(b"data: ")[2])
        assert (last["error"]["code"], last["error"]["type"]) == ("engine-died", "server_error")
        assert b"[DONE]" not in told.body
    else:
        assert (told.status, told.error["code"]) == (500, "engine-died")
    assert ask(server, "/v1/completions", ASKED).json["choices"][0]["text"] == "two"


class FaultyDoor(SlowDoor):
    """A door with a fault of ours in it."""

    def predict(self, handle, prompt, options):
        raise ZeroDivisionError("key slm-secret")
        yield


def test_a_fault_of_ours_is_a_sentence_and_its_trace_stays_here(serve, writer, home) -> None:
    server = serve(writer, door=FaultyDoor())

    told = ask(server, "/v1/completions", ASKED)

    assert told.status == 500 and b"Traceback" not in told.body
    assert told.json["error"]["code"] == "unexpected"


def test_an_answer_without_a_word_says_so(serve, writer) -> None:
    class Silent(SlowDoor):
        def predict(self, handle, prompt, options):
            yield Predicted(Token("", 0.9, 0))
            yield Finished({"count": 1, "used": 1, "seconds": 0.1, "device": "cpu", "ended": True})

    told = ask(serve(writer, door=Silent()), "/v1/completions", ASKED).json

    assert told["choices"][0]["text"] == "" and told["usage"]["completion_tokens"] == 1
    assert told["slm_studio"]["note"] == "The model ended its answer at once, without a word."


def test_a_token_in_the_middle_of_a_character_is_held_until_it_is_one(serve, writer) -> None:
    class Chinese(SlowDoor):
        def predict(self, handle, prompt, options):
            for text in ("", "中", "", "", "🙂 \u2028\ud800"):
                yield Predicted(Token(text, 0.5, 0))
            yield Finished({"count": 5, "used": 1, "seconds": 0.1, "device": "cpu", "ended": False})

    server = serve(writer, door=Chinese())

    told = ask(server, "/v1/completions", ASKED | {"stream": True})

    events = [json.loads(line[6:]) for line in told.body.split(b"\n\n") if line and line != b"data: [DONE]"]
    assert [each["choices"][0]["text"] for each in events] == ["中", "🙂 \u2028\ud800", ""]
    assert events[-1]["choices"][0]["finish_reason"] == "length"
