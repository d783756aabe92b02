"""The files by which sentence-transformers know how a network's tokens become one vector; read as JSON and no code.

    modules.json                        a chain: Transformer, Pooling, perhaps Normalize
    1_Pooling/config.json               which tokens make the vector
    sentence_bert_config.json           how many tokens are read
    config_sentence_transformers.json   what stands before questions and passages

What they say is taken over where we do the same; a chain with other links is refused in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.engine.models.embedding.prefixes import known_prefixes
from slm_studio.engine.models.weights import read_json

MODULES, LENGTH, PROMPTS = "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"
POOLING = "1_Pooling"
MAX_TABLE = 1 << 20  # bytes of each
MODES = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}
OTHERS = (
    "pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken",
)  # fmt: skip
PASSAGES = ("document", "passage", "corpus")  # what the prompt of passages is called
LONGEST = 1000  # characters of a prompt
_LINKS = ("Transformer", "Pooling", "Normalize")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentences:
    """How a network reads texts."""

    pooling: str  # mean | cls
    length: int = 0  # tokens; 0: it does not say
    query: str | None = None  # before a question; None: it does not say
    passage: str | None = None


def has_pooling(folder: Path) -> bool:
    """Say whether a folder says how the vectors of tokens become one."""
    return (folder / MODULES).is_file()


def read_sentences(folder: Path) -> Sentences | None:
    """Return what a folder says; None where it says nothing. Raises StudioError where it asks for what is not done here."""
    if not has_pooling(folder):
        return None
    links = _links(folder)
    place = next((path for kind, path in links if kind == "Pooling"), "")
    prompts = _table(folder / PROMPTS).get("prompts")
    known = {str(name): str(text)[:LONGEST] for name, text in prompts.items()} if isinstance(prompts, dict) else {}
    found = _table(folder / LENGTH).get("max_seq_length")
    return Sentences(
        pooling=_mode(_table(folder / place / "config.json")),
        length=found if type(found) is int and found > 0 else 0,
        query=known.get("query") if any(known.values()) else None,
        passage=next((known[name] for name in PASSAGES if name in known), "") if any(known.values()) else None,
    )


def said_of(folder: Path) -> Sentences:
    """Return what is known of a folder: by its files, else by its name. Raises StudioError as read_sentences does."""
    said = read_sentences(folder) or Sentences(pooling="mean")
    query, passage = known_prefixes(folder.name)
    return replace(said, query=query, passage=passage) if said.query is None else said


def write_sentences(folder: Path, said: Sentences, width: int) -> None:
    """Write the files; every version of sentence-transformers reads them."""
    links = [("", "Transformer"), (POOLING, "Pooling"), ("2_Normalize", "Normalize")]
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for place, (path, kind) in enumerate(links)
    ]
    modes = {name: said.pooling == mode for mode, name in MODES.items()} | dict.fromkeys(OTHERS, False)
    (folder / POOLING).mkdir(exist_ok=True)
    files.write_json(folder / POOLING / "config.json", {"word_embedding_dimension": width} | modes)
    (folder / "2_Normalize").mkdir(exist_ok=True)  # empty, as sentence-transformers leave it too
    files.write_json(folder / MODULES, modules)
    files.write_json(folder / LENGTH, {"max_seq_length": said.length, "do_lower_case": False})
    prompts = {"query": said.query or "", "document": said.passage or ""}
    files.write_json(
        folder / PROMPTS, {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    )


def _links(folder: Path) -> list[tuple[str, str]]:
    """Return kind and place of each link of the chain."""
    plain = read_json(folder / MODULES, MAX_TABLE)
    links = []
    for each in plain if isinstance(plain, list) else []:
        kind = str(each.get("type", "")).rpartition(".")[2] if isinstance(each, Mapping) else ""
        place = str(each.get("path") or "") if isinstance(each, Mapping) else ""
        if kind not in _LINKS or (place and place != Path(place).name):
            raise StudioError(
                "model-pooling",
                "This model makes vectors by “{part}”, which is not done here.",
                "Choose an encoder of tokens whose mean, or whose first one, is the vector.",
                part=kind[:60] or MODULES,
            )
        links.append((kind, place))
    return links


def _mode(table: Mapping[str, object]) -> str:
    """Return which tokens make the vector, however the version that wrote it says so."""
    named = table.get("pooling_mode")
    wanted = [mode for mode, name in MODES.items() if table.get(name) is True] if named is None else [str(named)]
    others = [name for name in OTHERS if table.get(name) is True]
    if others or len(wanted) > 1 or not set(wanted) <= set(MODES):
        raise StudioError(
            "model-pooling",
            "This model makes vectors by “{part}”, which is not done here.",
            "Choose an encoder of tokens whose mean, or whose first one, is the vector.",
            part=", ".join([*wanted, *others])[:60],
        )
    return wanted[0] if wanted else "mean"


def _table(path: Path) -> Mapping[str, object]:
    plain = read_json(path, MAX_TABLE) if path.is_file() else {}
    return plain if isinstance(plain, dict) else {}
