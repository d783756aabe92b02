"""Styles in the playground: a chooser where the model knows some, and nothing where it does not."""

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core import snippets
from slm_studio.core.saved import SavedModel
from slm_studio.ui.tasks.write import WriteView

FACTS = {"styles": ["glad", "安静"], "leads": ["<|style:glad|>", "<|style:安静|>"], "asks": ["text", "style"]}


def model(**facts: object) -> SavedModel:
    return SavedModel(folder="/m", name="m", task="write", base="", facts=facts)


@pytest.fixture
def view(qapp: QApplication) -> WriteView:
    made = WriteView()
    made.show()
    made.prompts = []
    made.asked.connect(lambda prompt, options: made.prompts.append(prompt))
    yield made
    made.deleteLater()


def test_the_style_that_is_chosen_is_asked_for(view: WriteView) -> None:
    view.set_model(model(**FACTS), [])
    assert view.style_choice.isVisible() and view.style_choice.style_name() == "glad"
    view.fill("Once")
    view.style_choice.field.choose("安静")
    view.primary()
    view.fail()
    view.style_choice.field.choose("")
    view.primary()

    assert view.prompts == [{"text": "Once", "style": "安静"}, {"text": "Once", "style": ""}]


def test_a_model_without_styles_is_asked_as_ever(view: WriteView) -> None:
    view.set_model(model(**FACTS), [])
    view.set_model(model(reads="book"), [])
    view.fill("Once")
    view.primary()

    assert view.style_choice.isHidden() and view.prompts == [{"text": "Once"}] and view.second() == ""


def test_the_chosen_style_comes_back_after_a_restart(view: WriteView) -> None:
    view.set_model(model(**FACTS), [])
    view.style_choice.choose("安静")
    state = view.state()
    view.style_choice.choose("glad")
    view.restore(state)

    assert view.style_choice.style_name() == "安静" == view.second()


def test_the_code_asks_for_the_style() -> None:
    saved = model(**FACTS)
    asked = (saved.info, "m", "Once", "安静")

    assert '"<|style:安静|>" + "Once"' in snippets.plain_code(*asked, saved.facts)
    assert '{"text": "Once", "style": "安静"}' in snippets.studio_code(*asked)
    assert "--style 安静" in snippets.command_line(*asked, windows=False).replace("'", "")
    assert 'extra_body={"style": "安静"}' in snippets.client_code(saved.info, "m", "Once", "http://here", "安静")
    assert "style" not in snippets.command_line(model().info, "m", "Once", "")
