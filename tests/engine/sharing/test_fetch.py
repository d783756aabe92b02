"""Fetching from a hub that behaves, and from one that does not. The weights have about 1 MB."""

import errno
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Progress
from slm_studio.core.lock import FileLock
from slm_studio.core.saved import SavedModel, list_models, open_saved
from slm_studio.engine.sharing import download
from slm_studio.engine.sharing.download import part_folder
from slm_studio.engine.sharing.hub import fetch_model
from tests.engine.sharing.conftest import LABELS, SOON, contents
from tests.hub_server import TOKEN, Fault, HubServer

WEIGHTS = "/get/"  # large files come from the CDN


def fetch(hub: HubServer, name: str = "ada/tiny", token: str = "", **options: object) -> SavedModel:
    events = list(fetch_model(name, hub.endpoint, token=token, patience=SOON, **options))
    assert isinstance(events[-1], Finished)
    return events[-1].result


def refused(hub: HubServer, **options: object) -> StudioError:
    with pytest.raises(StudioError) as caught:
        fetch(hub, **options)
    assert "{" not in str(caught.value) + caught.value.advice
    assert caught.value.advice
    assert TOKEN not in str(caught.value.to_json())
    return caught.value


def test_fetch_gives_the_files_a_place_and_describes_them(hub: HubServer, plain: Path) -> None:
    commit = hub.add_model("ada/tiny", contents(plain))

    model = fetch(hub)

    assert Path(model.folder) == paths.models() / "tiny"
    assert (model.task, model.facts["labels"], model.origin) == ("classify", list(LABELS), f"hub:ada/tiny@{commit}")
    assert contents(plain).items() <= contents(Path(model.folder)).items()
    assert list_models() == [model]
    assert not list((paths.cache() / "downloads").glob("*/*"))


def test_progress_counts_bytes_up_to_the_total(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))

    events = [
        event
        for event in fetch_model("ada/tiny", hub.endpoint, patience=SOON)
        if isinstance(event, Progress) and event.total
    ]

    assert [event.done for event in events] == sorted(event.done for event in events)
    assert events[-1].done == events[-1].total == sum(map(len, contents(plain).values()))


def test_only_what_belongs_to_a_model_is_fetched(hub: HubServer, plain: Path) -> None:
    extra = {"training_args.bin": b"pickle", "run.py": b"import os", "onnx/model.onnx": b"", "logs/events.txt": b""}
    hub.add_model("ada/tiny", contents(plain) | extra)

    model = fetch(hub)

    assert not set(extra) & set(contents(Path(model.folder)))


def test_out_takes_the_place_that_was_asked_for(hub: HubServer, plain: Path, tmp_path: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))

    assert fetch(hub, out=str(tmp_path / "here")).folder == str(tmp_path / "here")
    assert refused(hub, out=str(tmp_path / "here")).code == "out-exists"


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_broken_connection_is_taken_up_where_it_broke(hub: HubServer, plain: Path, kind: str) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(WEIGHTS, kind=kind, after=300_000))

    events = list(fetch_model("ada/tiny", hub.endpoint, patience=SOON))

    _, second = hub.requests(WEIGHTS)
    start = int(second.range.removeprefix("bytes=").rstrip("-"))
    assert 0 < start <= 300_000
    assert kind == "reset" or start == 300_000  # not a byte twice
    assert start + second.sent == (plain / "model.safetensors").stat().st_size
    assert any(isinstance(event, Note) for event in events)


def test_a_later_call_goes_on_where_an_earlier_one_failed(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(WEIGHTS, kind="drop", after=100_000, times=1))
    hub.faults.append(Fault(WEIGHTS, kind="drop", after=0, times=SOON.attempts))
    assert refused(hub).code == "hub-dropped"
    assert list_models() == []
    hub.seen.clear()

    fetch(hub)

    assert [seen.range for seen in hub.requests(WEIGHTS)] == ["bytes=100000-"]
    assert not hub.requests(r"resolve/\w+/config.json")  # whole files are not asked for again


def test_closing_the_generator_leaves_a_part_that_goes_on(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(WEIGHTS, kind="slow", seconds=0.15))
    work = fetch_model("ada/tiny", hub.endpoint, patience=SOON)
    size = (plain / "model.safetensors").stat().st_size
    for event in work:
        if isinstance(event, Progress) and event.total and event.done > event.total - size:
            break

    work.close()

    (part,) = (paths.cache() / "downloads").glob("*/model.safetensors.part")
    stood = part.stat().st_size
    assert 0 < stood < size
    fetch(hub)
    assert hub.requests(WEIGHTS)[-1].range == f"bytes={stood}-"


