"""Answers as servers really give them: each ends, in what was asked for or in a sentence."""

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.advice import pause_asked, refusal
from slm_studio.engine.sharing.client import make_client
from slm_studio.engine.sharing.repository import Repository
from tests.engine.sharing.conftest import SOON, contents
from tests.hub_server import Fault, HubServer

DEEP = b"[" * 100_000
LISTING = "GET .*/tree/"


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite runs offline; the loopback is no network."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def listed(hub: HubServer) -> list[str]:
    with Repository(hub.endpoint, "ada/tiny", "", SOON) as repository:
        repository.commit = repository.find_commit("main")
        return [file.path for file in repository.files()]


def refused(hub: HubServer) -> StudioError:
    with pytest.raises(StudioError) as caught:
        listed(hub)
    return caught.value


@pytest.fixture(autouse=True)
def tiny_model(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))


@pytest.mark.parametrize("body", [DEEP, b"", b"<html>sign in</html>", b'{"error": "x"}', b"[1, 2]", b'"text"', b"null"])
def test_a_listing_that_is_none_is_said(hub: HubServer, body: bytes) -> None:
    hub.faults.append(Fault(LISTING, status=200, body=body))

    assert refused(hub).code == "hub-strange"


def test_a_listing_that_links_to_itself_ends(hub: HubServer) -> None:
    link = {"Link": '<?recursive=true>; rel="next"'}
    hub.faults.append(Fault(LISTING, status=200, body=b"[]", headers=link, times=10_000))

    assert refused(hub).code == "hub-strange"
    assert len(hub.requests(LISTING)) < 5


def test_a_listing_whose_links_never_end_is_given_up(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slm_studio.engine.sharing.repository._MOST_PAGES", 5)
    for page in range(9):
        link = {"Link": f'<?recursive=true&cursor={page}>; rel="next"'}
        hub.faults.append(Fault(LISTING, status=200, body=b"[]", headers=link))

    assert refused(hub).code == "hub-strange"


@pytest.mark.parametrize(
    "link", ["<>", "nonsense", '<http://[bad>; rel="next"', '<http://elsewhere.example/x>; rel="next"']
)
def test_a_link_that_leads_nowhere_ends_the_listing_or_is_said(hub: HubServer, link: str) -> None:
    hub.faults.append(Fault(LISTING, status=200, body=b"[]", headers={"Link": link}))

    try:
        assert listed(hub) == []
    except StudioError as error:
        assert error.code == "hub-strange"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://[bad", "hub-strange"),
        ("file:///etc/passwd", "hub-unreachable"),
        ("/api/loop", "hub-not-found"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_said(hub: HubServer, location: str, code: str) -> None:
    hub.faults.append(Fault(LISTING, status=302, body=b"", headers={"Location": location}, times=9))

    assert refused(hub).code in (code, "hub-strange")


def test_a_redirect_without_an_address_is_said(hub: HubServer) -> None:
    hub.faults.append(Fault(LISTING, status=302, body=b"", times=9))

    assert refused(hub).code == "hub-strange"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "99999999"}, 86_400.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 99 Foo 2026 00:00:00 GMT"}, None),
        ({"ratelimit": '"api";r=0;t=55'}, 55.0),
        ({}, None),
    ],
)
def test_a_pause_is_read_as_servers_write_it(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_asked(headers) == seconds


def test_a_pause_may_be_a_date() -> None:
    wait = pause_asked({"retry-after": formatdate(time.time() + 30, usegmt=True)})

    assert wait is not None
    assert 27 < wait <= 31


def test_a_busy_hub_names_whole_seconds() -> None:
    date = formatdate(time.time() + 30, usegmt=True)

    assert refusal(429, {"retry-after": date}, "https://hub", "a/b").values["seconds"] in (29, 30, 31)
    assert refusal(429, {"retry-after": "soon"}, "https://hub", "a/b").values["seconds"] == 60


def test_a_refusal_without_a_token_says_that_none_was_given() -> None:
    assert refusal(403, {}, "https://hub", "a/b").code == "hub-no-token"
    assert "none was given" in str(refusal(403, {}, "https://hub", "a/b"))
    assert refusal(403, {}, "https://hub", "a/b", "hf_some").code == "hub-forbidden"


def test_a_socks_proxy_for_others_does_not_matter(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")

    assert "config.json" in listed(hub)


@pytest.mark.parametrize("proxy", ["socks4://127.0.0.1:9", "ftp://127.0.0.1:9"])
def test_an_unknown_proxy_matters_only_on_its_way(hub: HubServer, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("all_proxy", proxy.replace("//", "//ada:secret@"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert "config.json" in listed(hub)

    monkeypatch.setenv("no_proxy", "")
    error = refused(hub)

    assert error.code == "hub-proxy"
    assert proxy in str(error)
    assert "all_proxy" in error.advice
    assert "secret" not in str(error.to_json())


def test_a_socks_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5h://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    with make_client("https://hub.example") as client:
        assert client is not None
