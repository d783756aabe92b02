"""Who decides: a slider beside what it brings on the scored rows, kept with the model."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slm_studio.core.moderation import person_of
from slm_studio.core.results import ClassScore, Metric, Report
from slm_studio.core.saved import SavedModel, open_saved, save_facts
from slm_studio.ui.tasks.classify.deciding import DecidingCard, alone_words


@pytest.fixture
def card(qapp):
    made = DecidingCard()
    made.show()
    yield made
    made.close()
    made.deleteLater()


def report_of(folder: Path, **facts: object) -> Report:
    """A model with 100 scored rows: 80 right ones of 0.97, 10 right and 10 wrong ones of 0.65."""
    (folder / "report").mkdir(parents=True)
    save_facts(
        SavedModel(folder=str(folder), name="m", task="classify", base="", facts={"labels": ["spam", "ham"], **facts})
    )
    rows = [(0.97, True)] * 80 + [(0.65, True)] * 10 + [(0.65, False)] * 10
    lines = [
        json.dumps({"row": n, "text": "x", "label": "spam", "predicted": "spam", "score": score, "right": right})
        for n, (score, right) in enumerate(rows)
    ]
    (folder / "report" / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Report(
        task="classify", model="m", dataset="d", split="test", rows=100, folder=str(folder / "report"),
        metrics=(Metric(key="caught", value=0.95, low=0.9, high=0.98), Metric(key="rightly_caught", value=0.5, low=0.4, high=0.6)),
        per_label=(ClassScore(label="spam", precision=1, recall=1, f1=1, support=1),),
    )  # fmt: skip


def test_it_says_what_is_left_to_a_person_and_how_right_the_rest_is(card, tmp_path: Path) -> None:
    card.set_report(report_of(tmp_path / "m"))
    assert card.alone.text().startswith("It answers every text, and 90.0 of 100 rightly (83 – 94")

    QTest.keyClick(card.slider, Qt.Key.Key_Right)  # 0.60
    QTest.keyClick(card.slider, Qt.Key.Key_Right)  # 0.70

    assert card.alone.text().startswith("Of 100 texts it answers about 80, and 100.0 of 100")
    assert "About 20 are for a person" in card.alone.text()


def test_what_is_chosen_stands_in_the_model_and_is_told(card, tmp_path: Path) -> None:
    told: list[SavedModel] = []
    card.settled.connect(told.append)
    report = report_of(tmp_path / "m", person={"below": 0.5512, "right": 0.9})
    card.set_report(report)
    assert card.slider.current() == "0.55"

    QTest.keyClick(card.slider, Qt.Key.Key_End)

    found = person_of(open_saved(tmp_path / "m").facts)
    assert found is not None and found.below > 1 and told[-1].facts["person"] == {"below": found.below}
    assert card.alone.text() == "All 100 scored rows are for a person."
    QTest.keyClick(card.slider, Qt.Key.Key_Home)
    assert person_of(open_saved(tmp_path / "m").facts) is None


def test_what_is_caught_is_said_with_what_it_costs(card, tmp_path: Path) -> None:
    catch = {"label": "spam", "recall": 0.95, "threshold": 0.2, "rows": 60}
    card.set_report(report_of(tmp_path / "m", catch=catch))

    assert card.caught.text() == (
        "It catches 95.0 of 100 texts with “spam” (90 – 98, 95 %). Where it says so, it is right 50.0 times of 100 (40 – 60)."
    )


def test_a_report_on_another_file_has_no_slider_and_others_no_card(card, tmp_path: Path) -> None:
    report = report_of(tmp_path / "m")
    (tmp_path / "m" / "report").rename(tmp_path / "elsewhere")
    card.set_report(
        Report(
            **{
                name: getattr(report, name)
                for name in ("task", "model", "dataset", "split", "rows", "metrics", "per_label")
            },
            folder=str(tmp_path / "elsewhere"),
        )
    )
    assert card.isVisible() and not card.slider.isVisible()

    card.set_report(Report(task="classify", model="m", dataset="d", split="test", rows=1, metrics=(), target="many"))
    assert card.isHidden()
    assert alone_words([(0.9, True)], 0.0).startswith("It answers every text")
