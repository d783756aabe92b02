"""Marks: each character counted as Qt counts, labels that can be read on their grounds, words for who cannot see."""

import pytest
from PySide6.QtGui import QPixmap

from slm_studio.core.results import Span, marked, spans_in_words, spans_of
from slm_studio.ui.widgets.marks import Marked, ground_of, ink_of, order_of, pieces, units
from slm_studio.ui.widgets.row_reader import RowReader
from slm_studio.ui.widgets.rows_model import Row, RowsModel, marks_cell
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import Theme, contrast

TEXT = "Ada 🙂 in London"
SPANS = (Span(0, 3, "PER", 1.0), Span(9, 15, "LOC", 1.0))


def test_places_are_counted_as_qt_counts() -> None:
    assert units("a🙂b") == [0, 1, 3, 4]


def test_a_text_falls_into_pieces_and_overlaps_count_once() -> None:
    found = pieces(Marked(TEXT, (*SPANS, Span(10, 12, "X", 1.0))))

    assert found == [("Ada", "PER"), (" 🙂 in ", ""), ("London", "LOC")]


def test_spans_can_be_read_as_words_and_in_line() -> None:
    assert spans_in_words(TEXT, SPANS) == "Ada: PER · London: LOC"
    assert marked(TEXT, SPANS) == "[Ada](PER) 🙂 in [London](LOC)"


def test_what_is_no_span_is_left_out() -> None:
    plain = [{"start": 4, "end": 6, "label": "B"}, {"start": 0, "end": 3, "label": "A"}, {"start": 2}, "x", {"start": 3, "end": 3, "label": "C"}]  # fmt: skip

    assert [span.label for span in spans_of(plain)] == ["A", "B"]
    assert spans_of("none") == ()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_labels_and_words_stand_out_from_their_grounds(theme: Theme, look: str) -> None:
    theme.choose(look)
    labels = order_of([f"L{place}" for place in range(len(theme.tokens.marks))])

    for label in labels:
        ink = ink_of(theme, label, labels)
        ground = ground_of(theme, ink).name()
        assert contrast(ink.name(), ground) >= 4.5, (label, ink.name(), ground)
        assert contrast(theme.tokens.text, ground) >= 7, (label, ground)


def test_a_cell_of_marks_says_them_in_words_and_paints(qapp) -> None:
    table = Table("Rows")
    model = RowsModel(("text", "marks"), table)
    table.setModel(model)
    table.set_style(1, "spans", stretch=1)
    model.order = ("LOC", "PER")

    model.set_rows([Row((TEXT, marks_cell(TEXT, SPANS)))])

    assert model.index(0, 1).data() == "Ada: PER · London: LOC"
    table.resize(600, 120)
    with_marks = table.grab().toImage()
    model.set_rows([Row((TEXT, ""))])
    assert with_marks != table.grab().toImage()
    assert isinstance(table.grab(), QPixmap)
    table.deleteLater()


def test_the_reader_shows_labels_behind_their_words(qapp) -> None:
    reader = RowReader()

    reader.show_row("Row 1", [("marks", Marked(TEXT, SPANS, ("LOC", "PER")))], is_first=True, is_last=True)

    assert reader.text.toPlainText() == "marks\nAda PER  🙂 in London LOC "  # Qt tells hard blanks as blanks
    reader.deleteLater()
