"""The hub: fetch a model, publish a model, and nothing without being asked.

Fetching uses a client of its own (repository.py): resumable, with timeouts.
Publishing uses the official client: every file is sent first, then one commit makes all of them visible at once.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, set_client_factory
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]
from huggingface_hub.utils._http import close_session, default_client_factory
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from slm_studio.core.addresses import name_of
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.saved import open_saved
from slm_studio.engine.advice import advise_hub, refusal
from slm_studio.engine.models.foreign_config import check_config
from slm_studio.engine.sharing import placing, publishing
from slm_studio.engine.sharing.address import check_call
from slm_studio.engine.sharing.alongside import CountingReader, Report, alongside
from slm_studio.engine.sharing.client import make_client
from slm_studio.engine.sharing.contents import CARD, on_pairs_here
from slm_studio.engine.sharing.download import (
    Patience,
    alone,
    forget_old,
    forgotten_if_refused,
    part_folder,
    receive_all,
    workplace,
)  # fmt: skip
from slm_studio.engine.sharing.repository import AGENT, Repository, strange
from slm_studio.engine.sharing.standing import PRIVATE, PUBLIC, Standing, refuse_surprise, visibility_after

NOTHING = Standing(commit="", visibility=PRIVATE)
_CREATE, _MOST_CREATIONS = "/api/repos/create", 5


def fetch_model(
    id: str,  # noqa: A002  (the verb's name is part of the protocol)
    endpoint: str = "",
    revision: str = "",
    out: str = "",
    token: str = "",
    patience: Patience = Patience(),  # noqa: B008  (frozen)
) -> Iterator[Event]:
    """Download a model, check it, and give it a place. Ends in Finished(SavedModel).

    What has arrived is kept when the work ends early, and taken up by the next call for the same commit.
    """
    id, version = name_of(id, endpoint)  # noqa: A001
    endpoint = check_call(id, endpoint, token)
    short = id.rpartition("/")[2]
    target = placing.pick_target(out, short)
    forget_old()
    yield Progress("Looking for the model", 0, 0)
    with Repository(endpoint, id, token, patience) as hub:
        hub.commit = hub.find_commit(revision or version or "main")
        wanted = publishing.choose_files(hub.files())
        folder = part_folder(endpoint, id, hub.commit)
        with alone(folder, id):
            texts = [file for file in wanted if not file.path.endswith(".safetensors")]
            yield from receive_all(hub, texts, folder, patience, sum(file.size for file in wanted))
            with forgotten_if_refused(folder):
                check_config(folder)
            yield from receive_all(hub, wanted, folder, patience)
            yield Progress("Checking the model", 0, 0)
            with forgotten_if_refused(folder):
                origin = f"hub:{id}@{hub.commit}"
                model = placing.settle(folder, target, fallback=short, origin=origin, base=id)
    yield Finished(model)


def plan_publication(
    folder: Path,
    options: Mapping[str, object],
    endpoint: str,
    token: str = "",
    patience: Patience = Patience(),  # noqa: B008  (frozen)
) -> Iterator[Event]:
    """Look at what stands at options["name"] and say what publishing would do. Ends as publishing.plan_publish does."""
    name, _ = name_of(str(options.get("name", "")), endpoint)
    name = publishing.whole_name(folder, name)
    options = {**options, "name": name}
    publishing.check_name(name, token, folder)
    endpoint = check_call(name, endpoint, token)
    yield Progress("Looking at the name on the hub", 0, 0)
    with Repository(endpoint, name, token, patience) as there:
        standing = there.standing()
    yield from publishing.plan_publish(folder, options, standing)


def publish_model(
    folder: Path,
    name: str,
    endpoint: str = "",
    options: Mapping[str, object] | None = None,
    token: str = "",
    patience: Patience = Patience(read=120.0),  # noqa: B008  (frozen; a hub may think for a while about a commit)
) -> Iterator[Event]:
    """Upload a model in one commit, load it back and compare.

    Ends in Finished({"url", "commit", "visibility", "files", "replaced", "removed", "kept", "checked"}). A new
    repository is private until the copy that came back has answered like the original.
    """
    name, _ = name_of(name, endpoint)
    name = publishing.whole_name(folder, name)
    options = {**(options or {}), "name": name}
    publishing.check_name(name, token, folder)
    endpoint = check_call(name, endpoint, token)
    with ExitStack() as stack:
        place = stack.enter_context(workplace())
        there = stack.enter_context(Repository(endpoint, name, token, patience))
        yield Progress("Looking at the name on the hub", 0, 0)
        standing = there.standing()
        refuse_surprise(standing, name, open_saved(folder), options)
        yield from on_pairs_here(folder)
        staged = yield from publishing.stage(folder, options, place / "sent", standing)
        for each in staged.files:
            if each.name == CARD:
                there.refuse_card(each.path.read_text("utf-8"))
        fate = (standing or NOTHING).fate({each.name for each in staged.files})
        api = stack.enter_context(_official(endpoint, name, token, patience))
        with _in_words(endpoint, name, token):
            if standing is None:
                api.create_repo(name, private=True)
            parent = standing.commit if standing else there.find_commit("main")
            there.commit = yield from _upload(api, name, staged, fate["removed"], parent, options)
        yield Progress("Loading it back", 0, 0)
        listed = {file.path: file for file in there.files()}
        wanted = [listed[each.name] for each in staged.files if each.name in listed]
        yield from receive_all(there, wanted, place / "back", patience)
        checked = yield from publishing.compare(staged, place / "back", there.commit)
        visibility = visibility_after(standing, options)
        if visibility == PUBLIC and (standing is None or standing.visibility != PUBLIC):
            with _in_words(endpoint, name, token):
                api.update_repo_settings(name, private=False)
    described = [{"name": each.name, "bytes": each.bytes, "sha256": each.sha256} for each in staged.files]
    yield Finished({
        "url": f"{endpoint}/{name}", "commit": there.commit, "visibility": visibility, "files": described, **fate,
        "checked": checked,
    })  # fmt: skip


def _upload(
    api: HfApi,
    name: str,
    staged: publishing.Staged,
    removed: Sequence[str],
    parent: str,
    options: Mapping[str, object],
) -> Generator[Event, None, str]:
    """Send every file, then commit. Returns the commit's number. Nothing is visible before the last request."""
    before = 0
    operations: list[CommitOperationAdd | CommitOperationDelete] = []
    with ExitStack() as readers:
        for each in staged.files:
            send = partial(_send, api, name, each, readers)
            show = partial(_sending, before, staged.total)
            operations.append((yield from alongside(send, show, close_session)))
            before += each.bytes
            yield _sending(before, staged.total, 0)
        operations += [CommitOperationDelete(path) for path in removed]
        message = str(options.get("message") or "Publish with SLM Studio")
        commit = partial(api.create_commit, name, operations, commit_message=message, parent_commit=parent or None)
        done = yield from alongside(lambda report: commit(), lambda done: Progress("Committing", 0, 0), close_session)
    return done.oid


