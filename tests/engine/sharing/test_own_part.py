"""What somebody wrote on a card is kept; what follows from the evidence is written anew."""

import pytest
import yaml

from slm_studio.engine.sharing.own_part import BEGIN, END, has_own, keep_own, marked

NEW = '---\nlicense: "mit"\npipeline_tag: "text-classification"\ntags: ["slm-studio"]\n---\n\n' + marked(
    "# New\n\nfresh"
)


def front(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def test_a_card_written_by_hand_stays_and_ours_follows() -> None:
    card = keep_own("---\nlicense: cc0-1.0\nauthor: Ada\ntags:\n- mine\n---\n# By hand\n\nMy words.\n", NEW)

    assert "# By hand\n\nMy words.\n\n" in card
    assert card.index("My words.") < card.index(BEGIN) < card.index("fresh") < card.index(END)
    assert front(card) == {
        "license": "mit", "author": "Ada", "tags": ["mine", "slm-studio"], "pipeline_tag": "text-classification",
    }  # fmt: skip


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    old = f"---\nmodel-index: []\n---\nabove\n\n{BEGIN}\nstale\n{END}\n\nbelow\n"

    card = keep_own(old, NEW)

    assert "stale" not in card
    assert card.index("above") < card.index("fresh") < card.index("below")
    assert "model-index" not in front(card)  # said of another model
    assert keep_own(card, NEW) == card


@pytest.mark.parametrize(
    "old", ["", "---\na: 1\n---\n", "## What it is\n\n## Limits\n\n- one\n\n## Licence\n\nNone.\n"]
)
def test_a_card_with_nothing_of_anybody_is_replaced(old: str) -> None:
    assert not has_own(old)
    assert "What it is" not in keep_own(old, NEW)


def test_a_heading_of_somebody_makes_an_old_card_theirs() -> None:
    old = "## What it is\n\n## My notes\n\nnotes\n\n## Limits\n\n## Licence\n"

    assert has_own(old)
    assert "My notes" in keep_own(old, NEW)


@pytest.mark.parametrize(
    "matter",
    [
        "a: [1\n",
        "a: &x [1, 2]\nb: [*x, *x]\n",
        "- 1\n",
        "x: " + "[" * 5000 + "\n",
        "x: " + "y" * 70_000 + "\n",
    ],
)
def test_a_front_matter_that_is_no_table_does_no_harm(matter: str) -> None:
    card = keep_own(f"---\n{matter}---\n# Mine\n", NEW)

    assert "# Mine" in card
    assert front(card)["license"] == "mit"