def test_a_server_without_ranges_starts_again(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults += [Fault(WEIGHTS, kind="drop", after=200_000), Fault(WEIGHTS, kind="no-range")]

    assert contents(plain).items() <= contents(Path(fetch(hub).folder)).items()


@pytest.mark.parametrize("pattern", [WEIGHTS, r"resolve/\w+/config\.json"])
def test_changed_bytes_are_noticed_and_the_next_try_is_right(hub: HubServer, plain: Path, pattern: str) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(pattern, kind="corrupt", after=500))

    assert refused(hub).code == "checksum"
    assert list_models() == []
    assert contents(plain).items() <= contents(Path(fetch(hub).folder)).items()


def test_a_silent_server_is_not_waited_for_long(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(WEIGHTS, kind="stall", after=0, seconds=20, times=10))
    patience = SOON.__class__(connect=0.3, read=0.2, attempts=2, pause=0.01)
    began = time.monotonic()

    with pytest.raises(StudioError) as caught:
        list(fetch_model("ada/tiny", hub.endpoint, patience=patience))

    assert caught.value.code == "hub-timeout"
    assert time.monotonic() - began < 15


def test_an_unreachable_hub_is_said_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
    began = time.monotonic()

    with pytest.raises(StudioError) as caught:
        list(fetch_model("ada/tiny", endpoint))

    assert caught.value.code == "hub-unreachable"
    assert endpoint in str(caught.value)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY"])
def test_a_dead_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, f"http://ada:secret@127.0.0.1:{port}")

    with pytest.raises(StudioError) as caught:
        list(fetch_model("ada/tiny", "http://127.0.0.1:9"))

    said = f"{caught.value} {caught.value.advice}"
    assert caught.value.code == "hub-unreachable"
    assert f"“http://127.0.0.1:{port}”" in said and variable in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("status", "code"), [(429, "hub-busy"), (503, "hub-server"), (500, "hub-server"), (403, "hub-forbidden")]
)
@pytest.mark.parametrize("pattern", ["/api/models", WEIGHTS])
def test_a_server_that_keeps_refusing_is_named(
    hub: HubServer, plain: Path, pattern: str, status: int, code: str
) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(pattern, status=status, times=20))

    assert refused(hub, token=TOKEN).code == code


def test_a_hub_that_asks_for_a_long_pause_is_called_busy(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault("/api/models", status=429, headers={"Retry-After": "55"}))

    error = refused(hub)

    assert error.code == "hub-busy"
    assert "55" in error.advice


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_short_weakness_is_passed_over(hub: HubServer, plain: Path, status: int) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults += [Fault("/api/models", status=status), Fault(WEIGHTS, status=status)]

    assert fetch(hub).task == "classify"


