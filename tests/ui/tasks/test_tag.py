"""Tag in the playground: marks follow the text, places are counted as Qt counts them, old answers mark nothing."""

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core.report import Case
from slm_studio.core.results import Span
from slm_studio.core.saved import SavedModel
from slm_studio.ui.tasks.tag import TagView, pick_examples

MODEL = SavedModel(folder="/m", name="m", task="tag", base="", facts={"labels": ["O", "B-PER", "I-PER", "B-LOC"]})
ADA = [{"start": 0, "end": 3, "label": "PER"}]


def case(row: int, *, right: bool, marked: bool = True) -> Case:
    spans = ADA if marked else []
    return Case(row=row, cells={"text": "Ada left", "tags": spans, "predicted": spans, "right": right})


@pytest.fixture
def view(qapp: QApplication) -> TagView:
    made = TagView()
    made.set_model(MODEL, [case(0, right=False), case(1, right=True)])
    made.show()
    yield made
    made.deleteLater()


def answer(view: TagView, *spans: Span) -> None:
    view.begin()
    for span in spans:
        view.take(span)
    view.finish({"seconds": 0.003})


def test_marks_stand_on_their_words_behind_an_emoji_too(view: TagView) -> None:
    view.fill("🙂 Ada in 𠮷野")

    answer(view, Span(2, 5, "PER", 0.9), Span(9, 11, "LOC", 0.8))

    assert view.editor.marks() == [("Ada", "PER"), ("𠮷野", "LOC")]
    assert view.editor.accessibleDescription() == "Ada: PER · 𠮷野: LOC"
    assert view.hint.text() == "marks as you type · 3 ms"


def test_marks_move_with_the_words_until_the_next_answer(view: TagView) -> None:
    view.fill("Ada left")
    answer(view, Span(0, 3, "PER", 0.9))
    cursor = view.editor.textCursor()
    cursor.setPosition(0)

    cursor.insertText("So ")

    assert view.editor.marks() == [("Ada", "PER")]


def test_an_answer_to_an_older_text_marks_nothing(view: TagView) -> None:
    view.fill("Ada left")
    view.editor.setPlainText("nobody left")

    answer(view, Span(0, 3, "PER", 0.9))

    assert view.editor.marks() == [] and view.answers() == []


def test_every_label_has_its_place_in_the_legend(view: TagView) -> None:
    view.fill("Ada left")

    answer(view, Span(0, 3, "PER", 0.9))

    assert view.legend.entries() == (("LOC", 0), ("PER", 1))


def test_the_text_is_copied_with_its_marks(view: TagView) -> None:
    view.fill("Ada left")
    answer(view, Span(0, 3, "PER", 0.9))

    view.copy_button.click()

    assert QApplication.clipboard().text() == "[Ada](PER) left"


def test_scores_stand_beside_what_was_found(view: TagView) -> None:
    view.fill("Ada left")

    answer(view, Span(0, 3, "PER", 0.91))

    assert [view.found_model.index(0, at).data() for at in range(3)] == ["Ada", "PER", "0.91"]


def test_a_text_in_which_nothing_is_marked_says_so(view: TagView) -> None:
    view.fill("Ada left")

    answer(view)

    assert not view.answer_words.isHidden() and view.found.isHidden()


def test_a_row_of_the_report_is_tried_with_a_click(view: TagView) -> None:
    view._open_example(1)

    assert view.text() == "Ada left"
    assert view.examples_model.index(0, 1).data() == "Ada: PER"


def test_examples_show_something_and_are_not_mistakes_alone() -> None:
    wrong = [case(row, right=False) for row in range(5)]
    right = [case(row, right=True) for row in range(20)]
    empty = [case(row, right=True, marked=False) for row in range(20)]

    chosen = pick_examples([*wrong, *right, *empty], 6)

    assert [each.right for each in chosen] == [True] * 4 + [False] * 2
    assert all(each.spans("tags") for each in chosen)


def test_the_text_stands_there_again_after_a_restart(view: TagView) -> None:
    view.fill("Ada left")
    other = TagView()

    other.restore(view.state())

    assert other.text() == "Ada left"
    other.deleteLater()
