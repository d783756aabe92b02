"""Rows are marked by hand in Data: with the mouse or keys alone, written as the column writes, taken back by one undo."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio.core.editing import pending_of
from slm_studio.core.recipe import make_recipe
from slm_studio.core.spans import read_list, read_spans
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.mark_editor import FIRST, HOW, MarkEditor
from tests.ui.data.test_editing import Place

CONLL = "Ada\tB-PER\nLovelace\tI-PER\nleft\tO\nNew\tB-LOC\nYork\tI-LOC\n.\tO\n\n小\tB-PER\n明\tI-PER\n走\tO\n\n" * 12
KEY, CTRL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Marks(Place):
    """Data with rows of words and tags, and the hands before it."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path, is_open=False)

    def open(self, path: Path) -> None:
        self.panel.open_file(path)
        self.settle()

    @property
    def pages(self):
        return self.panel.opened.rows.pages

    @property
    def editor_of_marks(self) -> MarkEditor:
        assert self.pages.is_marking
        return self.pages.editor

    @property
    def field(self):
        return self.editor_of_marks.field

    def begin(self, row: int, column: int = 2, key: Qt.Key = KEY.Key_F2) -> MarkEditor:
        self.table.setFocus()
        self.table.setCurrentIndex(self.model.index(row, column))
        QTest.keyClick(self.table, key)
        return self.editor_of_marks

    def press(self, *keys, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            QTest.keyClick(self.panel.window().focusWidget(), key, modifier)

    def tags(self, row: int) -> list[str]:
        return read_list(self.model.cell(row, "tags"))

    def drag(self, first: int, last: int) -> None:
        view, button = self.field.viewport(), Qt.MouseButton.LeftButton
        QTest.mousePress(view, button, pos=self.point(first))
        QTest.mouseMove(view, self.point(last))
        move = QMouseEvent(QEvent.Type.MouseMove, QPointF(self.point(last)), view.mapToGlobal(QPointF(self.point(last))), button, button, Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(view, move)
        QTest.mouseRelease(view, button, pos=self.point(last))

    def point(self, word: int) -> QPoint:
        cursor = self.field.textCursor()
        cursor.setPosition(self.field._begins[word])
        first = self.field.cursorRect(cursor)
        cursor.setPosition(self.field._begins[word] + len(self.field._sentence.words[word].text))
        wide = self.field.cursorRect(cursor).left() - first.left()
        return QPoint(first.left() + wide * 3 // 4, first.center().y())  # nearer to the next word


@pytest.fixture
def place(qapp, tmp_path):
    made = Marks(tmp_path)
    path = tmp_path / "names.conll"
    path.write_text(CONLL, encoding="utf-8")
    made.open(path)
    made.panel.activateWindow()
    QTest.qWaitForWindowActive(made.panel)
    yield made
    made.close()


@pytest.mark.parametrize("column", [1, 2])
@pytest.mark.parametrize("key", [KEY.Key_F2, KEY.Key_Return])
def test_a_cell_of_words_or_tags_opens_the_row_to_be_marked(place, column: int, key: Qt.Key) -> None:
    editor = place.begin(0, column, key)

    assert editor.field.hasFocus() and editor.title.text() == "Row 1"
    assert [each.label for each in editor.labels.keys] == ["LOC", "PER"]
    assert "Ada Lovelace PER  left New York LOC  ." in editor.field.toPlainText()


def test_a_double_click_opens_it_too(place) -> None:
    spot = place.table.visualRect(place.model.index(1, 2)).center()
    QTest.mouseClick(place.table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseDClick(place.table.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    assert place.editor_of_marks.title.text() == "Row 2"


def test_words_are_marked_and_unmarked_with_keys_alone(place) -> None:
    place.begin(0)
    assert place.field.selected == (0, 2)

    place.press(KEY.Key_Right, KEY.Key_1)  # “left” becomes a place
    place.press(KEY.Key_Tab)  # to New York
    assert place.field.selected == (3, 5)
    place.press(KEY.Key_Delete)
    place.press(KEY.Key_Right, KEY.Key_Left)
    place.press(KEY.Key_Left, modifier=SHIFT)
    assert place.field.selected == (3, 5)
    place.press(KEY.Key_2)
    place.press(KEY.Key_Return, modifier=CTRL)

    assert place.tags(0) == ["B-PER", "I-PER", "B-LOC", "B-PER", "I-PER", "O"]
    assert place.editor_of_marks.title.text() == "Row 2"
    assert {index.row() for index in place.table.selectedIndexes()} == {1}, "Ctrl was for the keys, not for the rows"
    assert place.toasts[-1][0] == "1 cell changed"
    place.write()
    assert place.session.dataset.name == "names.conll (edited)"
    assert place.editor_of_marks.title.text() == "Row 2", "a version of the same rows closes nothing"


def test_the_mouse_takes_whole_words_and_all_of_a_marked_stretch(place) -> None:
    place.begin(0)
    place.drag(1, 2)
    assert place.field.selected == (1, 3)

    QTest.mouseClick(place.field.viewport(), Qt.MouseButton.LeftButton, pos=place.point(4))
    assert place.field.selected == (3, 5), "a click takes the whole name"
    QTest.mouseClick(place.editor_of_marks.labels.keys[1], Qt.MouseButton.LeftButton)

    assert place.editor_of_marks.spans[1] == (3, 5, "PER") and place.field.hasFocus()


def test_in_chinese_each_character_can_be_taken(place) -> None:
    place.begin(1)
    place.drag(1, 2)

    place.press(KEY.Key_1)
    place.press(KEY.Key_Return, modifier=CTRL)

    assert place.tags(1) == ["O", "B-LOC", "I-LOC"], "what it touched gave way"
    place.begin(1)
    place.press(KEY.Key_End, KEY.Key_Delete)
    QTest.mouseClick(place.field.viewport(), Qt.MouseButton.LeftButton, pos=place.point(0))
    assert place.field.selected == (0, 1), "the right half of a character is its own"


def test_return_widens_a_stretch_under_its_label(place) -> None:
    place.begin(0)
    place.press(KEY.Key_Tab)
    place.press(KEY.Key_Right, modifier=SHIFT)
    place.press(KEY.Key_Return)

    assert place.editor_of_marks.spans == ((0, 2, "PER"), (3, 6, "LOC"))


def test_undo_works_within_the_row_and_through_the_window_after_it(place) -> None:
    place.begin(0)
    place.press(KEY.Key_Delete)
    place.press(KEY.Key_Tab, KEY.Key_2)
    place.press(KEY.Key_Z, modifier=CTRL)
    assert place.editor_of_marks.spans == ((3, 5, "LOC"),)
    place.press(KEY.Key_Z, modifier=CTRL | SHIFT)
    assert place.editor_of_marks.spans == ((3, 5, "PER"),)
    place.press(KEY.Key_Return, modifier=CTRL)
    place.press(KEY.Key_PageUp)
    assert not place.editor_of_marks.is_changed and place.editor_of_marks.spans == ((3, 5, "PER"),)

    place.session.changes.undo()

    assert place.editor_of_marks.spans == ((0, 2, "PER"), (3, 5, "LOC")), "the row at hand shows it"
    assert place.tags(0)[0] == "B-PER" and not place.editing.pending


def test_a_new_label_is_typed_and_stays_for_the_next_row(place) -> None:
    editor = place.begin(0)
    place.press(KEY.Key_Right, KEY.Key_V)
    assert editor.labels.line.hasFocus() and editor.labels.line.text() == "v"
    editor.labels.line.clear()
    QTest.keyClicks(editor.labels.line, "VERB")
    QTest.keyClick(editor.labels.line, KEY.Key_Return)

    assert editor.field.hasFocus() and (2, 3, "VERB") in editor.spans
    place.press(KEY.Key_Return, modifier=CTRL)
    assert [each.label for each in editor.labels.keys] == ["LOC", "PER", "VERB"]
    place.press(KEY.Key_Right, KEY.Key_3)
    place.press(KEY.Key_Return, modifier=CTRL)
    assert place.tags(0)[2] == "B-VERB" and place.tags(1)[2] == "B-VERB"


def test_a_known_label_is_completed_whatever_its_case(place) -> None:
    editor = place.begin(0)
    place.press(KEY.Key_L)
    QTest.keyClick(editor.labels.line, KEY.Key_Return)

    assert editor.spans[0] == (0, 2, "LOC")


def test_escape_takes_back_first_and_closes_then(place) -> None:
    editor = place.begin(0)
    place.press(KEY.Key_Delete, KEY.Key_Escape)
    assert place.pages.is_marking and not editor.is_changed
    place.press(KEY.Key_Z, modifier=CTRL)
    assert editor.is_changed, "what was taken back can come again"

    place.press(KEY.Key_Escape, KEY.Key_Escape)

    assert not place.pages.is_marking and place.table.hasFocus() and not place.editing.pending


def test_what_was_marked_is_kept_when_one_goes_elsewhere(place) -> None:
    place.begin(0)
    place.press(KEY.Key_Delete)
    place.panel.opened.rows.search.setFocus()
    assert place.tags(0)[:2] == ["O", "O"] and place.pages.is_marking

    place.begin(1)
    place.press(KEY.Key_Delete)
    place.panel.hide()
    QTest.qWait(5)
    assert place.tags(1) == ["O", "O", "O"]


def test_what_was_marked_is_in_the_rows_that_are_cleaned(place) -> None:
    place.begin(0)
    place.press(KEY.Key_Delete)

    place.panel.desk.clean(("remove_duplicates",))
    place.settle()

    assert place.session.dataset.rows == 3, "the corrected row is like no other"
    assert place.cells("tags")[0] == '["O", "O", "O", "B-LOC", "I-LOC", "O"]'


def test_another_file_is_never_written_to(place, tmp_path) -> None:
    editor = place.begin(0)
    place.press(KEY.Key_Delete)
    first, other = place.session.dataset, tmp_path / "other.conll"
    other.write_text(CONLL.replace("Ada", "Eva"), encoding="utf-8")

    place.open(other)

    assert not place.pages.is_marking and editor.marking is None and not place.editing.pending
    assert [change.row for change in pending_of(first)] == [0], "it waits beside the rows that it is about"


def test_every_part_is_reached_by_tab_and_has_a_name(place) -> None:
    editor = place.begin(0)
    reached = []
    for _ in range(14):
        place.press(KEY.Key_Tab)
        at = place.panel.window().focusWidget()
        if at is editor.field:
            continue
        if not editor.isAncestorOf(at):
            break
        reached.append(at)

    names = [each.accessibleName() or each.text() for each in reached]
    assert names == [
        "Mark as LOC, key 1", "Mark as PER, key 2", "Another label", "Edit as a list", "Save and next", "Next",
        "Back to the table",
    ]  # fmt: skip
    assert editor.field.accessibleName() == "Text to mark"
    assert "New York, marked as LOC" in editor.field.accessibleDescription()


def test_the_list_itself_can_be_edited_still(place) -> None:
    place.begin(0, 2)
    place.editor_of_marks.list_button.click()

    editor = place.open_editor()
    assert editor is not None and editor.accessibleName() == "tags, row 1"
    assert '["B-PER", "I-PER"' in (editor.words() or editor.text())


def test_a_row_that_is_read_can_be_marked(place) -> None:
    place.table.setFocus()
    place.table.setCurrentIndex(place.model.index(1, 1))
    place.press(KEY.Key_Space)
    assert place.pages.is_open and place.pages.reader.mark_button.isVisible()

    place.press(KEY.Key_Return)

    assert place.editor_of_marks.title.text() == "Row 2"


def test_rows_that_nobody_marked_are_marked_from_nothing(place, tmp_path) -> None:
    path = tmp_path / "half.jsonl"
    rows = [
        '{"words": ["Ada", "left"], "tags": ["B-PER", "O"]}',
        '{"words": ["Bob", "met", "Eve"]}',
        '{"words": ["no", "one"]}',
    ]
    path.write_text("\n".join(rows * 8) + "\n", encoding="utf-8")
    place.open(path)
    editor = place.begin(2, place.model.columns.index("tags") + 1)
    assert "Nobody has marked this row yet" in editor.hint.text()

    place.press(KEY.Key_PageUp)
    assert place.model.cell(2, "tags") == "", "a row that was only looked at says nothing"
    place.press(KEY.Key_1, KEY.Key_Right, KEY.Key_Right, KEY.Key_1)
    place.press(KEY.Key_Return, modifier=CTRL)
    place.press(KEY.Key_Return, modifier=CTRL)  # nothing to mark there

    assert place.tags(1) == ["B-PER", "O", "B-PER"] and place.tags(2) == ["O", "O"]


def test_spans_of_characters_are_written_as_such(place, tmp_path) -> None:
    path = tmp_path / "spans.jsonl"
    rows = ['{"text": "Ada left Rome", "entities": [[0, 3, "PER"]]}', '{"text": "Bob met Eve", "entities": []}']
    path.write_text("\n".join(rows * 8) + "\n", encoding="utf-8")
    place.open(path)
    column = [each.kind for each in place.session.dataset.columns].index("spans") + 1
    editor = place.begin(1, column)

    place.press(KEY.Key_1, KEY.Key_Right, KEY.Key_Right)
    QTest.keyClicks(editor.labels.line, "PLACE\r")
    place.press(KEY.Key_Return, modifier=CTRL)

    cell = place.model.cell(1, place.model.columns[column - 1])
    assert read_spans(cell) == [(0, 3, "PER"), (8, 11, "PLACE")]


def test_a_row_whose_list_fits_no_words_is_said(place, tmp_path) -> None:
    path = tmp_path / "bad.jsonl"
    good = '{"words": ["Ada", "writes"], "tags": ["B-PER", "O"]}\n'
    path.write_text(good * 6 + good.replace('"writes"', '"writes", "much"'), encoding="utf-8")
    place.open(path)
    at = place.model.columns.index("tags") + 1
    place.table.setFocus()
    place.table.setCurrentIndex(place.model.index(6, at))

    place.press(KEY.Key_F2)

    assert not place.pages.is_marking and place.panel.error.error.code == "tags-unequal-here"


@pytest.mark.parametrize(("task", "role"), [("tag", "tags"), ("classify", "label")])
def test_texts_alone_get_a_column_to_fill_by_hand(place, tmp_path: Path, task: str, role: str) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("".join(f"Ada went to Paris {number}\n" for number in range(9)), encoding="utf-8")
    place.open(path)
    place.panel.desk.choose_task(task)
    place.settle()
    choice = place.panel.opened.sentence.choices[role]
    before = [column.name for column in place.session.dataset.columns]
    assert choice.itemText(choice.count() - 1) == "a new column, to fill by hand"

    choice.activated.emit(choice.count() - 1)
    place.settle()

    assert [column.name for column in place.session.dataset.columns] == [*before, role]
    assert place.session.recipe.roles[role] == role
    if task == "tag":
        assert place.editor_of_marks.hint.text() == tr(FIRST)
        place.editor_of_marks.mark_as("PLACE")
        assert place.editor_of_marks.hint.text() == tr(HOW)
        place.editor_of_marks.save()
        assert [span.label for span in read_spans(place.model.cell(0, role))] == ["PLACE"]
    else:
        editor = place.open_editor()
        editor.setText("travel")
        QTest.keyClick(editor, KEY.Key_Return)
        place.settle()
        assert place.model.cell(0, role) == "travel"
    place.write()
    assert place.session.dataset.column(role).filled == 1

    place.session.changes.undo()
    place.settle()
    assert place.model.cell(0, role) == ""
    place.session.changes.undo()
    place.settle()
    assert [column.name for column in place.session.dataset.columns] == before
    assert place.session.recipe.task == task and role not in place.session.recipe.roles

    place.session.changes.redo()
    place.settle()
    assert place.session.recipe.roles[role] == role


def test_marks_can_be_chosen_before_the_texts_that_they_mark(place, tmp_path) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text('{"text": "Ada left Rome", "entities": [[0, 3, "PER"]]}\n' * 8, encoding="utf-8")
    place.open(path)
    marks = place.session.recipe.roles["tags"]
    place.session.set_recipe(make_recipe(place.session.recipe.task, roles={"tags": marks}))
    place.settle()
    assert place.pages._marks_of is None

    place.panel.desk.choose_role("text", "text")
    place.settle()

    assert place.begin(0, place.model.columns.index(marks) + 1).marking is not None
