"""Several labels in a cell are taken apart, whichever way they were put together."""

import pytest

from slm_studio.core.label_sets import labels_in


@pytest.mark.parametrize(
    ("cell", "joined", "labels"),
    [
        ("billing#urgent", "#", ("billing", "urgent")),
        (" a ; b;;a ", ";", ("a", "b")),
        ("甲、乙", "、", ("甲", "乙")),
        ("a b", " ", ("a", "b")),
        ('["a", "b"]', "list", ("a", "b")),
        ("['a', \"b's\"]", "list", ("a", "b's")),
        ('{"choices": ["a"]}', "list", ("a",)),
        ("<python><pandas>", "list", ("python", "pandas")),
        ("[3, 12]", "list", ("3", "12")),
        ("[]", ";", ()),
        ("", ";", ()),
        ("alone", "list", ("alone",)),
        ("a;b", "list", ("a;b",)),
    ],
)
def test_a_cell_holds_each_of_its_labels_once(cell: str, joined: str, labels: tuple[str, ...]) -> None:
    assert labels_in(cell, joined) == labels
