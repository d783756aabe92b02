"""The names of stops never overlap."""

import itertools

from slm_studio.ui.widgets.size_slider import SizeSlider

STOPS = ("always", "0.6", "0.7", "0.8", "0.9", "0.95", "0.99", "never")


def test_names_without_room_are_left_out_but_never_the_chosen_one_nor_the_ends(theme) -> None:
    theme.set_zoom(2.0)
    slider = SizeSlider(STOPS, "0.99")

    slider.resize(1400, slider.sizeHint().height())
    assert sorted(slider.named()) == list(range(len(STOPS)))
    slider.resize(512, slider.sizeHint().height())
    places = [place for _, place in sorted(slider.named().items())]

    assert {0, 6} <= slider.named().keys() < set(range(len(STOPS)))
    assert all(one.right() < other.left() for one, other in itertools.pairwise(places))
