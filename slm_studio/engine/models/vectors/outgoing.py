"""Word vectors as the files that other programs read; each is read back and compared before it is called done."""

# V words, D numbers of a vector

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np

from slm_studio.core.events import Event, Progress
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.vectors.incoming import Reading, read_vectors
from slm_studio.engine.models.vectors.net import SLMForWordVectors
from slm_studio.engine.models.vectors.vocabulary import WordVocabulary

LIVELY = 5_000  # words between two signs of life
WRITING, COMPARING = mark("Writing the vectors"), mark("Comparing the copy")
HEADED, BINARY = ("word2vec", "word2vec-binary"), "word2vec-binary"


def write_vectors(loaded: Loaded, kind: str, path: Path) -> Work[float]:
    """Write words and vectors; return the largest difference to a number when the file is read again."""
    vectors_VD = cast(SLMForWordVectors, loaded.net).whole().float().cpu().numpy()
    names = cast(WordVocabulary, loaded.tokenizer).names
    yield from _write(names, vectors_VD, kind, path)
    yield Progress(COMPARING, 0, len(names))
    reading, largest = Reading(path.name), 0.0
    with path.open("rb") as stream:
        for place, vector_D in enumerate(read_vectors(stream, reading)):
            largest = max(largest, float(np.abs(vector_D - vectors_VD[place]).max()))
            if place % LIVELY == 0:
                yield Progress(COMPARING, place, len(names))
    return largest if list(reading.names) == names else float("inf")


def _write(names: list[str], vectors_VD: np.ndarray, kind: str, path: Path) -> Iterator[Event]:
    with path.open("wb") as stream:
        if kind in HEADED:
            stream.write(f"{len(names)} {vectors_VD.shape[1]}\n".encode())
        for place, (name, vector_D) in enumerate(zip(names, vectors_VD, strict=True)):
            word = name.encode()
            if kind == BINARY:
                stream.write(word + b" " + vector_D.astype("<f4").tobytes() + b"\n")
            else:
                stream.write(word + b" " + " ".join(f"{number:.8g}" for number in vector_D.tolist()).encode() + b"\n")
            if place % LIVELY == 0:
                yield Progress(WRITING, place, len(names))
