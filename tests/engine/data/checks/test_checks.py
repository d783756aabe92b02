"""Findings: what would hurt is found, counted and put into words; what is hopeless is refused."""

import json
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.cleaning import STEPS
from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Note
from slm_studio.core.recipe import make_recipe
from slm_studio.core.recipes import plan_of
from slm_studio.core.run import create_run
from slm_studio.engine.data.hopeless import refuse_empty, refuse_labels
from slm_studio.engine.data.rows import open_rows
from tests.engine.data.ask import read, result, write_and_read
from tests.tasks import fodder
from tests.work import at_most

ROLES = {"text": "text", "label": "label"}
SORTING = make_recipe("classify", roles=ROLES)


def table(tmp_path: Path, lines: list[tuple[str, str]], **options: str) -> Dataset:
    body = "".join('"{}",{}\n'.format(text.replace('"', '""'), label) for text, label in lines)
    return write_and_read(tmp_path / "a.csv", "text,label\n" + body, header=True, **options)


def plain(count: int = 60) -> list[tuple[str, str]]:
    words = ["apple", "river", "stone", "cloud", "green", "table", "music", "seven", "happy", "train"]
    return [
        (" ".join(words[(n * k + k) % 10] for k in range(1, 8)) + f" {n} {n * n}", "ab"[n % 2]) for n in range(count)
    ]


def findings(dataset: Dataset, task: str = "classify", **settings: object) -> dict[str, Finding]:
    roles = ROLES if task == "classify" else {"text": "text"}
    found = result(engine.check(dataset, make_recipe(task, roles=roles, settings=settings)))
    for each in found:
        assert "{" not in fill(each.message, each.values) + fill(each.cost, each.values), each.code
        assert each.fix == "" or each.fix in STEPS
    assert [each.serious for each in found] == sorted((each.serious for each in found), reverse=True)
    return {each.code: each for each in found}


def test_good_rows_give_no_findings(tmp_path: Path) -> None:
    assert not [code for code in findings(table(tmp_path, plain(200))) if code != "near-duplicates"]


def test_empty_texts_and_labels_are_found_with_their_places(tmp_path: Path) -> None:
    found = findings(table(tmp_path, [*plain(), ("  ", "a"), ("something", "")]))

    assert found["empty-text"].rows == (60,) and found["empty-label"].rows == (61,)
    assert found["empty-text"].fix == "remove_empty"


def test_duplicates_and_conflicts_are_told_apart(tmp_path: Path) -> None:
    lines = plain()

    found = findings(table(tmp_path, [*lines, (lines[0][0].upper(), "a"), (lines[1][0], "a")]))

    assert found["duplicates"].rows == (60,) and found["duplicates"].fix == "remove_duplicates"
    assert found["conflicts"].rows == (1, 61) and found["conflicts"].fix == "remove_conflicts"


def test_texts_that_are_marked_in_two_ways_are_said_to_be_marked(tmp_path: Path) -> None:
    fed = fodder("tag")
    dataset = write_and_read(tmp_path / fed.name, fed.rows + "\nAda\tB-PER\nlives\tO\nin\tO\nRome\tO\n")

    found = {each.code: each for each in result(engine.check(dataset, make_recipe("tag", roles=fed.roles)))}

    assert found["conflicts"].fix == "remove_conflicts" and found["conflicts"].count == 1
    said = fill(found["conflicts"].message, found["conflicts"].values)
    assert said == "1 text is marked in different ways in different rows."


def test_rows_that_say_nothing_of_marks_are_found(tmp_path: Path) -> None:
    lines = ['{"tokens": ["Ada", "is"], "tags": ["B-PER", "O"]}', '{"tokens": ["nobody"], "tags": ["O"]}'] * 3
    dataset = write_and_read(tmp_path / "a.jsonl", "\n".join([*lines, '{"tokens": ["Bob"], "tags": null}']))
    roles = {"text": "tokens", "tags": "tags"}

    found = {each.code: each for each in result(engine.check(dataset, make_recipe("tag", roles=roles)))}

    assert found["empty-tags"].rows == (6,)
    said = fill(found["empty-tags"].message, found["empty-tags"].values)
    assert said == "1 row has no marks, not even an empty list of them."


