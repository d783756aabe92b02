"""What the command line says of several labels, of numbers, of pairs and of weights."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.commands import Run
from tests.tasks import fodder

FAST = ("--base", "blank:bag-nano", "--epochs", "8", "--precision", "fp32", "--place", "thread")
QUESTION = {
    "many": ("--text", "green leaves"),
    "number": ("--text", "a red rose"),
    "pair": ("--text", "a red rose", "--text2", "the rose is red"),
}
KEYS = {
    "many": {"f1_micro", "f1_macro", "exact_match", "hamming_loss", "ranking_loss"},
    "number": {"mse", "mae", "spearman"},
    "pair": {"accuracy", "f1_macro"},
}
SIMPLE = {
    "many": {"frequent_labels", "tfidf_linear"},
    "number": {"mean", "tfidf_ridge"},
    "pair": {"majority", "tfidf_linear"},
}


def train(run: Run, form: str, folder: Path, *more: str) -> tuple[dict, Path, Path]:
    rows, out = fodder(f"classify/{form}").write(folder), folder / "model"
    return run("train", rows, *FAST, "--out", out, *more).result, rows, out


@pytest.mark.parametrize("form", ["many", "number", "pair"])
def test_a_column_is_learnt_as_what_it_holds(run: Run, tmp_path: Path, form: str) -> None:
    result, rows, model = train(run, form, tmp_path)

    assert result["task"] == "classify"
    assert KEYS[form] <= set(result["metrics"])
    assert set(result["baseline"]) == SIMPLE[form]
    assert KEYS[form] & set(run("evaluate", model, rows).result["metrics"]) == KEYS[form]
    assert run("predict", model, *QUESTION[form]).result["items"]
    assert run("export", model, tmp_path / "out.zip").result["checked"]["same_answers"] is True


def test_every_label_is_answered_with_its_probability_and_whether_it_is_right(run: Run, tmp_path: Path) -> None:
    _, rows, model = train(run, "many", tmp_path)

    items = run("predict", model, "--text", "green leaves").result["items"]
    run("predict", model, "--file", rows, "--out", tmp_path / "answers.csv")

    assert {item["label"] for item in items} == {"fruit", "plant", "red", "green"}
    assert all(set(item) == {"label", "score", "chosen"} for item in items)
    with (tmp_path / "answers.csv").open(encoding="utf-8-sig") as stream:
        answers = [row["prediction"] for row in csv.DictReader(stream)]
    assert {label for answer in answers for label in answer.split(";")} <= {"", "fruit", "plant", "red", "green"}
    assert any(";" in answer for answer in answers)


def test_lists_are_answered_with_lists(run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    sets = [["a"], ["a", "b"], [], ["b"]]
    rows.write_text(
        "\n".join(
            json.dumps({"text": f"{' '.join(sets[n % 4]) or 'none'} {n}", "tags": sets[n % 4]}) for n in range(60)
        )
    )
    run("train", rows, *FAST, "--out", tmp_path / "model")

    run("predict", tmp_path / "model", "--file", rows, "--out", tmp_path / "answers.jsonl")

    answers = [json.loads(line)["prediction"] for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert all(isinstance(answer, list) for answer in answers)


def test_a_number_is_answered_in_the_units_of_the_file(run: Run, tmp_path: Path) -> None:
    _, rows, model = train(run, "number", tmp_path)

    (item,) = run("predict", model, "--text", "a red rose").result["items"]
    run("predict", model, "--file", rows, "--out", tmp_path / "answers.csv")

    assert set(item) == {"value", "low", "high", "written"}
    assert "," in item["written"]  # as the file writes its numbers
    with (tmp_path / "answers.csv").open(encoding="utf-8-sig") as stream:
        assert all(float(row["prediction"].replace(",", ".")) for row in csv.DictReader(stream))


@pytest.mark.parametrize(("target", "key"), [("one", "accuracy"), ("many", "f1_micro"), ("number", "mae")])
def test_what_the_answer_is_can_be_said(run: Run, tmp_path: Path, target: str, key: str) -> None:
    rows = tmp_path / "stars.csv"
    rows.write_text(
        "text,stars\n" + "\n".join(f"{'good' if n % 2 else 'bad'} thing {n},{1 + n % 2 * 4}" for n in range(60))
    )

    result = run("train", rows, *FAST, "--target", target, "--out", tmp_path / "model").result

    assert key in result["metrics"]
    assert json.loads((tmp_path / "model" / "studio.json").read_text())["facts"]["target"] == target


BAD = {
    "no label in any row": ("text,label\n" + "\n".join(f"text {n},[]" for n in range(20)), ("--target", "many"), "one-class"),
    "the same labels in all rows": ("text,label\n" + "\n".join(f"text {n},a;b" for n in range(20)), ("--target", "many"), "one-class"),
    "numbers that are all the same": ("text,score\n" + "\n".join(f"text {n},2.5" for n in range(20)), ("--label", "score", "--target", "number"), "one-number"),
    "a column without a number": ("text,score\n" + "\n".join(f"text {n},much" for n in range(20)), ("--label", "score", "--target", "number"), "too-few-rows"),
    "weights that are all 0": ("text,label,w\n" + "\n".join(f"text {n},{'ab'[n % 2]},0" for n in range(20)), ("--weight", "w"), "no-weights"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_rows_of_which_nothing_can_be_learnt_are_refused_in_a_sentence(run: Run, tmp_path: Path, what: str) -> None:
    content, flags, code = BAD[what]
    (tmp_path / "rows.csv").write_text(content)

    error = run("train", tmp_path / "rows.csv", "--task", "classify", *FAST, *flags).error

    assert error["code"] == code and error["message"] and error["hint"]


def test_a_cell_that_holds_no_number_is_counted_and_left_out(run: Run, tmp_path: Path) -> None:
    cells = [str(n % 7 + 0.5) if n % 10 else "n/a" for n in range(80)]
    (tmp_path / "rows.csv").write_text("text,score\n" + "\n".join(f"text {n},{cell}" for n, cell in enumerate(cells)))

    told = run("train", tmp_path / "rows.csv", *FAST, "--label", "score", "--target", "number")

    notes = [event for event in told.lines if event.get("code") == "rows-no-number"]
    assert [note["values"]["count"] for note in notes] == [8]


def test_a_pair_without_its_second_text_is_asked_for_it(run: Run, tmp_path: Path) -> None:
    _, _, model = train(run, "pair", tmp_path)
    (tmp_path / "one.csv").write_text("sentence1\na red rose\n")

    assert run("predict", model, "--text", "a red rose").error["code"] in ("prompt-lacks", "text-empty")
    assert (
        run("predict", model, "--file", tmp_path / "one.csv", "--out", tmp_path / "out.csv").error["code"]
        == "which-column"
    )


def test_rows_without_the_second_texts_of_a_pair_are_not_scored_and_the_label_is_no_text(
    run: Run, tmp_path: Path
) -> None:
    _, rows, model = train(run, "pair", tmp_path)
    table = list(csv.reader(rows.read_text(encoding="utf-8").splitlines()))
    half = tmp_path / "half.csv"
    half.write_text("\n".join(f'"{row[0]}",{row[-1]}' for row in table) + "\n", encoding="utf-8")

    scored = run("evaluate", model, half).error
    answered = run("predict", model, "--file", half, "--out", tmp_path / "out.csv").error

    assert scored["code"] == "role-missing" and "--text2 COLUMN" in scored["hint"]
    assert answered["code"] == "which-column" and not (tmp_path / "out.csv").exists()


def test_the_columns_of_a_pair_are_named_or_taken_in_their_order(run: Run, tmp_path: Path) -> None:
    _, _, model = train(run, "pair", tmp_path)
    out = tmp_path / "out.csv"

    def answers(header: str, *flags: str) -> list[str]:
        row = "a red rose,the rose is red" + ",note" * (header.count(",") - 1)
        (tmp_path / "asked.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
        told = run("predict", model, "--file", tmp_path / "asked.csv", "--out", out, "--overwrite", *flags)
        return (
            [told.error["code"], told.error["hint"]] if told.code else out.read_text().splitlines()[1].split(",")[-2:]
        )

    known = answers("sentence1,sentence2")

    assert answers("claim,proof") == known
    assert answers("claim,proof,more", "--column", "claim", "--role", "text2=proof") == known
    code, hint = answers("claim,proof,more")
    assert code == "which-column" and "--role text2=COLUMN" in hint
    assert answers("claim,proof", "--role", "label=proof")[0] == "prompt-role"


def test_a_second_text_is_no_part_of_a_question_about_one(run: Run, sorter: Path) -> None:
    assert run("predict", sorter, "--text", "a", "--text2", "b").error["code"] == "prompt-role"


def test_rows_are_weighed_and_it_is_said(run: Run, tmp_path: Path) -> None:
    lines = [f"{'good' if n % 2 else 'bad'} {n},{'ab'[n % 2]},{(2, 0.5, 'x', '')[n % 4]}" for n in range(60)]
    (tmp_path / "rows.csv").write_text("text,label,w\n" + "\n".join(lines))

    told = run("train", tmp_path / "rows.csv", *FAST, "--weight", "w", "--out", tmp_path / "model")

    codes = {event["code"]: event for event in told.lines if "code" in event}
    assert "rows-weighed" in codes and codes["weights-odd"]["values"]["count"] > 0
    assert "accuracy" in told.result["metrics"]
