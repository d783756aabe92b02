"""What the Data place says of lists before anything is learnt."""

import json
from pathlib import Path

from slm_studio import engine
from slm_studio.core.dataset import Finding
from slm_studio.core.recipe import make_recipe
from tests.engine.data.ask import result, write_and_read


def found(tmp_path: Path, lines: list[dict[str, object]]) -> dict[str, Finding]:
    rows = write_and_read(tmp_path / "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    recipe = make_recipe("rank", roles={"candidates": "nbest", "scores": "scores", "reference": "truth"})
    return {each.code: each for each in result(engine.check(rows, recipe))}


def test_what_lists_lack_is_counted_and_shown(tmp_path: Path) -> None:
    whole = [
        {"nbest": [f"it rains {n}", f"it reigns {n}"], "scores": [-1, -2], "truth": f"it rains {n}"} for n in range(110)
    ]
    lacking = [
        {"nbest": [], "scores": [], "truth": "no candidates"},
        {"nbest": ["one alone"], "scores": [1], "truth": "one alone"},
        {"nbest": ["a b", "a c"], "scores": [1], "truth": "a b"},
        {"nbest": ["a b d", "a c d"], "scores": [1, 2], "truth": ""},
        {"nbest": [f"{n} of many" for n in range(101)], "scores": [0] * 101, "truth": "1 of many"},
    ]

    told = found(tmp_path, whole + lacking)

    wanted = ("lists-without", "lists-lone", "lists-unscored", "lists-unanswered", "lists-longer")
    assert {code: told[code].rows for code in wanted} == {code: (110 + at,) for at, code in enumerate(wanted)}
    assert not {"few-lists", "right-out-of-reach", "empty-candidates", "empty-reference"} & set(told)


def test_a_second_score_that_is_no_number_is_said_as_the_first_is(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"nbest": [f"a {n}", f"b {n}"], "scores": [1, 2], "lm": [3, 4], "truth": f"a {n}"} for n in range(9)
    ]
    lines[3]["lm"], lines[5]["lm"] = ["much", 4], None
    rows = write_and_read(tmp_path / "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    roles = {"candidates": "nbest", "scores": "scores", "scores2": "lm", "reference": "truth"}

    told = {each.code: each for each in result(engine.check(rows, make_recipe("rank", roles=roles)))}

    assert told["lists-unscored"].rows == (3, 5)
    assert told["few-lists"].values["weights"] == 4


def test_few_lists_and_right_texts_out_of_reach_are_said(tmp_path: Path) -> None:
    told = found(
        tmp_path,
        [{"nbest": [f"it rains {n}", f"it reigns {n}"], "scores": [1, 2], "truth": f"sun {n}"} for n in range(9)],
    )

    assert told["few-lists"].count == 9 and told["few-lists"].values["weights"] == 3
    assert told["right-out-of-reach"].values["share"] == 100
