"""Files that are not like the one of the training: other labels, other columns, no header, nothing to learn from."""

from pathlib import Path

from tests.cli.commands import SMALL, STEMS, Run, Told, messages, write_rows

PROMPTS = [f"{stem} {n}" for n in range(5) for stems in STEMS.values() for stem in stems]


def notes(told: Told, code: str) -> list[dict[str, object]]:
    return [each for each in told.lines if each.get("event") == "note" and each.get("code") == code]


def other_labels(path: Path, label: str) -> Path:
    """Write rows of which every third has a label that training never saw."""
    changed = [(text, label if n % 3 == 0 else known) for n, (text, known) in enumerate(messages()[:30])]
    return write_rows(path, changed)


def test_labels_of_held_out_files_that_training_never_saw_are_counted_and_said(
    run: Run, rows: Path, tmp_path: Path
) -> None:
    strange, misspelt = other_labels(tmp_path / "a.csv", "returns"), other_labels(tmp_path / "b.csv", " Refund")

    told = run("train", rows, *SMALL, "--validation", strange, "--test", misspelt, "--out", tmp_path / "out")

    first, second = notes(told, "labels-unseen")
    assert told.code == 0
    assert {name: first["values"][name] for name in ("rows", "total", "split")} == {
        "rows": 10,
        "total": 30,
        "split": "validation",
    }
    assert "never saw" in first["message"] and first["values"]["labels"] == "“returns”"
    assert second["values"]["split"] == "test" and "another spelling" in second["message"]


