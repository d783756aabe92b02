"""Evaluate: the report at once, rows behind every number, another file, export."""

import csv
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from slm_studio.core import codec, files
from slm_studio.core.dataset import Column, Dataset, ReadReport, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Progress
from slm_studio.core.report import CaseReader, Wanted, read_report
from slm_studio.core.results import Baseline, ClassScore, Metric, Opened, Report
from slm_studio.core.saved import open_saved
from slm_studio.core.settings import Settings
from slm_studio.core.verdict import verdict_of_report
from slm_studio.ui.evaluate.cases_card import CasesCard
from slm_studio.ui.evaluate.figures import figures
from slm_studio.ui.evaluate.panel import EvaluatePanel
from slm_studio.ui.evaluate.report_words import where_scored
from slm_studio.ui.parts import exporting
from slm_studio.ui.shell.session import Session
from tests.ui.places import classify_report, make_model, until, write_report


@pytest.fixture
def place(shown):
    """Return a function that shows the panel with a `run`."""
    return lambda run=None: shown(EvaluatePanel, Session(Settings()), run or (lambda verb, **arguments: iter(())))


def scored(**changes):
    """Make a model with a report."""
    model = make_model()
    classify_report(Path(model.folder) / "report", **changes)
    return model


def dataset(*columns: str) -> Dataset:
    return Dataset(
        id="d", name="other.csv", source="", folder="", rows=2, held_out={}, fingerprint="f", created="",
        columns=tuple(Column(name=name, kind="text", filled=2, distinct=2) for name in columns), report=ReadReport(format="csv"),
    )  # fmt: skip


def engine(tmp_path, columns=("text", "category"), asked=None):
    """Return a `run` that reads, opens and evaluates."""

    def run(verb, **arguments):
        if asked is not None:
            asked.append((verb, arguments))
        if verb == "read":
            yield Finished(dataset(*columns))
        elif verb == "open":
            yield Finished(Opened(handle="h", task="classify", device="cpu", seconds=0.1))
        else:
            yield Progress("Checking held-out rows", 1, 2)
            classify_report(tmp_path / "other", dataset="other.csv")
            yield Finished(read_report(tmp_path / "other"))

    return run


def test_the_newest_models_report_shows_at_once(place):
    scored()

    panel = place()

    assert panel.title.text() == "Support tickets · LSTM small"
    assert panel.header.facts.text() == "on tickets.csv, 5 rows it has never seen"
    shown = [(stat.name.text(), stat.value.text(), stat.second.text()) for stat in panel.figures.stats()]
    assert shown[0] == ("accuracy", "0.600", "0.231 – 0.882, 95 %")
    assert (
        shown[2][0] == "most frequent label / TF-IDF + linear"
        and shown[2][2] == "no difference shown to TF-IDF + linear"
    )
    assert shown[3] == ("calibration error", "0.021", "good: 0.9 means about 9 in 10")


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("better", "better than TF-IDF + linear"),
        ("worse", "worse than TF-IDF + linear: sometimes a neural net is not needed"),
    ],
)
def test_a_simple_method_that_is_as_good_is_named(place, verdict, sentence):
    scored(verdict=verdict)

    panel = place()

    assert panel.figures.stats()[2].second.text() == sentence


def test_what_the_numbers_do_not_say_stands_above_them(place):
    cut = Remark(
        code="texts-cut",
        message="{count} of {texts} texts {count:is|are} longer than {limit} tokens; the model reads their beginning only.",
        count=80,
        values={"count": 80, "texts": 80, "limit": 16},
    )
    scored(remarks=(cut,))

    panel = place()

    assert panel.remarks.isVisible()
    assert panel.remarks.sentence.text() == (
        "80 of 80 texts are longer than 16 tokens; the model reads their beginning only."
    )


@pytest.mark.parametrize(
    ("code", "count", "tone"), [("texts-cut", 1, "plain"), ("texts-cut", 50, "warning"), ("rows-unlabelled", 50, "plain"), ("searched-among", 50, "plain"), ("labels-unseen", 1, "warning")]
)  # fmt: skip
def test_a_fact_beside_the_numbers_is_no_warning(place, code: str, count: int, tone: str) -> None:
    scored(remarks=(Remark(code=code, message="{count} of {texts}", count=count, values={"texts": 100}),))

    assert place().remarks.property("tone") == tone


def test_a_report_without_remarks_shows_no_empty_banner(place):
    scored()

    assert not place().remarks.isVisible()


def test_the_surest_mistakes_stand_first(place):
    scored()

    panel = place()

    assert [case.text("text") for case in panel.cases.cases()] == ["where is my money", "the parcel came back"]
    assert panel.cases.state.text() == "2 rows"


