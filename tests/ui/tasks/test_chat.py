"""The conversation: what is asked, what comes, what is kept; with an engine of a few lines."""

import json
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidgetItem, QWidget

from slm_studio.core import paths
from slm_studio.core.chat import from_lines
from slm_studio.core.chat_files import list_chats
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Predicted, Progress
from slm_studio.core.results import Opened, Token
from slm_studio.core.settings import Settings
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.prose_view import ProseView
from tests.ui.places import make_model, until

SAID = ("Hello", ", ", "**you", "** ", "", "你好", " 🙂")
TEXT = "".join(SAID)


class Engine:
    """Answers like the door; `render` says what it is told to say."""

    def __init__(self, said=SAID, **context) -> None:
        self.asked: list[tuple[str, dict]] = []
        self.said = said
        self.context = {"used": 20, "limit": 100, "not_sent": 0, "cut": 0} | context
        self.error: StudioError | None = None
        self.is_endless = False
        self.is_away = False  # it holds other models, until this one is opened again
        self.counts = False  # the letters that it is asked to render, instead of `used`
        self.system = ""
        self.reads: tuple[tuple[int, int], ...] = ()  # says before its answer how far the question is read

    def __call__(self, verb, **arguments):
        self.asked.append((verb, arguments))
        return getattr(self, verb)(**arguments)

    def of(self, verb) -> list[dict]:
        return [arguments for name, arguments in self.asked if name == verb]

    def open(self, folder, device):
        self.is_away = False
        yield Finished(Opened(handle="h", task="chat", device="cpu", seconds=0.1))

    def devices(self):
        yield Finished(("cpu",))

    def render(self, handle, prompt, options):
        if "broken" in options.get("template", ""):
            raise StudioError("template-fails", "The template fails at line 1.", "Mend it.")
        text = options.get("template", "") + "|".join(message["content"] for message in prompt["messages"])
        tokens = [[message["content"], message["role"] == "assistant"] for message in prompt["messages"]]
        if self.is_away:
            raise StudioError("not-open", "This model is not open (any more).", "Open it again.")
        self.read = [message["content"] for message in prompt["messages"]]
        used = sum(map(len, self.read)) if self.counts else self.context.get("used", 0)
        facts = {"template": "{{ own }}", "system": self.system, **self.context, "used": used}
        yield Finished({"text": text, "tokens": tokens, **facts})

    def predict(self, handle, prompt, options):
        if self.is_away:
            raise StudioError("not-open", "This model is not open (any more).", "Open it again.")
        for done, total in self.reads:
            yield Progress("Reading", done, total)
        while self.reads and self.is_endless:
            time.sleep(0.002)
            yield Progress("Reading", done, total)
        for number, text in enumerate(self.said):
            yield Predicted(Token(text, 0.5, number, ((text, 0.5), (" no", 0.25))))
        if self.error:
            raise self.error
        while self.is_endless:
            time.sleep(0.002)
            yield Predicted(Token("la ", 0.5, 1))
        yield Finished({"count": len(self.said), "seconds": 0.5, **self.context})


@pytest.fixture
def model():
    return make_model("shop", "chat", system="Be kind.")


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def panel(model, engine, shown):
    return shown(PlaygroundPanel, Session(Settings()), engine)


@pytest.fixture
def view(panel):
    return panel.view


def say(view, text: str) -> None:
    view.fill(text)
    view.primary()
    rest(view)


def rest(view) -> None:
    until(lambda: not view.talk.composer.is_busy, 10)


def messages(engine) -> list[list[str]]:
    return [[message["content"] for message in asked["prompt"]["messages"]] for asked in engine.of("predict")]


def blocks(view) -> list[str]:
    return [block.body.text() for block in view.talk.thread.blocks()]


def test_an_answer_comes_as_it_is_written_and_is_kept(view, engine):
    say(view, "Hi")

    assert blocks(view) == ["Hi", TEXT]
    assert view.talk.thread.blocks()[1].body.views()[0].toPlainText() == "Hello, you 你好 🙂"
    assert messages(engine) == [["Be kind.", "Hi"]]
    kept = from_lines(view.keeping.path.read_text("utf-8"))
    assert [turn.content for turn in kept.path()] == ["Hi", TEXT]
    assert view.talk.thread.blocks()[1].numbers.text() == "7 tokens · 14 a second · shop"


