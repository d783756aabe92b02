"""Before a publication: what stands there is said, and what becomes public is asked."""

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel

from slm_studio.ui.hub.asking import may_publish
from slm_studio.ui.widgets.markdown_view import without_comments
from slm_studio.ui.widgets.question import Question

STANDING = {"visibility": "private", "is_other": False, "replaced": ["README.md", "a"], "removed": ["b"], "kept": []}


def asked(plan: dict, *, yes: bool = True) -> tuple[bool, str]:
    """Return the answer and what the question said; "" where none was asked."""
    said: list[str] = []

    def answer() -> None:
        for each in QApplication.topLevelWidgets():
            if isinstance(each, Question) and each.isVisible():
                said.append(
                    " | ".join([*(text.text() for text in each.findChildren(QLabel)), each.action_button.text()])
                )
                (each.action_button if yes else each.back_button).click()

    timer = QTimer(interval=20)
    timer.timeout.connect(answer)
    timer.start()
    taken = may_publish(None, "ada/<b>mine</b>", plan)
    timer.stop()
    return taken, "".join(said)


def test_a_free_name_that_stays_private_is_not_asked_about(theme) -> None:
    assert asked({"visibility": "private", "standing": None}) == (True, "")


def test_nothing_becomes_public_unasked(theme) -> None:
    taken, said = asked({"visibility": "public", "standing": None}, yes=False)

    assert not taken
    assert "Show “ada/<b>mine</b>” to everybody?" in said
    assert "Publish for everybody" in said
    assert asked({"visibility": "public", "standing": None})[0]


@pytest.mark.parametrize("yes", [True, False])
def test_what_stands_there_is_said(theme, yes: bool) -> None:
    taken, said = asked({"visibility": "private", "standing": STANDING}, yes=yes)

    assert taken == yes
    assert "“ada/<b>mine</b>” stands there already" in said
    assert "It is private. 2 files are replaced. 1 file of the former model goes. What others wrote" in said
    assert said.endswith("Publish over it")


def test_another_model_that_is_public_is_said_to_be_both(theme) -> None:
    _, said = asked({"visibility": "public", "standing": STANDING | {"visibility": "public", "is_other": True}})

    assert "It is public. It holds a model that was not published with SLM Studio." in said
    assert said.endswith("Publish for everybody")


def test_another_model_of_ones_own_is_named(theme) -> None:
    _, said = asked({"visibility": "private", "standing": STANDING | {"former": "poet"}})

    assert "It is private. It holds another model than this one: it is called “poet”. 2 files" in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a<!-- b -->c", "ac"), ("a<!-- b", "a<!-- b"), ("a --> b", "a --> b"), ("<!--x--><!--y-->", ""), ("", "")],
)
def test_comments_are_for_programs(text: str, shown: str) -> None:
    assert without_comments(text) == shown