def test_a_cell_opens_its_rows_and_the_filter_can_be_cleared(place):
    scored()
    panel = place()

    panel.confusion.matrix.cell_opened.emit("refund", "billing")

    assert [case.text("text") for case in panel.cases.cases()] == ["where is my money"]
    assert panel.cases.filtered.text() == "true refund, predicted billing: 1 row"
    panel.cases.clear_button.click()
    assert len(panel.cases.cases()) == 2


def test_rows_are_found_by_label_and_words(place):
    scored()
    panel = place()

    panel.cases.show_label("refund")
    until(lambda: len(panel.cases.cases()) == 3)
    panel.cases.search.setText("BACK")
    panel.cases.search.searched.emit("BACK")
    assert [case.text("text") for case in panel.cases.cases()] == ["the parcel came back", "give it back"]
    panel.cases.search.searched.emit(panel.cases.search.setText("zebra") or "zebra")
    assert panel.cases.state.text() == "No row is like this."


def test_labels_are_sorted_weakest_first_and_by_any_column(place):
    scored()
    panel = place()

    assert panel.classes.labels() == ["refund", "billing", "delivery"]
    panel.classes.sort_by(4)
    panel.classes.sort_by(4)
    assert panel.classes.labels()[0] == "refund"
    assert panel.classes.model.headerData(4, panel.classes.table.horizontalHeader().orientation()) == "rows ▾"
    panel.classes.label_opened.emit("billing")
    assert {case.text("label") for case in panel.cases.cases()} == {"billing"}


def test_a_writing_models_numbers_are_explained(place):
    model = make_model("alice", "write", reads="book")
    write_report(Path(model.folder) / "report")

    panel = place()

    assert panel.header.facts.text() == "on alice.txt, 1,406 bytes of text it has never seen"
    assert panel.figures.stats()[0].second.text() == "as unsure as between 6.8 tokens\n6.10 – 7.79, 95 %"
    assert [row.cells[0] for row in panel.writing.model.rows()] == ["this model", "token counts", "xz"]
    assert "less than the compressor xz" in panel.writing.meaning.text()
    assert panel.cases.title.text() == "Most surprising passages"
    assert panel.confusion.isHidden() and panel.classes.isHidden()


def test_another_file_is_scored_and_its_own_report_comes_back(place, tmp_path):
    scored()
    asked = []
    panel = place(engine(tmp_path, asked=asked))

    panel.open_file(Path("/data/other.csv"))
    until(lambda: panel.other.isVisible())

    assert [verb for verb, _ in asked] == ["read", "open", "evaluate"]
    assert panel.header.facts.text() == "on other.csv, 5 rows"
    panel.other.action.click()
    assert panel.header.facts.text() == "on tickets.csv, 5 rows it has never seen"


def test_columns_are_asked_for_where_the_file_has_others(place, tmp_path):
    scored()
    asked = []
    panel = place(engine(tmp_path, ("note", "team"), asked))

    panel.open_file(Path("/data/other.csv"))
    until(lambda: panel.score_card.sentence.isVisible())
    assert sorted(panel.score_card.roles().values()) == ["note", "team"], "none is proposed twice"
    panel.score_card._choices["label"].choose("team")
    panel.score_card.button.click()
    until(lambda: panel.other.isVisible())

    assert asked[-1][1]["roles"] == {"text": "note", "label": "team"}


def test_what_goes_wrong_is_said_in_place(place):
    def run(verb, **arguments):
        raise StudioError("no-rows", "“{file}” holds no rows.", "Choose another file.", file="other.csv")
        yield

    scored()
    panel = place(run)

    panel.open_file(Path("/data/other.csv"))
    until(lambda: panel.score_card.problem.isVisible())

    assert panel.score_card.problem.error.code == "no-rows"
    assert panel.report.dataset == "tickets.csv"


def test_scoring_can_be_stopped(place):
    def run(verb, **arguments):
        while True:
            time.sleep(0.002)
            yield Progress("Reading rows", 1, 2)

    scored()
    panel = place(run)
    panel.open_file(Path("/data/other.csv"))
    until(lambda: panel.score_card.progress.bar.share() > 0)

    panel.stop()
    until(lambda: not panel.score_card.is_busy)

    assert panel.score_card.sentence.text() == "Stopped."


def test_everything_can_be_exported(place, tmp_path):
    scored()
    panel = place()

    panel.export("classes", tmp_path / "labels.csv")
    panel.export("cases", tmp_path / "rows.csv")
    panel.export("report", tmp_path / "report.json")

    labels, rows = (
        list(csv.DictReader((tmp_path / name).read_text(encoding="utf-8-sig").splitlines()))
        for name in ("labels.csv", "rows.csv")
    )
    assert labels[1] == {"label": "refund", "precision": "1.0", "recall": "0.33", "f1": "0.5", "rows": "3"}
    assert rows[0]["text"] == "where is my money" and len(rows) == 5
    assert json.loads((tmp_path / "report.json").read_text())["folder"] == ""