def test_the_whole_dialogue_is_sent_with_the_options(view, engine):
    view.side.settings.stop.setText("###|\\n\\n")
    say(view, "Hi")
    say(view, "And?")

    assert messages(engine)[1] == ["Be kind.", "Hi", TEXT, "And?"]
    options = engine.of("predict")[1]["options"]
    assert options["stop"] == ("###", "\n\n") and options["alternatives"] == 5
    assert {"temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed", "max_new_tokens"} <= options.keys()


def test_stop_keeps_what_came(panel, view, engine):
    engine.is_endless = True
    view.fill("Hi")
    view.primary()
    until(lambda: "la la" in blocks(view)[-1])

    panel.stop()

    assert not view.talk.composer.is_busy
    assert view.chat.path()[-1].content.startswith(TEXT + "la la")
    assert view.chat.path()[-1].content == blocks(view)[-1]
    assert view.chat.path()[-1].is_cut and 0.01 < view.chat.path()[-1].seconds < 60, (
        "as long as it took, whoever stopped it"
    )


def test_what_came_of_an_answer_is_kept_when_the_window_closes(panel, view, engine):
    engine.is_endless = True
    view.fill("Hi")
    view.primary()
    until(lambda: "la la" in blocks(view)[-1])

    panel._session.closing.emit()

    kept = from_lines(view.keeping.path.read_text("utf-8")).path()[-1]
    assert "la la" in kept.content and kept.is_cut


def test_an_answer_that_its_length_ended_says_so(view, engine):
    engine.context |= {"ended": False}
    say(view, "Hi")

    assert view.talk.thread.blocks()[1].numbers.text() == "7 tokens · 14 a second · cut at the set length · shop"
    assert view.chat.row() == ()


def test_the_name_of_a_chat_stands_there_from_the_first_question_on_as_far_as_there_is_room(panel, view, engine):
    engine.is_endless = True
    view.fill("What is the longest river of the world?")
    view.primary()
    until(lambda: "la la" in blocks(view)[-1])

    assert view.talk.name.text() == "What is the longest river of the world?"
    assert view.talk.name.width() > 0.7 * view.talk.card.width()
    panel.stop()


def test_a_persons_words_stand_in_the_middle_of_their_ground(view):
    for text in ("one", "one\ntwo", "你好"):
        say(view, text)
    QTest.qWait(100)  # until everything stands where it belongs
    grounds = [block._ground for block in view.talk.thread.blocks() if block.is_mine]

    for ground in grounds:
        prose = ground.findChild(ProseView)
        document, last = prose.document(), prose.document().lastBlock()
        widest = max(
            document.findBlockByNumber(at).layout().lineAt(0).naturalTextWidth() for at in range(document.blockCount())
        )
        top, left = prose.mapTo(ground, QPoint()).y(), prose.mapTo(ground, QPoint()).x()
        end = document.documentLayout().blockBoundingRect(last).top() + last.layout().lineAt(0).height()
        assert abs(top - (ground.height() - top - end)) <= 3
        assert abs(left - (ground.width() - left - widest)) <= 4
        assert prose.verticalScrollBar().maximum() == 0


def test_an_answer_that_ran_out_of_length_is_no_whole_one(panel, view, engine):
    for ended in (True, False):
        engine.context = {"ended": ended}
        view.fill("Hi")
        view.primary()
        until(lambda: not view.talk.composer.is_busy)

        assert view.chat.path()[-1].is_cut is not ended


def test_a_stop_before_the_first_word_leaves_the_question_and_no_word_of_waiting(panel, view, engine):
    engine.said, engine.is_endless = (), False
    engine.predict = lambda **_: iter(lambda: time.sleep(0.002), 1)
    view.fill("Hi")
    view.primary()
    assert view.talk.composer.words.text() == "The model reads the message…"

    panel.stop()

    assert blocks(view) == ["Hi"] and "reads" not in view.talk.composer.words.text()


