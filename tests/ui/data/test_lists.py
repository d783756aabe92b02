"""Lists of texts are shown as their texts, and edited as the file keeps them."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from PySide6.QtCore import Qt

from slm_studio.ui.widgets.arrow_model import ArrowModel
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


def test_the_numbers_of_many_rows_have_marks_between_thousands(qapp, tmp_path: Path) -> None:
    path = tmp_path / "many.arrow"
    table = pa.table({"text": ["a"] * 1001})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    model = ArrowModel()
    model.open(path)

    assert [model.index(row, 0).data() for row in (0, 999, 1000)] == ["1", "1,000", "1,001"]
    model.close()
