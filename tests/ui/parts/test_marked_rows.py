"""Rows of words and tags are read as a text and what is marked in it; what cannot be read so stays as it is."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.texts import use_language
from slm_studio.ui.data.examples import examples
from slm_studio.ui.data.rows import RowsCard
from slm_studio.ui.widgets.cells import MARKS
from slm_studio.ui.widgets.marks import Marked

CONLL = "Ada\tB-PER\nLovelace\tI-PER\nleft\tO\nNew\tB-LOC\nYork\tI-LOC\n.\tO\n\n小\tB-PER\n明\tI-PER\n走\tO\n\n" * 12


def opened(path: Path) -> tuple[RowsCard, Dataset]:
    dataset = list(engine.read(str(path)))[-1].result
    assert isinstance(dataset, Dataset)
    card = RowsCard()
    card.open(dataset, {})
    return card, dataset


@pytest.fixture
def card(qapp, tmp_path: Path) -> RowsCard:
    path = tmp_path / "names.conll"
    path.write_text(CONLL, encoding="utf-8")
    made, _ = opened(path)
    yield made
    made.close_file()
    made.deleteLater()


def test_words_are_shown_as_a_text_and_tags_as_marks(card: RowsCard) -> None:
    cells = [card.model.index(row, at).data() for row in (0, 1) for at in (1, 2)]

    assert cells == ["Ada Lovelace left New York .", "Ada Lovelace: PER · New York: LOC", "小明走", "小明: PER"]
    marks, order = card.model.index(0, 2).data(MARKS)
    assert marks == (("Ada Lovelace", "PER"), ("New York", "LOC")) and order == ("LOC", "PER")


def test_a_row_in_full_shows_the_marks_in_the_text(card: RowsCard) -> None:
    _, cells = card._whole_row(1)

    assert cells[0][1] == "小明走"
    assert isinstance(cells[1][1], Marked) and cells[1][1].spans[0].end == 2


def test_a_cell_is_edited_and_copied_as_the_file_has_it(card: RowsCard) -> None:
    assert card.model.cell(1, card.model.columns[1]) == '["B-PER", "I-PER", "O"]'


def test_spans_of_characters_are_marked_too(qapp, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = '{"text": "Ada left", "entities": [[0, 3, "PER"]]}\n'
    path.write_text("".join(row.replace("left", f"left {n} times") for n in range(12)), encoding="utf-8")

    made, dataset = opened(path)
    column = [each.kind for each in dataset.columns].index("spans") + 1

    assert dataset.columns[column - 1].kind == "spans"
    made.dress(dataset, {"text": "words", dataset.columns[column - 1].name: "tags"})
    assert made.model.index(0, column).data() == "Ada: PER"
    made.close_file()
    made.deleteLater()


def test_a_table_without_tags_is_as_before(qapp, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n[1] a,x\n[2] b,y\n" * 5, encoding="utf-8")

    made, _ = opened(path)

    assert [made.model.index(0, at).data() for at in (1, 2)] == ["[1] a", "x"]
    made.close_file()
    made.deleteLater()


@pytest.mark.parametrize(("language", "first"), [("en", "en"), ("zh_CN", "zh")])
def test_samples_stand_task_by_task_in_the_persons_language_first(language: str, first: str) -> None:
    use_language(language)
    found = [(each.path.parent.name, each.path.name) for each in examples()]
    use_language("en")

    assert [name for _, name in found].count("names.conll") == 2
    assert [folder for folder, _ in found[::2]] == [first] * (len(found) // 2)