def test_answering_again_makes_a_branch_and_the_arrows_switch(view, engine):
    say(view, "Hi")
    engine.said = ("Other",)

    view.talk.thread.blocks()[1].again_button.click()
    rest(view)
    assert blocks(view) == ["Hi", "Other"] and messages(engine)[1] == ["Be kind.", "Hi"]
    last = view.talk.thread.blocks()[1]
    assert last.place_words.text() == "2/2" and not last.after_button.isEnabled()
    last.before_button.click()

    assert blocks(view) == ["Hi", TEXT]
    assert view.talk.thread.blocks()[1].place_words.text() == "1/2"
    assert len(from_lines(view.keeping.path.read_text("utf-8")).turns) == 3


def test_while_an_answer_comes_it_alone_stands_behind_its_question_which_is_on_disk(panel, view, engine):
    say(view, "Hi")
    say(view, "And?")
    engine.is_endless = True

    view.talk.thread.blocks()[1].again_button.click()
    until(lambda: "la la" in blocks(view)[-1])

    assert len(blocks(view)) == 2 and blocks(view)[0] == "Hi"
    panel.stop()
    view.fill("Now?")
    view.primary()
    assert "Now?" in view.keeping.path.read_text("utf-8")
    panel.stop()


def test_an_edited_question_is_asked_and_the_old_branch_stays(view, engine):
    say(view, "Hi")
    say(view, "And?")

    view.talk.thread.blocks()[0].edit()
    view.talk.thread.edited()._editing.line.setPlainText("Hey")
    view.talk.thread.edited()._editing.take_button.click()
    rest(view)

    assert blocks(view) == ["Hey", TEXT] and messages(engine)[-1] == ["Be kind.", "Hey"]
    view.talk.thread.blocks()[0].before_button.click()
    assert blocks(view) == ["Hi", TEXT, "And?", TEXT]


def test_the_buttons_of_an_edit_are_in_view(panel, view, engine):
    panel.resize(816, 640)
    engine.said = tuple(f"line {number}\n\n" for number in range(20))
    say(view, "Hi")
    engine.said, engine.error = (), StudioError("x", "It broke.", "Try again.")
    say(view, "And?")
    panel.problem.clear()
    panel.activateWindow()
    QTest.qWait(50)

    QTest.keyClick(view.talk.composer.line, Qt.Key.Key_Up)
    editing = view.talk.thread.edited()._editing
    for text in ("And?", "And?\n" * 5):
        editing.line.setPlainText(text)
        QTest.qWait(50)
        assert editing.take_button.visibleRegion().boundingRect() == editing.take_button.rect()


def test_an_edited_answer_is_kept_and_not_asked(view, engine):
    say(view, "Hi")

    view.talk.thread.blocks()[1].edit()
    view.talk.thread.edited()._editing.line.setPlainText("Better.")
    view.talk.thread.edited()._editing.take_button.click()

    assert blocks(view) == ["Hi", "Better."] and len(engine.of("predict")) == 1


def test_keys_send_break_recall_and_leave(view, engine):
    line = view.talk.composer.line
    QTest.keyClicks(line, "one")
    QTest.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(line, "two")
    QTest.keyClick(line, Qt.Key.Key_Return)
    rest(view)
    assert blocks(view)[0] == "one\ntwo" and line.toPlainText() == ""

    QTest.keyClick(line, Qt.Key.Key_Up)
    edited = view.talk.thread.edited()
    assert edited is view.talk.thread.blocks()[0]
    QTest.keyClick(edited._editing.line, Qt.Key.Key_Escape)
    assert view.talk.thread.edited() is None and blocks(view)[0] == "one\ntwo"

    line.setPlainText("draft")
    QTest.keyClick(line, Qt.Key.Key_Up)
    assert view.talk.thread.edited() is None


def test_undo_is_the_windows_where_the_line_has_nothing_to_take_back(panel, view):
    panel.activateWindow()
    line, undone = view.talk.composer.line, []
    line.setFocus()
    until(line.hasFocus)
    shortcut = QShortcut(QKeySequence("Ctrl+Z"), panel)
    shortcut.activated.connect(lambda: undone.append(line.toPlainText()))

    QTest.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(line, "one")
    QTest.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert undone == [""] and line.toPlainText() == ""

    say(view, "Hi")
    QTest.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert undone == ["", ""]