def _sending(before: int, total: int, done: int) -> Progress:
    return Progress("Sending the model", before + done, total)


def _send(api: HfApi, name: str, file: publishing.StagedFile, readers: ExitStack, report: Report) -> CommitOperationAdd:
    sending: list[bool] = []  # the client reads the file twice: to hash it, then to send it
    reader = readers.enter_context(CountingReader(file.path, lambda place: report(place if sending else 0)))
    operation = CommitOperationAdd(file.name, reader)
    sending.append(True)
    api.preupload_lfs_files(name, additions=[operation], free_memory=False)
    return operation


@contextmanager
def _official(endpoint: str, name: str, token: str, patience: Patience) -> Iterator[HfApi]:
    """Lend the official client with timeouts, without Xet and without progress bars, and put everything back."""
    quiet, xet = are_progress_bars_disabled(), constants.HF_HUB_DISABLE_XET
    limits = httpx.Timeout(patience.read, connect=patience.connect)
    if not quiet:
        disable_progress_bars()  # a bar without a terminal locks up every later transfer
    constants.HF_HUB_DISABLE_XET = True  # files are counted while they are read, which Xet cannot do
    set_client_factory(lambda: _timed_client(endpoint, name, limits))
    try:
        yield HfApi(endpoint=endpoint, token=token or False, library_name=AGENT)
    finally:
        set_client_factory(default_client_factory)
        constants.HF_HUB_DISABLE_XET = xet
        if not quiet:
            enable_progress_bars()


def _timed_client(endpoint: str, name: str, limits: httpx.Timeout) -> httpx.Client:
    """Return a client in which no request waits for ever, even where the caller says so."""

    made = 0

    def fill_gaps(request: httpx.Request) -> None:
        nonlocal made
        made += request.url.path == _CREATE
        if made > _MOST_CREATIONS:
            raise refusal(409, {}, endpoint, name)  # the client would ask for ever
        asked = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = {
            key: limit if asked.get(key) is None else asked[key] for key, limit in limits.as_dict().items()
        }

    return make_client(endpoint, timeout=limits, follow_redirects=True, event_hooks={"request": [fill_gaps]})


@contextmanager
def _in_words(endpoint: str, name: str, token: str) -> Iterator[None]:
    """Turn the official client's errors into sentences."""
    try:
        yield
    except StudioError:
        raise
    except (OSError, httpx.HTTPError) as error:
        known = advise_hub(error, endpoint, name, token)
        if known is None:
            raise
        raise known from error
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        # What the client makes of an answer without the fields that a hub gives, or of one that nests too deeply.
        raise advise_hub(error, endpoint, name, token) or strange(endpoint) from error
