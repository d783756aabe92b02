"""Tables of pieces: all of them are computed, some of them shown."""

import pytest
import torch

from slm_studio.engine.inside.grids import grid, pieces_around


@pytest.mark.parametrize(("place", "first"), [(0, 0), (50, 34), (99, 68), (100, 68)])
def test_the_pieces_around_a_place_are_shown(place: int, first: int) -> None:
    names = [str(number) for number in range(100)]

    shown = grid("", pieces_around(names, place), torch.arange(100.0)[:, None])

    assert list(shown.rows) == names[first : first + 32] and shown.pieces == 100
    assert [cells[0] for cells in shown.cells] == list(range(first, first + 32))


def test_a_short_text_is_shown_whole() -> None:
    assert grid("", pieces_around(["a", "b"], 1), torch.ones(2, 3)).rows == ("a", "b")
