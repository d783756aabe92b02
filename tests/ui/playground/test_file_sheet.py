"""The sheet for a whole file asks for every column that the model needs, as it learnt them, and says what is missing."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slm_studio.core import codec
from slm_studio.core.answer_columns import PAIRS_FILE
from slm_studio.core.dataset import Column, Dataset, ReadReport
from slm_studio.core.events import Finished
from slm_studio.core.index import INDEXES, Index
from slm_studio.core.results import FileResult, Opened, Suggestion
from slm_studio.core.saved import INDEX_FILE, SavedModel, save_facts
from slm_studio.core.settings import Settings
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.shell.session import Session
from tests.ui.places import make_model, until

# Facts of models that ask for more than their plainest form does, and the asked columns that they learnt from.
LEARNT: dict[str, tuple[dict[str, object], dict[str, str]]] = {
    "answer": ({}, {"question": "frage", "passage": "absatz"}),
    "classify": ({"labels": ["yes", "no"], "person": {"below": 0.6}, "asks": ["text", "text2"]}, {"text": "claim", "text2": "proof"}),
    "rank": ({"asks": ["candidates", "scores", "context"]}, {"candidates": "nbest", "scores": "own", "context": "before"}),
    "rewrite": ({"both_ways": True, "sides": ["en", "zh"]}, {"text": "en"}),
    "search": ({}, {"query": "asked", "passage": "found"}),
    "chat": ({}, {"question": "said", "system": "rules"}),
    "write": ({"asks": ["text", "style"], "styles": ["a", "b"]}, {"text": "poem", "style": "poet"}),
}  # fmt: skip


class Engine:
    """Reads files with the columns that it was made with, and remembers what it is asked."""

    def __init__(self, *columns: str, guessed: dict[str, str] | None = None) -> None:
        self.columns, self.guessed = columns, guessed or {}
        self.asked: list[tuple[str, dict]] = []

    def __call__(self, verb, **arguments):
        self.asked.append((verb, arguments))
        return getattr(self, verb)(**arguments)

    def open(self, folder, device):
        yield Finished(Opened(handle="h", task="answer", device="cpu", seconds=0.1))

    def devices(self):
        yield Finished(("cpu",))

    def render(self, handle, prompt, options):
        yield Finished({})

    def measure(self, handle, **arguments):
        yield Finished({})

    def predict(self, handle, prompt, options):
        yield Finished({"count": 0, "seconds": 0.1})

    def suggest(self, dataset, task):
        yield Finished(Suggestion(task=task, roles=self.guessed, base="", reason=""))

    def read(self, path, options):
        columns = tuple(Column(name=name, kind="text", filled=2, distinct=2) for name in self.columns)
        yield Finished(
            Dataset(
                id="d", name="rows.csv", source="", folder="", rows=2, held_out={}, fingerprint="f", created="",
                report=ReadReport(format="csv"), columns=columns,
            )
        )  # fmt: skip

    def predict_file(self, handle, path, out, options):
        yield Finished(FileResult(rows=2, out=out))


def learnt(task: str) -> SavedModel:
    """Return a model of a task that learnt from columns with names of their own."""
    info = task_info(task)
    facts, roles = LEARNT.get(task, ({}, {info.asked[0].name: "words"}))
    answer = {info.answer.name: "right"} if info.answer is not None else {}
    model = replace(
        make_model(f"{task} model", task, **facts or {"labels": []}), recipe={"roles": roles | answer, "options": {}}
    )
    save_facts(model)
    return model


@pytest.fixture
def sheet(shown, tmp_path):
    """Return a function that opens a file with the sheet of a model."""

    def show(task: str, engine: Engine):
        model = learnt(task)
        session = Session(Settings())
        panel = shown(PlaygroundPanel, session, engine)
        session.set_model(model)
        panel.open_file(tmp_path / "rows.csv")
        until(lambda: panel.file_sheet.dataset is not None and not panel.file_sheet.is_busy)
        return panel.file_sheet

    return show


def chosen(sheet) -> dict[str, object]:
    return {role: choice.current() for role, choice in sheet.columns.choices.items()}


def sent(engine: Engine) -> dict[str, object]:
    return next(arguments["options"] for verb, arguments in engine.asked if verb == "predict_file")


@pytest.mark.parametrize("task", [info.key for info in all_tasks()])
def test_columns_are_those_of_the_training(sheet, task: str) -> None:
    roles = LEARNT.get(task, ({}, {task_info(task).asked[0].name: "words"}))[1]
    engine = Engine("more", *reversed(roles.values()))

    found = sheet(task, engine)
    assert chosen(found) == roles and found.lacks.text() == ""
    assert all(choice.isVisible() for choice in found.columns.choices.values())
    found.start()
    until(found.done.isVisible)

    assert sent(engine)["columns"] == roles


@pytest.mark.parametrize(
    ("task", "columns", "role", "says"),
    [
        ("answer", ("frage", "one", "two"), "passage", "Passage"),
        ("classify", ("claim", "one", "two"), "text2", "Second text"),
    ],
)
def test_a_column_that_no_name_tells_is_asked_for(sheet, task, columns, role, says) -> None:
    engine = Engine(*columns)
    found = sheet(task, engine)

    assert f"“{says}”" in found.lacks.text() and found.lacks.isVisible() and not found.button.isEnabled()
    found.start()
    assert not found.is_busy, "nothing is asked without it"
    choice = found.columns.choices[role]
    choice.setCurrentIndex(choice.findText("two"))
    choice.activated.emit(choice.currentIndex())

    assert not found.lacks.isVisible() and found.button.isEnabled()
    found.start()
    until(found.done.isVisible)
    assert sent(engine)["columns"][role] == "two"


def test_a_file_with_too_few_columns_is_told_so(sheet) -> None:
    found = sheet("answer", Engine("frage"))

    assert (
        found.lacks.text()
        == "The model is asked with “Question”, “Passage”, a column each, and “rows.csv” has only 1 column."
    )
    assert not found.button.isEnabled()


def test_what_looks_like_a_missing_column_is_chosen_and_what_may_lack_can_be_left_out(sheet) -> None:
    engine = Engine("nbest", "points", "before", guessed={"candidates": "nbest", "scores": "points"})
    found = sheet("rank", engine)
    assert chosen(found) == {"candidates": "nbest", "scores": "points", "context": "before"}

    found.columns.choices["scores"].choose("")
    found.start()
    until(found.done.isVisible)

    assert sent(engine)["columns"] == {"candidates": "nbest", "scores": "", "context": "before"}


def test_a_model_of_both_directions_is_asked_which(sheet) -> None:
    engine = Engine("en", "zh")
    found = sheet("rewrite", engine)
    direction = found.columns.direction
    assert [direction.itemText(at) for at in range(2)] == ["en → zh", "zh → en"] and direction.isVisible()

    direction.choose(True)
    found.start()
    until(found.done.isVisible)

    assert sent(engine)["back"] is True


def test_a_file_is_answered_in_the_direction_of_the_playground_until_another_is_chosen(sheet) -> None:
    found = sheet("rewrite", Engine("en", "zh"))
    model, direction = found._model, found.columns.direction
    assert direction.current() is False

    for told, back in (({"back": True}, True), ({"back": False}, False)):
        found.open_sheet(model, "auto", told)
        assert direction.current() is back
        direction.choose(not back)
        found.open_sheet(model, "auto", told)
        assert direction.current() is not back


def test_a_file_is_answered_from_the_documents_that_are_searched(sheet) -> None:
    found = sheet("search", Engine("asked"))
    model = found._model
    for name, created in (("old", "2026-01-01"), ("new", "2026-02-02")):
        folder = Path(model.folder) / INDEXES / name
        folder.mkdir(parents=True)
        index = Index(folder=str(folder), name=name, source=f"/home/ada/{name}", kind="documents", created=created)
        codec.write(folder / INDEX_FILE, codec.to_json(index))

    found.open_sheet(model, "auto", {"index": str(Path(model.folder) / INDEXES / "old")})

    assert found.columns.documents.currentText() == "old" and found.columns.options()["index"].endswith("old")


def test_one_that_searches_needs_documents_or_passages(sheet) -> None:
    found = sheet("search", Engine("asked"))

    assert "Nothing is indexed" in found.lacks.text() and not found.button.isEnabled()
    assert not found.columns.documents.isVisible()


def test_choices_stay_while_the_sheet_is_left(sheet) -> None:
    found = sheet("answer", Engine("frage", "absatz", "other"))
    found.columns.choices["passage"].choose("other")

    found.closed.emit()
    found.open_sheet(learnt("answer"), "auto", {})

    assert chosen(found) == {"question": "frage", "passage": "other"}


def test_a_file_of_one_column_may_have_no_header(sheet) -> None:
    """Then its name is a text: only the engine, which reads the file again, can tell."""
    engine = Engine("where is my parcel")
    found = sheet("fill", engine)

    found.start()
    until(found.done.isVisible)

    assert "columns" not in sent(engine)


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("tag", "Added: “prediction”, “score”, “marked”. “marked” is the text with its marks."),
        ("fill", "Added: “prediction”, “score”, “filled”. “filled” is the text with its gaps filled."),
        ("rewrite", "Added: “prediction”, “score”, “known_pair”. “score” stays empty: such an answer has none. "
         "“known_pair” is the learnt text whose answer was taken, where one was."),
        ("classify", "Added: “prediction”, “score”, “for_a_person”. “for_a_person” says yes where the answer is too unsure "
         "to stand by itself."),
    ],
)  # fmt: skip
def test_the_columns_that_come_to_a_file_are_named(sheet, task: str, told: str) -> None:
    found = sheet(task, Engine("words"))
    if task == "rewrite":
        (Path(found._model.folder) / PAIRS_FILE).write_text('["a", "b"]')
        found.open_sheet(found._model, "auto", {})

    assert found.added.text() == f"The columns of the file stay. {told}"


def test_a_name_that_the_file_has_already_and_another_format_are_said(sheet, tmp_path) -> None:
    found = sheet("tag", Engine("words", "prediction"))
    assert "“prediction_”, “score”, “marked”" in found.added.text()

    found.write_to(tmp_path / "answers.jsonl")

    assert found.added.text().endswith("Added: “prediction_”, “score”.")


@pytest.mark.parametrize("task", ["rank", "rewrite", "classify"])
def test_it_has_room_in_a_small_window_at_twice_the_size(sheet, theme, task: str) -> None:
    found = sheet(task, Engine(*LEARNT[task][1].values()))
    theme.set_zoom(2.0)
    found.window().resize(1024 - 2 * 208, 640)
    QTest.qWait(50)

    panel = found.window()
    assert panel._column.width() <= panel._area.viewport().width()


def test_the_keys_go_on_where_a_file_was_chosen(sheet, tmp_path) -> None:
    found = sheet("tag", Engine("words"))
    found.window().activateWindow()
    found.file_button.setFocus()
    dialog = QWidget()
    dialog.show()
    dialog.activateWindow()

    found.take_file(tmp_path / "more.csv")
    dialog.deleteLater()
    until(lambda: found.dataset is not None and not found.is_busy)

    assert found.window().focusWidget() is found.button
    found.window().stop()
    assert found.window().view.isAncestorOf(found.window().focusWidget())
