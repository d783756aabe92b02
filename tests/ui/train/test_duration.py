"""What a choice of time means, in words."""

from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Sizes
from slm_studio.ui.train.duration import duration_words


def sizes(last_epochs: int, steps: int = 1) -> Sizes:
    return Sizes(
        parameters=1, memory=1, seconds_low=1.0, seconds_high=2.0, steps=steps, tokens_per_second=1.0, device="cpu",
        precision="fp32", rows={"train": 80, "validation": 10, "test": 10}, last_epochs=last_epochs,
    )  # fmt: skip


def test_that_held_out_rows_are_learnt_at_the_end_is_said_where_they_will_be(theme) -> None:
    recipe = make_recipe("classify", roles={"text": "text", "label": "label"})

    assert "At the end it learns these rows, too" in duration_words(recipe, sizes(8))
    assert "At the end" not in duration_words(recipe, sizes(0)) + duration_words(recipe, None)


def test_that_no_step_is_taken_is_said(theme) -> None:
    recipe = make_recipe("rank", base="a/base", roles={"candidates": "nbest", "reference": "truth"})

    assert "No step is taken" in duration_words(recipe, sizes(0, steps=0))
    assert "at most 3 times" in duration_words(recipe, None)
