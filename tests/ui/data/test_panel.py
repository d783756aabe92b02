"""The Data place: what a person sees from the first file to rows that can be learnt from."""

import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import shiboken6
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from slm_studio.core.dataset import EXAMPLES, Column, Dataset, Finding, ReadOptions, ReadReport, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Progress
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import plan_of
from slm_studio.core.results import Evidence, RunnerUp, Suggestion
from slm_studio.core.settings import Settings
from slm_studio.ui.data.opened import Opened
from slm_studio.ui.data.panel import DataPanel
from slm_studio.ui.parts.run_words import recipe_sentence
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings

ROWS = [
    ("my card has not come", "card"),
    ("where is my card", "card"),
    ("refund the coffee", "money"),
    ("hello", "other"),
]


def make_dataset(folder: Path, name: str, rows: list[tuple[str, str]], remarks: tuple[Remark, ...] = ()) -> Dataset:
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table({"text": [text for text, _ in rows], "label": [label for _, label in rows]})
    with pa.OSFile(str(folder / "train.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    columns = (
        Column(name="text", kind="text", filled=len(rows), distinct=len(rows), examples=("hello",)),
        Column(name="label", kind="label", filled=len(rows), distinct=3, examples=("card",)),
    )
    return Dataset(
        id=folder.name, name=name, source=f"/home/me/{name}", folder=str(folder), columns=columns, rows=len(rows),
        held_out={}, fingerprint=folder.name, created="2026-01-01T00:00:00+00:00",
        report=ReadReport(format="csv", encoding="gb18030", delimiter=";", remarks=remarks),
    )  # fmt: skip


class Engine:
    """Answers every verb of Data at once, and remembers what it was asked."""

    def __init__(self, tmp_path: Path) -> None:
        short = Remark(
            code="rows-short",
            message="{count} rows have too few cells; the missing ones are empty.",
            count=2,
            rows=(4, 8),
        )
        self.dataset = make_dataset(tmp_path / "first", "tickets.csv", ROWS, (short,))
        self.cleaned = make_dataset(tmp_path / "second", "tickets.csv (cleaned)", ROWS[:3])
        self.asked: list[tuple[str, dict]] = []

    def run(self, verb: str, **arguments: object):
        self.asked.append((verb, arguments))
        return getattr(self, verb)(**arguments)

    def arguments(self, verb: str) -> list[dict]:
        return [arguments for each, arguments in self.asked if each == verb]

    def read(self, path: str, options: ReadOptions):
        if path.endswith(".exe"):
            raise StudioError("file-binary", "“{name}” holds no text.", "Export it as CSV.", name="a.exe")
        yield Progress("Reading", 1, 2)
        yield Finished(self.dataset)

    def suggest(self, dataset: Dataset, task: str):
        roles = {"text": "text"} | ({} if task == "write" else {"label": "label"})
        yield Finished(
            Suggestion(
                task=task or "classify",
                roles=roles,
                base="blank:bag-small" if task != "write" else "blank:llama-nano",
                reason="“{label}” repeats.",
                labels=3,
            )
        )

    def describe(self, dataset: Dataset, recipe: Recipe):
        lengths = {"edges": [0, 2, 3, 4], "counts": [1, 1, 2], "median": 3.0, "longest": 4}
        labels = {"card": 2, "money": 1, "other": 1} if "label" in recipe.roles else {}
        yield Finished({"labels": labels, "lengths": lengths, "token_lengths": lengths, "languages": {"en": 1.0}})

    def check(self, dataset: Dataset, recipe: Recipe):
        if dataset is self.cleaned:
            yield Finished(())
        yield Finished(
            (
                Finding(
                    code="duplicates",
                    message="{count} rows repeat an earlier one.",
                    cost="They weigh more.",
                    count=1,
                    rows=(1,),
                    fix="remove_duplicates",
                ),
            )
        )

    def clean(self, dataset: Dataset, steps: tuple[str, ...], recipe: Recipe):
        yield Finished(self.cleaned)


class Place:
    """A panel with its session and a fake engine."""

    def __init__(self, tmp_path: Path) -> None:
        self.engine = Engine(tmp_path)
        self.session = Session(Settings())
        self.jobs, self.trainings = Jobs(self.engine.run), Trainings(self.engine.run, Settings)
        self.toasts: list[tuple[str, object]] = []
        self.places: list[str] = []
        self.session.toast_requested.connect(lambda words, undo: self.toasts.append((words, undo)))
        self.session.place_requested.connect(self.places.append)
        self.panel = DataPanel(self.session, self.jobs, self.trainings)
        self.panel.desk._timer.setInterval(10)
        self.panel.resize(1000, 800)
        self.panel.show()

    def close(self) -> None:
        """End everything in this thread: a timer that the garbage collector ends in a worker's thread crashes Qt."""
        assert self.trainings.shutdown() and self.jobs.shutdown()
        self.session.save()
        shiboken6.delete(self.panel)

    def open(self, name: str = "/home/me/tickets.csv") -> None:
        self.panel.open_file(Path(name))
        self.settle()

    def settle(self) -> None:
        QTest.qWait(10)
        end = time.monotonic() + 15
        while time.monotonic() < end and (self.jobs.is_busy or self.panel.desk._timer.isActive()):
            QTest.qWait(10)
        QTest.qWait(5)  # what was just added is shown by the event loop

    def words(self) -> str:
        labels = [label for label in self.panel.findChildren(QLabel) if label.isVisible()]
        return "\n".join(label.text() for label in labels)


@pytest.fixture
def place(qapp, tmp_path):
    made = Place(tmp_path)
    yield made
    made.close()


def test_without_rows_it_says_what_belongs_here(place):
    assert "Drop a file with texts here" in place.words()
    assert not place.panel.train_button.isVisible()


def test_what_shows_rows_is_made_for_the_first_ones_however_early(place):
    assert place.panel.findChild(Opened) is None, "the first paint needs none of it"

    place.session.set_dataset(place.engine.dataset)

    assert place.panel.opened.isVisible()
    assert place.panel.opened.rows.model.rowCount() == 4


def test_what_shows_rows_can_be_made_before_there_are_any(place):
    place.panel.make_rest()

    assert not place.panel.findChild(Opened).isVisible()
    assert "Drop a file with texts here" in place.words()


def test_the_first_rows_that_are_gone_are_said(place):
    Path(place.engine.dataset.folder, "train.arrow").unlink()

    place.session.set_dataset(place.engine.dataset)

    assert place.panel.error.error.code == "dataset-gone"


def test_a_file_becomes_a_table_with_its_facts_in_words(place):
    place.open()

    assert place.panel.header.title.text() == "tickets.csv"
    assert (
        place.panel.header.facts.text()
        == "4 rows · GB18030, semicolon · 2 rows have too few cells; the missing ones are empty"
    )
    assert place.panel.opened.rows.model.rowCount() == 4


def test_the_guess_stands_as_a_sentence(place):
    place.open()

    assert place.panel.opened.sentence.text() == "Learn to classify text into 3 values of label more columns"
    assert place.panel.opened.sentence.split.text() == "guessed from the columns · 20 % held out, same label shares"
    assert place.session.recipe.roles == {"text": "text", "label": "label"}


def test_labels_and_lengths_are_shown(place):
    place.open()

    assert [bar.label for bar in place.panel.opened.overview.bars.bars()] == ["card", "money", "other"]
    assert "median 3 · longest 4" in place.words()  # whether tokens are cut is not known here where words are few


def test_an_error_stands_above_the_rows_of_before(place):
    place.open()
    place.open("/home/me/a.exe")

    assert "“a.exe” holds no text." in place.words() and "Export it as CSV." in place.words()
    assert place.panel.header.title.text() == "tickets.csv" and place.session.dataset == place.engine.dataset


def test_a_finding_is_mended_with_one_click_and_comes_back_with_undo(place):
    place.open()
    assert "1 rows repeat an earlier one." in place.words()

    place.panel.opened.findings.rows()[0].action.click()
    place.settle()

    assert place.session.dataset == place.engine.cleaned and place.session.recipe is not None
    assert place.engine.arguments("clean")[0]["steps"] == ("remove_duplicates",)
    words, undo = place.toasts[-1]
    assert words == "Remove duplicates · 1 row left out"

    undo()
    place.settle()
    assert place.session.dataset == place.engine.dataset and "1 rows repeat an earlier one." in place.words()


def test_another_role_changes_the_plan_and_the_columns_trade_places(place):
    place.open()
    place.panel.opened.sentence.role_chosen.emit("text", "label")
    place.settle()

    assert place.session.recipe.roles == {"text": "label", "label": "text"}
    assert place.panel.opened.sentence.split.text().startswith("chosen by you")


def test_another_task_asks_for_its_own_roles(place):
    place.open()
    place.panel.opened.sentence.task_chosen.emit("write")
    place.settle()

    assert place.session.recipe.task == "write"
    assert place.panel.opened.sentence.text() == "Learn to write like text more columns"  # a style
    assert place.panel.opened.overview.facts.isVisible() and not place.panel.opened.overview.labels.isVisible()


def test_a_label_shows_its_rows(place):
    place.open()
    place.panel.opened.overview.bars.label_clicked.emit("card")
    end = time.monotonic() + 15
    while place.panel.opened.rows.model.rowCount() != 2 and time.monotonic() < end:
        QTest.qWait(5)

    assert place.panel.opened.rows.model.rowCount() == 2
    place.panel.opened.rows.all_button.click()
    assert place.panel.opened.rows.model.rowCount() == 4


def test_rows_that_another_place_asks_for_are_shown(place):
    place.open()
    place.session.show_rows([1, 3])

    assert [place.panel.opened.rows.model.source_row(at) for at in range(place.panel.opened.rows.model.rowCount())] == [
        1,
        3,
    ]


def test_a_part_of_a_findings_rows_is_called_a_part(place):
    place.open()
    place.session.show_rows([1, 3])
    assert "2 rows of the finding" in place.words()

    place.session.show_rows(range(EXAMPLES))
    assert "The first 20 rows of the finding" in place.words()


def test_every_remark_can_be_read_and_the_file_read_differently(place):
    place.open()
    place.panel.opened.remarks.show()
    assert "2 rows have too few cells; the missing ones are empty.  (in rows 5, 9)" in place.words()

    place.panel.opened.remarks.encoding.choose("cp950")
    place.panel.opened.remarks.encoding.chosen.emit("cp950")
    place.settle()

    assert place.engine.arguments("read")[-1] == {
        "path": "/home/me/tickets.csv",
        "options": ReadOptions(encoding="cp950"),
    }


def test_how_a_file_was_read_is_not_said_over_the_next_one(place, tmp_path):
    place.open()
    place.panel.opened.remarks.show()
    place.panel.opened.split.show()
    place.panel.opened.remarks.reread_requested.emit(ReadOptions(encoding="big5"))
    place.settle()
    assert place.panel.opened.remarks.isVisible()  # it is the same file

    place.session.set_dataset(make_dataset(tmp_path / "third", "other.csv", ROWS))

    assert place.panel.opened.remarks.isHidden() and place.panel.opened.split.isHidden()


def test_a_cleaning_is_taken_back_and_done_again_until_another_file_is_opened(place):
    place.open()
    place.panel.desk.clean(("remove_duplicates",))
    place.settle()
    first, cleaned, changes = place.engine.dataset, place.engine.cleaned, place.session.changes
    assert place.panel.opened.undo_button.isVisible() and place.session.dataset == cleaned

    changes.undo()
    assert place.session.dataset == first and place.panel.opened.undo_button.isHidden()
    changes.redo()
    assert place.session.dataset == cleaned and place.panel.opened.undo_button.isVisible()

    place.engine.dataset = make_dataset(Path(first.folder).parent / "third", "other.csv", ROWS)
    place.open("/home/me/other.csv")
    assert place.panel.opened.undo_button.isHidden()  # nothing of the former file is left
    changes.undo()
    assert place.session.dataset == place.engine.dataset


def test_shares_are_changed_in_place(place):
    place.open()
    place.panel.opened.sentence.split.click()
    place.panel.opened.split.changed.emit({"validation_share": 0.2, "test_share": 0.3})

    assert "50 % held out" in place.panel.opened.sentence.split.text()


def test_train_a_model_leads_to_the_plan(place):
    place.open()
    place.panel.primary()

    assert place.places == ["train"] and place.session.run is None


def test_the_plan_of_a_dataset_comes_back_after_a_restart(place):
    place.open()
    place.panel.desk.set_knobs({"seed": 7})
    place.session.set_dataset(None)
    place.session.set_dataset(place.engine.dataset)
    place.settle()

    assert place.session.recipe.seed == 7


def test_stop_ends_the_reading_and_nothing_changes(place):
    def slow(path: str, options: ReadOptions):
        while True:
            time.sleep(0.005)
            yield Progress("Reading", 1, 2)

    place.engine.read = slow
    place.panel.open_file(Path("/home/me/big.csv"))
    end = time.monotonic() + 15
    while "Reading · 1 of 2" not in place.words() and time.monotonic() < end:
        QTest.qWait(10)
    assert place.panel.stop_button.isVisible() and "Reading · 1 of 2" in place.words()

    place.panel.stop()
    place.settle()
    assert not place.panel.stop_button.isVisible() and place.session.dataset is None


def test_a_guess_about_a_former_file_is_not_taken_for_this_one(place):
    suggest, former, now = place.engine.suggest, place.engine.dataset, place.engine.cleaned

    def guess(dataset: Dataset, task: str):
        for event in suggest(dataset, task):
            label = "gone" if dataset is former else "label"
            yield Finished(replace(event.result, roles={"text": "text", "label": label}))

    place.engine.suggest = guess
    place.session.set_dataset(former)
    time.sleep(0.2)  # its guess has come, and waits for the event loop
    place.session.set_dataset(now)
    place.settle()

    assert place.session.recipe.roles == {"text": "text", "label": "label"}


TWO = Evidence(contradictions=2, right=0.8, usual=0.4, rows=60)
MESSAGE = "“{column}” also fits: {contradictions} contradictions."
SEVERAL = Remark(
    code="several-labels", message="“{label}” joins several labels.", values={"label": "label", "labels": 4}
)


def also_fits(place, column: str = "text") -> None:
    """Let the engine's guess have a runner-up."""
    suggest = place.engine.suggest

    def guess(dataset: Dataset, task: str):
        for event in suggest(dataset, task):
            values = {"column": column, "contradictions": 2, "right": 80}
            other = RunnerUp(role="label", column=column, labels=3, evidence=TWO, message=MESSAGE, values=values)
            yield Finished(replace(event.result, runners_up=(other,), remarks=(SEVERAL,)))

    place.engine.suggest = guess


def test_runners_up_stand_below_the_sentence_one_click_away(place):
    also_fits(place)
    place.open()
    offered = place.panel.opened.sentence.runners_up.buttons

    assert {name: button.text() for name, button in offered.items()} == {}  # it plays a role already
    assert "“label” repeats. “label” joins several labels." in place.words()

    place.engine.dataset = replace(
        place.engine.dataset, id="three", fingerprint="three",
        columns=(*place.engine.dataset.columns, Column(name="team", kind="label", filled=4, distinct=2)),
    )  # fmt: skip
    also_fits(place, "team")
    place.open()
    assert offered["team"].text() == "team: 2 contradictions, 80 % guessed right"

    offered["team"].click()
    place.settle()
    assert place.session.recipe.roles == {"text": "text", "label": "team"}
    assert "joins several labels" not in place.words()
    assert list(offered) == ["label"] and offered["label"].text() == "label: as guessed"

    offered["label"].click()
    place.settle()
    assert place.session.recipe.roles == {"text": "text", "label": "label"}


def test_what_was_corrected_for_a_file_is_remembered_for_that_file(place):
    place.open()
    place.panel.opened.sentence.role_chosen.emit("text", "label")
    place.settle()
    place.session.set_dataset(place.engine.cleaned)
    place.settle()
    assert place.session.recipe.roles == {"text": "text", "label": "label"}

    place.open()

    assert place.session.recipe.roles == {"text": "label", "label": "text"}
    assert place.panel.opened.sentence.split.text().startswith("chosen by you")


def test_how_a_file_was_told_to_be_read_is_remembered_for_that_file(place):
    place.open()
    place.panel.opened.remarks.show()
    place.panel.opened.remarks.encoding.choose("cp950")
    place.panel.opened.remarks.encoding.chosen.emit("cp950")
    place.settle()

    place.open()
    place.open("/home/me/other.csv")

    assert [each["options"].encoding for each in place.engine.arguments("read")] == ["", "cp950", "cp950", ""]


def test_file_with_nothing_to_learn_says_so_and_does_not_train(place):
    def nothing(dataset: Dataset, task: str):
        yield Finished(Suggestion(task="", roles={}, base="", reason="No column holds text to learn from."))

    place.engine.suggest = nothing
    place.open()

    assert "No column holds text to learn from. Choose the columns yourself, or open another file." in place.words()
    assert not place.panel.train_button.isEnabled()
    assert not place.panel.opened.sentence.split.text().startswith("chosen by you")

    place.panel.opened.sentence.role_chosen.emit("text", "text")
    place.panel.opened.sentence.role_chosen.emit("label", "label")
    place.settle()
    assert place.panel.train_button.isEnabled()
    assert "No column holds text" not in place.words()


def test_count_that_is_a_cap_is_shown_as_one(place):
    text, label = place.engine.dataset.columns
    place.engine.dataset = replace(place.engine.dataset, columns=(text, replace(label, distinct=10_000)))

    place.open()

    assert place.panel.opened.sentence.text() == "Learn to classify text into 10,000+ values of label more columns"


def test_where_texts_are_cut_follows_the_plan_of_train(place):
    place.open()
    assert "is cut" not in place.panel.opened.overview.length_words.text()

    place.session.set_recipe(replace(place.session.recipe, max_length=2))
    QTest.qWait(5)

    assert "at 2 tokens 50 % is cut" in place.words()


def test_many_columns_are_measured_once_each(place, monkeypatch):
    """Laid out anew for every column, a table of 134 columns held the window for 20 seconds."""
    asked: list[int] = []
    table = place.panel.opened.rows.table
    monkeypatch.setattr(table, "_need", lambda column: asked.append(column) or 80)
    columns = tuple(Column(name=f"c{at}", kind="number", filled=4, distinct=4) for at in range(100))
    folder = Path(place.engine.dataset.folder)
    wide = pa.table({column.name: ["1"] * 4 for column in columns})
    with pa.OSFile(str(folder / "train.arrow"), "wb") as sink, pa.ipc.new_file(sink, wide.schema) as writer:
        writer.write_table(wide)

    place.panel.opened.rows.open(replace(place.engine.dataset, columns=columns), {})

    assert len(asked) <= 4 * len(columns)


def test_encoding_that_no_list_offers_stays_when_another_choice_is_made(place):
    place.panel.opened.remarks.show()
    place.panel.opened.remarks.show_report(place.engine.dataset, ReadOptions(encoding="big5", delimiter="::"))
    asked = []
    place.panel.opened.remarks.reread_requested.connect(asked.append)

    place.panel.opened.remarks.header.choose(False)
    place.panel.opened.remarks.header.chosen.emit(False)

    assert asked == [ReadOptions(encoding="big5", delimiter="::", header=False)]


def test_files_opened_together_are_read_together(place):
    place.panel.open_files([Path("/home/me/train.csv"), Path("/home/me/test.csv")])
    place.settle()

    asked = place.engine.arguments("read")[-1]
    assert asked["path"] == "/home/me/train.csv" and asked["options"].beside == ("/home/me/test.csv",)


def test_a_file_beside_is_offered_and_read_when_taken(place):
    report = replace(place.engine.dataset.report, offered={"test": "/home/me/test.csv"})
    place.engine.dataset = replace(place.engine.dataset, report=report)
    place.open()
    assert "“test.csv” lies beside this file" in place.words()

    place.engine.dataset = replace(place.engine.dataset, id="with-test", held_out={"test": 2})
    place.panel.offer.action.click()
    place.settle()

    assert place.engine.arguments("read")[-1]["options"] == ReadOptions(test="/home/me/test.csv")
    assert place.panel.offer.isHidden()


def test_another_sheet_is_read_when_chosen(place):
    report = ReadReport(format="xlsx", sheet="Texts", sheets=("Numbers", "Texts"))
    place.engine.dataset = replace(place.engine.dataset, report=report)
    place.open("/home/me/book.xlsx")
    place.panel.opened.remarks.show()
    assert "Excel, “Texts”" in place.panel.header.facts.text()
    assert place.panel.opened.remarks.sheet.isVisible() and place.panel.opened.remarks.sheet.current() == "Texts"

    place.panel.opened.remarks.sheet.choose("Numbers")  # as a click does, without its signal
    place.panel.opened.remarks.sheet.chosen.emit("Numbers")
    place.settle()

    assert place.engine.arguments("read")[-1]["options"] == ReadOptions(sheet="Numbers")


def test_what_is_dropped_on_the_start_page_goes_through_the_window(place):
    opened: list[object] = []
    place.session.paths_opened.connect(opened.append)

    place.panel.welcome.zone.dropped.emit((Path("/home/me/model.zip"),))

    assert opened == [(Path("/home/me/model.zip"),)]


def test_what_was_found_comes_back_with_the_columns(place):
    place.open()
    before = place.words()
    recipe = place.session.recipe
    place.session.set_recipe(replace(recipe, roles={}))
    place.settle()
    assert "Choose the columns first." in place.words()
    assert "guessed from the columns" not in place.words() and "chosen by you" not in place.words()

    place.session.set_recipe(recipe)
    place.settle()

    assert "Choose the columns first." not in place.words() and place.words() == before


def test_it_says_when_a_recipe_brought_its_task_along(place):
    place.open()
    place.session.set_recipe(plan_of("words", named="word2vec", roles={"text": "text"}))
    assert "by the recipe “Word2Vec 100/5”" in place.panel.opened.sentence.split.text()

    place.session.set_recipe(plan_of("words", roles={"text": "text"}))
    assert "chosen by you" in place.panel.opened.sentence.split.text()


def test_one_value_is_no_values(place):
    text, label = place.engine.dataset.columns
    place.engine.dataset = replace(place.engine.dataset, columns=(text, replace(label, distinct=1)))

    place.open()

    said = "Learn to classify text into 1 value of label"
    assert recipe_sentence(place.session.recipe, place.session.dataset) == said
    assert place.panel.opened.sentence.text() == f"{said} more columns"