def test_the_focus_is_where_the_next_key_belongs(panel, view):
    panel.activateWindow()
    say(view, "Hi")
    view.talk.thread.blocks()[0].edit()
    view.talk.thread.edited()._editing.take_button.click()
    assert panel.focusWidget() is view.talk.composer.line
    rest(view)

    view._on_menu("received")
    assert panel.focusWidget() is view.received.page
    view.stop()
    assert panel.focusWidget() is view.talk.composer.line
    view._on_menu("template")
    assert panel.focusWidget() is view.template.editor


def test_the_tab_key_goes_from_top_to_bottom(panel, view, engine):
    panel.activateWindow()
    say(view, "Hi")
    engine.said = ("a\n```\nx\n```\nb",)
    say(view, "And?")
    until(view.talk.thread.blocks()[-1].body.views()[-1].isVisible)
    panel.code_button.setFocus()
    reached = []
    while panel.focusWidget() is not view.talk.composer.line:
        panel.focusNextChild()
        reached.append(panel.focusWidget().accessibleName() or panel.focusWidget().text())

    tools = ["Copy the message", "Edit"]
    mine, answer = ["Your message", *tools], "Answer of the model"
    assert reached == [
        "System prompt", "Chat", *mine, answer, *tools, "Answer again",
        *mine, answer, "Code", answer, "Copy", *tools, "Answer again", "Message",
    ]  # fmt: skip
    for sheet, name in ((view.received, "received"), (view.template, "template")):
        view._on_menu(name)
        panel.code_button.setFocus()
        panel.focusNextChild()
        assert panel.focusWidget() is sheet._close


@pytest.mark.parametrize("shown_part", ["", "settings", "word", "received", "template"])
def test_whatever_takes_the_focus_has_a_name(view, shown_part):
    say(view, "Hi")
    if shown_part in ("received", "template"):
        view._on_menu(shown_part)
    elif shown_part:
        view.side.show_tab(shown_part)
    view.talk.thread.blocks()[0].edit()

    reached = [
        each
        for each in view.findChildren(QWidget)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.isVisible() and each.isEnabled()
    ]
    nameless = [each for each in reached if not (each.accessibleName() or getattr(each, "text", str)())]

    assert len(reached) >= 3 and not nameless


def test_an_empty_message_is_not_sent(view, engine):
    view.fill("  \n")
    view.primary()

    assert not engine.of("predict") and not view.talk.composer.button.isEnabled()


def test_an_error_leaves_the_question_which_can_be_asked_again(panel, view, engine):
    engine.error, engine.said = StudioError("x", "It broke.", "Try again."), ()
    say(view, "Hi")
    assert panel.problem.isVisible() and blocks(view) == ["Hi"]
    engine.error, engine.said = None, ("Yes.",)

    view.talk.thread.blocks()[0].again_button.click()
    rest(view)

    assert blocks(view) == ["Hi", "Yes."] and len(view.chat.turns) == 2


def test_an_answer_without_a_word_is_said_and_is_no_turn(view, engine):
    engine.said = ("",)
    say(view, "Hi")

    assert blocks(view) == ["Hi"] and view.talk.nothing.isVisible()


def test_what_no_longer_fits_is_marked_and_said(view, engine):
    for text in ("one", "two"):
        say(view, text)
    engine.context |= {"used": 99, "not_sent": 2}
    view.context._pause.setInterval(1)

    view.fill("three")
    until(lambda: "not sent" in view.talk.composer.words.text())

    assert view.talk.composer.words.text() == "99 of 100 tokens · 2 messages not sent again"
    assert view.talk.composer.gauge.share() == 0.99
    assert [block.is_sent for block in view.talk.thread.blocks()] == [False, False, True, True]
    assert [block.unsent.isHidden() for block in view.talk.thread.blocks()] == [True, True, False, False][::-1]


