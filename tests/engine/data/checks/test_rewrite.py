"""What the Data place says of pairs before anything is learnt."""

from pathlib import Path

from slm_studio import engine
from slm_studio.core.dataset import Dataset, Finding
from slm_studio.core.recipe import make_recipe
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