def test_an_export_that_cannot_be_written_is_said(place, tmp_path):
    scored()
    panel = place()
    (tmp_path / "file").write_text("")

    panel.export("classes", tmp_path / "file" / "labels.csv")

    assert panel.problem.isVisible()


def test_without_a_model_the_place_teaches(place):
    panel = place()
    visited = []
    panel._session.place_requested.connect(visited.append)

    assert panel.empty.isVisible() and panel.empty.title.text() == "Here you see how good a model is."
    panel.empty.action.click()
    panel.empty.second.click()
    assert visited == ["train", "data"]


def test_a_model_without_a_report_can_be_scored(place):
    make_model()

    panel = place()

    assert panel.unscored.isVisible() and panel.header.facts.text() == "not scored yet"


def test_a_damaged_report_is_said_not_shown(place):
    model = scored()
    (Path(model.folder) / "report" / "report.json").write_text("{")

    panel = place()

    assert panel.problem.isVisible() and panel.unscored.isVisible()


def test_rows_are_read_page_by_page(tmp_path):
    classify_report(tmp_path)
    reader = CaseReader(tmp_path, Wanted())

    pages = [len(reader.read(2, 1.0)) for _ in range(3)]

    assert pages == [2, 2, 1] and reader.is_over


def test_damaged_lines_cost_one_row(tmp_path):
    classify_report(tmp_path)
    with (tmp_path / "cases.jsonl").open("ab") as stream:
        stream.write(b'{"row": 1}\n\xff\n[1]\n')

    assert len(CaseReader(tmp_path, Wanted()).read(100, 1.0)) == 5


@pytest.mark.parametrize(
    ("bits", "sentence"),
    [(4.5, "no more than how often"), (2.7, "less than the compressor"), (2.0, "better than a compressor")],
)
def test_bits_per_byte_are_seen_beside_simple_methods(tmp_path, bits, sentence):
    report = write_report(tmp_path)

    report = replace(report, metrics=(Metric(key="bits_per_byte", value=bits),))

    assert sentence in verdict_of_report(report).sentence


def test_the_rows_keep_to_their_height_when_the_zoom_goes_back(theme) -> None:
    theme.set_zoom(1.5)
    card = CasesCard()
    large = card.minimumHeight()

    theme.zoom_reset()

    assert card.minimumHeight() == CasesCard().minimumHeight() < large


def test_rows_whose_labels_training_never_saw_stand_among_the_figures(tmp_path):
    report = classify_report(tmp_path / "report")
    strange = replace(report, facts=report.facts | {"unseen_rows": 2.0, "unseen_labels": 1.0})

    assert [(each.value, each.second()) for each in figures(strange) if each.name() == "rows with unseen labels"] == [
        ("2", "of 5: training never saw their labels, so they count as wrong")
    ]
    assert "rows with unseen labels" not in [each.name() for each in figures(report)]


def test_what_is_compared_by_other_measures_stands_in_cards_of_its_own(tmp_path):
    loss, likeness = Metric(key="answer_loss", value=2.4), Metric(key="chrf", value=0.3)
    report = Report(
        task="chat", model="m", dataset="d", split="test", rows=9, metrics=(loss, likeness), folder=str(tmp_path),
        baselines=(
            Baseline(key="nearest", metrics=(replace(likeness, value=0.25),), seconds=1, verdict="none"),
            Baseline(key="base", metrics=(replace(loss, value=2.3),), seconds=1, verdict="worse"),
        ),
    )  # fmt: skip

    nearest, base = figures(report)[-2:]

    assert (nearest.name(), nearest.value) == ("nearest question", "0.250")
    assert (base.name(), base.value) == ("its base, untouched", "2.300")
    assert base.second() == "loss on answers\nworse than its base, untouched", (
        "that a net is not needed is no word for a net"
    )


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_figures_saved_to_a_link_are_written_where_it_leads(tmp_path):
    report = classify_report(tmp_path / "report")
    for name, write in (("classes.csv", exporting.write_classes), ("report.json", exporting.write_report)):
        (tmp_path / name).symlink_to(f"real-{name}")

        write(report, tmp_path / name)

        assert (tmp_path / name).is_symlink()
        assert (tmp_path / f"real-{name}").stat().st_size > 0


