"""What widgets show and tell: tables over Arrow files, bars, matrices, cards, buttons, words."""

from pathlib import Path

import pyarrow as pa
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.ui.parts.errors import ErrorBox, report_text
from slm_studio.ui.widgets.arrow_model import SHOWN_BYTES, ArrowModel
from slm_studio.ui.widgets.bars import Bar, Bars
from slm_studio.ui.widgets.buttons import WorkButton
from slm_studio.ui.widgets.cell_editor import edited_text, make_editor
from slm_studio.ui.widgets.choice_cards import ChoiceCards
from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.fields import SearchField
from slm_studio.ui.widgets.finder import Found, best
from slm_studio.ui.widgets.icons import IconLabel
from slm_studio.ui.widgets.labels import ElidedText, FittedText, Text
from slm_studio.ui.widgets.markdown_view import MarkdownView, without_images
from slm_studio.ui.widgets.matrix import ConfusionMatrix, most_confused
from slm_studio.ui.widgets.progress import clock, progress_words
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.size_slider import SizeSlider
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.words import retranslate, words
from tests.ui.places import until

ROWS = 1000


@pytest.fixture
def arrow(tmp_path):
    path = tmp_path / "train.arrow"
    texts = [f"text number {at}" for at in range(ROWS)]
    texts[3], texts[4] = "x" * 10_000, "two\nlines"
    table = pa.table({"text": texts, "label": [("yes", "no")[at % 2] for at in range(ROWS)]})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=64)
    return path


@pytest.fixture
def model(theme, arrow) -> ArrowModel:
    model = ArrowModel(editable=True)
    model.open(arrow)
    yield model
    model.close()


def shown(model: ArrowModel, row: int, column: int) -> str:
    return model.index(row, column).data()


@pytest.mark.parametrize("content", [b"", b"ARROW1"])
def test_rows_that_cannot_be_read_leave_those_that_are_shown(model: ArrowModel, tmp_path: Path, content: bytes) -> None:
    path, rows = tmp_path / "other.arrow", model.rowCount()
    with pytest.raises(OSError, match=r"other\.arrow"):
        model.open(path)
    path.write_bytes(content)

    with pytest.raises(StudioError) as caught:
        model.open(path)

    assert caught.value.code == "file-damaged" and "other.arrow" in str(caught.value)
    assert model.rowCount() == rows and shown(model, 0, 0)


def heard(signal) -> list:
    values: list = []
    signal.connect(lambda *value: values.append(value))
    return values


def test_a_model_shows_every_row_of_the_file(model: ArrowModel) -> None:
    assert (model.rowCount(), model.columnCount()) == (ROWS, 3)
    assert [shown(model, 999, column) for column in range(3)] == ["1,000", "text number 999", "no"]
    assert model.headerData(1, Qt.Orientation.Horizontal) == "text"


def test_a_huge_cell_is_cut_for_the_eye_only(model: ArrowModel) -> None:
    assert len(shown(model, 3, 1)) == SHOWN_BYTES + 1
    assert len(model.cell(3, "text")) == 10_000


def test_a_search_finds_rows_and_gives_them_back(model: ArrowModel) -> None:
    found = heard(model.filtered)

    model.search("NUMBER 77", where={"label": "no"})
    until(lambda: bool(found))

    assert found[-1] == (6,)
    assert [model.source_row(row) for row in range(6)] == [77, 771, 773, 775, 777, 779]
    model.search("")
    assert model.rowCount() == ROWS


def test_named_rows_can_be_shown(model: ArrowModel) -> None:
    model.show_rows([5, 900])

    assert shown(model, 1, 0) == "901"


def test_an_edited_cell_shows_and_is_told(model: ArrowModel) -> None:
    told = heard(model.edited)
    model.show_rows([5, 900])

    assert model.setData(model.index(1, 2), "maybe")

    assert told == [(900, "label", "yes", "maybe")]
    assert shown(model, 1, 2) == "yes", "it is shown once somebody keeps it"
    model.set_edits({(900, "label"): "maybe"})
    assert shown(model, 1, 2) == "maybe"
    assert model.cell(900, "label") == "maybe"


