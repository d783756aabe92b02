"""Texts as vectors, for programs that compare them themselves."""

import base64
from collections.abc import Iterator, Sequence

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.engine.inference.shelf import on_shelf
from slm_studio.engine.models.embedding.texts import PASSAGE, QUERY, encode_side, whole_lengths
from slm_studio.engine.models.lengths import length_of, unread

MOST_NUMBERS = 131_072  # that one answer holds: they travel in a line
BEGIN = 40  # characters of a text that a sentence names


def embed_texts(handle: str, texts: Sequence[str], questions: bool, whole: bool) -> Iterator[Event]:
    """Turn a few texts into vectors of length 1, as little-endian float32 in base64.

    Raises StudioError where a text is longer than the model reads, and all of them shall be read `whole`.
    """
    item = on_shelf(handle)
    side = QUERY if questions else PASSAGE
    lengths = whole_lengths(item.loaded, texts, side)
    cut = unread(lengths, item.loaded)
    if whole and cut:
        tokens, text = max(zip(lengths, texts, strict=True))
        raise StudioError(
            "context-exceeded",
            "The text “{text}” is {tokens} tokens long, and the model reads {limit}.",
            "Shorten the text, or send it in parts.",
            text=_begin(text),
            tokens=tokens,
            limit=length_of(item.loaded),
        )
    vectors_ND = yield from item.task.vectors(item.loaded, texts, are_questions=questions)
    if vectors_ND.size > MOST_NUMBERS:
        raise StudioError(
            "texts-too-many",
            "{count} texts are too many for one answer.",
            "Ask for at most {most} at once.",
            count=len(texts),
            most=MOST_NUMBERS // max(1, vectors_ND.shape[1]),
        )
    tokens = sum(map(len, encode_side(item.loaded, texts, side)))
    data = base64.b64encode(vectors_ND.astype("<f4").tobytes()).decode("ascii")
    yield Finished({"vectors": data, "width": int(vectors_ND.shape[1]), "tokens": tokens} | cut)


def _begin(text: str) -> str:
    """Return by what a person knows a text again."""
    line = " ".join(text[: 2 * BEGIN].split())
    return line if len(line) <= BEGIN else line[:BEGIN] + "…"