def test_who_may_not_read_is_told_why(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/secret", contents(plain), private=True)
    hub.add_model("ada/gated", contents(plain), gated=True)

    assert refused(hub, name="ada/missing").code == "hub-not-found"
    assert refused(hub, name="ada/secret").code == "hub-not-found"
    assert refused(hub, name="ada/secret", token="hf_wrong").code == "hub-token"
    assert refused(hub, name="ada/gated").code == "hub-gated"
    assert refused(hub, name="ada/secret", token=TOKEN, revision="no-such").code == "hub-no-revision"
    assert fetch(hub, name="ada/secret", token=TOKEN).task == "classify"


def test_the_token_never_leaves_the_hub(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/secret", contents(plain), private=True)

    fetch(hub, name="ada/secret", token=TOKEN)

    assert {seen.authorization for seen in hub.seen if seen.server == "hub"} == {f"Bearer {TOKEN}"}
    assert {seen.authorization for seen in hub.seen if seen.server == "cdn"} == {""}


def test_no_stored_token_is_sent_where_none_was_given(
    hub: HubServer, plain: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_fromTheEnvironment")
    hub.add_model("ada/tiny", contents(plain))

    fetch(hub)

    assert {seen.authorization for seen in hub.seen} == {""}


def test_a_token_goes_to_no_address_in_the_clear() -> None:
    with pytest.raises(StudioError) as caught:
        list(fetch_model("ada/tiny", "http://mirror.example", token=TOKEN, patience=SOON))

    assert caught.value.code in ("hub-unencrypted", "offline")


@pytest.mark.parametrize("token", ["hf_bäd", "hf_two words", "hf_line\nend", "“hf_quoted”"])
def test_a_token_with_letters_that_no_token_has_is_blamed_and_never_shown(hub: HubServer, token: str) -> None:
    with pytest.raises(StudioError) as caught:
        list(fetch_model("ada/tiny", hub.endpoint, token=token, patience=SOON))

    assert str(caught.value) == "The token holds letters that no token has, and was not sent."
    assert token not in f"{caught.value.advice} {caught.value.values}"
    assert not hub.seen


@pytest.mark.parametrize("name", ["../etc", "a/b/c", "a b", "/abs", "ada/..", ""])
def test_names_that_no_hub_has_are_not_sent(hub: HubServer, name: str) -> None:
    assert refused(hub, name=name).code == "hub-name"
    assert not hub.seen


@pytest.mark.parametrize("path", ["../evil/config.json", "/etc/config.json", "1_Pooling/../../config.json"])
def test_a_listing_cannot_name_files_outside(hub: HubServer, plain: Path, path: str) -> None:
    hub.add_model("ada/tiny", contents(plain) | {path: b"{}"})

    assert set(contents(Path(fetch(hub).folder))) == set(contents(plain)) | {"studio.json"}


def test_pickles_are_refused_before_anything_is_fetched(hub: HubServer, plain: Path) -> None:
    files = contents(plain)
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    hub.add_model("ada/tiny", files)

    assert refused(hub).code == "model-pickle"
    assert not hub.requests("resolve|/get/")


def test_a_refused_model_is_neither_kept_nor_fetched_whole(hub: HubServer, plain: Path) -> None:
    config = (plain / "config.json").read_bytes().replace(b'"bert"', b'"strange"')
    hub.add_model("ada/tiny", contents(plain) | {"config.json": config})

    assert refused(hub).code == "model-type"
    assert not hub.requests(WEIGHTS)
    assert not list((paths.cache() / "downloads").glob("*/*"))


def test_a_full_disk_is_said_before_the_first_byte(
    hub: HubServer, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add_model("ada/tiny", contents(plain))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 1000))

    error = refused(hub)

    assert error.code == "disk-full"
    assert "MB" in str(error)


def test_a_bare_encoder_is_only_a_base(hub: HubServer, plain: Path) -> None:
    config = (plain / "config.json").read_bytes().replace(b"BertForSequenceClassification", b"BertModel")
    hub.add_model("ada/base", contents(plain) | {"config.json": config})

    model = fetch(hub, name="ada/base")

    assert (model.task, model.facts) == ("", {})
    assert open_saved(Path(model.folder)) == model


def test_a_redirect_to_another_server_gets_no_token(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault("/revision/main", status=307, headers={"Location": f"{hub.cdn}/api/models/ada/tiny"}))

    refused(hub, token=TOKEN)

    assert [seen.authorization for seen in hub.seen if seen.server == "cdn"] == [""]


def test_a_renamed_model_is_found(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(
        Fault("/ada/old/revision/", status=307, headers={"Location": "/api/models/ada/tiny/revision/main"})
    )
    hub.faults.append(Fault("/ada/old/tree/", status=307, headers={"Location": "/api/models/ada/gone/tree/main"}))

    assert refused(hub, name="ada/old").code == "hub-not-found"
    assert hub.requests("GET /api/models/ada/tiny/revision/main")


def test_redirects_in_a_circle_end(hub: HubServer) -> None:
    hub.faults.append(
        Fault("/revision/", status=302, headers={"Location": "/api/models/ada/tiny/revision/main"}, times=99)
    )

    assert refused(hub).code == "hub-strange"


@pytest.mark.parametrize("answer", [b"<html>sign in</html>", b"[]", b'{"sha": 1}', b'{"sha": "../../x"}'])
def test_what_is_no_hub_is_said(hub: HubServer, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.hub_handler.Handler._route", lambda self: self._answer(answer))

    assert refused(hub).code == "hub-strange"


def test_the_same_model_is_not_fetched_twice_at_once(hub: HubServer, plain: Path) -> None:
    commit = hub.add_model("ada/tiny", contents(plain))
    lock = FileLock(part_folder(hub.endpoint, "ada/tiny", commit).with_suffix(".lock"))
    assert lock.acquire()

    assert refused(hub).code == "hub-twice"

    lock.release()
    assert fetch(hub).task == "classify"


def test_a_disk_that_fills_up_is_said(tmp_path: Path) -> None:
    class Full:
        def write(self, block: memoryview) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StudioError) as caught:
        download._write(Full(), b"x" * 3_000_000, tmp_path / "part")

    assert (caught.value.code, caught.value.values["megabytes"]) == ("disk-full", 3)


def test_what_nobody_took_up_for_a_month_is_deleted(hub: HubServer, plain: Path) -> None:
    hub.add_model("ada/tiny", contents(plain))
    hub.faults.append(Fault(WEIGHTS, kind="drop", after=1000, times=1))
    hub.faults.append(Fault(WEIGHTS, kind="drop", after=0, times=9))
    refused(hub)
    (kept,) = (path for path in (paths.cache() / "downloads").iterdir() if path.is_dir())

    download.forget_old()
    assert kept.exists()
    for path in (kept, *kept.iterdir()):
        os.utime(path, (0, time.time() - 31 * 86400))
    download.forget_old()

    assert not kept.exists()
