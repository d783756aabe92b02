"""Cells are edited in the table: shown at once, kept on disk, a version after a pause, taken back with undo."""

import time
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slm_studio import engine
from slm_studio.core.dataset import list_datasets, open_dataset
from slm_studio.core.editing import Change, pending_file, pending_of
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.settings import Settings
from slm_studio.engine.data.rows import open_table
from slm_studio.ui.data.panel import DataPanel
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.cell_editor import LineEditor, LongEditor

LONG = "a film that is told at great length, so that it does not fit into one line of the table any more"
CSV = "text,label\n" + "".join(
    f"{text},{label}\n"
    for text, label in [("good film", "pos"), ("bad film", "neg"), (LONG, "pos"), (" trim me ", "neg")] * 3
)


class Place:
    """Data over the real engine, in this process, with a file open or without."""

    def __init__(self, tmp_path: Path, *, is_open: bool = True) -> None:
        self.asked: list[str] = []
        self.refuses = False
        self.session = Session(Settings())
        self.jobs = Jobs(self.run)
        self.jobs._timer.setInterval(2)
        self.panel = DataPanel(self.session, self.jobs, None)
        self.panel.desk._timer.setInterval(10)
        self.panel.resize(1000, 900)
        self.panel.show()
        self.toasts: list[tuple[str, object]] = []
        self.session.toast_requested.connect(lambda words, undo: self.toasts.append((words, undo)))
        self.editing = self.panel.desk.editing
        self.path = tmp_path / "films.csv"
        self.path.write_text(CSV)
        if is_open:
            self.panel.open_file(self.path)
            self.settle()

    def run(self, verb: str, **arguments: object):
        self.asked.append(verb)
        if verb == "edit" and self.refuses:
            raise StudioError("full", "The disk is full.", "Make room.")
        return getattr(engine, verb)(**arguments)

    @property
    def model(self):
        return self.panel.opened.rows.model

    @property
    def table(self):
        return self.panel.opened.rows.table

    def settle(self) -> None:
        """Wait for all work; what waits for a pause goes on waiting."""
        QTest.qWait(10)
        end = time.monotonic() + 20
        while time.monotonic() < end and (self.jobs.is_busy or self.panel.desk._timer.isActive()):
            QTest.qWait(5)
        QTest.qWait(10)

    def write(self) -> None:
        """Let the pause be over."""
        if self.editing._timer.isActive():
            self.editing._write()
        self.settle()

    def editor(self, row: int, column: int, key: Qt.Key = Qt.Key.Key_F2):
        self.table.setFocus()
        self.table.setCurrentIndex(self.model.index(row, column))
        QTest.keyClick(self.table, key)
        return self.open_editor()

    def open_editor(self) -> LineEditor | LongEditor | None:
        """Return the editor that is open; one that was closed is deleted a little later."""
        view = self.table.viewport()
        found = [*view.findChildren(LineEditor), *view.findChildren(LongEditor)]
        return next((each for each in found if each.isVisible()), None)

    def type_over(self, row: int, column: int, text: str) -> None:
        if self.table.elsewhere:
            self.table.edit_here(row, column)
        editor = self.open_editor() or self.editor(row, column)
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
        QTest.qWait(5)

    def cells(self, column: str = "label") -> list[str]:
        return open_table(self.session.dataset.part()).column(column).to_pylist()[:4]

    def shown(self, column: int = 2) -> list[str]:
        return [self.model.index(row, column).data() for row in range(4)]

    def close(self) -> None:
        assert self.jobs.shutdown()
        self.session.save()
        shiboken6.delete(self.panel)


@pytest.fixture
def place(qapp, tmp_path):
    made = Place(tmp_path)
    yield made
    made.close()


def test_an_edited_cell_shows_at_once_waits_on_disk_and_becomes_a_version(place):
    first, plan = place.session.dataset, place.session.recipe

    place.type_over(1, 2, "pos")

    assert place.shown() == ["pos", "pos", "pos", "neg"] and place.toasts[-1][0] == "1 cell changed"
    assert place.session.dataset is first and pending_of(first) == (
        Change(row=1, column="label", before="neg", after="pos"),
    )
    place.write()
    assert place.session.dataset.name == "films.csv (edited)" and place.cells() == ["pos", "pos", "pos", "neg"]
    assert place.panel.header.title.text() == "films.csv (edited)"
    assert place.session.recipe is plan and not pending_file(first).exists() and place.asked.count("suggest") == 1
    assert place.session.recall("recipe")["dataset"] == place.session.dataset.id