def test_columns_of_held_out_files_that_training_never_saw_are_said(run: Run, rows: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text("label,extra,text\n" + "".join(f"{label},x,{text}\n" for text, label in messages()[:20]))

    told = run("train", rows, *SMALL, "--validation", wide, "--out", tmp_path / "out")

    assert told.code == 0
    report = run("read", rows).result["report"]
    assert report["remarks"] == []  # nothing to say of the training file itself
    from slm_studio.core.dataset import list_datasets

    said = [remark for dataset in list_datasets() for remark in dataset.report.remarks]
    assert [(each.code, each.values["columns"]) for each in said] == [("columns-unseen-validation", "extra")]


def test_evaluate_counts_labels_that_training_never_saw(run: Run, sorter: Path, tmp_path: Path) -> None:
    told = run("evaluate", sorter, other_labels(tmp_path / "a.csv", "returns"))

    (note,) = notes(told, "labels-unseen")
    assert (note["values"]["rows"], note["values"]["total"]) == (10, 30)
    assert (told.result["facts"]["unseen_rows"], told.result["facts"]["unseen_labels"]) == (10, 1)


def test_evaluate_takes_columns_of_other_names_by_their_role_and_says_so(
    run: Run, sorter: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("category,review\n" + "".join(f"{label},{text}\n" for text, label in messages()[:30]))

    told = run("evaluate", sorter, other)

    assert told.code == 0 and told.result["rows"] == 30
    assert {(each["values"]["missing"], each["values"]["column"]) for each in notes(told, "role-by-guess")} == {
        ("text", "review"), ("label", "category"),
    }  # fmt: skip


def test_evaluate_of_known_labels_and_columns_says_nothing(run: Run, sorter: Path, tmp_path: Path) -> None:
    told = run("evaluate", sorter, write_rows(tmp_path / "a.csv", messages()[:30]))

    assert not notes(told, "labels-unseen") and not notes(told, "role-by-guess")
    assert "unseen_rows" not in told.result["facts"]


def test_predict_keeps_the_first_row_of_a_file_without_a_header(run: Run, sorter: Path, tmp_path: Path) -> None:
    given, out = tmp_path / "prompts.csv", tmp_path / "out.csv"
    given.write_text("\n".join(PROMPTS))

    told = run("predict", sorter, "--file", given, "--out", out)

    assert told.result["rows"] == len(PROMPTS)
    assert PROMPTS[0] in out.read_text("utf-8")


def test_predict_keeps_a_first_text_that_is_shorter_than_all_below_it(run: Run, sorter: Path, tmp_path: Path) -> None:
    """By its difference from the column it could be a name; a prompt lost would be an answer lost."""
    given, out = tmp_path / "prompts.csv", tmp_path / "out.csv"
    long = [f"the parcel number {n} has not come for {n} days and nobody answers" for n in range(20)]
    given.write_text("\n".join(["please call me back", *long]))

    told = run("predict", sorter, "--file", given, "--out", out)

    assert told.result["rows"] == 21 and out.read_text("utf-8").splitlines()[1].startswith("please call me back,")
    assert [each["values"]["text"] for each in notes(told, "first-row-kept")] == ["please call me back"]


def test_predict_takes_a_header_for_one_where_its_name_is_known(run: Run, sorter: Path, tmp_path: Path) -> None:
    given = tmp_path / "prompts.csv"
    for name in ("text", "message", "anfrage"):
        given.write_text("\n".join([name, *PROMPTS]))

        assert run("predict", sorter, "--file", given, "--out", tmp_path / f"{name}.csv").result["rows"] == len(PROMPTS)


def test_predict_and_evaluate_take_how_a_file_is_read_as_train_does(run: Run, sorter: Path, tmp_path: Path) -> None:
    given = tmp_path / "prompts.txt"
    given.write_bytes("\n".join(f"{text}~{label}" for text, label in messages()[:20]).encode("utf-16-be"))
    how = ("--encoding", "utf-16-be", "--delimiter", "~", "--no-header")

    answered = run("predict", sorter, "--file", given, "--out", tmp_path / "out.csv", *how)
    scored = run("evaluate", sorter, given, *how)

    assert answered.code == 0 and answered.result["rows"] == 20
    assert scored.code == 0 and scored.result["rows"] == 20


def test_file_without_a_text_is_refused_in_words(run: Run, sorter: Path, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.csv"
    numbers.write_text(
        "a,b,move\n" + "".join(f"{n * 7 % 31}.5,{n * 3},{'Up' if n % 2 else 'Down'}\n" for n in range(60))
    )

    told = run("train", numbers, "--out", tmp_path / "out")

    assert told.error["code"] == "nothing-to-learn" and "No column holds text" in told.error["message"]
    assert "--text" in told.error["hint"] and not (tmp_path / "out").exists()
    assert run("train", numbers, "--task", "write", "--out", tmp_path / "out").error["code"] == "role-missing"
    assert run("evaluate", sorter, numbers).error["code"] == "role-missing"
    assert run("check", numbers).error["code"] == "nothing-to-learn"
    assert run("check", numbers, "--text", "move").code == 0  # who names a column gets what was asked for


def test_nested_json_in_one_row_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    nested = tmp_path / "nested.json"
    nested.write_text('{"a": [[1, ["x"]], [2, ["y"]]], "b": [[3, ["z"]]]}')

    assert run("train", nested, "--out", tmp_path / "out").error["code"] == "nothing-to-learn"


def test_model_without_a_score_says_why(run: Run, tmp_path: Path) -> None:
    one = tmp_path / "one.jsonl"
    one.write_text('{"text": "' + "a line of a very small book about cats. " * 20 + '"}')

    told = run(
        "train",
        one,
        "--task",
        "write",
        "--epochs",
        "1",
        "--precision",
        "fp32",
        "--place",
        "thread",
        "--out",
        tmp_path / "out",
    )

    assert told.code == 0 and told.result["metrics"] == {}
    assert len(notes(told, "no-scores")) == 1


def test_read_names_the_runners_up_and_a_cap(run: Run, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    lines = [f"row {n} of a table that is long,{n % 3},{n % 7 % 2}" for n in range(10_500)]
    many.write_text("\n".join(["text,team,where", *lines]))

    told = run("read", many)

    text, team, _ = told.result["columns"]
    assert (text["distinct"], text["distinct_capped"]) == (10_000, True) and "distinct_capped" not in team
    (other,) = told.result["suggested"]["runners_up"]
    assert set(other) == {"role", "column", "labels", "contradictions", "right", "usual", "message"}
    assert "also fits" in other["message"]


def test_answers_go_where_there_is_room_for_them(run: Run, sorter: Path, rows: Path, tmp_path: Path) -> None:
    told = run("predict", sorter, "--file", rows, "--out", tmp_path / "answers.txt")

    assert told.code == 1 and told.error["code"] == "no-columns"
    assert not (tmp_path / "answers.txt").exists()


def test_every_part_of_a_folder_is_answered(run: Run, sorter: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for name, some in (("train", messages()[:20]), ("test", messages()[20:27])):
        write_rows(folder / f"{name}.csv", some)

    told = run("predict", sorter, "--file", folder, "--out", tmp_path / "answers.csv")

    written = (tmp_path / "answers.csv").read_text(encoding="utf-8").splitlines()
    assert told.result["rows"] == 27 and len(written) == 28
    assert [line.split(",")[0] for line in written[1:]] == [text for text, _ in messages()[:27]]


def test_a_named_column_that_is_not_there_is_never_answered_from_another(
    run: Run, sorter: Path, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "two.csv", messages(1))

    told = run("predict", sorter, "--file", path, "--column", "nosuch", "--out", tmp_path / "answers.csv")

    assert told.error["code"] == "no-such-column"
    assert "no column “nosuch”" in told.error["message"] and "text, label" in told.error["hint"]
    assert not (tmp_path / "answers.csv").exists()


def test_a_column_that_must_be_named_is_asked_for_with_its_flag(run: Run, sorter: Path, tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("subject,body\n" + "".join(f"the {n}th thing,where is my {n}th parcel\n" for n in range(30)))

    told = run("predict", sorter, "--file", path, "--out", tmp_path / "answers.csv")

    assert (
        told.error["code"] == "which-column"
        and "--column" in told.error["hint"]
        and "subject, body" in told.error["hint"]
    )
