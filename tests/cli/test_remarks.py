"""Where a number means something else than it seems to, a sentence says so: finished, on the command line and in JSON."""

import re
from pathlib import Path

import pytest

from slm_studio.core.run import History, find_run
from tests.cli.commands import SMALL, Run, Told, messages, write_rows

LONG = " ".join(["so many words that nobody reads them all"] * 12)


def new_messages() -> list[tuple[str, str]]:
    """Return rows like those that were learnt, none of which was."""
    return [(f"{text} of {n}", label) for n, (text, label) in enumerate(messages(1), start=900)]


def remarks(told: Told) -> dict[str, str]:
    """Return the sentences of an evaluation by their codes."""
    return {str(each["code"]): str(each["message"]) for each in told.result["remarks"]}  # type: ignore[attr-defined]


def notes(told: Told) -> dict[str, str]:
    """Return the sentences said on the way by their codes."""
    return {str(line["code"]): str(line["message"]) for line in told.lines if line.get("event") == "note"}


@pytest.fixture
def model(run: Run, tmp_path: Path) -> Path:
    rows = write_rows(tmp_path / "rows.csv", messages())
    assert run("train", rows, *SMALL, "--out", tmp_path / "model").code == 0
    return tmp_path / "model"


def test_labels_that_differ_by_case_or_a_blank_are_said_to(run: Run, model: Path, tmp_path: Path) -> None:
    rows = [(text, {"refund": "Refund", "product": "product "}.get(label, label)) for text, label in new_messages()]
    told = run("evaluate", model, write_rows(tmp_path / "test.csv", rows))

    assert set(remarks(told)) == {"labels-unseen", "labels-unscored"}
    assert remarks(told)["labels-unseen"].startswith("8 of 12 ")
    assert "have a label that training knows under another spelling" in remarks(told)["labels-unseen"]
    assert "“Refund”" in remarks(told)["labels-unseen"]
    assert notes(told) == remarks(told)
    said = run("evaluate", model, tmp_path / "test.csv", as_json=False)
    assert remarks(told)["labels-unseen"] in said.err


def test_labels_that_training_never_saw_are_counted_and_named(run: Run, model: Path, tmp_path: Path) -> None:
    told = run("evaluate", model, write_rows(tmp_path / "t.csv", [*new_messages(), ("foo", "new"), ("bar", "other")]))

    assert set(remarks(told)) == {"labels-unseen"}
    assert remarks(told)["labels-unseen"].startswith("2 of 14 ")
    assert "have a label that training never saw" in remarks(told)["labels-unseen"]


def test_a_file_that_fits_needs_no_word(run: Run, model: Path, tmp_path: Path) -> None:
    assert remarks(run("evaluate", model, write_rows(tmp_path / "t.csv", new_messages()))) == {}


