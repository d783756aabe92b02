"""What a model card says of how a model is used: programs that run as they stand, with texts of the studio's own.

No row of the person stands there: a Chinese model is asked what the window shows as an example in Chinese. Of word
vectors a word is asked that they know, which travels with them anyway.
"""

from collections.abc import Mapping
from pathlib import Path

from slm_studio.core import files, snippets
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import TaskInfo
from slm_studio.core.texts import Translator
from slm_studio.engine.models.adapter_files import CONFIG as ADAPTER
from slm_studio.engine.sharing.card_styles import style_to_show

CATALOGUES = {"zh": "zh_CN"}  # languages in which there are examples
DOCUMENTS = "documents"  # what a reader puts in its place
_WORDS = "word_vocabulary.json"
_SHORTEST = {"zh": 2}  # letters of a word that says something by itself
_SHORT = 4


def use_code(model: SavedModel, info: TaskInfo | None, name: str, own: bool, language: str) -> str:
    """Return how a model called `name` is used; `own` shapes are opened by the studio only."""
    if info is None:
        return _fenced("python", snippets.plain_code(None, name, ""))
    prompt, second = examples(model, info, language)
    folder = name.rpartition("/")[2]
    corpus = DOCUMENTS if "index" in info.answer_options else ""
    command = snippets.command_line(info, folder, prompt, second, windows=False, corpus=corpus)
    fetch = f"slm-studio fetch {name} --out {folder}\n" if "/" in name else ""
    studio = [
        "With SLM Studio, in Python:",
        _fenced("python", snippets.studio_code(info, name, prompt, second)),
        "or from the command line:",
        _fenced("sh", f"{fetch}{command}\n"),
    ]
    others = []
    if info.exports:
        plain = snippets.plain_code(info, folder, prompt, second, model.facts)
        others = ["or with other programs, from a file that the studio writes:", _fenced("python", plain)]
    elif opens_plainly(model, own):
        plain = _fenced("python", snippets.plain_code(info, name, prompt, second, model.facts))
        return "\n\n".join([plain, *_tempered(model), *studio])
    return "\n\n".join([*studio, *others])


def _tempered(model: SavedModel) -> list[str]:
    """Say why the studio's probabilities are others than those of a stock pipeline."""
    found = model.facts.get("temperature")
    if not isinstance(found, float) or found == 1.0:
        return []
    return [
        f"Its probabilities are those of the net. SLM Studio divides the logits by {found:g} first, as held-out rows say that "
        "it is sure by right: the same labels in the same order, with other probabilities."
    ]


def opens_plainly(model: SavedModel, own: bool) -> bool:
    """Say whether a stock library makes the model's answers from its folder: not of an adapter, which needs its base beside it."""
    return not own and not model.facts.get(snippets.ONLY_HERE) and not _is_adapter(model)


def library_of(model: SavedModel, info: TaskInfo | None, own: bool) -> str:
    """Return the library that opens the model, as the hub calls it."""
    if _is_adapter(model):
        return "peft"
    if not opens_plainly(model, own):
        return "slm-studio"
    return "sentence-transformers" if info is not None and info.pools else "transformers"


def examples(model: SavedModel, info: TaskInfo, language: str) -> tuple[str, str]:
    """Return a prompt in the model's language, and what else is asked with it."""
    catalogue = Translator(CATALOGUES.get(language, "en"))
    prompt = catalogue.sentence(info.example)
    if known := _known_words(model):
        return (prompt if prompt in known else _telling(known, language)), ""
    about = style_to_show(model.facts) or (catalogue.sentence(info.about) if info.about else "")
    return prompt, about or (prompt if len(info.asked) > 1 else "")


def _known_words(model: SavedModel) -> list[str]:
    """Return the words of word vectors, the most frequent first; none of other models."""
    path = Path(model.folder) / _WORDS
    if not model.folder or not path.is_file():
        return []
    try:
        plain = files.read_json(path)
    except StudioError:
        return []  # of a damaged folder the card says what is left to say
    names = plain.get("names") if isinstance(plain, Mapping) else None
    return [str(name) for name in names] if isinstance(names, list) else []


def _telling(words: list[str], language: str) -> str:
    """Return the most frequent word that says something by itself: most of the shortest do not."""
    least = _SHORTEST.get(language, _SHORT)
    return next((word for word in words if len(word) >= least and word.isalpha()), words[0])


def _is_adapter(model: SavedModel) -> bool:
    folder = Path(model.folder)
    return bool(model.folder) and (folder / ADAPTER).is_file() and not (folder / "config.json").is_file()


def _fenced(language: str, code: str) -> str:
    return f"```{language}\n{code}```"