def test_near_duplicates_are_found_and_short_texts_are_not(tmp_path: Path) -> None:
    text = "I ordered a new card two weeks ago and it has still not arrived at my house"
    lines = [*plain(), (text, "a"), (text + "!", "a"), (text.replace("two", "2"), "a"), ("yes", "a"), ("yes!", "a")]

    assert findings(table(tmp_path, lines))["near-duplicates"].rows[-2:] == (61, 62)


def test_held_out_rows_that_stand_in_train_are_found(tmp_path: Path) -> None:
    lines = plain()
    (tmp_path / "test.csv").write_text(f"text,label\n{lines[3][0]},a\nquite another text,b\n")

    found = findings(table(tmp_path, lines, test=str(tmp_path / "test.csv")))

    assert (
        found["leak-test"].count == 1 and found["leak-test"].rows == (0,) and found["leak-test"].fix == "remove_leaks"
    )


def test_personal_data_is_found(tmp_path: Path) -> None:
    lines = [
        *plain(),
        ("write to jane.doe@example.org please", "a"),
        ("call 13812345678", "b"),
        ("card 4111 1111 1111 1111", "a"),
    ]

    found = findings(table(tmp_path, lines))

    assert {code: found[code].rows for code in found if code.startswith("personal")} == {
        "personal-email": (60,), "personal-phone": (61,), "personal-card": (62,),
    }  # fmt: skip


def test_one_class_is_serious(tmp_path: Path) -> None:
    found = findings(table(tmp_path, [(text, "a") for text, _ in plain()]))

    assert found["one-class"].serious and "“a”" in fill(found["one-class"].message, found["one-class"].values)


def test_labels_as_many_as_rows_name_a_better_column(tmp_path: Path) -> None:
    lines = "".join(f"{text},name {n},{'xy'[n % 2]}\n" for n, (text, _) in enumerate(plain()))
    dataset = write_and_read(tmp_path / "a.csv", "text,label,mood\n" + lines)

    found = findings(dataset)["too-many-labels"]

    assert found.serious and "“mood” looks more like labels" in fill(found.message, found.values)


def test_few_rows_rare_labels_and_imbalance_are_found(tmp_path: Path) -> None:
    few = findings(table(tmp_path, plain(6)))
    rare = findings(
        table(tmp_path, [(text, "a") for text, _ in plain(100)] + [("b text here", "b"), ("c text there", "c")])
    )

    assert few["too-few-rows"].serious
    assert rare["rare-labels"].count == 2 and rare["rare-labels"].rows == (100, 101)
    assert rare["imbalance"].values["share"] == 98


def test_labels_spelled_differently_are_found(tmp_path: Path) -> None:
    found = findings(table(tmp_path, [(text, ("pos", "neg", "POS ")[n % 3]) for n, (text, _) in enumerate(plain())]))

    assert found["label-variants"].fix == "merge_labels" and found["label-variants"].count == 2


def test_texts_beyond_the_maximum_length_are_found(tmp_path: Path) -> None:
    dataset = table(tmp_path, [*plain(), ("word " * 50, "a"), ("字" * 50, "b")])

    assert findings(dataset, max_length=20)["too-long"].rows == (60, 61)
    assert "too-long" not in findings(dataset, max_length=60)


def test_no_text_is_too_long_for_a_recipe_whose_length_the_rows_decide(tmp_path: Path) -> None:
    dataset = table(tmp_path, [*plain(), ("word " * 50, "a"), ("字" * 50, "b")])

    found = result(engine.check(dataset, plan_of("classify", named="textbook-sentiment", roles=ROLES)))

    assert "too-long" not in {each.code for each in found}


def test_texts_that_are_read_part_by_part_are_not_too_long(tmp_path: Path) -> None:
    fed = fodder("tag")
    dataset = write_and_read(tmp_path / fed.name, fed.rows + "\n" + "word\tO\n" * 50)
    recipe = make_recipe("tag", roles=fed.roles, settings={"max_length": 20})

    assert "too-long" not in {each.code for each in result(engine.check(dataset, recipe))}


