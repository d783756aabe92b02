"""What somebody typed in the Playground, and the answer to it, outlive all that is done around them: of every task's view."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTableView, QTextEdit, QWidget

from slm_studio.core.dataset import Column, Dataset, ReadReport
from slm_studio.core.events import Finished, Predicted
from slm_studio.core.results import Candidate, Hit, Item, Label, Opened, Quote, Ranked, Span, Token
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings
from slm_studio.core.tasks import all_tasks
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.shell.language import speak
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.bars import Bars
from slm_studio.ui.widgets.theme import Theme
from slm_studio.ui.widgets.words import retranslate
from tests.ui.places import make_model, until

TASKS = [info.key for info in all_tasks()]
FACTS: dict[str, dict[str, object]] = {
    "classify": {"labels": ["one", "two"], "asks": ["text", "text2"]},
    "rank": {"asks": ["candidates", "context"]},
    "rewrite": {"target": "translation", "both_ways": True, "sides": ["en", "zh"]},
    "tag": {"labels": ["NAME"]},
}
# What is typed, by the accessible name of its field.
TYPED: dict[str, dict[str, str]] = {
    "classify": {"Text to classify": "a claim", "Second text": "its proof"},
    "tag": {"Text to mark": "Ada was here"},
    "answer": {"Question": "who was it", "Passage": "It was Ada, they say."},
    "fill": {"Text with or without gaps": "a ___ word"},
    "write": {"Text to go on with": "Once upon"},
    "rewrite": {"Source": "good morning"},
    "chat": {"Message": "a draft"},
    "rank": {"Context": "what stands before", "Candidates, one a line": "one text\nanother"},
    "words": {"Word": "king"},
    "search": {"Question": "where is it"},
}


class Engine:
    """Answers every task with the name of the model that is asked; remembers the questions."""

    def __init__(self) -> None:
        self.predicted: list[str] = []

    def __call__(self, verb: str, **arguments: object) -> Iterator[object]:
        return getattr(self, verb)(**arguments)

    def open(self, folder: str, device: str) -> Iterator[object]:
        yield Finished(Opened(handle=Path(folder).name, task="", device="cpu", seconds=0.1))

    def devices(self) -> Iterator[object]:
        yield Finished(("cpu",))

    def render(self, handle: str, prompt: object, options: object) -> Iterator[object]:
        yield Finished({})

    def look(self, **arguments: object) -> Iterator[object]:
        yield Finished(None)

    def trace(self, **arguments: object) -> Iterator[object]:
        yield Finished(None)

    def predict(self, handle: str, prompt: dict[str, object], options: object) -> Iterator[object]:
        self.predicted.append(handle)
        yield from map(Predicted, _answer(handle.partition("-")[0], handle, prompt))
        yield Finished({"count": 1, "seconds": 0.01, "ended": True})


def _answer(task: str, name: str, prompt: dict[str, object]) -> list[Item]:
    return {
        "classify": [Label(name, 0.9)],
        "tag": [Span(0, 3, name, 0.9)],
        "answer": [Quote(name, 0.9, 0, 2, chosen=True)],
        "fill": [Candidate(name, 0.9, 0, 1, 5)],
        "rank": [Ranked(name, 0.9, 1), Ranked("another", 0.1, 2)],
        "words": [Hit(name, 0.9, 0)],
        "search": [Hit(name, 0.9, 0, chosen=True, source="a.txt")],
    }.get(task, [Token(f" {name}", 0.5, 1)])


Show = Callable[[str], tuple[PlaygroundPanel, Session, Engine]]


@pytest.fixture
def tried(shown: Callable[..., QWidget]) -> Show:
    """Return a function that types into a task's view and waits for the answer."""

    def show(task: str) -> tuple[PlaygroundPanel, Session, Engine]:
        engine, session = Engine(), Session(Settings())
        session.set_model(make_model(f"{task} one", task, **FACTS.get(task, {"labels": []})))
        panel = shown(PlaygroundPanel, session, engine)
        until(lambda: not panel._jobs.is_busy)
        if task == "chat":
            panel.view.fill("hello")
            panel.view.primary()
            until(lambda: engine.predicted and not panel.view.talk.composer.is_busy)
        for name, text in TYPED[task].items():
            put(panel.view, name, text)
        if task != "chat":
            panel.view.primary()
        settle(panel)
        assert said(panel.view), "an answer stands there"
        return panel, session, engine

    return show


def settle(panel: PlaygroundPanel) -> None:
    """Wait until nobody asks and nothing is asked, the pause after the last key included."""
    pause = getattr(panel.view, "_pause", None)
    until(lambda: not panel._jobs.is_busy and not panel.answering.is_busy and (pause is None or not pause.isActive()))


def put(view: QWidget, name: str, text: str) -> None:
    field = next(each for each in fields(view) if each.accessibleName() == name)
    field.setText(text) if isinstance(field, QLineEdit) else field.setPlainText(text)  # type: ignore[union-attr]


