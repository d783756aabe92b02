"""Names of repositories on a hub: which ones it takes, and one for a model whose own name it does not take.

A hub takes the letters a to z, digits, “-”, “_” and “.”. A model keeps its own name beside that of its repository, and
shows it again wherever it is fetched.
"""

import re
import unicodedata

from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark

LONGEST = 96
_ALLOWED = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_LANGUAGES = {"zh": "chinese", "en": "english"}
RULE = mark(
    "Write your-name/model-name: letters from a to z, digits, “-”, “_” and “.”, for example {proposal}. The model keeps its own name too."
)
MADE_UP = mark(
    "A hub takes no other letters than a to z, so “{name}” gets a name there from its task, its language and its time. Change it as you like; the model keeps its own name too."
)


def is_repository_name(name: str) -> bool:
    """Say whether a hub takes a name, without an owner. Example: is_repository_name("mood-zh") but not "情感"."""
    return bool(_ALLOWED.fullmatch(name)) and ".." not in name and "--" not in name and not name.endswith(".git")


def is_whole_name(name: str) -> bool:
    """Say whether a hub takes owner/name."""
    owner, slash, short = name.partition("/")
    return bool(slash) and is_repository_name(owner) and is_repository_name(short)


def proposed_name(model: SavedModel) -> str:
    """Return a name for the repository of a model: its own as far as a hub takes it.

    Where letters would be lost, what is left tells too little: then the task as hubs call it, the language, what is left
    and when the model was made, so that no two are called alike. Example: “情感分析 v2” becomes
    text-classification-chinese-v2-20261128-2031.
    """
    kept = _joined(_plain(model.name))
    return kept if kept and not loses_letters(model.name) else _joined("-".join(_told(model, kept)))


def loses_letters(name: str) -> bool:
    """Say whether a name holds letters or digits that no hub takes, or none at all."""
    plain = _plain(name)
    return any(each.isalnum() and not each.isascii() for each in plain) or not any(each.isalnum() for each in plain)


def _plain(name: str) -> str:
    """Return a name with wide letters as narrow ones and without accents."""
    apart = unicodedata.normalize("NFKD", name)
    return "".join(each for each in apart if not unicodedata.combining(each))


def _told(model: SavedModel, kept: str) -> list[str]:
    info = model.info if model.task else None
    language = _LANGUAGES.get(model.language, model.language if model.language.isascii() else "")
    made = [re.sub(r"\D", "", part) for part in model.created[:16].split("T")]
    return [info.hub_tag if info else "base-model", language, kept, *made]


def _joined(name: str) -> str:
    """Return what a hub takes of a name, cut at a word where it is too long."""
    parts = re.findall(r"[A-Za-z0-9]+(?:[._][A-Za-z0-9]+)*", name)
    joined = "-".join(parts).lower()
    if len(joined) > LONGEST:
        joined = joined[:LONGEST].rpartition("-")[0] or joined[:LONGEST]
    return re.sub(r"(\W|\.git)+$", "", joined)  # what a hub takes at no end
