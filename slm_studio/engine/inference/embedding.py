"""Texts as vectors, for programs that compare them themselves."""

import base64
from collections.abc import Iterator, Sequence

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished
from slm_studio.engine.inference.shelf import on_shelf
from slm_studio.engine.models.embedding.texts import PASSAGE, QUERY, encode_side

MOST_NUMBERS = 131_072  # that one answer holds: they travel in a line


def embed_texts(handle: str, texts: Sequence[str], questions: bool) -> Iterator[Event]:
    """Turn a few texts into vectors of length 1, as little-endian float32 in base64."""
    item = on_shelf(handle)
    vectors_ND = yield from item.task.vectors(item.loaded, texts, are_questions=questions)
    if vectors_ND.size > MOST_NUMBERS:
        raise StudioError(
            "texts-too-many",
            "{count} texts are too many for one answer.",
            "Ask for at most {most} at once.",
            count=len(texts),
            most=MOST_NUMBERS // max(1, vectors_ND.shape[1]),
        )
    tokens = sum(map(len, encode_side(item.loaded, texts, QUERY if questions else PASSAGE)))
    data = base64.b64encode(vectors_ND.astype("<f4").tobytes()).decode("ascii")
    yield Finished({"vectors": data, "width": int(vectors_ND.shape[1]), "tokens": tokens})
