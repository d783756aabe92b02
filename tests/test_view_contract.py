"""What every task's view in the playground must do; a new task is covered as soon as its file is there."""

import pytest
from PySide6.QtCore import QObject, Qt, SignalInstance
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from slm_studio.core.prompt import as_text
from slm_studio.core.report import Case
from slm_studio.core.results import Label, Span, Token
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks
from slm_studio.ui.tasks import TaskView, view_of
from slm_studio.ui.widgets.words import retranslate

TEXT = "first\nsecond line of some length"
CASES = [Case(row=0, cells={"text": TEXT, "label": "a", "predicted": "b", "score": 0.9})]
ITEMS = (Label("a", 0.9), Token(" word", 0.5, 1, ((" word", 0.5),)), Span(0, 1, "a", 0.5))


@pytest.fixture(params=[info.key for info in all_tasks()])
def view(request, qapp):
    kind = view_of(request.param)
    assert kind is not None, f"ui/tasks/{request.param}.py is missing"
    made = kind()
    made.show()
    made.set_model(SavedModel(folder="/m", name="m", task=request.param, base="", facts={"labels": ["a", "b"]}), CASES)
    yield made
    made.deleteLater()


@pytest.fixture
def asked(view) -> list:
    heard = []
    view.asked.connect(lambda prompt, options: heard.append((prompt, options)))
    return heard


def test_it_is_a_view(view):
    assert isinstance(view, TaskView)


def test_it_asks_with_the_text_and_plain_options(view, asked):
    view.fill("some text")
    asked.clear()

    view.primary()

    role, *others = asked[0][0]  # what a question is about stands in a field of its own
    assert view.text() == "some text" == as_text(asked[0][0][role])
    assert len(others) <= 1
    assert all(isinstance(value, str | int | float | bool | None | tuple) for value in asked[0][1].values())


def test_it_takes_an_answer_of_any_kind(view):
    view.fill("some text")
    for numbers in ({"count": 3, "seconds": 0.1, "device": "cpu"}, None, {}):
        view.begin()
        for item in ITEMS:
            view.take(item)
        view.finish(numbers)


def test_it_stays_usable_after_an_error(view, asked):
    view.fill("some text")
    view.begin()
    view.fail()
    asked.clear()

    view.primary()

    assert asked


def test_it_can_be_stopped(view):
    stopped = []
    view.stop_asked.connect(lambda: stopped.append(True))

    view.stop()

    assert stopped == [True]


def test_it_lives_without_a_report_and_follows_the_language(view):
    view.set_model(SavedModel(folder="/n", name="n", task="", base=""), [])

    retranslate(view)


def test_a_task_without_a_file_has_no_view():
    assert view_of("juggle") is None and view_of("view") is None and view_of("") is None and view_of("../x") is None


def test_text_that_wraps_never_moves_sideways(view):
    fields = [*view.findChildren(QPlainTextEdit), *view.findChildren(QTextEdit)]
    wrapped = [field for field in fields if field.lineWrapMode() != type(field).LineWrapMode.NoWrap]

    assert all(field.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff for field in wrapped), [
        (type(field).__name__, field.accessibleName()) for field in wrapped
    ]


def test_no_field_of_it_hides_what_it_can_do(view):
    made = [each for each in [view, *view.findChildren(QObject)] if type(each).__module__.startswith("slm_studio")]

    hidden = {f"{type(each).__name__}.{name}" for each in made for name in hiding(each)}
    assert not hidden, "a place that calls it would find a field in its stead"
    assert isinstance(view.second(), str)


def hiding(made: QObject) -> list[str]:
    """Return the fields that bear the name of a method of their class, or of one of ours that it comes from."""
    fields = {name for name, value in vars(made).items() if not isinstance(value, SignalInstance)}
    ours = [kind for kind in type(made).__mro__ if kind.__module__.startswith("slm_studio")]
    return sorted(name for name in fields if any(callable(kind.__dict__.get(name)) for kind in ours))