def test_the_context_counts_what_would_be_sent_now_whatever_was_done(panel, view, engine):
    engine.counts = True
    view.context._pause.setInterval(1)

    def counted(*texts: str) -> None:
        length = sum(map(len, texts))
        until(lambda: view.talk.composer.words.text() == f"{length} of 100 tokens")

    counted("Be kind.")
    engine.said = ("Yes.",)
    say(view, "Hi")
    counted("Be kind.", "Hi", "Yes.")
    view.fill("draft")
    counted("Be kind.", "Hi", "Yes.", "draft")
    view.fill("")
    engine.is_endless, engine.said = True, ("No, ",)
    view.talk.thread.blocks()[1].again_button.click()
    until(lambda: "la la" in blocks(view)[-1])
    panel.stop()
    counted("Be kind.", "Hi", blocks(view)[-1])
    view.talk.thread.blocks()[1].before_button.click()
    counted("Be kind.", "Hi", "Yes.")
    view.talk.system.editor.setPlainText("Be short and kind.")
    view.talk.system.settle()
    counted("Be short and kind.", "Hi", "Yes.")
    path = view.keeping.path
    view.side.shelf.new_button.click()
    counted("Be kind.")
    view.side.shelf.opened.emit(path)
    counted("Be short and kind.", "Hi", "Yes.")
    view.side.shelf.throw_button.click()
    counted("Be kind.")
    panel._session.changes.undo_last()
    counted("Be short and kind.", "Hi", "Yes.")
    view.talk.thread.blocks()[1].edit()
    view.talk.thread.edited()._editing.line.setPlainText("Perhaps.")
    view.talk.thread.edited()._editing.take_button.click()
    counted("Be short and kind.", "Hi", "Perhaps.")


def test_what_the_model_is_told_where_the_chat_tells_nothing_can_be_seen(view, engine):
    assert view.talk.system.summary.text() == "Be kind."
    engine.system = "You are Smol."
    view.context._pause.setInterval(1)

    view.talk.system.editor.setPlainText("")
    view.talk.system.settle()
    until(lambda: view.talk.system.summary.text() == "The model's own: “You are Smol.”")

    assert "You are Smol." in view.talk.system.editor.placeholderText()
    assert messages(engine) == []
    say(view, "Hi")
    assert messages(engine) == [["Hi"]], "it is not sent a second time"
    engine.system = ""
    view.fill("And?")
    until(lambda: view.talk.system.summary.text() == "none")


def test_a_long_question_says_how_far_it_is_read_and_stop_ends_that(panel, view, engine):
    engine.reads, engine.is_endless = ((0, 0), (0, 7992), (128, 7992)), True
    engine.context |= {"cut": 68505}
    view.fill("long")
    view.primary()
    until(lambda: "reading" in view.talk.composer.words.text())

    until(
        lambda: (
            view.talk.composer.words.text()
            == "reading: 128 of 7,992 tokens · your message is too long: its first 68,505 characters are not sent"
        )
    )
    panel.stop()

    assert not view.talk.composer.is_busy and blocks(view) == ["long"]
    assert "reading" not in view.talk.composer.words.text()


def test_what_is_asked_of_a_model_that_is_not_open_yet_is_told_when_it_is(model, shown):
    engine = Engine(used=7)
    opened = engine.open

    def slowly(**arguments):
        time.sleep(0.6)
        yield from opened(**arguments)

    engine.open = slowly
    view = shown(PlaygroundPanel, Session(Settings()), engine).view
    view.context._pause.setInterval(1)
    view.fill("draft")

    until(lambda: view.talk.composer.words.text() == "7 of 100 tokens", 10)

    assert [name for name, _ in engine.asked if name != "devices"] == ["open", "render"]


def test_a_model_that_was_put_away_is_opened_again_for_what_is_asked_beside_answers(panel, view, engine):
    say(view, "Hi")
    until(lambda: not panel._jobs.is_busy)
    engine.is_away = True

    view._on_menu("received")
    until(lambda: view.received.page.toPlainText())

    assert "Hi" in view.received.page.toPlainText() and panel.problem.error is None


def test_a_model_that_cannot_be_opened_is_tried_once_and_again_for_a_question(model, shown):
    engine = Engine()
    engine.open = lambda **_: (_ for _ in ()).throw(StudioError("x", "It is broken.", "Take another."))
    panel = shown(PlaygroundPanel, Session(Settings()), engine)
    panel.view.context._pause.setInterval(1)
    until(lambda: panel.problem.error is not None)
    panel.view.fill("draft")
    QTest.qWait(100)
    assert len(engine.of("open")) == 1

    panel.view.primary()
    until(lambda: len(engine.of("open")) == 2)
    rest(panel.view)
    QTest.qWait(100)

    assert len(engine.of("open")) == 2


