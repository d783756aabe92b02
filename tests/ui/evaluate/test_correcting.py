"""A mistake of the file is corrected where one sees it: in Evaluate, in the row that was scored; then one trains again."""

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio import engine
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.editing import Change
from slm_studio.core.saved import list_models
from slm_studio.core.spans import read_list
from slm_studio.engine.data.rows import open_table
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.widgets.mark_editor import MarkEditor
from tests.ui.places import until
from tests.ui.test_room_for_words import lacking_now
from tests.ui.whole import SAMPLES, open_and_train, short_file, whole_window

KEY, CTRL = Qt.Key, Qt.KeyboardModifier.ControlModifier
TINY = {"base": "blank:lstm-nano", "epochs": 2, "learning_rate": 0.01, "precision": "fp32", "test_share": 0.2}


def names(folder: Path) -> Path:
    """Write 60 sentences, each with a person and a place; the first has a day."""
    people, places = ("Ada", "Bob", "Eve", "Kim", "Lin"), ("Rome", "Oslo", "Lima", "Bern")
    lines = []
    for n in range(60):
        first = f"{people[n % 5]}\tB-PER\nnumber\tO\n{n}\t{'O' if n else 'B-DAY'}\nleft\tO\n{places[n % 4]}\tB-LOC"
        lines.append(f"{first}\n.\tO\n")
    path = folder / "names.conll"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def press(editor: MarkEditor, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        QTest.keyClick(editor.field, key, modifier)


def cases_of(folder: str) -> dict[int, dict[str, object]]:
    lines = (Path(folder) / "report" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return {each["place"]: each for each in map(json.loads, lines)}


class Hands:
    """A window with a model of names, Evaluate shown with all of its rows."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        open_and_train(window, names(folder), **TINY)
        self.window, self.session, self.model = window, window.session, window.session.model
        window.show_place("evaluate")
        self.panel = window.panel("evaluate")
        self.cases = self.panel.cases
        until(lambda: self.panel.report is not None and self.cases.cases())
        self.show_all()

    def show_all(self) -> None:
        self.cases.kind.choose("all")
        self.cases._on_filter("all")
        until(lambda: len(self.cases.cases()) == self.panel.report.rows)

    def open_marks(self, row: int, key: Qt.Key | None) -> None:
        """Open the cell of the file's marks."""
        table, index = self.cases.table, self.cases.model.index(row, 1)
        table.setFocus()
        table.setCurrentIndex(index)
        if key is not None:
            QTest.keyClick(table, key)
            return
        spot = table.visualRect(index).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)

    def correct(self, at: int) -> MarkEditor:
        self.cases.pages.open_row(at)
        self.cases.pages.reader.mark_button.click()
        return self.cases.pages.editor


@pytest.mark.timeout(300)
def test_a_span_corrected_in_evaluate_is_scored_by_the_next_training(theme, tmp_path: Path) -> None:
    with whole_window() as window:
        hands = Hands(window, tmp_path)
        case, session = hands.cases.cases()[0], hands.session
        begins = " ".join(case.text("text").split()[:2])

        for key in (KEY.Key_F2, KEY.Key_Return, None):  # None: a double click
            hands.open_marks(0, key)
            assert hands.cases.pages.is_marking, key
            hands.cases.pages.close_row()
        editor = hands.correct(0)
        assert editor.title.text() == f"Row {case.place + 1}" and editor.list_button.isHidden()
        assert hands.cases.model.order == tuple(key.label for key in editor.labels.keys) == ("DAY", "LOC", "PER")
        editor.field.select(0, 2)
        press(editor, KEY.Key_2)
        press(editor, KEY.Key_Return, modifier=CTRL)

        assert hands.panel.mended.isVisible()
        assert hands.panel.mended.sentence.text() == "1 row was corrected in the data."
        assert hands.cases.model.index(0, 1).data().startswith(f"{begins}: LOC")
        assert [(each.row, each.column) for each in session.keeper.pending] == [(case.place, "tags")]
        session.changes.undo()
        assert not hands.panel.mended.isVisible() and not session.keeper.pending, "one undo for the whole window"
        session.changes.redo()
        seen: list[Dataset] = []
        session.when_settled(lambda: seen.append(session.dataset))
        until(lambda: seen, 60)
        assert read_list(open_table(seen[0].part()).column("tags")[case.place].as_py())[:2] == ["B-LOC", "I-LOC"]
        assert hands.panel.mended.isVisible(), "a version of the same rows is no other data"
        hands.panel.mended.action.click()
        assert window.stack.currentWidget() is window.panel("train")
        window.trainings.start(replace(session.recipe, **TINY), session.dataset)
        until(lambda: not window.trainings.active, 240)
        until(lambda: not window.jobs.is_busy, 60)
        again = next(model for model in list_models() if model.folder != hands.model.folder)

    before, after = cases_of(hands.model.folder), cases_of(again.folder)
    assert before.keys() == after.keys(), "the rows that are held out stay the same"
    assert after[case.place]["tags"][0] == {"start": 0, "end": len(begins), "label": "LOC"}
    assert after[case.place]["tags"] != before[case.place]["tags"]


@pytest.mark.timeout(300)
def test_what_stands_in_the_way_is_said_and_where_it_can_be_the_way_is_cleared(theme, tmp_path: Path) -> None:
    with whole_window() as window:
        hands = Hands(window, tmp_path)
        session, panel, scored = hands.session, hands.panel, hands.session.dataset
        # the model's marks are taken with a click
        editor = hands.correct(0)
        predicted = hands.cases.cases()[0].spans("predicted")
        editor.said_button.click()
        assert [span.label for span in editor.spans] == [span.label for span in predicted]
        press(editor, KEY.Key_Escape, KEY.Key_Escape)
        # other rows are open
        window.open_path(short_file(SAMPLES / "messages.csv", tmp_path))
        until(lambda: session.dataset.name == "messages.csv" and not window.jobs.is_busy, 60)
        window.show_place("evaluate")
        hands.correct(0)
        assert not hands.cases.pages.is_marking and panel.elsewhere.isVisible()
        assert panel.elsewhere.sentence.text() == "This row is in “names.conll”, which is not open."
        panel.elsewhere.action.click()
        until(lambda: session.recipe is not None and not window.jobs.is_busy, 60)
        assert session.dataset.id == scored.id and not panel.elsewhere.isVisible()
        hands.correct(0)
        assert hands.cases.pages.is_marking
        press(hands.cases.pages.editor, KEY.Key_Escape)
        # the row holds another text by now
        case = hands.cases.cases()[0]
        words = open_table(scored.part()).column("words")[case.place].as_py()
        session.keeper.change(
            (Change(row=case.place, column="words", before=words, after=words.replace("left", "fled")),)
        )
        hands.correct(0)
        assert not hands.cases.pages.is_marking and panel.problem.error.code == "rows-moved"
        # a report of before says no rows
        path = Path(hands.model.folder) / "report" / "cases.jsonl"
        path.write_text(re.sub(r'"place": \d+, ', "", path.read_text(encoding="utf-8")), encoding="utf-8")
        panel.show_model()
        hands.show_all()
        hands.correct(0)
        assert not hands.cases.pages.is_marking and panel.problem.error.code == "rows-unknown"
        window.jobs.stop_all()
        until(lambda: not window.jobs.is_busy, 60)


@pytest.mark.timeout(300)
def test_rows_of_a_test_file_are_corrected_in_that_file(theme, tmp_path: Path) -> None:
    path = names(tmp_path)
    test = tmp_path / "names.test.conll"
    test.write_text(path.read_text(encoding="utf-8").replace("left", "saw"), encoding="utf-8")
    dataset = list(engine.read(str(path), ReadOptions(test=str(test))))[-1].result
    with whole_window() as window:
        session = window.session
        session.set_dataset(dataset)
        until(lambda: session.recipe is not None and not window.jobs.is_busy, 60)
        window.trainings.start(replace(session.recipe, **TINY), dataset)
        until(lambda: not window.trainings.active, 240)
        session.set_model(list_models()[0])
        window.show_place("evaluate")
        cases = window.panel("evaluate").cases
        until(lambda: window.panel("evaluate").report is not None and cases.model.rowCount(), 20)
        place = cases.cases()[0].place

        cases.pages.mark_row(0)
        editor = cases.pages.editor
        editor.field.select(1, 2)
        press(editor, KEY.Key_1)
        press(editor, KEY.Key_Return, modifier=CTRL)
        seen: list[Dataset] = []
        session.when_settled(lambda: seen.append(session.dataset))
        until(lambda: seen, 60)

    assert read_list(open_table(seen[0].part("test")).column("tags")[place].as_py())[1] == "B-DAY"
    assert open_table(seen[0].part()).equals(open_table(dataset.part()))


@pytest.mark.timeout(300)
def test_everything_has_room_and_a_name_while_a_row_is_corrected(theme, tmp_path: Path) -> None:
    offences = []
    with whole_window() as window:
        hands = Hands(window, tmp_path)
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window)
        rows = window.panel("data").opened.rows
        for language, zoom, size in itertools.product(("en", "zh_CN"), (1.0, 1.5), ((1024, 640), (1280, 800))):
            window.session.change_settings(language=language)
            theme.set_zoom(zoom)
            window.resize(*size)
            for place, pages in (("evaluate", hands.cases.pages), ("data", rows.pages)):
                window.show_place(place)
                pages.mark_row(0)
                where = f"{language} {zoom:.0%} {size[0]} {place}"
                offences += [f"{where}: {each}" for each in lacking_when_at_rest(window)]
                if pages.editor.field.height() < theme.px(96):
                    offences.append(f"{where}: the text has {pages.editor.field.height()} pixels")
                names = walk(pages.editor)
                if len(names) < 6 or not all(names):
                    offences.append(f"{where}: Tab reaches {names}")
                pages.close_row()

    assert not offences, "\n".join(offences)


def lacking_when_at_rest(window: MainWindow) -> list[str]:
    for _ in range(30):
        QTest.qWait(50)
        if not (found := lacking_now(window)):
            break
    return found


def walk(editor: MarkEditor) -> list[str]:
    """Return the names of what Tab reaches within the editor, from its text on."""
    names = []
    for _ in range(20):
        at = QApplication.focusWidget()
        if at is None or not editor.isAncestorOf(at):
            break
        if at is not editor.field or not names:
            names.append(at.accessibleName() or getattr(at, "text", str)())
        QTest.keyClick(at, KEY.Key_Tab)
    return names