def fields(view: QWidget) -> list[QWidget]:
    return [each for kind in (QLineEdit, QPlainTextEdit, QTextEdit) for each in view.findChildren(kind)]


def typed(view: QWidget) -> list[str]:
    """Return what stands in the fields, the knobs among them."""
    return [each.text() if isinstance(each, QLineEdit) else each.toPlainText() for each in fields(view) if not _is_read(each)]  # type: ignore[attr-defined]  # fmt: skip


def _is_read(field: QWidget) -> bool:
    return bool(field.property("readOnly"))


def said(view: QWidget) -> list[str]:
    """Return what the model said: in tables, bars and fields that nobody types in; headers and hints are no answer."""
    found = [bar.label for bars in view.findChildren(Bars) if bars.isVisible() for bar in bars.bars()]
    for table in view.findChildren(QTableView):
        model = table.model()
        is_history = table.accessibleName() == "Texts you tried"
        if table.isVisible() and model is not None and not is_history:
            found += [str(model.index(row, at).data()) for row in range(model.rowCount()) for at in range(model.columnCount())]  # fmt: skip
    found += [each.toPlainText() for each in fields(view) if _is_read(each) and each.toPlainText()]  # type: ignore[attr-defined]
    if hasattr(view, "page"):
        found += [view.page.toPlainText()] if view.page.written() else []
    if hasattr(view, "hits"):
        found += [hit.text for hit in view.answers()]
    return found


def a_file(tmp_path: Path) -> Dataset:
    return Dataset(
        id="d", name="other.csv", source=str(tmp_path / "other.csv"), folder="", rows=2, held_out={}, fingerprint="f",
        created="", report=ReadReport(format="csv"), columns=(Column(name="text", kind="text", filled=2, distinct=2),),
    )  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_texts_and_answers_outlive_what_is_done_around_them(
    task: str, tried: Show, shown: Callable[..., QWidget], theme: Theme, tmp_path: Path
) -> None:
    panel, session, engine = tried(task)
    view, model = panel.view, session.model
    before = typed(view), said(view)

    def look(what: str) -> None:
        settle(panel)
        assert panel.view is view and (typed(view), said(view)) == before, what

    panel.hide()
    session.set_dataset(a_file(tmp_path))
    panel.show()
    look("leaving, and opening another file")
    theme.choose("dark")
    theme.zoom_in()
    look("theme and size of the text")
    speak("zh_CN")
    retranslate(panel)
    settle(panel)
    assert typed(view) == before[0] and len(said(view)) == len(before[1]), "in another language"
    speak("en")
    retranslate(panel)
    look("another language, and back")
    panel._on_file()
    panel._close_sheet()
    look("a sheet")
    session.set_model(make_model("between", "tag" if task != "tag" else "write", labels=["NAME"]))
    settle(panel)
    session.set_model(model)
    look("a model of another task, and back")

    asked = len(engine.predicted)
    session.set_model(another(task))
    settle(panel)
    assert typed(view) == before[0], "with another model"
    if task not in ("chat", "write"):  # what was said there is a text of its own by now
        assert not any(f"{task}-one" in each for each in said(view)), "no answer of another model stands there"
        assert not said(view) or set(engine.predicted[asked:]) == {f"{task}-two"}

    reopened = restarted(session, engine, shown)
    for name in TYPED[task]:
        assert field_text(reopened.view, name) == field_text(view, name), "after a restart"


def another(task: str) -> SavedModel:
    return make_model(f"{task} two", task, **FACTS.get(task, {"labels": []}))


def restarted(session: Session, engine: Engine, shown: Callable[..., QWidget]) -> PlaygroundPanel:
    """Close and open the place."""
    session.save()
    again = Session(Settings())
    again.set_model(session.model)
    panel = shown(PlaygroundPanel, again, engine)
    settle(panel)
    return panel


@pytest.mark.parametrize("name", ["Passage", "Second text", "Context"])
def test_the_other_text_of_a_question_stays_without_the_first(
    name: str, tried: Show, shown: Callable[..., QWidget]
) -> None:
    task, first = {"Passage": ("answer", "Question"), "Second text": ("classify", "Text to classify"), "Context": ("rank", "Candidates, one a line")}[name]  # fmt: skip
    panel, session, engine = tried(task)
    put(panel.view, first, "")
    settle(panel)

    session.set_model(another(task))
    settle(panel)
    reopened = restarted(session, engine, shown)

    assert field_text(panel.view, name) == field_text(reopened.view, name) == TYPED[task][name]


def field_text(view: QWidget, name: str) -> str:
    field = next(each for each in fields(view) if each.accessibleName() == name)
    return field.text() if isinstance(field, QLineEdit) else field.toPlainText()  # type: ignore[attr-defined]


def test_the_direction_of_a_translation_is_that_of_before_the_restart(
    tried: Show, shown: Callable[..., QWidget]
) -> None:
    panel, session, engine = tried("rewrite")
    panel.view.swap_button.click()
    settle(panel)

    reopened = restarted(session, engine, shown).view

    assert reopened.source_card.title.text() == "zh" and reopened.text() == panel.view.text()