def test_a_word_tells_what_else_could_have_come(view):
    say(view, "Hi")
    prose = view.talk.thread.blocks()[1].body.views()[0]
    prose.setFocus()
    cursor = prose.textCursor()
    cursor.setPosition(8)

    prose.pointed.emit(prose.number_at(8), prose.rect().center())

    assert view.side.weighed.token.text() == "“**you” was 50 % likely."
    bars = view.side.weighed.bars
    assert [(bar.label, bars.value_text(bar)) for bar in bars.bars()] == [("“**you”", "50.0 %"), ("“␣no”", "25.0 %")]


def test_the_exact_text_and_tokens_can_be_seen(view, engine):
    say(view, "Hi")
    say(view, "And?")

    view._on_menu("received")
    until(lambda: view.received.page.toPlainText())

    assert view.received.page.toPlainText() == f"Be kind.Hi{TEXT}And?"
    assert view.received.about.text().startswith("20 of 100 tokens. 1 of them belongs to answers")
    view.stop()
    assert view.received.isHidden() and not view.talk.isHidden()


def test_a_template_is_tried_as_it_is_typed_and_used_for_the_next_answer(panel, view, engine):
    view._on_menu("template")
    until(lambda: view.template.editor.toPlainText() == "{{ own }}")
    view.template._pause.setInterval(1)
    view.template.editor.setPlainText("broken")
    until(lambda: view.template.problem.text())
    assert "line 1" in view.template.problem.text() and not view.template.use_button.isEnabled()

    view.template.editor.setPlainText("T:")
    until(lambda: view.template.outcome.toPlainText().startswith("T:"))
    view.stop()
    assert not view.template.options(), "closed, it is not used"
    view._on_menu("template")
    assert view.template.editor.toPlainText() == "T:", "and not lost"
    until(view.template.use_button.isEnabled)
    until(lambda: not panel._jobs.is_busy and not view.context._pause.isActive())
    rendered = len(engine.of("render"))
    view.template.use_button.click()
    until(lambda: len(engine.of("render")) > rendered)  # how much of the context is taken with it
    say(view, "Hi")

    assert engine.of("predict")[-1]["options"]["template"] == "T:"
    assert "template" not in engine.of("render")[0]["options"]


def test_chats_are_listed_opened_renamed_and_thrown_away_with_a_way_back(panel, view):
    say(view, "First question")
    first = view.keeping.path
    view.side.shelf.new_button.click()
    assert blocks(view) == [] and view.talk.system.text() == "Be kind."
    say(view, "Second")
    names = [view.side.shelf.list.item(at).text() for at in range(view.side.shelf.list.count())]
    assert sorted(names) == ["First question", "Second"]

    view.side.shelf.opened.emit(first)
    assert blocks(view) == ["First question", TEXT]
    item: QListWidgetItem = view.side.shelf.list.currentItem()
    item.setText("Renamed")
    assert view.chat.title == "Renamed" and "Renamed" in {each.name for each in list_chats()}

    view.side.shelf.throw_button.click()
    assert not first.exists() and blocks(view) == []
    panel._session.changes.undo_last()

    assert first.exists() and "Renamed" in {each.name for each in list_chats()}
    assert view.keeping.path == first and blocks(view) == ["First question", TEXT], "it was open"
    assert view.side.shelf.list.currentItem().text() == "Renamed"


def test_a_chat_that_is_thrown_away_again_closes_and_one_that_comes_back_leaves_another_alone(panel, view, engine):
    say(view, "Hi")
    path = view.keeping.path
    view.side.shelf.throw_button.click()
    panel._session.changes.undo_last()
    engine.is_endless = True
    view.fill("And?")
    view.primary()
    until(lambda: "la la" in blocks(view)[-1])

    panel._session.changes.redo()
    assert not path.exists() and blocks(view) == [] and not view.talk.composer.is_busy
    engine.is_endless = False
    say(view, "Something else")
    panel._session.changes.undo_last()

    assert path.exists() and blocks(view) == ["Something else", TEXT]