@pytest.mark.parametrize("text", ["a\u00a0b", "two\nlines\u2028and\u00a0more", "x" * 40_000, " 007 "])
def test_an_editor_changes_nothing_but_what_was_typed(theme, text: str) -> None:
    parent = QWidget()
    editor = make_editor(text, parent)

    assert edited_text(editor) is None
    QTest.keyClick(editor, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "z")
    assert edited_text(editor) == text + "z"


def test_a_table_copies_rows_and_opens_them(theme, model: ArrowModel) -> None:
    table = Table("Rows")
    table.setModel(model)
    table.resize(600, 300)
    opened = heard(table.row_opened)
    table.select(2)

    QTest.keyClick(table, Qt.Key.Key_Return)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    assert opened == [(2,)]
    assert theme._application.clipboard().text() == "3\ttext number 2\tyes"
    assert table.rowHeight(0) == 38


def test_a_tables_action_is_a_button(theme) -> None:
    table, model = Table(), RowsModel(["Name", ""])
    table.setModel(model)
    table.set_style(1, "action", width=120)
    model.set_rows([Row([Cell("one"), "Open"], value=1), Row([Cell("two"), "Open"], value=2)])
    table.resize(500, 200)
    table.show()
    clicked = heard(table.action_clicked)
    rect = table.visualRect(model.index(1, 1))

    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.right() - 30, rect.center().y()))

    assert clicked == [(1,)]
    assert model.value(1) == 2
    table.close()


def test_counts_keep_head_and_tail(theme) -> None:
    bars = Bars()
    bars.set_counts([(f"label {at}", 100 - at) for at in range(50)], most=7)

    assert [bar.label for bar in bars.bars()] == [
        "label 0", "label 1", "label 2", "label 3", "… 44 more, mean", "label 48", "label 49",
    ]  # fmt: skip


def test_a_bar_tells_its_label_by_mouse_and_key(theme) -> None:
    bars = Bars(scores=True)
    bars.set_bars([Bar("a", 0.9), Bar("b", 0.1), Bar("… more", 0.0, quiet=True)])
    bars.resize(bars.sizeHint())
    clicked = heard(bars.label_clicked)

    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(10, 40))
    QTest.keyClick(bars, Qt.Key.Key_Up)
    QTest.keyClick(bars, Qt.Key.Key_Return)
    QTest.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(10, 70))

    assert clicked == [("b",), ("a",)]
    assert bars.accessibleDescription() == "a 0.90; b 0.10; … more 0.00"


def test_the_most_confused_labels_are_kept_in_order() -> None:
    assert most_confused([[5, 0, 0], [0, 3, 2], [0, 1, 4]], 2) == [1, 2]
    assert most_confused([[1, 0], [0, 1]], 9) == [0, 1]


def test_a_cell_of_the_matrix_opens_its_rows(theme) -> None:
    matrix = ConfusionMatrix()
    matrix.set_matrix(["cat", "dog"], [[5, 1], [2, 6]])
    matrix.resize(200, 200)
    opened, pointed = heard(matrix.cell_opened), heard(matrix.cell_pointed)

    QTest.keyClick(matrix, Qt.Key.Key_Right)
    QTest.keyClick(matrix, Qt.Key.Key_Return)
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(10, 70))  # the name of the row opens nothing
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=QPoint(60, 70))

    assert opened == [("cat", "dog"), ("dog", "cat")]
    assert pointed[0] == ("cat → dog: 1",)
    assert not matrix.grab().isNull()


@pytest.mark.parametrize("width", [200, 268, 308, 700])
@pytest.mark.parametrize(
    "labels", [["film", "music"], [f"a label of many words {n}" for n in range(7)], list("abcdefghi")]
)
def test_rows_and_columns_of_a_matrix_always_have_names(theme, width: int, labels: list[str]) -> None:
    matrix = ConfusionMatrix()
    matrix.set_matrix(labels, [[1] * len(labels)] * len(labels))
    matrix.resize(width, matrix.heightForWidth(width))
    side, names = matrix._side(width), matrix._names_width(width)

    last = len(labels) - 1
    assert [matrix._named_at(5, 20 + side * (at + 0.5)) for at in (0, last)] == [labels[0], labels[last]]
    assert [matrix._named_at(names + side * (at + 0.5), 5) for at in (0, last)] == [labels[0], labels[last]]
    assert matrix._at(names + side * (last + 0.4), 20 + side * 0.4) == (0, last)
    assert matrix._at(names + side * 0.4, 10) is None
    assert names >= theme.px(60) or names >= matrix.fontMetrics().horizontalAdvance(labels[0])
    assert names + side * len(labels) <= width + 2  # the last gap
    assert side >= 13