def test_writing_looks_at_other_things(tmp_path: Path) -> None:
    assert set(findings(write_and_read(tmp_path / "a.txt", "one\n\none\n" * 10), "write")) == {"too-little-text"}


def test_banking_is_checked_in_seconds(real_data: Path) -> None:
    dataset = read(real_data / "banking77" / "train.csv")

    with at_most(20):  # usually 1.5 s
        found = result(engine.check(dataset, make_recipe("classify", roles={"text": "text", "label": "category"})))

    assert {"duplicates", "near-duplicates"} <= {each.code for each in found}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([("a", "x"), ("b", "y")], "too-few-rows"),
        ([(f"t{n}", "x") for n in range(30)], "one-class"),
        ([(f"t{n}", f"l{n}") for n in range(30)], "too-many-labels"),
        ([(f"t{n}", "") for n in range(30)], "too-few-rows"),
    ],
)
def test_hopeless_rows_are_refused(tmp_path: Path, lines: list[tuple[str, str]], code: str) -> None:
    rows = open_rows(table(tmp_path, lines), SORTING)

    with pytest.raises(StudioError) as caught:
        refuse_empty(rows.column("text"), "text")
        refuse_labels(rows, "label")

    assert caught.value.code == code and caught.value.advice


def test_rows_that_are_held_out_are_counted_apart_from_those_that_have_no_label(tmp_path: Path) -> None:
    rows = open_rows(table(tmp_path, [(f"t{n}", "xy"[n % 2]) for n in range(4)] + [("t9", "")]), SORTING)

    with pytest.raises(StudioError) as caught:
        refuse_labels(rows.take([0, 1, 2]), "label")

    assert str(caught.value) == (
        "4 rows have a label in column “label”, but only 3 of them are left to learn from: 1 is held out."
    )
    assert "At least 4 are needed to learn from, besides those that are held out" in caught.value.advice


def test_how_many_values_a_column_has_is_counted_in_the_whole_file(tmp_path: Path) -> None:
    rows = open_rows(table(tmp_path, [(f"t{n}", label) for n, label in enumerate("aabcd")]), SORTING)

    with pytest.raises(StudioError) as caught:
        refuse_labels(rows.take([1, 2, 3, 4]), "label")

    assert str(caught.value) == "Column “label” has 4 different values in 5 rows."


def test_eight_rows_with_two_labels_may_be_trained(tmp_path: Path) -> None:
    refuse_labels(open_rows(table(tmp_path, plain(8)), SORTING), "label")


def test_writing_needs_some_text(tmp_path: Path) -> None:
    writing = make_recipe("write", roles={"text": "text"})
    refuse_empty(open_rows(write_and_read(tmp_path / "a.txt", "one line"), writing).column("text"), "text")

    with pytest.raises(StudioError) as caught:
        refuse_empty(open_rows(write_and_read(tmp_path / "b.txt", "\n \n"), writing).column("text"), "text")

    assert caught.value.code == "no-text"


def test_rows_whose_tags_are_no_tag_a_word_are_found_and_said_again_in_training(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"tokens": ["Ada", "left", "Rome"], "tags": ["B-PER", "O", "B-LOC"]}
    rows = [row | {"tags": row["tags"][: 2 if n % 5 == 0 else 3]} for n in range(40)]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    dataset = read(path)
    settings = {"epochs": 1, "test_share": 0.0, "precision": "fp32"}
    recipe = make_recipe(
        "tag", base="blank:lstm-nano", roles={"text": "tokens", "tags": "tags"}, settings=settings
    ).settled()

    found = {each.code: each for each in result(engine.check(dataset, recipe))}
    notes = [event for event in engine.train(recipe, dataset, create_run(recipe, dataset)) if isinstance(event, Note)]

    assert found["tags-unequal"].count == 8 and found["tags-unequal"].rows[:2] == (0, 5)
    assert any(note.code == "tags-unequal" and note.values["count"] for note in notes)
