"""What the model wrote against its training text: underlined in the playground, counted in the report."""

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core.copied import BASE_UNTOLD, GONE, Copied
from slm_studio.core.dataset import Remark
from slm_studio.core.results import Report, Token
from slm_studio.ui.evaluate.copied_card import CopiedCard
from slm_studio.ui.tasks.write import WriteView


@pytest.fixture
def view(qapp: QApplication) -> WriteView:
    made = WriteView()
    made.show()
    made.inquiries = []
    made.inquired.connect(lambda *asked: made.inquiries.append(asked))
    yield made
    made.deleteLater()


def write(view: WriteView, begun: str, *written: str) -> object:
    """Let the model write, and return whom the engine tells what was copied."""
    view.fill(begun)
    view.begin()
    for text in written:
        view.take(Token(text, 0.5, 1))
    view.finish({"count": len(written), "seconds": 1.0})
    verb, arguments, tell = view.inquiries[-1]
    assert verb == "trace" and arguments == {"texts": ("".join(written),)}
    return tell


def test_the_copied_stretch_is_underlined_and_told(view: WriteView) -> None:
    tell = write(view, "🙂 Once ", "🙂 upon", " a time\nthere ", "lived")
    assert view.recited.isHidden()

    tell(Copied(text="a time\nthere lived", start=7, end=25, read=1000))

    assert view.page.underlined() == "a time\nthere lived"
    assert view.recited.text() == "18 characters of this stand in the training text: “a time there lived”"
    assert view.page.state()["written"], "what it wrote stays tinted"


def test_a_suggestion_that_is_taken_is_looked_at_too(view: WriteView) -> None:
    view.fill("Once ")
    view.suggest_button.click()
    view.begin()
    for place in range(3):
        view.take(Token(f"upon {place}", 0.5, 1, place=place))
    view.finish({"count": 3, "seconds": 1.0})
    assert not view.inquiries

    view.suggestions.take(1)

    assert [asked[:2] for asked in view.inquiries] == [("trace", {"texts": ("upon 1",)})]


def test_what_is_told_of_a_text_that_was_changed_since_counts_no_more(view: WriteView) -> None:
    tell = write(view, "Once ", "upon a time")
    view.page.insertPlainText("!")

    tell(Copied(text="upon a time", start=0, end=11, read=1000))

    assert view.recited.isHidden() and not view.page.underlined()


def test_it_goes_with_the_next_change(view: WriteView) -> None:
    write(view, "Once ", "upon a time")(Copied(text="upon a time", start=0, end=11, read=1000))
    view.fill("Anew")

    assert view.recited.isHidden() and not view.page.underlined()


def test_nothing_copied_and_nothing_known_are_sentences(view: WriteView) -> None:
    write(view, "Once ", "upon")(Copied(read=1000))
    assert view.recited.text() == "No 30 characters of this in a row stand in the training text."

    write(view, "Once ", "upon")(Copied(read=1000, why=BASE_UNTOLD))
    assert view.recited.text().endswith("with that nothing was compared.")

    write(view, "Once ", "upon")(Copied(why=GONE, dataset="book.txt"))
    assert view.recited.text().startswith("The text that this model learnt from, “book.txt”, is not here")


def test_the_report_shows_both_shares(qapp: QApplication) -> None:
    facts = {
        "copied_share": 0.25, "copied_longest": 62.0, "copied_least": 30.0, "held_out_share": 0.036, "held_out_longest": 37.0,
        "copied_drawn": 1024.0,
    }  # fmt: skip
    report = Report(
        task="write", model="m", dataset="d", split="test", rows=1, metrics=(), facts=facts,
        remarks=(Remark(code="copied", message="…", values={"text": "by the\nsea"}),),
    )  # fmt: skip
    card = CopiedCard()

    card.set_report(report)

    rows = [[card.model.index(row, column).data() for column in range(3)] for row in range(2)]
    assert rows == [["what it wrote", "25 %", "62"], ["held-out text", "3.6 %", "37"]]
    assert card.quote.text() == "The longest begins “by the sea”."
    card.set_report(Report(task="write", model="m", dataset="d", split="test", rows=1, metrics=()))
    assert card.isHidden()