def test_the_names_of_a_matrix_are_painted(theme) -> None:
    painted = []
    for labels in (["film", "music"], ["", " "]):
        matrix = ConfusionMatrix()
        matrix.set_matrix(labels, [[0, 0], [0, 0]])
        matrix.resize(268, 120)
        names = QRect(0, 20, int(matrix._names_width(268)), 90)
        painted.append(_inked(matrix.grab(names).toImage()))

    assert painted[0] > 3 * painted[1] > 0  # the numbers are there all the same
    assert _inked(matrix.grab(QRect(int(matrix._names_width(268)), 0, 96, 20)).toImage()) > 10  # above the columns too


def _inked(image: QImage) -> int:
    ground = image.pixel(0, 0)
    return sum(image.pixel(x, y) != ground for x in range(image.width()) for y in range(image.height()))


def test_a_work_button_has_three_states(theme) -> None:
    button = WorkButton("Start")
    started, stopped = heard(button.started), heard(button.stop_requested)

    button.click()
    button.set_busy()
    button.click()
    button.stop()
    assert (len(started), len(stopped)) == (1, 2)
    assert button.text() == "Stop"

    button.set_stopping()
    button.stop()
    assert len(stopped) == 2

    button.set_done()
    assert (button.text(), button.isEnabled()) == ("Done", True)


def test_choices_are_told_and_set_silently(theme) -> None:
    cards, tabs, sizes = ChoiceCards(), Segmented([("a", "A"), ("b", "B")]), SizeSlider(current="small")
    cards.add("x", "X", "Sentence")
    cards.add("y", "Y")
    told = heard(cards.chosen) + heard(tabs.chosen)
    by_key = heard(sizes.chosen)

    cards.choose("y")
    tabs.choose("b")
    assert (cards.current(), tabs.current(), told) == ("y", "b", [])

    QTest.keyClick(sizes, Qt.Key.Key_Right)
    assert by_key == [("base",)]


def test_bound_words_follow_the_language(theme, language) -> None:
    label, many = QLabel(), QLabel()
    holder = Text("Open…")
    label.setParent(holder)
    many.setParent(holder)
    words(label.setText, "{name}: {what}", name="x.csv", what=lambda: Text("Open…").text())
    words(many.setText, "{n} {n:row|rows}", n=3)

    language("zh_CN")
    retranslate(holder)

    assert holder.text() == "打开…"
    assert label.text() == "x.csv: 打开…"
    language("en")
    retranslate(holder)
    assert (holder.text(), many.text()) == ("Open…", "3 rows")


def test_labels_never_read_markup(theme) -> None:
    label = ElidedText("{name}", name="<img src=x><b>bold</b>")

    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == "<img src=x><b>bold</b>"


def test_a_model_card_shows_no_images_and_no_html(theme) -> None:
    view = MarkdownView()
    view.set_markdown(
        '---\nlicense: mit\n---\n# Card\n![chart](http://x/y.png) <script>alert(1)</script> <img src="/etc/passwd">'
    )

    html = view.document().toHtml()
    assert "<img" not in html and "<script" not in html
    assert "license" not in view.toPlainText()
    assert view.loadResource(2, "file:///etc/passwd").width() == 1
    assert without_images("![a chart](x.png) text") == "a chart text"


def test_an_error_is_said_with_its_next_step(theme, language) -> None:
    box = ErrorBox()
    error = StudioError("disk-full", "Disk full. {need} needed.", "Free space, then Continue.", need="1.2 GB")

    box.show_error(error)

    shown = [label.text() for label in box.findChildren(Text) if label.text()]
    assert shown == ["Disk full. 1.2 GB needed.", "Free space, then Continue."]
    assert "disk-full" in report_text(error)
    box.clear()
    assert not box.isVisibleTo(None)


def test_times_read_as_people_say_them() -> None:
    assert (clock(288), clock(3725), clock(0)) == ("4:48", "1:02:05", "0:00")
    assert progress_words(0.69, 288, None) == "69 % · 4:48 elapsed"
    assert progress_words(0.5, 60, 60).startswith("50 % · 1:00 elapsed · 1:00 left · done ")


