"""Which languages a model card names: those of the texts that a model learnt, or what the person says."""

import re

from slm_studio.core.saved import SavedModel

SEVERAL = "multilingual"  # what the hub takes where nobody wants to name them all
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?|" + SEVERAL)


def languages_of(model: SavedModel, written: str) -> list[str]:
    """Return the codes that a person wrote, as “en,zh”, else those of the model's texts.

    Example: languages_of(model, "zh, en") == ["zh", "en"]; of a translator languages_of(model, "") names both sides.
    """
    named = [each for each in re.split(r"[\s,;，、]+", written) if each]
    known = dict.fromkeys((model.language, *model.languages))  # the language of what is asked stands first
    return [each for each in named or known if _CODE.fullmatch(each)]


def in_words(languages: list[str]) -> str:
    """Return languages as a sentence names them. Example: in_words(["en", "zh"]) == "languages “en” and “zh”\""""
    quoted = [f"“{each}”" for each in languages]
    if len(quoted) == 1:
        return f"language {quoted[0]}"
    return f"languages {', '.join(quoted[:-1])} and {quoted[-1]}"