def test_keys_keep_or_drop_what_is_typed(place):
    editor = place.editor(2, 1, Qt.Key.Key_Return)
    assert isinstance(editor, LongEditor) and editor.accessibleName() == "text, row 3"
    QTest.keyClicks(editor, "X")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    QTest.qWait(5)
    assert place.model.cell(2, "text") == "X\n" + LONG

    editor = place.editor(0, 1)
    assert isinstance(editor, LineEditor)
    QTest.keyClicks(editor, "dropped")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.qWait(5)
    assert place.model.cell(0, "text") == "good film" and len(place.editing.pending) == 1


def test_a_label_is_chosen_among_the_known_ones(place):
    editor = place.editor(1, 2)
    assert editor._offers.popup().isVisible()
    assert [editor._offers.completionModel().index(at, 0).data() for at in range(2)] == ["neg", "pos"]

    editor.selectAll()
    QTest.keyClicks(editor, "po")
    QTest.keyClick(editor._offers.popup(), Qt.Key.Key_Down)
    QTest.keyClick(editor._offers.popup(), Qt.Key.Key_Return)
    QTest.qWait(20)

    assert place.model.cell(1, "label") == "pos"
    assert place.open_editor() is None
    assert place.model.values("label") == ["neg", "pos"]


def test_undo_and_redo_go_through_edits_and_cleanings_alike(place):
    changes, first = place.session.changes, place.session.dataset
    place.type_over(1, 2, "sad")
    place.panel.desk.clean(("trim",))  # what waits is a version before
    place.settle()
    assert place.cells() == ["pos", "sad", "pos", "neg"] and place.cells("text")[3] == "trim me"
    place.type_over(0, 2, "glad")

    changes.undo()
    place.write()
    assert place.cells() == ["pos", "sad", "pos", "neg"] and place.cells("text")[3] == "trim me"
    changes.undo()
    place.write()
    assert place.cells("text")[3] == " trim me " and place.cells()[1] == "sad"
    changes.undo()
    place.write()
    assert place.session.dataset == first, "nothing is left of what was taken back"
    for _ in range(3):
        changes.redo()
        place.write()
    assert place.cells() == ["glad", "sad", "pos", "neg"] and place.cells("text")[3] == "trim me"


def test_undo_while_a_version_is_being_written(place):
    first = place.session.dataset
    place.type_over(1, 2, "sad")
    place.editing._write()
    place.session.changes.undo()

    assert place.shown()[1] == "neg"
    place.settle()
    place.write()
    assert place.session.dataset == first and place.shown()[1] == "neg"


def test_search_place_and_plan_stay_where_they_were(place):
    place.panel.desk.choose_role("label", "label")
    place.model.search("bad")
    QTest.qWait(50)
    assert place.model.rowCount() == 3
    plan = place.session.recipe

    place.type_over(1, 2, "sad")
    place.write()

    assert place.model.rowCount() == 3 and place.model.source_row(1) == 5
    assert place.model.cell(5, "label") == "sad" and place.cells()[1] == "neg"
    assert place.session.recipe is plan and place.table.currentIndex().row() == 1
    assert place.table.hasFocus() or not place.panel.isActiveWindow()


def test_training_waits_for_what_was_edited(place):
    place.type_over(1, 2, "sad")
    seen = []

    place.session.when_settled(lambda: seen.append(place.cells()[1]))

    assert seen == []
    place.settle()
    assert seen == ["sad"]
    place.session.when_settled(lambda: seen.append("at once"))
    assert seen[-1] == "at once"


def test_what_cannot_be_written_is_said_stays_and_trains_nothing(place):
    place.type_over(1, 2, "sad")
    place.refuses, seen = True, []

    place.session.when_settled(lambda: seen.append(1))
    place.settle()

    assert seen == [] and place.panel.error.error.code == "full"
    assert place.shown()[1] == "sad" and len(pending_of(place.session.dataset)) == 1
    place.refuses = False
    place.type_over(0, 2, "glad")
    assert not place.panel.error.isVisible()
    place.write()
    assert place.cells()[:2] == ["glad", "sad"]


