"""How a token that was written is told of: what it spells, and how likely it was."""

from math import isclose

from slm_studio.core.results import Token
from slm_studio.core.texts import tr


def likely(token: Token) -> str:
    """Return how likely a token was, in a sentence."""
    percent = f"{100 * token.score:.3g}"
    text = spelled(token)
    if not text:
        return tr("This piece, which spells nothing by itself, was {percent} % likely.", percent=percent)
    return tr("“{text}” was {percent} % likely.", text=visible(text), percent=percent)


def spelled(token: Token) -> str:
    """Return what a token writes; what ends a text writes nothing, but may have a name among what was weighed."""
    named = (text for text, score in token.alternatives if isclose(score, token.score, rel_tol=1e-3))
    return token.text or next(named, "")


def visible(text: str) -> str:
    """Return a token so that spaces and line breaks can be seen. Example: visible(" a") == "␣a\""""
    return text.replace("\n", "↵").replace(" ", "␣") if text.strip() != text or not text else text
