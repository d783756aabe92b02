"""Lists of texts are shown as their texts, and edited as the file keeps them."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.ui.data.test_marking import Marks

POEM = ["over the hill go 0 geese", "and 0 ducks follow them home"]


@pytest.fixture
def place(qapp, tmp_path: Path):
    made = Marks(tmp_path)
    path = tmp_path / "poems.jsonl"
    lines = (
        json.dumps({"poem": [line.replace("0", str(at)) for line in POEM], "size": [at, at / 2], "mood": "calm"})
        for at in range(12)
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    made.open(path)
    yield made
    made.close()


def test_a_cell_shows_the_texts_and_keeps_its_json(place) -> None:
    poem, size = place.model.index(0, 1), place.model.index(0, 2)

    assert poem.data() == " / ".join(POEM)
    assert json.loads(poem.data(Qt.ItemDataRole.EditRole)) == POEM
    assert size.data() == "[0, 0.0]"


def test_a_row_in_full_has_a_line_for_each(place) -> None:
    assert place.panel.opened.rows._cell(0, "poem") == "\n".join(POEM)
