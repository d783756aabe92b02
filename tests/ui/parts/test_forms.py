"""A form says what it holds, what is recommended, and what is wrong, in the person's language."""

import pytest
from PySide6.QtTest import QTest

from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import Recipe
from slm_studio.core.settings import Settings
from slm_studio.core.shapes import ShapeOptions
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.ui.parts.forms import KnobForm, knob_problem, read_value
from slm_studio.ui.widgets.fields import Check, Choice
from slm_studio.ui.widgets.words import retranslate

NAMES = ("learning_rate", "epochs", "precision", "seed")
KNOB = {each.name: each for each in knobs(Recipe)}


@pytest.fixture
def form(theme) -> KnobForm:
    return KnobForm(Recipe, names=NAMES, placeholders={"learning_rate": 0.003, "epochs": 20})


def typed(form: KnobForm, name: str, text: str) -> list[dict]:
    heard: list[dict] = []
    form.changed.connect(heard.append)
    editor = form.field(name)._editor
    editor.selectAll()
    QTest.keyClicks(editor, text)
    return heard


def test_a_form_begins_with_the_defaults(form: KnobForm) -> None:
    assert form.values() == {"learning_rate": None, "epochs": None, "precision": "auto", "seed": 42}
    assert form.field("learning_rate")._editor.placeholderText() == "as recommended (0.003)"
    assert form.summary() == "learning_rate 0.003 · epochs 20 · precision auto · seed 42"


def test_every_setting_and_every_recipe_knob_gets_a_field(theme) -> None:
    for owner in (Recipe, Settings):
        assert set(KnobForm(owner).values()) == {each.name for each in knobs(owner)}


def test_typing_tells_the_value(form: KnobForm) -> None:
    heard = typed(form, "epochs", "7")

    assert heard[-1]["epochs"] == 7
    assert not form.has_problem()


def test_a_value_out_of_range_is_said_and_not_taken(form: KnobForm) -> None:
    heard = typed(form, "epochs", "5000")

    assert form.has_problem()
    assert form.field("epochs").problem() == "Choose a number from 1 to 1,000."
    assert heard[-1]["epochs"] == 500  # the last sound value while typing
    assert form.field("epochs")._editor.property("problem")


def test_a_list_of_numbers_is_typed_with_commas(theme) -> None:
    form = KnobForm(ShapeOptions, names=("layers", "embedding"))

    assert typed(form, "layers", "64, 32")[-1]["layers"] == (64, 32)
    assert typed(form, "layers", "64, wide")[-1]["layers"] == (64,) and form.has_problem()
    assert form.field("layers").problem() == "Enter whole numbers, with commas between them."
    typed(form, "layers", "0, 32")
    assert form.field("layers").problem() == "Choose a number from 1 to 4,096."
    form.set_values({"layers": (8, 4)})
    assert form.field("layers")._editor.text() == "8, 4" and not form.has_problem()


def test_letters_are_no_number(form: KnobForm) -> None:
    typed(form, "seed", "abc")

    assert form.field("seed").problem() == "Enter a number."
    assert form.values()["seed"] == 42


def test_an_emptied_field_is_as_recommended(form: KnobForm) -> None:
    form.set_values({"epochs": 9})
    editor = form.field("epochs")._editor
    editor.selectAll()
    QTest.keyClick(editor, "\b")

    assert form.values()["epochs"] is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("learning_rate", "3e-4", 3e-4),
        ("learning_rate", "0,003", 0.003),
        ("learning_rate", "0.003", 0.003),
        ("seed", "1,024", 1024),
        ("seed", " 7 ", 7),
        ("epochs", "", None),
    ],
)
def test_numbers_are_read_as_people_write_them(name: str, text: str, value: object) -> None:
    assert read_value(KNOB[name], text) == (value, True)


def test_problems_are_those_of_the_core() -> None:
    assert knob_problem(Recipe, "epochs", 3) is None
    assert knob_problem(Recipe, "epochs", 0).code == "knob-range"
    assert knob_problem(Settings, "theme", "pink").code == "knob-choice"


def test_choices_and_checks_tell_too(theme) -> None:
    form = KnobForm(Settings, names=("theme", "offline"))
    heard: list[dict] = []
    form.changed.connect(heard.append)
    check, choice = form.field("offline")._editor, form.field("theme")._editor
    assert isinstance(check, Check) and isinstance(choice, Choice)

    check.click()
    choice.setCurrentIndex(2)
    choice.activated.emit(2)

    assert heard[-1] == {"theme": "dark", "offline": True}


def test_a_form_speaks_the_new_language(form: KnobForm, language) -> None:
    language("zh_CN")
    retranslate(form)

    names = [label.text() for label in form.field("epochs").findChildren(type(form.field("epochs")._problem))]
    assert "训练轮数" in names
    assert "epochs" in names


def test_what_means_nothing_beside_another_value_cannot_be_entered(theme) -> None:
    form = KnobForm(ClassifyOptions, names=("catch", "recall"))
    assert not form.field("recall").isEnabled()

    typed(form, "catch", "spam")
    assert form.field("recall").isEnabled()
    form.set_values({"catch": ""})
    assert not form.field("recall").isEnabled()
