"""What stands at a hub under a name already, and what a publication does with it: decided here, without a network."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from slm_studio.core.errors import StudioError
from slm_studio.core.files import parse_json
from slm_studio.core.saved import STUDIO_FILE, SavedModel
from slm_studio.engine.sharing.contents import travels
from slm_studio.engine.sharing.download import HubFile

PUBLIC, PRIVATE = "public", "private"
# Somebody's words and terms: replaced by a file of the same name, never removed.
_WORDS = re.compile(r"README\.md|(LICEN[SC]E|NOTICE)[\w.-]*", re.IGNORECASE)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".gguf")


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A repository as it was when we looked."""

    commit: str  # "" where there is none yet
    visibility: str
    files: tuple[HubFile, ...] = ()
    card: str = ""
    studio: str = ""  # what its studio.json holds

    @property
    def names(self) -> list[str]:
        """Return the files of a model or of a person; the hub's own .gitattributes is none."""
        return [file.path for file in self.files if file.path != ".gitattributes"]

    @property
    def is_other(self) -> bool:
        """Say whether it holds a model that was not published from here."""
        return STUDIO_FILE not in self.names and any(name.endswith(_WEIGHTS) for name in self.names)

    def former(self, model: SavedModel) -> str:
        """Return what another model is called that was published from here and would give way to `model`, or "".

        A model that is renamed, scored anew or sent a second time stays the one that was made then, and one of the same
        task and name is its next version: both go where it stands.
        """
        if STUDIO_FILE not in self.names:
            return ""
        facts = _facts(self.studio)
        is_next = facts.get("name") == model.name or facts.get("created") == model.created
        return "" if facts.get("task") == model.task and is_next else str(facts.get("name") or "—")[:200]

    def fate(self, sent: Collection[str]) -> dict[str, list[str]]:
        """Return what becomes of each file: what belongs to the former model goes, everything else stays."""
        there = [name for name in self.names if name not in sent]
        removed = [name for name in there if travels(name) and not _WORDS.fullmatch(name)]
        return {
            "replaced": [name for name in self.names if name in sent],
            "removed": removed,
            "kept": [name for name in there if name not in removed],
        }


def refuse_surprise(standing: Standing | None, name: str, model: SavedModel, options: Mapping[str, object]) -> None:
    """Refuse to show to everybody what was meant for few, and to replace another model unasked."""
    if standing is None:
        return
    if standing.visibility == PUBLIC and options.get("private", True):
        raise StudioError(
            "hub-is-public",
            "“{name}” is public: everybody would see at once what was to be private.",
            "Publish for everybody (--public), choose another name, or make it private on its page first.",
            name=name,
        )
    if standing.is_other and not options.get("overwrite"):
        raise StudioError(
            "hub-holds-another",
            "“{name}” holds a model that was not published with SLM Studio.",
            "Choose another name, or say that it may be replaced (--overwrite).",
            name=name,
        )
    if (former := standing.former(model)) and not options.get("overwrite"):
        raise StudioError(
            "hub-holds-another",
            "“{name}” holds another model than “{model}”: it is called “{former}”.",
            "Choose another name, or say that it may be replaced (--overwrite).",
            name=name,
            model=model.name,
            former=former,
        )


def visibility_after(standing: Standing | None, options: Mapping[str, object]) -> str:
    """Return who will see it: a repository that is public stays so."""
    is_public = not options.get("private", True) or (standing is not None and standing.visibility == PUBLIC)
    return PUBLIC if is_public else PRIVATE


def _facts(studio: str) -> Mapping[str, object]:
    try:
        plain = parse_json(studio)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
