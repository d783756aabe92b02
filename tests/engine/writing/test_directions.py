"""Directions: whether pairs are in the languages of a model's sides, or the other way round."""

import pytest
from torch import nn

from slm_studio.engine.loaded import Loaded
from slm_studio.engine.writing.directions import are_swapped

ENGLISH, CHINESE = ["two dogs", "where is the cat"], ["两只狗", "猫在哪里"]


@pytest.mark.parametrize(
    ("sources", "targets", "is_swapped"),
    [
        (CHINESE, ENGLISH, True),
        (ENGLISH, CHINESE, False),
        (ENGLISH, ENGLISH, False),
        (["12", "7"], ENGLISH, False),
        ([], [], False),
    ],
)
def test_pairs_are_swapped_where_each_side_is_in_the_language_of_the_other(
    sources: list[str], targets: list[str], is_swapped: bool
) -> None:
    loaded = Loaded(nn.Identity(), None, {"languages": ["en", "zh"]})  # type: ignore[arg-type]

    assert are_swapped(loaded, sources, targets) is is_swapped
