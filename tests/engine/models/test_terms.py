"""Blanked sentences: which term is taken out, where it is looked for, and that nothing gives it away."""

from pathlib import Path

import pytest

from slm_studio.engine.models.filling.terms import Blanked, blanked

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"
MILL = "Every autumn Ada Keller grinds the barley here."
BREAD = "On market days the bread comes from Ada Keller too."


def term(asked: Blanked) -> str:
    return asked.passage[asked.place.start : asked.place.end]


def sentences(documents: list[str], length: int = 10) -> list[tuple[str, str, str]]:
    """Return question, term and passage of all that is asked."""
    return [(f"{each.before}[…]{each.after}", term(each), each.passage) for each in blanked(documents, length)]


def test_a_name_that_recurs_is_taken_out_whole_and_found_in_the_other_text() -> None:
    assert sentences([MILL, BREAD]) == [
        ("Every autumn […] grinds the barley here.", "Ada Keller", BREAD),
        ("On market days the bread comes from […] too.", "Ada Keller", MILL),
    ]


def test_numbers_and_longer_words_recur_too_and_the_rarest_is_asked_for() -> None:
    found = sentences(
        [
            "The masons were done with it in 1732 at last.",
            "Since the year 1732 carts go over the stones.",
            "Nobody has counted the boats and the travellers there.",
            "Many travellers sleep in a bed by the river.",
        ]
    )

    assert [each[1] for each in found] == ["1732", "1732", "travellers", "travellers"]


def test_chinese_words_are_cut_as_elsewhere() -> None:
    pytest.importorskip("rjieba")
    one, other = "馆长王小明每天早上打开图书馆的大门。", "据说那棵老树是王小明的祖父种下的。"

    assert sentences([one, other], 30) == [
        ("馆长[…]每天早上打开图书馆的大门。", "王小明", other),
        ("据说那棵老树是[…]的祖父种下的。", "王小明", one),
    ]


def test_a_copy_of_the_sentence_or_nearly_one_is_no_passage_for_it() -> None:
    assert sentences([MILL, f"Listen: {MILL}"], 30) == []
    assert sentences([MILL, MILL.replace("Every", "One")], 30) == []
    assert [each[2] for each in sentences([MILL, MILL, BREAD])] == [BREAD, BREAD, MILL]


def test_a_passage_of_the_same_text_comes_before_one_of_another() -> None:
    near = "Her mill belongs to Ada Keller alone since then."
    kindred = "Next autumn even Ada Keller would bake nothing at all."

    found = sentences([kindred, f"{MILL} {near}", "In autumn nobody else works much or well."])

    assert ("Ada Keller", near) in {(each[1], each[2].strip()) for each in found}


def test_the_passage_that_shares_rare_words_is_preferred() -> None:
    kindred = "Without barley even Ada Keller would bake nothing at all."

    assert sentences([MILL, BREAD, kindred])[0][2] == kindred


def test_what_stands_everywhere_is_no_term() -> None:
    texts = [f"one{place} two{place} three{place} four{place} therefore five{place}." for place in range(40)]

    assert sentences(texts) == []


def test_a_term_that_a_passage_has_twice_is_not_asked_of_it() -> None:
    assert sentences([MILL, "It is said that Ada Keller and Ada Keller are two."], 20) == []


@pytest.mark.parametrize("name", ["en/harbour.txt", "zh/harbour.txt"])
def test_nothing_gives_a_term_away_in_a_whole_text(name: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8")

    found = list(blanked([text], 60))

    assert len(found) > 20
    for each in found:
        word = text[text.index(each.before) + len(each.before) :][: len(term(each))]
        assert f"{each.before}{term(each)}{each.after}" not in each.passage
        assert each.passage in text and len(word) == len(term(each)) > 1