def span_report(folder: Path) -> Report:
    """Write a report of a task that marks words: two rows, one of them wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    ada, rome = {"start": 0, "end": 3, "label": "PER"}, {"start": 9, "end": 13, "label": "LOC"}
    rows = [
        {"row": 1, "text": "Bob is in Rome", "tags": [{"start": 0, "end": 3, "label": "PER"}], "predicted": [], "loss": 2.5, "right": False},
        {"row": 0, "text": "Ada is, Rome", "tags": [ada, rome], "predicted": [ada, rome], "loss": 0.1, "right": True},
    ]  # fmt: skip
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    kinds = {"correct": 2.0, "missed": 1.0, "boundary": 0.0, "wrong_type": 0.0, "both_wrong": 0.0, "spurious": 0.0}
    facts = {f"{kind}:PER": value for kind, value in kinds.items()} | {
        f"entity_f1_{kind}": 0.8 for kind in ("exact", "type", "partial")
    }
    report = Report(
        task="tag", model="names", dataset="names.conll", split="test", rows=2, facts=facts,
        metrics=(Metric(key="entity_f1", value=0.8), Metric(key="entity_precision", value=1.0)),
        per_label=tuple(ClassScore(label=label, precision=1.0, recall=0.5, f1=0.67, support=2) for label in ("LOC", "PER")),
    )  # fmt: skip
    files.write_json(folder / "report.json", codec.to_json(report))
    return report


def test_a_report_of_marks_shows_its_rows_with_the_marks(place):
    model = make_model("names", "tag", labels=["O", "B-PER", "I-PER"])
    span_report(Path(model.folder) / "report")

    panel = place()

    assert panel.cases.title.text() == "Mistakes first"
    assert [case.row for case in panel.cases.cases()] == [1]
    assert [panel.cases.model.index(0, at).data() for at in range(4)] == ["Bob is in Rome", "Bob: PER", "", "2.50"]
    panel.cases.show_label("LOC")
    assert [case.row for case in panel.cases.cases()] == [0]
    _, cells = panel.cases._whole_row(0)
    assert [str(text) for _, text in cells] == ["Ada is, Rome", "Ada is, Rome", "Ada is, Rome", "0.10"]


def test_what_became_of_the_names_stands_below(place):
    model = make_model("names", "tag", labels=["O", "B-PER", "I-PER"])
    span_report(Path(model.folder) / "report")

    panel = place()
    card = panel.own_cards["tag"][0]

    assert [card.model.index(0, at).data() for at in range(7)] == ["PER", "2", "0", "0", "0", "1", "0"]
    assert "With the right words under any label it would be 0.800" in card.lenient.text()
    assert panel.classes.model.headerData(4, Qt.Orientation.Horizontal) == "marked"
    classify_report(Path(make_model("other").folder) / "report")
    panel._session.set_model(open_saved(Path(model.folder).parent / "other"))
    assert card.isHidden()


def test_rows_of_any_task_are_exported_as_they_are(tmp_path):
    report = replace(span_report(tmp_path / "report"), folder=str(tmp_path / "report"))

    exporting.write_cases(report, tmp_path / "rows.csv")

    rows = list(csv.DictReader((tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert list(rows[0]) == ["row", "text", "tags", "predicted", "loss", "right"]
    assert json.loads(rows[1]["tags"])[1] == {"start": 9, "end": 13, "label": "LOC"}


def test_rows_of_a_task_that_is_not_known_here_are_shown_as_they_are(tmp_path):
    report = replace(span_report(tmp_path), task="juggle", per_label=(), folder=str(tmp_path))
    card = CasesCard()

    card.set_report(report)

    assert card.model.columnCount() == 5 and card.model.index(0, 0).data() == "Bob is in Rome"


def test_rows_that_stayed_elsewhere_are_a_line_and_a_report_without_rows_has_no_card(theme, tmp_path):
    card = CasesCard()
    report = replace(classify_report(tmp_path / "report"), folder=str(tmp_path / "report"))
    card.set_report(report)
    assert card.is_needed and not card.pages.isHidden() and not card.search.isHidden()

    (tmp_path / "report" / "cases.jsonl").write_text("", encoding="utf-8")
    card.set_report(report)
    assert not card.is_needed

    (tmp_path / "report" / "cases.jsonl").unlink()
    card.set_report(report)
    assert card.is_needed and card.pages.isHidden() and card.search.isHidden() and card.minimumHeight() == 0
    assert "not on this computer" in card.state.text()

    card.set_report(replace(classify_report(tmp_path / "report"), folder=str(tmp_path / "report")))
    assert not card.pages.isHidden() and card.minimumHeight() > 0


def test_rows_that_were_learnt_as_well_are_not_called_unseen(tmp_path):
    report = replace(classify_report(tmp_path), remarks=(Remark(code="rows-known", message="", count=3),))

    assert where_scored(report, True) == "on tickets.csv, 5 rows held out"
    assert "bytes of text held out" in where_scored(replace(report, facts={"bytes": 1406.0}), True)
