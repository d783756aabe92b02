"""Unseen: labels that training never saw are counted by rows, however many a row has."""

import pytest

from slm_studio.engine.data.unseen import unseen_facts, unseen_labels


@pytest.mark.parametrize(
    ("rows", "facts"),
    [
        ([["a"], ["b"]], {}),
        ([["a"], [""], ["  "], []], {}),
        ([["a"], ["x"], ["x"], ["y"]], {"unseen_rows": 3, "unseen_labels": 2, "unseen_share": 0.75}),
        ([["a", "x", "y"], ["b"], ["x"]], {"unseen_rows": 2, "unseen_labels": 2, "unseen_share": 0.6}),
    ],
)
def test_a_row_counts_once_however_many_of_its_labels_are_unseen(
    rows: list[list[str]], facts: dict[str, float]
) -> None:
    assert unseen_facts(["a", "b"], rows) == facts


def test_labels_of_another_spelling_are_told_apart_from_new_ones() -> None:
    spelt, new = unseen_labels(["Yes", "no"], ["yes", "NO ", "no"]), unseen_labels(["yes"], ["Yes", "never"])

    assert spelt is not None and spelt.misspelt and spelt.rows == 2
    assert new is not None and not new.misspelt and new.total == 2
    assert unseen_labels(["yes"], ["yes", " "]) is None
