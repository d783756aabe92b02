"""Files of other programs come in and go out whole, and what is wrong with one is said."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from slm_studio import engine
from slm_studio.core.dropped import is_model
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Predicted
from slm_studio.core.saved import SavedModel

NAMES = ("king", "Queen", "中文", "new_york")
VECTORS = np.random.default_rng(0).standard_normal((4, 12)).astype(np.float32)
LINES = [f"{name} {' '.join(map(str, row.tolist()))}" for name, row in zip(NAMES, VECTORS, strict=True)]
BINARY = b"4 12\n" + b"".join(name.encode() + b" " + row.tobytes() for name, row in zip(NAMES, VECTORS, strict=True))


def adopt(path: Path) -> tuple[SavedModel, list[Note]]:
    events = list(engine.adopt(str(path)))
    assert isinstance(events[-1], Finished) and isinstance(events[-1].result, SavedModel)
    return events[-1].result, [event for event in events if isinstance(event, Note)]


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


FORMS = {
    "word2vec.txt": "4 12\n" + "\n".join(LINES) + "\n",
    "glove.txt": "\n".join(LINES) + "\n",
    "word2vec.bin": BINARY,
    "with_breaks.bin": b"4 12\n" + b"".join(name.encode() + b" " + row.tobytes() + b"\n" for name, row in zip(NAMES, VECTORS, strict=True)),
    "word2vec.bin.gz": gzip.compress(BINARY),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_every_form_becomes_a_model_that_answers(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, FORMS[name])

    model, notes = adopt(path)

    assert is_model(path) and not notes and model.task == "words" and model.parameters == 48
    opened = list(engine.open(model.folder, "cpu"))[-1].result
    found = [
        event.item for event in engine.predict(opened.handle, {"text": "queen"}, {}) if isinstance(event, Predicted)
    ]
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    assert {hit.text: hit.score for hit in found} == pytest.approx(
        {name: float(unit[1] @ unit[at]) for at, name in enumerate(NAMES) if at != 1}, abs=1e-5
    )


@pytest.mark.parametrize(
    ("kind", "name"), [("word2vec", "out.txt"), ("word2vec-binary", "out.bin"), ("glove", "glove.txt")]
)
def test_it_goes_out_as_it_came_in(kind: str, name: str, tmp_path: Path) -> None:
    model, _ = adopt(written(tmp_path, "in.bin", BINARY))

    done = list(engine.export(model.folder, kind, str(tmp_path / "out" / name)))[-1].result

    assert done.checked["same_answers"] is True
    back, notes = adopt(Path(done.out))
    assert back.parameters == 48 and not notes


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim leaves the file open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_gensim_reads_what_we_write(tmp_path: Path) -> None:
    models = pytest.importorskip("gensim.models")
    model, _ = adopt(written(tmp_path, "in.bin", BINARY))
    for kind, name in (("word2vec", "out.txt"), ("word2vec-binary", "out.bin"), ("glove", "glove.txt")):
        list(engine.export(model.folder, kind, str(tmp_path / name)))

        theirs = models.KeyedVectors.load_word2vec_format(
            tmp_path / name, binary=name.endswith(".bin"), no_header=kind == "glove"
        )

        assert theirs.index_to_key == list(NAMES) and theirs.vectors == pytest.approx(VECTORS, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "code", "values"),
    [
        ("cut.txt", "4 12\n" + "\n".join([*LINES[:3], LINES[3][:30]]), "vectors-cut", {"word": "new_york", "width": 12}),
        ("cut.bin", BINARY[:-10], "vectors-cut", {"word": "new_york", "found": 9}),
        ("twice.txt", "\n".join([*LINES, LINES[0]]) + "\n", "vectors-twice", {"count": 1}),
        ("fewer.txt", "9 12\n" + "\n".join(LINES) + "\n", "vectors-fewer", {"promised": 9, "found": 4}),
    ],
)  # fmt: skip
def test_what_can_be_read_all_the_same_is_read_and_the_rest_said(
    name: str, content, code: str, values, tmp_path: Path
) -> None:
    _, notes = adopt(written(tmp_path, name, content))

    assert [note.code for note in notes] == [code]
    assert values.items() <= notes[0].values.items()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("uneven.txt", "\n".join([LINES[0], LINES[1] + " x", *LINES[2:]]) + "\n", "vectors-uneven"),
        ("one.txt", "1 12\n" + LINES[0] + "\n", "vectors-damaged"),
        ("story.txt", "Once upon a time\nthere was a king.\n", "archive-kind"),
        ("nan.txt", "\n".join([*LINES, "odd " + " ".join(["nan"] * 12)]) + "\n", "model-not-finite"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, content: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        adopt(written(tmp_path, name, content))
    assert caught.value.code == code


def test_text_files_of_rows_are_no_models(tmp_path: Path) -> None:
    assert not is_model(written(tmp_path, "a.txt", "12 100\nbottles of beer\n"))
    assert not is_model(written(tmp_path, "b.txt", " ".join(map(str, range(40))) + "\n"))
