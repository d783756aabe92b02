"""A column of styles is shown as labels are: as chips that leave room to the text, counted, and asked for by a click."""

import pytest

from slm_studio.core import paths
from slm_studio.ui.parts.run_words import recipe_sentence
from tests.ui.data.test_marking import Marks
from tests.ui.places import until


@pytest.fixture
def place(qapp, tmp_path):
    made = Marks(tmp_path)
    made.open(paths.resources() / "samples" / "en" / "voices.csv")
    yield made
    made.close()


def test_styles_are_chips_and_counted_beside_the_facts_of_the_text(place) -> None:
    overview, table = place.panel.opened.overview, place.table

    assert table.cells.style_of(place.model.index(0, 2)) == "chip"
    assert overview.labels.title.text() == "Style" and overview.labels.isVisible() and overview.facts.isVisible()
    assert [(bar.label, bar.value) for bar in overview.bars.bars()] == [
        (each, 110) for each in ("fairy tale", "recipe", "ship's log", "weather report")
    ]


def test_a_click_shows_the_texts_of_a_style(place) -> None:
    place.panel.opened.overview.bars.label_clicked.emit("recipe")

    until(lambda: place.model.rowCount() == 110)


def test_steps_that_mend_answers_are_not_offered(place) -> None:
    place.panel.opened._fill_clean_menu()

    offered = {each.text(): each.isEnabled() for each in place.panel.opened.clean_button._menu.actions()}
    assert not offered["Merge labels"] and not offered["Remove contradictions"] and offered["Remove duplicates"]


def test_what_is_learnt_names_the_column_of_styles(place) -> None:
    told = recipe_sentence(place.session.recipe, place.session.dataset)

    assert told == "Learn to write like text · Style: style"
