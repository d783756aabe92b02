"""Playground: one model stays open, the newest question counts, a dead engine is replaced; files and code."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from slm_studio.core.dataset import Column, Dataset, ReadReport, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Predicted, Progress
from slm_studio.core.results import FileResult, Label, Opened, Token
from slm_studio.core.saved import save_facts
from slm_studio.core.settings import Settings
from slm_studio.ui.parts.saving import free_file
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.shell.session import Session
from tests.ui.places import LABELS, classify_report, make_model, until


class Engine:
    """Answers like the door; remembers what it was asked."""

    def __init__(self, **verbs) -> None:
        self.asked: list[tuple[str, dict]] = []
        self._verbs = verbs

    def __call__(self, verb, **arguments):
        self.asked.append((verb, arguments))
        return (self._verbs.get(verb) or getattr(self, verb))(**arguments)

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked if verb != "devices"]

    def open(self, folder, device):
        yield Finished(
            Opened(
                handle=f"{Path(folder).name}@{device}",
                task="classify",
                device="cpu" if device == "auto" else device,
                seconds=0.1,
            )
        )

    def devices(self):
        yield Finished(("cpu", "cuda:0"))

    def predict(self, handle, prompt, options):
        for label, score in zip(LABELS, (0.91, 0.06, 0.03), strict=True):
            yield Predicted(Label(f"{label} of {prompt['text']}"[:40], score))
        yield Finished({"count": 3, "seconds": 0.0031, "device": "cpu"})

    def read(self, path, options):
        yield Finished(
            Dataset(
                id="d", name="texts.csv", source="", folder="", rows=2, held_out={}, fingerprint="f", created="", report=ReadReport(format="csv"),
                columns=tuple(Column(name=name, kind=kind, filled=2, distinct=2) for name, kind in (("id", "id"), ("text", "text"))),
            )
        )  # fmt: skip

    def predict_file(self, handle, path, out, options):
        yield Progress("Answering rows", 1, 2)
        yield Finished(FileResult(rows=2, out=out))


def writing(handle, prompt, options):
    for n, text in enumerate((" Once", " upon", " a time")):
        yield Predicted(Token(text, 0.5, n, ((text, 0.5), (" no", 0.2))))
    yield Finished({"count": 3, "seconds": 0.01, "device": "cpu"})


@pytest.fixture
def place(shown):
    """Return a function that shows the panel with an engine."""
    return lambda engine: shown(PlaygroundPanel, Session(Settings()), engine)


@pytest.fixture
def classifier():
    model = make_model()
    classify_report(Path(model.folder) / "report")
    return model


@pytest.fixture
def writer():
    return make_model("alice", "write", reads="book")


def answers(panel) -> list[str]:
    return [bar.label for bar in panel.view.bars.bars()]


def test_the_model_opens_when_somebody_looks(place, classifier):
    engine = Engine()

    panel = place(engine)
    assert panel.facts.text() == "classify · 3 labels · 9.6 MB · opening…"
    until(lambda: panel.device.count() == 2)

    assert panel.facts.text() == "classify · 3 labels · 9.6 MB · on"
    assert [panel.device.itemText(at) for at in range(2)] == ["CPU", "GPU"]
    assert engine.asked[0] == ("open", {"folder": classifier.folder, "device": "auto"})


def test_answers_come_as_one_types(place, classifier):
    panel = place(Engine())

    panel.view.editor.setPlainText("x")
    until(lambda: answers(panel))

    assert answers(panel) == ["delivery of x", "refund of x", "billing of x"]
    assert panel.view.hint.text() == "answers as you type · 3 ms"


@pytest.mark.parametrize("code", ["prompt-unread", "prompt-end-unread"])
def test_what_of_a_text_is_not_read_is_said_until_all_of_it_is(place, classifier, code: str):
    def predict(handle, prompt, options):
        if len(prompt["text"]) > 3:
            yield Note(code, "The text is longer than the model reads: its last {count} {count:token is|tokens are} not read.", {"count": 2})  # fmt: skip
        yield from Engine().predict(handle, prompt, options)

    panel = place(Engine(predict=predict))
    panel.view.editor.setPlainText("longer")
    until(panel.unread.isVisible)
    assert panel.unread.text() == "The text is longer than the model reads: its last 2 tokens are not read."

    panel.view.editor.setPlainText("x")
    until(panel.unread.isHidden)


def test_what_is_wrong_with_what_is_half_typed_is_said_in_its_place_and_moves_nothing(place, classifier):
    def predict(handle, prompt, options):
        if prompt["text"] == "king qu":
            yield Note("prompt-unknown-words", "“{word}” is left out.", {"word": "qu"})
            yield from Engine().predict(handle, prompt, options)
        else:
            raise StudioError("word-unknown", "“{word}” is not known.", "Ask for another.", word=prompt["text"])

    panel = place(Engine(predict=predict))
    panel.view.editor.setPlainText("qu")
    until(lambda: "not known" in panel.view.hint.text())
    assert panel.view.hint.text() == "“qu” is not known. Ask for another."
    assert panel.problem.isHidden() and panel.unread.isHidden()

    panel.view.editor.setPlainText("king qu")
    until(lambda: panel.view.hint.text() == "“qu” is left out.")
    until(lambda: answers(panel))
    assert panel.view.hint.text() == "“qu” is left out." and panel.unread.isHidden()

    panel.view.editor.setPlainText("quq")
    panel.view.primary()
    until(panel.problem.isVisible)


def test_what_was_said_of_a_text_goes_with_it(place, classifier):
    def predict(handle, prompt, options):
        yield Note("prompt-end-unread", "The end is not read.", {})
        raise StudioError("message-long", "The text is too long.", "Shorten it.")

    panel = place(Engine(predict=predict))
    panel.view.fill("longer")
    until(panel.problem.isVisible)
    assert panel.unread.isVisible()

    panel.view.editor.setPlainText("")
    until(panel.problem.isHidden)
    assert panel.unread.isHidden()


def test_a_click_on_a_button_leaves_the_keys_where_one_types_and_one_on_the_ground_takes_them(place, classifier):
    panel = place(Engine())
    QTest.qWaitForWindowExposed(panel)
    panel.view.setFocus()

    QTest.mouseClick(panel.title, Qt.MouseButton.LeftButton)
    panel.title._menu.close()
    assert panel.focusWidget() is panel.view.field
    QTest.mouseClick(panel, Qt.MouseButton.LeftButton, pos=QPoint(5, panel.height() - 5))
    assert panel.focusWidget() is panel


def test_a_newer_question_ends_the_older_one(place, classifier):
    def predict(handle, prompt, options):
        if prompt["text"] == "old":
            while True:
                time.sleep(0.002)
                yield Progress("Thinking", 0, 0)
        yield Predicted(Label(prompt["text"], 1.0))
        yield Finished({"count": 1, "seconds": 0.01})

    panel = place(Engine(predict=predict))
    panel.view.fill("old")
    until(lambda: panel.answering.handle)

    panel.view.fill("new")
    until(lambda: answers(panel))

    assert answers(panel) == ["new"]
    until(lambda: not panel._jobs.is_busy)


def test_an_engine_that_died_is_said_and_the_next_text_opens_again(place, classifier):
    deaths = iter((True, False))

    def predict(handle, prompt, options):
        if next(deaths):
            raise StudioError("engine-died", "The engine stopped unexpectedly ({how}).", "…", how="SIGKILL")
        yield Predicted(Label(prompt["text"], 1.0))
        yield Finished({"count": 1, "seconds": 0.01})

    engine = Engine(predict=predict)
    panel = place(engine)
    panel.view.fill("one")
    until(lambda: panel.problem.isVisible())
    assert panel.problem.error.code == "engine-died"

    panel.view.fill("two")
    until(lambda: answers(panel) == ["two"])

    assert not panel.problem.isVisible()
    assert engine.verbs() == ["open", "predict", "open", "predict"]


def test_a_model_that_was_put_away_is_opened_again_in_silence(place, classifier):
    away = iter((True, False))

    def predict(handle, prompt, options):
        if next(away):
            raise StudioError("not-open", "This model is not open (any more).", "Open it again.")
        yield Predicted(Label(prompt["text"], 1.0))
        yield Finished({"count": 1, "seconds": 0.01})

    engine = Engine(predict=predict)
    panel = place(engine)
    panel.view.fill("one")
    until(lambda: answers(panel) == ["one"])

    assert panel.problem.error is None and engine.verbs() == ["open", "predict", "open", "predict"]


def test_another_device_opens_the_model_there(place, classifier):
    engine = Engine()
    panel = place(engine)
    until(lambda: panel.device.count() == 2)

    panel.device.chosen.emit("cuda:0")
    until(lambda: panel.answering.handle.endswith("cuda:0"))

    assert panel.device.currentText() == "GPU"


def test_rows_of_the_report_can_be_tried_and_stay_in_the_history(place, classifier):
    panel = place(Engine())
    panel.view._settled.setInterval(10)

    panel.view._open_example(0)
    until(lambda: panel.view.tried_model.rowCount() == 1)
    panel.view.fill("another")
    until(lambda: panel.view.tried_model.rowCount() == 2)

    assert panel.view.tried_model.value(0) == ("another", "")


def test_an_empty_text_has_no_answer(place, classifier):
    panel = place(Engine())
    panel.view.fill("x")
    until(lambda: answers(panel))

    panel.view.fill("  ")

    assert answers(panel) == [] and not panel.answering.is_busy


def test_writing_appears_as_it_comes_and_goes_on_from_the_end(place, writer):
    engine = Engine(predict=writing)
    panel = place(engine)
    panel.view.fill("Hello.")

    panel.primary()
    until(lambda: panel.view.button.state == "ready" and panel.view.page.written() == 3)
    assert panel.view.text() == "Hello. Once upon a time"
    assert panel.view.numbers.text() == "3 tokens · 300 a second"
    assert panel.view.button.text() == "Continue"

    panel.primary()
    until(lambda: panel.view.page.written() == 6)
    prompts = [arguments["prompt"] for verb, arguments in engine.asked if verb == "predict"]
    assert prompts == [{"text": "Hello."}, {"text": "Hello. Once upon a time"}]


def test_a_long_beginning_says_how_far_it_is_read(place, writer):
    def reading(handle, prompt, options):
        while True:
            time.sleep(0.002)
            yield Progress("Reading", 128, 7992)

    panel = place(Engine(predict=reading))
    panel.view.fill("It was")
    panel.view.primary()
    until(lambda: panel.view.numbers.text() == "reading: 128 of 7,992 tokens")

    panel.stop()

    assert panel.view.numbers.text() == "" and panel.view.text() == "It was"


def test_writing_again_replaces_what_was_written_last(place, writer):
    engine = Engine(predict=writing)
    panel = place(engine)
    panel.view.fill("Hello.")
    panel.primary()
    until(lambda: panel.view.page.written() == 3 and panel.view.button.state == "ready")

    panel.view.again_button.click()
    until(lambda: engine.verbs().count("predict") == 2 and panel.view.button.state == "ready")

    assert panel.view.text() == "Hello. Once upon a time"


def test_writing_stops_at_once_and_keeps_what_came(place, writer):
    def predict(handle, prompt, options):
        while True:
            time.sleep(0.002)
            yield Predicted(Token("la ", 0.5, 1))

    panel = place(Engine(predict=predict))
    panel.primary()
    until(lambda: panel.view.page.written() > 2)

    panel.stop()

    assert panel.view.button.state == "ready" and not panel.view.page.isReadOnly()
    kept = panel.view.text()
    until(lambda: not panel._jobs.is_busy)
    assert panel.view.text() == kept


def test_a_written_word_tells_its_probability(place, writer):
    panel = place(Engine(predict=writing))
    panel.view.fill("Hello.")
    panel.primary()
    until(lambda: panel.view.page.written() == 3)

    page = panel.view.page
    assert page.token_at(0) is None and page.token_at(7).text == " Once"
    page.pointed.emit(page.token_at(7))

    assert panel.view.token.text() == "“␣Once” was 50 % likely."
    assert answers(panel) == ["“␣Once”", "“␣no”"]


def test_the_persons_words_are_not_tinted(place, writer):
    from PySide6.QtTest import QTest

    panel = place(Engine(predict=writing))
    panel.primary()
    until(lambda: panel.view.page.written() == 3 and panel.view.button.state == "ready")

    QTest.keyClicks(panel.view.page, "!")

    assert panel.view.text().endswith("!") and panel.view.page.token_at(len(panel.view.text()) - 1) is None


def test_a_whole_file_is_answered(place, classifier, tmp_path):
    engine = Engine()
    panel = place(engine)

    panel.open_file(tmp_path / "texts.csv")
    until(lambda: panel.file_sheet.dataset is not None)
    assert panel.file_sheet.columns.choices["text"].current() == "text"
    panel.primary()
    until(lambda: panel.file_sheet.done.isVisible())

    assert engine.asked[-1][1]["out"] == str(tmp_path / "texts-answers.csv")
    assert engine.asked[-1][1]["options"] == {"columns": {"text": "text"}, "bom": False}
    assert panel.file_sheet.done.sentence.text() == "2 rows written to texts-answers.csv."
    panel.stop()
    assert panel.deck.current() is panel.view


def test_rows_of_a_file_without_an_answer_are_said(place, classifier, tmp_path):
    lacks = Remark(code="rows-blank", message="{count} rows have no answer.", count=2)

    def predict_file(handle, path, out, options):
        yield Finished(FileResult(rows=5, out=out, unanswered=2, remarks=(lacks,)))

    panel = place(Engine(predict_file=predict_file))
    panel.open_file(tmp_path / "texts.csv")
    until(lambda: panel.file_sheet.dataset is not None)
    panel.primary()
    until(lambda: panel.file_sheet.done.isVisible())

    assert panel.file_sheet.done.sentence.text() == "5 rows written to texts-answers.csv."
    assert panel.file_sheet.done.hint.text() == "2 rows have no answer."
    assert panel.file_sheet.done.hint.isVisible()


def test_the_file_itself_is_never_replaced(place, classifier, tmp_path):
    panel = place(Engine())
    panel.open_file(tmp_path / "texts.csv")
    until(lambda: panel.file_sheet.dataset is not None)

    panel.file_sheet.write_to(tmp_path / "texts.csv")
    panel.primary()

    assert panel.file_sheet.problem.error.code == "same-file"
    (tmp_path / "a.csv").touch()
    assert free_file(tmp_path / "a.csv") == tmp_path / "a-2.csv"


def test_a_file_at_work_can_be_stopped(place, classifier, tmp_path):
    def predict_file(handle, path, out, options):
        while True:
            time.sleep(0.002)
            yield Progress("Answering rows", 1, 2)

    panel = place(Engine(predict_file=predict_file))
    panel.open_file(tmp_path / "texts.csv")
    until(lambda: panel.file_sheet.dataset is not None)
    panel.primary()
    until(lambda: panel.file_sheet.progress.bar.share() == 0.5)

    panel.stop()
    until(lambda: not panel.file_sheet.is_busy)

    assert panel.file_sheet.button.state == "ready" and not panel.file_sheet.done.isVisible()


def test_a_file_at_work_stays_in_sight_when_another_model_comes(place, classifier, tmp_path):
    def predict_file(handle, path, out, options):
        while True:
            time.sleep(0.002)
            yield Progress("Answering rows", 1, 2)

    engine = Engine(predict_file=predict_file)
    panel = place(engine)
    panel.open_file(tmp_path / "texts.csv")
    until(lambda: panel.file_sheet.dataset is not None and not panel.file_sheet.is_busy)
    panel.primary()
    until(lambda: panel.file_sheet.progress.bar.share() == 0.5)

    panel._session.set_model(make_model("Another one"))
    assert panel.deck.current() is panel.file_sheet and classifier.name in panel.file_sheet.title.text()
    panel.open_file(tmp_path / "more.csv")
    assert panel.file_sheet.problem.error.code == "still-answering" and panel.file_sheet.is_answering
    panel._session.set_model(None)
    assert panel.deck.current() is panel.file_sheet
    panel._session.set_model(make_model("Another one"))

    panel.stop()
    until(lambda: not panel.file_sheet.is_busy)
    panel.stop()
    assert panel.deck.current() is panel.view
    panel.file_button.click()
    assert "Another one" in panel.file_sheet.title.text() and not panel.file_sheet.done.isVisible()


def test_code_can_be_copied_for_the_text_at_hand(place, classifier):
    panel = place(Engine())
    panel.view.fill("where is it")

    panel.code_button.click()

    assert '"where is it"' in panel.code_sheet.code.toPlainText()
    panel.stop()
    assert panel.deck.current() is panel.view


def test_without_a_model_the_place_teaches(place):
    engine = Engine()
    panel = place(engine)

    assert panel.empty.isVisible() and panel.empty.title.text() == "Here you try a model."
    assert not panel.file_button.isVisible() and engine.asked == []


def test_long_beginnings_end_sooner_where_the_window_is_small(place, writer):
    options = {"prompts": "|".join(["却说曹操引兵追赶" * 9, "Once upon a time " * 9])}
    panel = place(Engine(predict=writing))
    panel._session.set_model(replace(writer, recipe={"options": options}))
    panel.resize(1024 - 208, 640)  # beside the sidebar of the smallest window
    until(lambda: panel.view.isVisible() and panel.view.width() <= panel.width())

    assert panel.view.minimumSizeHint().width() < panel.width() - 100


def test_the_model_that_was_used_is_used_again_after_a_restart_though_there_is_a_newer_one(place, shown, classifier):
    newer = replace(make_model("Newer"), created="2026-02-02T00:00:00+00:00")
    save_facts(newer)
    panel = place(Engine())
    panel._session.set_model(classifier)
    panel._session.save()

    session = Session(Settings())
    shown(PlaygroundPanel, session, Engine())  # as the window shows its last place, before it opens what was open
    assert session.model.folder == classifier.folder

    session.set_model(None)
    shown(PlaygroundPanel, session, Engine())
    assert session.model.folder == newer.folder


def test_a_written_text_stands_there_again_after_a_restart(place, shown, writer):
    panel = place(Engine(predict=writing))
    panel.view.fill("Long ago.")
    panel.view.primary()
    until(lambda: panel.view.page.written() == 3 and panel.view.button.state == "ready")
    panel._session.save()

    again = shown(PlaygroundPanel, Session(Settings()), Engine(predict=writing))

    assert again.view.text() == "Long ago. Once upon a time"
    assert again.view.page.state()["written"] == [[9, 26]]
    assert again.view.page.token_at(12) is None  # how likely it was is not known any more
    again.view.primary()  # and the model goes on from there
    until(lambda: again.view.button.state == "ready" and again.view.text().endswith("time Once upon a time"))


def test_beginnings_are_offered_to_an_empty_page_only(place, writer):
    view = place(Engine(predict=writing)).view
    offering = replace(writer, recipe={"options": {"prompts": "Once|Long ago"}})
    view.set_model(offering, ())
    assert not view._beginnings_row.isHidden()

    view.fill("Long ago.")
    view.set_model(offering, ())  # as after a restart: the text stands there before its model is open
    assert view._beginnings_row.isHidden()


def test_what_was_typed_for_a_classifier_stands_there_again_and_is_answered(place, shown, classifier):
    panel = place(Engine())
    panel.view.editor.setPlainText("where is it")
    panel._session.save()

    again = shown(PlaygroundPanel, Session(Settings()), Engine())

    assert again.view.text() == "where is it"
    until(lambda: answers(again))


def test_a_written_text_can_be_copied_and_saved(place, writer, tmp_path, monkeypatch):
    panel = place(Engine())
    assert not panel.view.copy_button.isEnabled() and not panel.view.save_button.isEnabled()
    panel.view.fill("Long ago.\nThe end.")

    panel.view.copy_button.click()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "story.txt"), ""))
    panel.view.save_button.click()

    assert QApplication.clipboard().text() == "Long ago.\nThe end."
    assert (tmp_path / "story.txt").read_text(encoding="utf-8") == "Long ago.\nThe end."


def test_a_text_that_cannot_be_saved_is_said_in_the_page_and_a_saved_one_in_a_toast(place, writer, tmp_path):
    panel = place(Engine())
    panel.view.fill("Long ago.")
    told = []
    panel._session.toast_requested.connect(lambda words, undo: told.append(words))
    (tmp_path / "file").write_text("in the way")

    panel.view.save(tmp_path / "file" / "story.txt")
    assert panel.problem.isVisible() and panel.problem.error.code == "in-the-way"
    assert not told
    panel.view.save(tmp_path / "story.txt")

    assert not panel.problem.isVisible()
    assert told == [f"Written to {tmp_path / 'story.txt'}."]
