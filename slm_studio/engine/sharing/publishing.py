"""What is sent to a hub and what is taken from it: decided here, without a network."""

import hashlib
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.hub_names import RULE, is_repository_name, is_whole_name, proposed_name
from slm_studio.core.saved import open_saved
from slm_studio.engine.libraries import load_transformers
from slm_studio.engine.models.weights import INDEX, SINGLE, refuse_pickles
from slm_studio.engine.sharing.card import card_text
from slm_studio.engine.sharing.contents import CARD, Item, check_path, files_to_publish, forget, travels
from slm_studio.engine.sharing.download import HubFile
from slm_studio.engine.sharing.own_part import has_own, keep_own
from slm_studio.engine.sharing.standing import Standing, visibility_after


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that is ready to be sent."""

    name: str
    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Staged:
    """Everything that one publication sends."""

    source: Path  # the person's model
    files: tuple[StagedFile, ...]

    @property
    def total(self) -> int:
        """Return the bytes of all files."""
        return sum(file.bytes for file in self.files)


def plan_publish(folder: Path, options: Mapping[str, object], standing: Standing | None = None) -> Iterator[Event]:
    """Say what would be sent, and what would become of what stands there.

    Ends in Finished({"files": [{"name", "bytes"}], "card": Markdown, "total": bytes, "visibility", "standing": None or
    {"visibility", "is_other", "former", "replaced", "removed", "kept"}}).
    """
    yield Progress("Reading the model", 0, 0)
    items = _items(folder, options, standing)
    card = next(item.content.decode() for item in items if item.name == CARD)
    there: dict[str, object] | None = None
    if standing is not None:
        fate = standing.fate({item.name for item in items})
        former = standing.former(open_saved(folder))
        there = {"visibility": standing.visibility, "is_other": standing.is_other, "former": former, **fate}
    yield Finished({
        "files": [{"name": item.name, "bytes": item.size} for item in items], "card": card,
        "total": sum(item.size for item in items), "visibility": visibility_after(standing, options), "standing": there,
    })  # fmt: skip


def stage(
    folder: Path, options: Mapping[str, object], place: Path, standing: Standing | None = None
) -> Generator[Event, None, Staged]:
    """Write what differs from the model's own files into `place` and take the checksum of every file."""
    place.mkdir(parents=True)
    items = _items(folder, options, standing)
    total, done, staged = sum(item.size for item in items), 0, []
    for item in items:
        path = item.path or place / item.name.replace("/", "-")
        if item.path is None:
            path.write_bytes(item.content)
        digest = hashlib.sha256()
        for block in item.read():
            digest.update(block)
            done += len(block)
            yield Progress("Reading the model", done, total)
        staged.append(StagedFile(item.name, path, item.size, digest.hexdigest()))
    return Staged(folder, tuple(staged))


def compare(staged: Staged, back: Path, commit: str) -> Generator[Event, None, dict[str, object]]:
    """Compare what came back with what was sent, byte by byte and answer by answer. Raises StudioError("hub-differs")."""
    load_transformers()
    from slm_studio.engine.sharing.parity import same_answers

    for number, file in enumerate(staged.files):
        path = back / file.name
        if not path.is_file() or _sha256(path) != file.sha256:
            raise _differs(file.name, commit)
        yield Progress("Comparing the copy", number + 1, len(staged.files) + 1)
    parity = same_answers(staged.source, back)
    if not parity.same:
        raise _differs(SINGLE, commit)
    yield Progress("Comparing the copy", len(staged.files) + 1, len(staged.files) + 1)
    return {"files": len(staged.files), "identical": True, **parity.checked()}


def choose_files(listed: Sequence[HubFile]) -> list[HubFile]:
    """Return the files worth fetching. Raises StudioError where no weights are among them that can be opened safely."""
    names = {file.path for file in listed}
    refuse_pickles(names)
    chosen: dict[str, HubFile] = {}
    for file in listed:
        shard = file.path.startswith("model-") or file.path == INDEX
        if travels(file.path) and not (shard and SINGLE in names):
            check_path(file.path)
            chosen.setdefault(file.path.lower(), file)  # README.md and readme.md are one file on some systems
    return list(chosen.values())


def whole_name(folder: Path, name: str) -> str:
    """Return owner/name; an owner with a slash alone gets the name that is proposed for the model."""
    return f"{name}{proposed_name(open_saved(folder))}" if re.fullmatch(r"[^/]+/", name) else name


def check_name(name: str, token: str, folder: Path) -> None:
    """Refuse to publish without a token or to a name that no hub takes."""
    if not token:
        raise StudioError(
            "hub-no-token",
            "Publishing needs a token, and none is set.",
            "Make one with the right to write at huggingface.co/settings/tokens, and enter it under Hub, or set HF_TOKEN.",
        )
    if not is_whole_name(name):
        owner = name.partition("/")[0] if "/" in name else ""
        owner = owner if is_repository_name(owner) else "your-name"
        raise StudioError(
            "hub-name",
            "“{name}” cannot be the name of a model on a hub.",
            RULE,
            name=name[:200],
            proposal=f"{owner}/{proposed_name(open_saved(folder))}",
        )


def _items(folder: Path, options: Mapping[str, object], standing: Standing | None) -> list[Item]:
    card = Item(CARD, None, files.encode(_card(folder, options, standing)))
    items = [item for item in files_to_publish(folder) if item.name != CARD]
    return sorted([*items, card], key=lambda item: item.name)


def _card(folder: Path, options: Mapping[str, object], standing: Standing | None) -> str:
    """Return the card from the evidence with what somebody wrote on the hub's, or else on the model's own."""
    text = card_text(folder, options)
    if options.get("card"):
        return text  # a person wrote all of it
    own = folder / CARD
    ours = forget(own.read_text(encoding="utf-8", errors="replace")) if own.is_file() else ""
    for card in (standing.card if standing else "", ours):
        if card and has_own(card):
            return keep_own(card, text)
    return text


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _differs(name: str, commit: str) -> StudioError:
    return StudioError(
        "hub-differs",
        "The copy on the hub is not what was sent: “{file}” differs (commit {commit}).",
        "Publish again. A new repository stays private until its copy is right.",
        file=name,
        commit=commit[:12],
    )
