"""Who may ask: this computer's programs, with the key; no page of a browser, under whatever name it comes."""

import http.client
import socket

import pytest

from tests.serve.asking import ask
from tests.serve.conftest import limits, until


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:8347"])
def test_this_computer_is_known_by_its_names(server, host) -> None:
    assert ask(server, "/v1/models", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "127.0.0.2", "0.0.0.0", "", "a@localhost", "[::]"]
)
def test_a_page_whose_name_means_this_computer_is_kept_out(server, host) -> None:
    told = ask(server, "/v1/models", Host=host)

    assert (told.status, told.error["code"]) == (403, "host-refused")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "https://127.0.0.1", "file://"]
)
def test_pages_of_browsers_are_kept_out_and_no_header_lets_them_read(server, origin) -> None:
    told = ask(server, "/v1/classify", {"text": "a"}, Origin=origin)
    before = ask(server, "/v1/classify", method="OPTIONS", Origin=origin, Access_Control_Request_Method="POST")

    assert (told.status, told.error["code"]) == (403, "origin-refused")
    assert before.status == 403
    assert not [name for name in (*told.headers, *before.headers) if name.startswith("access-control")]


def test_the_servers_own_address_is_no_other_page(server) -> None:
    assert ask(server, "/v1/models", Origin=server.url).status == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {key}", "Digest {key}", "{key}", "Bearer {key}x", "Bearer \xff"],
)
def test_without_the_key_nobody_is_answered_whatever_is_asked(server, header) -> None:
    for path in ("/v1/models", "/v1/nosuch"):
        told = ask(server, path, Authorization=header.format(key=server.key))
        assert (told.status, told.error["code"]) == (401, "no-key")
        assert server.key not in str(told) and told.headers["www-authenticate"] == "Bearer"


def test_a_body_that_is_no_json_is_refused(server) -> None:
    assert ask(server, "/v1/classify", b'{"text": "a"}', Content_Type="text/plain").error["code"] == "body-type"
    assert ask(server, "/v1/classify", b"{").error["code"] == "body-not-json"
    assert ask(server, "/v1/classify", b"[" * 100_000).error["code"] == "body-not-json"
    assert ask(server, "/v1/classify", b"[1]").error["code"] == "body-no-object"
    assert ask(server, "/v1/classify", b"").error["code"] == "body-not-json"


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_before_or_not(server) -> None:
    told = ask(server, "/v1/classify", b" " * 8_000_001)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(
        "POST", "/v1/classify", (b" " * 100_000 for _ in range(81)),
        {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}, encode_chunked=True,
    )  # fmt: skip
    status = connection.getresponse().status
    connection.close()

    assert (told.status, told.error["message"][:35]) == (413, "The request is larger than 8 MB. Se")
    assert status == 413


def test_a_body_that_says_it_is_too_large_is_not_waited_for(server) -> None:
    head = f"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.key}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(f"{head}Content-Length: 8000001\r\n\r\n".encode())

        assert connection.recv(10_000).startswith(b"HTTP/1.1 413")


def test_paths_and_methods_that_are_none_are_said(server) -> None:
    assert ask(server, "/").error["code"] == ask(server, "/v1/classify/").error["code"] == "no-such-path"
    told = ask(server, "/v1/classify")
    assert (told.status, told.error["hint"]) == (405, "Lists are asked by GET, models by POST.")
    assert ask(server, "/v1/models", {"a": 1}).status == 405


def test_whoever_says_nothing_or_half_of_it_is_not_waited_for(serve, writer) -> None:
    server = serve(writer, door=Opener(), limits=limits(head=0.2, read=0.2))
    key = f"Authorization: Bearer {server.key}\r\nContent-Type: application/json\r\n"

    for said in (
        "",
        "GET /v1/mod",
        f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n{key}Content-Length: 9\r\n\r\n{{",
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(said.encode())
            heard = b"".join(iter(lambda: connection.recv(10_000), b""))
            assert heard == b"" or b"did not arrive within" in heard


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01 hello\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_said_in_the_same_shape(server, home, said) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(said)
        heard = b"".join(iter(lambda: connection.recv(10_000), b""))

    assert heard.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert b'{"error":{"message":' in heard and b"Traceback" not in heard


def test_more_connections_than_there_is_room_for_are_closed_and_the_others_are_answered(serve, writer) -> None:
    server = serve(writer, door=Opener(), limits=limits(connections=5))
    opened = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(20)]

    closed = [each for each in opened if _is_closed(each)]
    for each in opened:
        each.close()

    assert len(closed) == 15
    until(lambda: _status(server) == 200)


class Opener:
    """A door that only opens."""

    def open(self, folder, device):
        from tests.serve.conftest import SlowDoor

        return SlowDoor().open(folder, device)


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.3)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def _status(server) -> int:
    try:
        return ask(server, "/v1/models").status
    except OSError:
        return 0
