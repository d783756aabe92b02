"""Outlines: headings are found in what small models really answer, and asked for in the idea's language."""

import pytest

from slm_studio.core.outline import MOST, ask_for_headings, ask_for_part, headings_in


@pytest.mark.parametrize(
    ("answer", "headings"),
    [
        ("1. Spring\n2. Summer", ("Spring", "Summer")),
        ("Here is an outline:\n\n1) **Spring**: buds come\n2) **Summer:**\n", ("Spring", "Summer")),
        ("# I. Spring\n## II. Summer", ("Spring", "Summer")),
        ("- Spring\n  - buds\n  - rain\n- Summer", ("Spring", "Summer")),
        ("* “Spring”\n* Spring\n* Summer: hot days", ("Spring", "Summer: hot days")),
        (f"* Spring: {'buds ' * 20}\n* Summer:", ("Spring", "Summer")),
        ("一、春天\n二、夏天：炎热", ("春天", "夏天：炎热")),
        ("1．春天\n2．夏天", ("春天", "夏天")),
        ("Spring\nSummer\nAutumn", ("Spring", "Summer", "Autumn")),
        ("I cannot do that.", ()),
        ("Once there was a garden " * 9 + "\nand it was green", ()),
        ("", ()),
        ("1. \n2. **\n", ()),
    ],
)
def test_headings_are_found_and_nothing_is_made_up(answer: str, headings: tuple[str, ...]) -> None:
    assert headings_in(answer) == headings


def test_a_model_that_turns_in_circles_gives_an_outline_all_the_same() -> None:
    assert len(headings_in("\n".join(f"{n}. part {n}" for n in range(1, 99)))) == MOST
    assert headings_in("1. again\n" * 50) == ("again",)


def test_it_is_asked_in_the_language_of_the_idea() -> None:
    assert "小标题" in ask_for_headings("我的 garden") and "headings" in ask_for_headings("My\n garden")
    assert "My garden" in ask_for_headings("My\n garden")


def test_a_part_is_asked_for_with_the_names_of_the_others() -> None:
    told = ask_for_part("gardens", ["Spring", "Summer", "Autumn"], 1)

    assert "“Summer”" in told and "about: gardens" in told and told.endswith("The other parts are: Spring, Autumn.")
    assert "other parts" not in ask_for_part("gardens", ["Spring"], 0)
    assert ask_for_part("花园", ["春", "夏"], 0).endswith("其他部分是：夏。")