def test_what_was_edited_before_a_crash_is_there_again(place, tmp_path):
    first = place.session.dataset
    place.type_over(1, 2, "sad")
    place.editing._timer.stop()

    place.session.set_dataset(None)
    place.session.set_dataset(open_dataset(Path(first.folder)))

    assert place.shown()[1] == "sad"
    place.settle()
    place.write()
    assert place.cells()[1] == "sad" and place.session.dataset.name == "films.csv (edited)"


def test_other_rows_forget_how_to_take_back_but_lose_nothing(place):
    first = place.session.dataset
    place.type_over(1, 2, "sad")

    place.session.set_dataset(None)
    place.session.changes.undo()

    assert len(pending_of(first)) == 1


def test_versions_that_the_next_one_replaced_go_unless_a_run_learnt_from_them(place):
    first = place.session.dataset
    place.type_over(0, 2, "a")
    place.write()
    learnt = place.session.dataset
    create_run(make_recipe("classify", base="blank:bag-small", roles={"text": "text", "label": "label"}), learnt)
    for label in "bc":
        place.type_over(0, 2, label)
        place.write()

    place.editing._remove_spent()

    assert {each.id for each in list_datasets()} == {first.id, learnt.id, place.session.dataset.id}
    place.session.changes.undo()
    place.write()
    assert place.cells()[0] == "b", "undo needs no version to go back to"


def test_what_would_break_a_list_is_said_before_it_is_kept(place, tmp_path):
    path = tmp_path / "tags.jsonl"
    path.write_text('{"words": ["Ada", "writes"], "tags": ["B-PER", "O"]}\n{"words": ["in", "London"], "tags": ["O", "B-LOC"]}\n')  # fmt: skip
    place.panel.open_file(path)
    place.settle()

    place.type_over(0, 2, '["O"]')

    assert place.panel.error.error.code == "tags-unequal" and not place.editing.pending
    assert place.model.cell(0, "tags") == '["B-PER", "O"]'
    place.type_over(0, 2, '["O", "O"]')
    assert not place.panel.error.isVisible() and len(place.editing.pending) == 1


def test_rows_are_not_edited_while_others_are_made_of_them(place):
    place.panel.opened._on_busy_changed(True)
    assert place.editor(1, 2) is None

    place.panel.opened._on_busy_changed(False)
    assert place.editor(1, 2) is not None


def test_space_and_the_rows_number_open_the_row(place):
    QTest.keyClick(place.table, Qt.Key.Key_Space)
    assert not place.panel.opened.rows.pages.is_open
    place.table.setCurrentIndex(place.model.index(1, 2))
    QTest.keyClick(place.table, Qt.Key.Key_Space)
    assert place.panel.opened.rows.pages.is_open


def test_a_cell_too_long_to_travel_is_said(place, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("text,label\n" + "".join(f"{'word ' * 13_000}{at},{'ab'[at % 2]}\n" for at in range(4)))
    place.panel.open_file(path)
    place.settle()

    assert place.editor(0, 1) is None
    assert place.panel.error.error.code == "cell-long"


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("where", ["cell", "search", "place", "clean"])
def test_a_click_elsewhere_keeps_what_is_typed(place, where: str, is_long: bool) -> None:
    place.panel.activateWindow()
    assert QTest.qWaitForWindowActive(place.panel)
    row = 2 if is_long else 0
    editor = place.editor(row, 1)
    assert isinstance(editor, LongEditor) is is_long and editor.hasFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "typed")

    if where == "cell":
        spot = place.table.visualRect(place.model.index(3, 2)).center()
        QTest.mouseClick(place.table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    elif where == "search":
        QTest.mouseClick(place.panel.opened.rows.search, Qt.MouseButton.LeftButton)
    elif where == "place":
        place.panel.hide()  # as the window does when another place is shown
    else:
        place.panel.desk.clean(("trim",))
    QTest.qWait(5)

    assert place.model.cell(row, "text") == "typed" and place.open_editor() is None
