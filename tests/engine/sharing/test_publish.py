"""Publishing with the real client to a hub on the loopback, and fetching it again."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import slm_studio
from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Progress
from slm_studio.core.saved import open_saved, save_facts
from slm_studio.engine.sharing.download import Patience
from slm_studio.engine.sharing.hub import fetch_model, publish_model
from slm_studio.engine.sharing.parity import same_answers
from tests.cli.commands import runner
from tests.engine.sharing.conftest import SOON, contents
from tests.hub_server import TOKEN, Fault, HubServer, Seen, sha256

# The official client calls its own HTTP library in a way that the library advises against.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

NAME = "ada/reviews"
OPTIONS = {"license": "apache-2.0", "language": "en", "private": True, "card": None, "message": "First"}


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite runs offline; the loopback is no network."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def publish(hub: HubServer, folder: Path, name: str = NAME, token: str = TOKEN, **options: object) -> dict:
    events = list(publish_model(folder, name, hub.endpoint, OPTIONS | options, token, SOON))
    assert isinstance(events[-1], Finished)
    return events[-1].result


def refused(hub: HubServer, folder: Path, **options: object) -> StudioError:
    with pytest.raises(StudioError) as caught:
        publish(hub, folder, **options)
    assert "{" not in str(caught.value) + caught.value.advice
    assert TOKEN not in str(caught.value.to_json())
    return caught.value


def test_what_was_published_comes_back_and_answers_the_same(hub: HubServer, tiny: Path) -> None:
    result = publish(hub, tiny)

    assert result["url"] == f"{hub.endpoint}/{NAME}"
    assert result["commit"] == hub.repos[NAME].commits[-1][0]
    assert result["checked"]["largest_difference"] == 0.0
    assert {file["name"]: file["sha256"] for file in result["files"]} == {
        name: sha256(data) for name, data in hub.files(NAME).items() if name != ".gitattributes"
    }
    *_, fetched = fetch_model(NAME, hub.endpoint, token=TOKEN, patience=SOON)
    assert same_answers(tiny, Path(fetched.result.folder)).difference == 0.0
    assert fetched.result.metrics["accuracy"] == 0.91


def test_publishing_blames_a_token_that_cannot_be_one(hub: HubServer, tiny: Path) -> None:
    with pytest.raises(StudioError) as caught:
        publish(hub, tiny, token="hf_bäd")

    assert caught.value.code == "hub-token" and "no token has" in str(caught.value)
    assert not hub.seen


def test_the_plan_names_what_is_sent(hub: HubServer, tiny: Path) -> None:
    *_, planned = engine.plan_publish(str(tiny), OPTIONS | {"name": NAME})

    result = publish(hub, tiny)

    sizes = {file["name"]: file["bytes"] for file in planned.result["files"]}
    assert sizes == {file["name"]: file["bytes"] for file in result["files"]}
    assert planned.result["total"] == sum(sizes.values())
    assert hub.files(NAME)["README.md"].decode() == planned.result["card"]


def test_neither_rows_nor_paths_nor_tokens_are_sent(hub: HubServer, tiny: Path, home: Path) -> None:
    publish(hub, tiny)

    sent = hub.files(NAME)
    assert not [name for name in sent if name.startswith("report") or name == "log.txt"]
    for text in (str(home), str(Path.home()), TOKEN, "a secret row", "20260101-run"):
        assert not [name for name, data in sent.items() if text.encode() in data.replace(b"\\", b"")], text
    assert json.loads(sent["studio.json"])["dataset_name"] == "reviews.csv"


def test_progress_counts_the_bytes_that_are_sent(hub: HubServer, tiny: Path) -> None:
    events = list(publish_model(tiny, NAME, hub.endpoint, OPTIONS, TOKEN, SOON))

    sending = [event.done for event in events if isinstance(event, Progress) and event.what == "Sending the model"]
    assert sending == sorted(sending)
    assert sending[-1] == sum(file["bytes"] for file in events[-1].result["files"])


def test_a_card_that_the_hub_does_not_take_is_refused_in_its_words_before_anything_is_made(
    hub: HubServer, tiny: Path
) -> None:
    error = refused(hub, tiny, license="my-own")

    assert error.code == "hub-card" and '"license" must be one of [apache-2.0, mit' in str(error)
    assert NAME not in hub.repos and not hub.requests("POST /api/repos/create")


def test_a_hub_that_knows_no_check_of_cards_takes_them_unchecked(hub: HubServer, tiny: Path) -> None:
    hub.faults.append(Fault("POST /api/validate-yaml", status=404))

    assert publish(hub, tiny)["checked"]["largest_difference"] == 0.0


def test_a_new_repository_stays_private_until_asked(hub: HubServer, tiny: Path) -> None:
    publish(hub, tiny)
    assert hub.repos[NAME].private

    publish(hub, tiny, private=False)

    assert not hub.repos[NAME].private
    (settings,) = hub.requests("PUT .*/settings")
    assert hub.seen.index(settings) > max(hub.seen.index(seen) for seen in hub.requests("/resolve/"))


def test_publishing_again_is_one_new_commit_and_sends_only_what_is_new(hub: HubServer, tiny: Path) -> None:
    publish(hub, tiny)
    hub.seen.clear()

    publish(hub, tiny, card="---\nlicense: mit\n---\n# Another card\n", message="Second")

    assert len(hub.repos[NAME].commits) == 3  # made, first, second
    assert b"Another card" in hub.files(NAME)["README.md"]
    assert not hub.requests("PUT /put/")


def test_a_change_by_somebody_else_is_not_overwritten(hub: HubServer, tiny: Path) -> None:
    publish(hub, tiny)

    def meddle(seen: Seen) -> None:
        if "/preupload/" in seen.path:
            hub.on_request = lambda seen: None
            hub.add_model(NAME, {"README.md": b"theirs"})

    hub.on_request = meddle

    assert refused(hub, tiny, card="---\nlicense: mit\n---\nours").code == "hub-moved-on"
    assert hub.files(NAME)["README.md"] == b"theirs"


def test_a_copy_that_differs_is_said(hub: HubServer, tiny: Path) -> None:
    hub.faults.append(Fault("GET .*/resolve/.*config.json", kind="corrupt", after=40))

    assert refused(hub, tiny).code == "checksum"
    assert hub.repos[NAME].private


@pytest.mark.parametrize(
    ("token", "name", "code"),
    [
        ("", NAME, "hub-no-token"),
        ("hf_wrong", NAME, "hub-token"),
        ("hf_reader", NAME, "hub-forbidden"),
        (TOKEN, "somebody/reviews", "hub-forbidden"),
        (TOKEN, "reviews", "hub-name"),
        (TOKEN, "ada/re views", "hub-name"),
    ],
)
def test_who_may_not_write_is_told_why(hub: HubServer, tiny: Path, token: str, name: str, code: str) -> None:
    hub.tokens["hf_reader"] = "read"

    assert refused(hub, tiny, token=token, name=name).code == code
    assert not hub.repos


@pytest.mark.parametrize(
    ("pattern", "status", "code"),
    [
        ("POST /api/repos/create", 429, "hub-busy"),
        ("POST /api/repos/create", 503, "hub-server"),
        ("POST .*/commit/", 500, "hub-server"),
        ("POST .*/commit/", 412, "hub-moved-on"),
        ("POST .*/preupload/", 403, "hub-forbidden"),
    ],
)
def test_a_hub_that_refuses_is_named(hub: HubServer, tiny: Path, pattern: str, status: int, code: str) -> None:
    hub.faults.append(Fault(pattern, status=status, times=9))

    assert refused(hub, tiny).code == code


def test_a_silent_hub_is_not_waited_for_long(hub: HubServer, tiny: Path) -> None:
    hub.faults.append(Fault("GET /api/models/ada/reviews", kind="stall", seconds=20, times=9))

    with pytest.raises(StudioError) as caught:
        list(publish_model(tiny, NAME, hub.endpoint, OPTIONS, TOKEN, Patience(connect=0.3, read=0.3)))

    assert caught.value.code == "hub-timeout"


def test_closing_the_generator_publishes_nothing_and_leaves_no_thread(hub: HubServer, tiny: Path) -> None:
    work = publish_model(tiny, NAME, hub.endpoint, OPTIONS, TOKEN, SOON)
    for event in work:
        if isinstance(event, Progress) and event.what == "Sending the model":
            break

    work.close()

    assert not hub.requests("POST .*/commit/")
    assert "slm-alongside" not in {thread.name for thread in threading.enumerate()}


def test_the_official_client_is_given_back_as_it_was(hub: HubServer, tiny: Path) -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils import _http, are_progress_bars_disabled

    before = (constants.HF_HUB_DISABLE_XET, are_progress_bars_disabled())

    publish(hub, tiny)

    assert (constants.HF_HUB_DISABLE_XET, are_progress_bars_disabled()) == before
    assert _http._GLOBAL_CLIENT_FACTORY is _http.default_client_factory


def test_a_window_without_a_terminal_can_publish(hub: HubServer, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setattr("sys.stdout", None)

    assert publish(hub, tiny)["checked"]["identical"]


def test_the_token_goes_to_no_storage(hub: HubServer, tiny: Path) -> None:
    publish(hub, tiny)

    assert {seen.authorization for seen in hub.seen if seen.server == "cdn"} == {""}


def test_the_loopback_hub_speaks_with_the_real_client(
    hub: HubServer, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi, constants
    from huggingface_hub.utils import close_session

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.add_model("ada/tiny", contents(tiny))
    api = HfApi(endpoint=hub.endpoint, token=TOKEN)

    assert api.whoami()["name"] == "ada"
    assert [file.path for file in api.get_paths_info("ada/tiny", ["config.json"])] == ["config.json"]
    api.delete_repo("ada/tiny")
    assert not api.repo_exists("ada/tiny")
    close_session()


OTHERS = {"README.md": b"---\nauthor: ada\n---\n# By hand\n\nMy words.\n", "notes.txt": b"mine", "LICENSE": b"terms"}


def test_what_others_wrote_stays_and_the_former_model_goes(hub: HubServer, tiny: Path) -> None:
    former = {"studio.json": b"{}", "model.safetensors": b"former", "vocab.txt": b"former", "merges.txt": b"former"}
    hub.add_model(NAME, OTHERS | former, private=True)

    result = publish(hub, tiny, overwrite=True)

    now = hub.files(NAME)
    assert {name: now[name] for name in ("notes.txt", "LICENSE")} == {"notes.txt": b"mine", "LICENSE": b"terms"}
    card = now["README.md"].decode()
    assert "# By hand\n\nMy words." in card
    assert 'author: "ada"' in card
    assert "## Limits" in card
    assert not {"vocab.txt", "merges.txt"} & set(now)
    assert result["visibility"] == "private"
    assert result["removed"] == ["merges.txt", "vocab.txt"]
    assert result["kept"] == ["LICENSE", "notes.txt"]
    assert result["replaced"] == ["README.md", "model.safetensors", "studio.json"]


def test_what_was_written_on_the_hubs_card_is_still_there_the_third_time(hub: HubServer, tiny: Path) -> None:
    publish(hub, tiny)
    card = hub.files(NAME)["README.md"].decode()
    hub.add_model(NAME, hub.files(NAME) | {"README.md": (card + "\n## Thanks\n\nTo everybody.\n").encode()})

    publish(hub, tiny)
    publish(hub, tiny)

    text = hub.files(NAME)["README.md"].decode()
    assert text.count("To everybody.") == text.count("## Limits") == 1


def test_a_public_repository_takes_nothing_private(hub: HubServer, tiny: Path) -> None:
    hub.add_model(NAME, OTHERS)

    assert refused(hub, tiny).code == "hub-is-public"
    assert hub.files(NAME)["README.md"] == OTHERS["README.md"]
    assert publish(hub, tiny, private=False)["visibility"] == "public"


def test_another_model_is_replaced_only_when_asked(hub: HubServer, tiny: Path) -> None:
    hub.add_model(NAME, {"pytorch_model.bin": b"weights"}, private=True)

    assert refused(hub, tiny).code == "hub-holds-another"
    assert publish(hub, tiny, overwrite=True)["kept"] == ["pytorch_model.bin"]


def test_another_model_of_ones_own_is_replaced_only_when_asked(hub: HubServer, tiny: Path) -> None:
    publish(hub, tiny)
    made = open_saved(tiny)
    save_facts(replace(made, name="renamed", metrics={"accuracy": 0.5}))
    publish(hub, tiny)  # the same model, whatever it is called by now
    save_facts(replace(made, name="renamed", created="2026-02-01T00:00:00+00:00"))
    publish(hub, tiny)  # its next version
    save_facts(replace(made, name="next", created="2026-02-02T00:00:00+00:00"))
    before = hub.files(NAME)

    error = refused(hub, tiny)

    assert (error.code, error.values["former"]) == ("hub-holds-another", "renamed")
    assert hub.files(NAME) == before
    assert planned_standing(hub, tiny)["former"] == "renamed"
    publish(hub, tiny, overwrite=True)
    assert planned_standing(hub, tiny)["former"] == ""


@pytest.mark.parametrize("studio", [b"{}", b"[1", b"[]", b"\xff"])
def test_a_model_that_does_not_say_which_it_is_counts_as_another(hub: HubServer, tiny: Path, studio: bytes) -> None:
    hub.add_model(NAME, {"studio.json": studio, "model.safetensors": b"former"}, private=True)

    assert refused(hub, tiny).code == "hub-holds-another"


def planned_standing(hub: HubServer, folder: Path) -> dict:
    *_, planned = engine.plan_publish(str(folder), OPTIONS | {"name": NAME}, hub.endpoint, TOKEN)
    return planned.result["standing"]


def test_the_plan_says_what_stands_there_and_sends_nothing(hub: HubServer, tiny: Path) -> None:
    hub.add_model(NAME, OTHERS | {"studio.json": b"{}", "vocab.txt": b"former"}, private=True)

    *_, planned = engine.plan_publish(str(tiny), OPTIONS | {"name": NAME}, hub.endpoint, TOKEN)

    standing = planned.result["standing"]
    assert (standing["visibility"], standing["removed"]) == ("private", ["vocab.txt"])
    assert planned.result["visibility"] == "private"
    assert "My words." in planned.result["card"]
    assert {seen.method for seen in hub.seen} == {"GET"}


def test_the_plan_of_a_free_name_says_that_nothing_stands_there(hub: HubServer, tiny: Path) -> None:
    *_, planned = engine.plan_publish(str(tiny), OPTIONS | {"name": NAME, "private": False}, hub.endpoint, TOKEN)

    assert planned.result["standing"] is None
    assert planned.result["visibility"] == "public"


def test_a_card_that_was_changed_here_is_sent_as_it_was_changed(hub: HubServer, tiny: Path) -> None:
    card = tiny / "README.md"
    card.write_text(card.read_text(encoding="utf-8") + "\n## Thanks\n\nTo everybody.\n", encoding="utf-8")

    publish(hub, tiny)

    assert "To everybody." in hub.files(NAME)["README.md"].decode()


@pytest.mark.parametrize("body", [b"", b"[" * 100_000, b"{}", b"<html>"])
@pytest.mark.parametrize("pattern", ["POST /api/repos/create", "POST .*/preupload/", "POST .*/commit/"])
def test_an_answer_without_what_a_hub_says_is_said(hub: HubServer, tiny: Path, pattern: str, body: bytes) -> None:
    hub.faults.append(Fault(pattern, status=200, body=body))

    error = refused(hub, tiny)

    assert error.code != "unexpected"


def test_a_name_that_is_taken_by_what_we_may_not_see_is_said(hub: HubServer, tiny: Path) -> None:
    hub.faults.append(Fault("POST /api/repos/create", status=409, body=b"", times=99))

    assert refused(hub, tiny).code == "hub-conflict"


def test_a_hub_that_is_busy_for_ever_is_not_asked_for_ever(hub: HubServer, tiny: Path) -> None:
    busy = b"Cannot create repo: another conflicting operation is in progress"
    hub.faults.append(Fault("POST /api/repos/create", status=409, body=busy, times=9999))

    assert refused(hub, tiny).code == "hub-conflict"
    assert len(hub.requests("POST /api/repos/create")) <= 5


def test_a_name_that_no_hub_takes_is_refused_with_one_that_it_takes(hub: HubServer, tiny: Path) -> None:
    error = refused(hub, tiny, name="ada/情感分析")

    assert error.code == "hub-name"
    assert "ada/reviews" in error.advice
    assert not hub.seen


def test_an_owner_alone_gets_a_name_made_for_the_model(hub: HubServer, tiny: Path) -> None:
    save_facts(replace(open_saved(tiny), name="情感分析", language="zh"))

    result = publish(hub, tiny, name="ada/")

    assert result["url"] == f"{hub.endpoint}/ada/text-classification-chinese-20260101-0000"
    *_, fetched = fetch_model("ada/text-classification-chinese-20260101-0000", hub.endpoint, token=TOKEN, patience=SOON)
    assert fetched.result.name.startswith("情感分析")  # “(2)” follows: the original stands here, too


@pytest.mark.parametrize("way", ["python", "command line"])
def test_a_program_can_publish(
    way: str, hub: HubServer, tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    save_facts(replace(open_saved(tiny), name="情感分析", language="zh"))

    if way == "python":
        said = str(
            slm_studio.load(str(tiny)).publish("ada/", license="mit", language="zh,en", endpoint=hub.endpoint)["url"]
        )
    else:
        run = runner(monkeypatch, capsys)
        said = run(
            "publish", str(tiny), "ada/", "--license", "mit", "--language", "zh,en", "--endpoint", hub.endpoint
        ).out

    (name,) = hub.repos
    assert name == "ada/text-classification-chinese-20260101-0000" and name in said
    assert hub.repos[name].private
    assert b'language: ["zh", "en"]' in hub.files(name)["README.md"]
