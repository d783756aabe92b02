"""The hub: fetch a model, publish a model, and nothing without being asked.

Fetching uses a client of its own (repository.py): resumable, with timeouts.
Publishing uses the official client: every file is sent first, then one commit makes all of them visible at once.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, set_client_factory
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]
from huggingface_hub.utils._http import close_session, default_client_factory
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from slm_studio.core.events import Event, Finished, Progress
from slm_studio.engine.advice import advise_hub
from slm_studio.engine.models.inspect import check_config
from slm_studio.engine.sharing import placing, publishing
from slm_studio.engine.sharing.address import check_call
from slm_studio.engine.sharing.alongside import CountingReader, Report, alongside
from slm_studio.engine.sharing.contents import travels
from slm_studio.engine.sharing.download import (
    Patience,
    alone,
    forget_old,
    forgotten_if_refused,
    part_folder,
    receive_all,
    workplace,
)  # fmt: skip
from slm_studio.engine.sharing.repository import AGENT, Repository


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
    endpoint = check_call(id, endpoint, token)
    short = id.rpartition("/")[2]
    target = placing.pick_target(out, short)
    forget_old()
    yield Progress("Looking for the model", 0, 0)
    with Repository(endpoint, id, token, patience) as hub:
        hub.commit = hub.find_commit(revision or "main")
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


def publish_model(
    folder: Path,
    name: str,
    endpoint: str = "",
    options: Mapping[str, object] | None = None,
    token: str = "",
    patience: Patience = Patience(read=120.0),  # noqa: B008  (frozen; a hub may think for a while about a commit)
) -> Iterator[Event]:
    """Upload a model in one commit, load it back and compare. Ends in Finished({"url", "commit", "files", "checked"}).

    A new repository is private until the copy that came back has answered like the original.
    """
    options = options or {}
    endpoint = check_call(name, endpoint, token)
    publishing.check_name(name, token)
    with ExitStack() as stack:
        place = stack.enter_context(workplace())
        staged = yield from publishing.stage(folder, {**options, "name": name}, place / "sent")
        api = stack.enter_context(_official(endpoint, token, patience))
        with _in_words(endpoint, name, token):
            commit = yield from _upload(api, name, staged, options)
        yield Progress("Loading it back", 0, 0)
        with Repository(endpoint, name, token, patience) as hub:
            hub.commit = commit
            listed = {file.path: file for file in hub.files()}
            wanted = [listed[each.name] for each in staged.files if each.name in listed]
            yield from receive_all(hub, wanted, place / "back", patience)
        checked = yield from publishing.compare(staged, place / "back", commit)
        with _in_words(endpoint, name, token):
            if not options.get("private", True):
                api.update_repo_settings(name, private=False)
    described = [{"name": each.name, "bytes": each.bytes, "sha256": each.sha256} for each in staged.files]
    yield Finished({"url": f"{endpoint}/{name}", "commit": commit, "files": described, "checked": checked})


def _upload(
    api: HfApi, name: str, staged: publishing.Staged, options: Mapping[str, object]
) -> Generator[Event, None, str]:
    """Send every file, then commit. Returns the commit's number. Nothing is visible before the last request."""
    api.create_repo(name, private=True, exist_ok=True)
    head = api.model_info(name).sha
    before = 0
    operations: list[CommitOperationAdd | CommitOperationDelete] = []
    with ExitStack() as readers:
        for each in staged.files:
            send = partial(_send, api, name, each, readers)
            show = partial(_sending, before, staged.total)
            operations.append((yield from alongside(send, show, close_session)))
            before += each.bytes
            yield _sending(before, staged.total, 0)
        operations += [CommitOperationDelete(path) for path in _left_over(api, name, head, staged)]
        message = str(options.get("message") or "Publish with SLM Studio")
        commit = partial(api.create_commit, name, operations, commit_message=message, parent_commit=head)
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


def _left_over(api: HfApi, name: str, head: str | None, staged: publishing.Staged) -> list[str]:
    """Return the weights of an earlier version that the new one does not replace."""
    ours = {each.name for each in staged.files}
    there = [each.path for each in api.list_repo_tree(name, revision=head) if travels(each.path)] if head else []
    return [path for path in there if path not in ours and ".safetensors" in path]


@contextmanager
def _official(endpoint: str, token: str, patience: Patience) -> Iterator[HfApi]:
    """Lend the official client with timeouts, without Xet and without progress bars, and put everything back."""
    quiet, xet = are_progress_bars_disabled(), constants.HF_HUB_DISABLE_XET
    limits = httpx.Timeout(patience.read, connect=patience.connect)
    if not quiet:
        disable_progress_bars()  # a bar without a terminal locks up every later transfer
    constants.HF_HUB_DISABLE_XET = True  # files are counted while they are read, which Xet cannot do
    set_client_factory(lambda: _timed_client(limits))
    try:
        yield HfApi(endpoint=endpoint, token=token or False, library_name=AGENT)
    finally:
        set_client_factory(default_client_factory)
        constants.HF_HUB_DISABLE_XET = xet
        if not quiet:
            enable_progress_bars()


def _timed_client(limits: httpx.Timeout) -> httpx.Client:
    """Return a client in which no request waits for ever, even where the caller says so."""

    def fill_gaps(request: httpx.Request) -> None:
        asked = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = {
            key: limit if asked.get(key) is None else asked[key] for key, limit in limits.as_dict().items()
        }

    return httpx.Client(timeout=limits, follow_redirects=True, event_hooks={"request": [fill_gaps]})


@contextmanager
def _in_words(endpoint: str, name: str, token: str) -> Iterator[None]:
    """Turn the official client's errors into sentences."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, httpx.HTTPError) as error:
        known = advise_hub(error, endpoint, name, token)
        if known is None:
            raise
        raise known from error
