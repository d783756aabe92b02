"""What the Data place says of questions before anything is learnt."""

import csv
import io
from pathlib import Path

from slm_studio import engine
from slm_studio.core.recipe import make_recipe
from tests.engine.data.ask import result, write_and_read

ROLES = {"question": "question", "passage": "context", "answer": "answer", "start": "start"}
TEXT = "The bridge was built in 1732 by masons from Tal."


def table(*rows: tuple[str, str, str, str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("question", "context", "answer", "start"), *rows])
    return out.getvalue()


def test_answers_that_stand_elsewhere_or_nowhere_are_counted_and_a_question_may_have_none(tmp_path: Path) -> None:
    rows = write_and_read(
        tmp_path / "a.csv",
        table(
            ("When was the bridge built?", TEXT, "1732", str(TEXT.index("1732"))),
            ("When was it finished?", TEXT, "1732", "3"),
            ("Who built the bridge?", TEXT, "masons from Elm", "32"),
            ("Who paid for the bridge?", TEXT, "", ""),
        ),
    )

    told = {each.code: each for each in result(engine.check(rows, make_recipe("answer", roles=ROLES)))}

    assert told["answers-moved"].rows == (1,) and told["answers-lost"].rows == (2,)
    assert told["too-few-questions"].count == 4
    assert not any(code.startswith("empty") for code in told)


def test_the_same_question_of_other_passages_is_no_repetition(tmp_path: Path) -> None:
    question = "When does the museum open on a working day?"
    lines = [(f"{question}", f"{TEXT} {n}", "1732", "") for n in range(6)]

    told = result(engine.check(write_and_read(tmp_path / "a.csv", table(*lines, (question + "!", f"{TEXT} 0", "1732", ""))), make_recipe("answer", roles=ROLES)))  # fmt: skip

    assert {each.code: each.rows for each in told if "duplicates" in each.code} == {"near-duplicates": (6,)}


def test_rows_without_an_answer_are_no_empty_rows_to_clean_away(tmp_path: Path) -> None:
    rows = write_and_read(
        tmp_path / "a.csv", table(("a?", TEXT, "", ""), ("b?", "", "1732", ""), ("c?", TEXT, "1732", ""))
    )

    cleaned = result(engine.clean(rows, ["remove_empty"], make_recipe("answer", roles=ROLES)))

    assert cleaned.rows == 2