def test_anything_is_found_by_a_few_letters() -> None:
    everything = [
        Found(title, detail, "", print) for title, detail in (("Train", ""), ("tickets", "dataset"), ("old", "train"))
    ]

    assert [found.title for found in best(everything, "tr")] == ["Train", "old"]
    assert [found.title for found in best(everything, "tkts")] == ["tickets"]
    assert len(best(everything, "")) == 3


def test_a_number_is_set_smaller_before_it_is_cut(theme) -> None:
    label = FittedText("0.8 of 23.9 GB", "number")
    whole = label.sizeHint().width()

    def shown(width: int) -> bool:
        label.resize(width, label.sizeHint().height())
        label.setToolTip("")
        label.grab()  # paints it; the tooltip has the words where they do not fit
        return not label.toolTip()

    assert shown(whole)
    assert shown(round(whole * 0.8))
    assert not shown(round(whole * 0.6))


def test_an_icon_grows_with_the_zoom(theme) -> None:
    icon = IconLabel("check", size=20)
    assert icon.width() == 20

    theme.set_zoom(1.5)

    assert (icon.width(), icon.height()) == (30, 30)


def test_escape_clears_a_search_before_it_means_anything_else(theme) -> None:
    window, field = QWidget(), SearchField(pause=1)
    field.setParent(window)
    stops = QShortcut(QKeySequence("Esc"), window)
    searched, stopped = heard(field.searched), heard(stops.activated)
    window.show()
    field.setFocus()
    QTest.qWaitForWindowActive(window)
    field.setText("money")

    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), searched[-1], stopped) == ("", ("",), [])
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert len(stopped) == 1


def test_names_that_differ_at_their_end_are_told_apart_in_a_narrow_column(theme):
    table, model = Table(row_height=52), RowsModel(["model", "score"])
    table.setModel(model)
    table.set_style(0, "two", width=116)
    model.set_rows([Row((Cell(f"support tickets of the year → team {number}"), ""), None) for number in (1, 2, 3)])
    table.resize(300, 260)
    table.show()
    QTest.qWait(1)

    first, other = (table.viewport().grab(table.visualRect(model.index(row, 0))).toImage() for row in (1, 2))
    assert first != other
    table.close()


@pytest.mark.parametrize(
    ("width", "count", "rows"), [(1100, 5, [5]), (700, 5, [3, 2]), (700, 4, [4]), (700, 6, [3, 3]), (100, 3, [1, 1, 1])]
)
def test_columns_fill_their_rows_evenly(qapp, width: int, count: int, rows: list[int]) -> None:
    columns = Columns(least=150, most=5, gap=10)
    columns.resize(width, 300)
    columns.show()

    items = [columns.add(QWidget()) for _ in range(count)]
    QTest.qWait(10)

    tops = [item.geometry().top() for item in items]
    assert [tops.count(top) for top in sorted(set(tops))] == rows
    columns.close()


def test_labels_that_take_the_rest_leave_the_other_columns_their_names(theme):
    names = ("label", "right", "other words", "other label", "both", "missed", "not in the file")
    table = Table()
    table.resize(718, 300)
    model = RowsModel(names, table)
    model.set_rows([Row(("PERSON", *"123456"), None), Row(("PLACE", *"123456"), None)])
    table.setModel(model)
    table.set_style(0, "outline", stretch=1)
    for column in range(1, len(names)):
        table.set_style(column, "number", most=140)

    wanted = [table.fontMetrics().horizontalAdvance(name) for name in names]

    assert all(table.columnWidth(column) > wanted[column] for column in range(len(names)))
    assert sum(table.columnWidth(column) for column in range(len(names))) <= 718


def test_the_name_of_a_number_breaks_before_it_is_cut_or_shrinks(theme) -> None:
    from slm_studio.ui.widgets.stat import StatGrid

    grid = StatGrid(least=100, most=2)
    stat = grid.add_stat("found", "held-out hidden tokens that were found")
    short = grid.add_stat("memory", "memory")
    grid.resize(220, 200)
    grid.show()
    letters = short.name.font().pointSizeF(), short.name.font().pixelSize()

    assert (stat.name.font().pointSizeF(), stat.name.font().pixelSize()) == letters
    assert stat.name.heightForWidth(100) > short.name.heightForWidth(100)
    assert stat.name.text() == "held-out hidden tokens that were found"
    grid.close()