def test_a_label_of_which_no_row_was_scored_is_said_after_training(run: Run, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv", [*messages(25), ("a rare thing", "rare"), ("a rarer thing", "rare")])

    told = run("train", rows, *SMALL)

    assert told.result["metrics_on"] == "test"
    assert notes(told)["labels-unscored"] == (
        "1 of 4 labels has no row among those that were scored (“rare”): the scores say nothing of it."
    )


@pytest.mark.parametrize("base", ["blank:bag-nano", "blank:lstm-nano"])
def test_texts_that_are_cut_are_counted_in_training_and_in_scoring(run: Run, tmp_path: Path, base: str) -> None:
    rows = write_rows(tmp_path / "rows.csv", [(f"{LONG} {text}", label) for text, label in messages()])
    short = write_rows(tmp_path / "short.csv", messages(1))

    told = run("train", rows, "--base", base, *SMALL[2:], "--max-length", "16", "--out", tmp_path / "model")

    learnt = int(re.match(r"\d+", notes(told)["texts-cut"])[0])  # type: ignore[index]
    assert 5 < learnt <= 60  # the last word is that of the rows that are scored
    assert "texts are longer than 16 tokens; the model reads their beginning only." in notes(told)["texts-cut"]
    whole = [line for line in told.lines if line.get("code") == "texts-cut"]
    assert [line["values"]["count"] == line["values"]["texts"] for line in whole] == [True, True]  # learnt, and scored
    assert "60 of 60" in remarks(run("evaluate", tmp_path / "model", write_rows(tmp_path / "new.csv", [(f"{LONG} {n}", "refund") for n in range(60)])))["texts-cut"]  # fmt: skip
    assert ("texts-cut" in remarks(run("evaluate", tmp_path / "model", short))) == (base == "blank:bag-nano")


def test_no_line_of_json_holds_a_template(run: Run, model: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv", [*messages(), ("double", "refund"), ("double", "refund"), ("x", "")])
    for words in (
        ("train", rows, *SMALL),
        ("evaluate", model, rows),
        ("check", rows),
        ("read", rows),
        ("predict", model, "--file", rows, "--out", tmp_path / "out.csv"),
        ("clean", rows, "--steps", "remove_duplicates", "--out", tmp_path / "clean.csv"),
    ):
        for line in run(*words).lines:
            assert not _templates(line), line


def _templates(value: object, key: str = "") -> list[str]:
    """Return the sentences below a value that still hold a {name}."""
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in _templates(item, str(name))]
    if isinstance(value, list):
        return [found for item in value for found in _templates(item, key)]
    return [value] if isinstance(value, str) and re.search(r"\{\w+(:[^{}]*)?\}", value) else []


def test_the_history_keeps_templates_so_that_the_window_can_say_them_in_any_language(run: Run, tmp_path: Path) -> None:
    told = run("train", write_rows(tmp_path / "rows.csv", messages()), *SMALL)

    lines = list(History(find_run(str(told.result["run"])).path).lines())

    assert any("{threads}" in str(line.get("message")) for line in lines if line["event"] == "note")


def test_rows_without_a_label_are_counted_and_said(run: Run, model: Path, tmp_path: Path) -> None:
    some = [(text, "" if at % 3 == 0 else label) for at, (text, label) in enumerate(new_messages())]
    empty = sum(not label for _, label in some)
    told = run("evaluate", model, write_rows(tmp_path / "t.csv", some))

    assert remarks(told)["rows-unlabelled"] == f"{empty} rows have no label and were left out."
    assert notes(told)["rows-unlabelled"] == remarks(told)["rows-unlabelled"]

    rows = [(text, "" if at % 3 == 0 else label) for at, (text, label) in enumerate(messages())]
    told = run("train", write_rows(tmp_path / "r.csv", rows), *SMALL, "--out", tmp_path / "other")
    assert notes(told)["rows-unlabelled"].startswith(f"{sum(not label for _, label in rows)} rows have no label")


def test_rows_without_a_text_are_neither_learnt_nor_scored_and_said(run: Run, model: Path, tmp_path: Path) -> None:
    some = [("" if at % 3 == 0 else text, label) for at, (text, label) in enumerate(new_messages())]
    empty = sum(not text for text, _ in some)
    told = run("evaluate", model, write_rows(tmp_path / "t.csv", some))

    assert remarks(told)["rows-blank"] == f"{empty} rows have no text in “text” and were left out."
    assert notes(told)["rows-blank"] == remarks(told)["rows-blank"] and told.result["rows"] == len(some) - empty

    rows = [*messages(), (" ", "delivery")]
    told = run("train", write_rows(tmp_path / "r.csv", rows), *SMALL, "--out", tmp_path / "other")
    assert notes(told)["rows-blank"] == "1 row has no text in “text” and was left out."


def test_labels_that_training_learns_apart_by_case_or_a_blank_are_said(run: Run, tmp_path: Path) -> None:
    rows = [
        (text, label.upper() if label == "refund" and at % 2 else label) for at, (text, label) in enumerate(messages())
    ]

    told = run("train", write_rows(tmp_path / "r.csv", rows), *SMALL, "--out", tmp_path / "model")

    said = notes(told)["labels-alike"]
    assert said.startswith("2 labels differ") and "“refund”" in said and "“REFUND”" in said and "merge labels" in said


def test_labels_that_say_that_there_is_none_are_said(run: Run, tmp_path: Path) -> None:
    rows = [
        (text, ("nan", "N/A", label)[at % 8] if at % 8 < 2 else label) for at, (text, label) in enumerate(messages())
    ]

    told = run("train", write_rows(tmp_path / "r.csv", rows), *SMALL, "--out", tmp_path / "model")

    said = notes(told)["labels-nothing"]
    assert "“nan”" in said and "“N/A”" in said and "learnt as labels all the same" in said
    assert not any(f"“{label}”" in said for _, label in messages())


def test_test_rows_that_were_learnt_are_said_with_the_score_and_on_the_card(run: Run, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv", messages())

    told = run("train", rows, *SMALL, "--validation", rows, "--test", rows, "--out", tmp_path / "model")

    count = len(messages())
    assert told.code == 0
    assert notes(told)["rows-known"].startswith(f"{count} of {count} scored rows stand among the training rows too")
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"{count} test rows, all of which stand among the training rows too" in card
    assert "held out of training" not in card