def test_a_chat_can_be_renamed_and_thrown_away_while_an_answer_comes(panel, view, engine):
    engine.is_endless = True
    view.fill("Hi")
    view.primary()
    until(lambda: "la la" in blocks(view)[-1])
    path = view.keeping.path

    view.side.shelf.renamed.emit(path, "Renamed")
    assert view.talk.name.text() == "Renamed" and "la la" in blocks(view)[-1] and view.talk.composer.is_busy
    view.side.shelf.thrown.emit(path)

    assert not view.talk.composer.is_busy and not path.exists() and blocks(view) == []
    panel._session.changes.undo_last()
    assert "la la" in from_lines(path.read_text("utf-8")).path()[-1].content


def test_a_damaged_chat_is_said_and_the_open_one_stays(panel, view):
    say(view, "Hi")
    bad = paths.chats() / "bad.jsonl"
    bad.write_text("nothing")

    view.side.shelf.opened.emit(bad)

    assert panel.problem.error.code == "no-chat" and blocks(view) == ["Hi", TEXT]


def test_a_chat_becomes_training_rows_that_open_in_data(panel, view, tmp_path, monkeypatch):
    say(view, "Hi")
    opened = []
    panel._session.paths_opened.connect(opened.extend)
    out = tmp_path / "dialogues.jsonl"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))

    view._on_menu("rows")

    assert opened == [out]
    (row,) = map(json.loads, out.read_text("utf-8").splitlines())
    assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]


def test_a_chat_without_a_whole_answer_makes_no_rows_and_says_why(panel, view, engine, monkeypatch):
    engine.context |= {"ended": False}
    say(view, "Hi")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("there is nothing to save"))

    for key in ("rows", "all_rows"):
        panel.problem.clear()
        view._on_menu(key)
        assert panel.problem.error.code == "no-rows-in-chat"


def test_a_chat_is_copied_as_markdown_and_a_message_by_itself(view):
    say(view, "Hi")

    view._on_menu("copy")
    assert QApplication.clipboard().text().startswith("# Hi\n\n**System**\n\nBe kind.\n\n**You**\n\nHi\n\n**shop**")
    view.talk.thread.blocks()[1].copy_button.click()

    assert QApplication.clipboard().text() == TEXT


def test_chat_draft_and_settings_stand_there_again(panel, view, shown):
    say(view, "Hi")
    view.side.settings.form.set_values({"temperature": 0.25})
    view.fill("a draft")
    panel._session.save()

    again = shown(PlaygroundPanel, Session(Settings()), Engine()).view

    assert blocks(again) == ["Hi", TEXT]
    assert again.talk.composer.text() == "a draft"
    assert again.side.settings.options()["temperature"] == 0.25


def test_the_system_prompt_of_the_chat_is_sent(view, engine):
    view.talk.system.editor.setPlainText("Be short.")
    say(view, "Hi")

    assert messages(engine) == [["Be short.", "Hi"]]
    assert from_lines(view.keeping.path.read_text("utf-8")).system == "Be short."


def test_the_thread_follows_the_newest_unless_somebody_scrolled_up(view, engine):
    engine.said = tuple(f"line {number}\n\n" for number in range(60))
    say(view, "Hi")
    bar = view.talk.thread.verticalScrollBar()
    until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())

    bar.setValue(0)
    view.talk.thread._follows = False  # as the wheel does
    engine.said = tuple(f"more {number}\n\n" for number in range(60))
    view.talk.thread.blocks()[-1].body.add_tokens([Token("end\n\n" * 20, 0.5, 1)])
    until(view.talk.thread.end_button.isVisible)
    assert bar.value() == 0

    view.talk.thread.end_button.click()
    assert bar.value() == bar.maximum()


def test_a_setting_that_cannot_be_stops_the_sending(view, engine):
    editor = view.side.settings.form.field("temperature")._editor
    editor.setText("99")
    editor.textEdited.emit("99")
    view.fill("Hi")
    view.primary()

    assert not engine.of("predict") and view.talk.composer.text() == "Hi"
    assert view.talk.composer.words.text().startswith("a value in Settings cannot be used")
    editor.setText("1")
    editor.textEdited.emit("1")
    assert "Settings" not in view.talk.composer.words.text()


def test_a_chat_that_cannot_be_written_is_said(panel, view, monkeypatch):
    Path(paths.chats()).write_text("in the way")

    say(view, "Hi")

    assert panel.problem.error is not None and blocks(view) == ["Hi", TEXT]
