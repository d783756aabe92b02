"""What the Data place says of pairs before anything is learnt."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset, Finding, ReadOptions
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.recipe import make_recipe
from slm_studio.engine.data.splits import split_dataset
from tests.engine.data.ask import result, write_and_read

PAIRS = [(f"You are my friend and I like tea {n}", f"你是我的朋友，我喜欢茶 {n}") for n in range(12)]


def found(rows: Dataset) -> dict[str, Finding]:
    recipe = make_recipe("rewrite", roles={"text": "en", "rewritten": "zh"})
    return {each.code: each for each in result(engine.check(rows, recipe))}


def test_pairs_that_teach_nothing_or_the_wrong_thing_are_counted_and_shown(tmp_path: Path) -> None:
    lines = [
        *PAIRS,
        ("你好，这是我的朋友", "This is my friend and you are not"),
        ("same words", "Same  words"),
        ("only one", " "),
    ]
    rows = write_and_read(tmp_path / "a.tsv", "en\tzh\n" + "".join(f"{one}\t{other}\n" for one, other in lines))

    told = found(rows)

    assert {code: told[code].rows for code in ("pairs-swapped", "pairs-same", "pairs-empty")} == {
        "pairs-swapped": (12,), "pairs-same": (13,), "pairs-empty": (14,),
    }  # fmt: skip
    assert told["too-few-pairs"].count == 15


def test_several_right_targets_are_said(tmp_path: Path) -> None:
    lines = "".join(f'{{"en": ["One {n}.", "Two."], "zh": ["a {n}", "b"]}}\n' for n in range(5))

    told = found(write_and_read(tmp_path / "a.jsonl", lines))

    assert told["pairs-several"].count == 5


def test_sound_pairs_are_fine(tmp_path: Path) -> None:
    rows = write_and_read(tmp_path / "a.tsv", "en\tzh\n" + "".join(f"{one}\t{other}\n" for one, other in PAIRS * 30))

    assert not {"pairs-swapped", "pairs-same", "pairs-empty", "too-few-pairs"} & set(found(rows))


def test_two_translations_of_one_source_are_no_contradiction(tmp_path: Path) -> None:
    lines = [*PAIRS, (PAIRS[0][0], "另一种译文"), PAIRS[1]]
    rows = write_and_read(tmp_path / "a.tsv", "en\tzh\n" + "".join(f"{one}\t{other}\n" for one, other in lines))

    told = found(rows)

    assert "conflicts" not in told and told["duplicates"].count == 1


def test_what_a_pair_lacks_is_a_text_and_no_label(tmp_path: Path) -> None:
    lines = [*PAIRS, ("only one", " ")]
    rows = write_and_read(tmp_path / "a.tsv", "en\tzh\n" + "".join(f"{one}\t{other}\n" for one, other in lines))

    lacking = found(rows)["empty-rewritten"]

    assert fill(lacking.message, lacking.values) == "1 row has no text in “zh”."


def test_held_out_pairs_without_a_target_are_called_so(tmp_path: Path) -> None:
    for name, last in (("rows.tsv", PAIRS), ("held.tsv", [(one, " ") for one, _ in PAIRS])):
        lines = "".join(f"{one}\t{other}\n" for one, other in last)
        (tmp_path / name).write_text(f"en\tzh\n{lines}", encoding="utf-8")
    rows = result(engine.read(str(tmp_path / "rows.tsv"), ReadOptions(test=str(tmp_path / "held.tsv"))))
    recipe = make_recipe("rewrite", roles={"text": "en", "rewritten": "zh"}).settled()

    with pytest.raises(StudioError) as caught:
        split_dataset(rows, recipe, answer="rewritten")

    assert str(caught.value) == "None of the 12 test rows has a text in column “zh”."
