"""A whole file: every row keeps its place, and those without an answer are counted and explained."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.asked_columns import asked_columns
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Event, Finished, Note, Progress
from slm_studio.core.prompt import UNANSWERABLE
from slm_studio.core.results import FileResult
from slm_studio.core.run import create_run
from slm_studio.engine.inference.shelf import on_shelf
from slm_studio.engine.inference.unanswered import OF_ERRORS, REASONS
from tests.test_task_contract import recipe_for, result, rows_of


@pytest.fixture(scope="module")
def handles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = {}
    for task, family in (("classify", "bag"), ("chat", "llama")):
        found[task] = opened(task, family, tmp_path_factory.mktemp(task))
    return found


def opened(task: str, family: str, folder: Path) -> str:
    recipe, rows = recipe_for(task, family, epochs=1), rows_of(task, folder)
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    return str(result(engine.open(model.folder, "cpu")).handle)


def answered(handle: str, path: Path, **options: object) -> tuple[FileResult, list[str], list[dict[str, object]]]:
    """Return the result, the sentences at the end, and the rows."""
    out = path.with_name("out.jsonl")
    events: Iterator[Event] = engine.predict_file(
        handle, str(path), str(out), {"max_new_tokens": 2, "temperature": 0.0, **options}
    )
    *way, last = list(events)
    assert isinstance(last, Finished) and isinstance(last.result, FileResult)
    said = [fill(event.message, event.values) for event in way if isinstance(event, Note)]
    assert said == [fill(each.message, each.told) for each in last.result.remarks]
    return last.result, said, [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_rows_without_a_word_keep_their_place_and_are_counted(handles: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('id,text\n1,one\n2,\n3,"  "\n4,four\n', encoding="utf-8")

    done, said, rows = answered(handles["classify"], path)

    assert (done.rows, done.unanswered) == (4, 2)
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["prediction"] is None for row in rows] == [False, True, True, False]
    assert [isinstance(row["score"], float) for row in rows] == [True, False, False, True], "a number, or nothing"
    assert said == ["2 rows have no answer, because no word stands in “text” there: rows 2, 3."]
    assert done.remarks[0].rows == (1, 2)


def test_a_text_that_is_kept_as_a_list_is_asked_as_the_text_that_it_is(handles: dict[str, str], tmp_path: Path) -> None:
    texts = [["one two", "three"], [], ["four", ""]]
    for name, cells in (("lists", texts), ("texts", ["\n".join(lines) for lines in texts])):
        (tmp_path / f"{name}.jsonl").write_text(
            "\n".join(json.dumps({"text": cell}) for cell in cells), encoding="utf-8"
        )

    lists, plain = (answered(handles["classify"], tmp_path / f"{name}.jsonl") for name in ("lists", "texts"))

    assert lists[0].unanswered == plain[0].unanswered == 1
    assert [row["score"] for row in lists[2]] == [row["score"] for row in plain[2]]
    assert [row["text"] for row in lists[2]] == texts


def test_every_error_of_one_prompt_alone_has_a_sentence_for_the_rows_of_a_file() -> None:
    assert set(UNANSWERABLE) <= set(OF_ERRORS) and set(OF_ERRORS.values()) <= set(REASONS)


def test_a_file_in_which_every_row_is_answered_needs_no_word(handles: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,text\n1,one\n2,two\n", encoding="utf-8")

    done, said, _ = answered(handles["classify"], path)

    assert (done.unanswered, done.remarks, said) == (0, (), [])


def test_lines_that_became_no_row_are_said(handles: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "one"}\nbroken\n{"text": "two"}\n', encoding="utf-8")

    done, said, _ = answered(handles["classify"], path)

    assert (done.rows, done.unanswered) == (2, 0)
    assert said == ["1 line is no JSON and was skipped."]


def test_dialogues_without_a_question_are_counted_and_no_row_stops_the_others(
    handles: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "in.jsonl"
    ask = {"from": "human", "value": "Hi"}
    dialogues = [
        [ask, {"from": "gpt", "value": "Hello"}],
        [{"from": "tool", "value": "x"}],
        [{"from": "system", "value": "word " * 300}, ask],
        "",
        "Do you sell tea?",
    ]
    path.write_text("".join(json.dumps({"talk": each}) + "\n" for each in dialogues), encoding="utf-8")

    done, said, rows = answered(handles["chat"], path, column="talk")

    assert (done.rows, done.unanswered) == (5, 3)
    assert [row["prediction"] is None for row in rows] == [False, True, True, True, False]
    assert {each.code: each.rows for each in done.remarks if each.code.startswith("rows-")} == {
        "rows-unasked": (1,),
        "rows-too-long": (2,),
        "rows-blank": (3,),
    }
    assert "1 row has no answer, because “talk” holds no question there: row 2." in said


def test_a_plain_text_is_a_question_and_columns_that_ask_nothing_are_refused(
    handles: dict[str, str], tmp_path: Path
) -> None:
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    plain.write_text("id,words\n1,Do you sell tea today?\n2,And when do you open?\n", encoding="utf-8")
    other.write_text("one,two\nDo you sell tea?,When is it?\nAnd coffee?,What is it?\n", encoding="utf-8")

    done, _, _ = answered(handles["chat"], plain, column="words")

    assert done.unanswered == 0
    with pytest.raises(StudioError) as caught:
        answered(handles["chat"], other)
    assert caught.value.code == "which-column" and "one, two" in caught.value.advice


def test_the_column_that_is_named_plays_the_role_that_it_had_in_training(
    handles: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("question,system\nDo you sell tea?,Be brief.\nWhen do you open?,\n", encoding="utf-8")

    dataset = result(engine.read(str(path)))
    item = on_shelf(handles["chat"])
    columns = asked_columns(item.model, item.info, dataset, {"column": "question"})

    assert columns == {"question": "question", "system": "system"}


def test_answers_that_ran_out_of_length_are_counted(handles: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("question\nDo you sell tea?\nWhen do you open?\n", encoding="utf-8")

    done, said, rows = answered(handles["chat"], path, temperature=5.0, seed=3, repetition_penalty=1.0)

    assert all(row["prediction"] for row in rows) and done.unanswered == 0
    assert said == ["2 answers were cut at 2 tokens, before they ended: rows 1, 2."]


def test_a_written_answer_is_a_sign_of_life(handles: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("question\n" + "Do you sell tea?\n" * 3, encoding="utf-8")

    events = list(engine.predict_file(handles["chat"], str(path), str(tmp_path / "out.csv"), {"max_new_tokens": 1}))

    assert [each.done for each in events if isinstance(each, Progress) and each.what == "Answering rows"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("task", "family", "column", "texts", "why"),
    [
        ("fill", "bert", "text", ("no gap", "a ___ gap", "none", "[MASK]"), "“text” has no gap ([MASK] or ___) there"),
        ("words", "skipgram", "words", ("zzz", "king", "yyy", "sea"), "the model knows no word in “words” there"),
    ],
)
def test_of_many_rows_those_that_cannot_be_answered_are_named_by_their_own_place(
    tmp_path: Path, task: str, family: str, column: str, texts: tuple[str, ...], why: str
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"id,{column}\n" + "".join(f"{n},{text}\n" for n, text in enumerate(texts)), encoding="utf-8")

    done, said, rows = answered(opened(task, family, tmp_path), path)

    assert [row["prediction"] is None for row in rows] == [True, False, True, False]
    assert said == [f"2 rows have no answer, because {why}: rows 1, 3."]
    assert done.remarks[0].rows == (0, 2)


def test_rewritten_rows_are_the_same_alone_and_side_by_side(tmp_path: Path) -> None:
    handle = opened("rewrite", "lstm", tmp_path)
    path = tmp_path / "in.csv"
    path.write_text(
        "source\n" + "".join(f"word {n}\n" * (n % 2 + 1) for n in range(40)) + '""\nlast\n', encoding="utf-8"
    )

    together, _, rows = answered(handle, path, column="source", beams=1)
    alone, _, others = answered(handle, path, column="source", beams=1, repetition_penalty=1.0000001)

    assert [each["prediction"] for each in rows] == [each["prediction"] for each in others]
    assert together.remarks == alone.remarks
