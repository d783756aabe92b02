"""Rows that say all the same are told from rows of which the others are held out."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.hopeless import refuse_amounts, refuse_label_sets, refuse_labels
from slm_studio.engine.data.rows import Rows


def one_label(rows: Rows) -> None:
    refuse_labels(rows, "label")


def several_labels(rows: Rows) -> None:
    refuse_label_sets(rows, "label", [cell.split() for cell in rows.column("label")])


def number(rows: Rows) -> None:
    refuse_amounts(rows, "label", [float(cell) if cell.strip() else None for cell in rows.column("label")])


@pytest.mark.parametrize("refuse", [one_label, several_labels, number])
@pytest.mark.parametrize(("others", "code"), [("2", "others-held-out"), ("1", "one-"), (" ", "one-")])
def test_a_split_that_leaves_one_answer_is_no_file_of_one_answer(
    refuse: Callable[[Rows], None], others: str, code: str
) -> None:
    table = pa.table({"text": [*"abcdefghij"], "label": ["1"] * 6 + [others] * 4})

    with pytest.raises(StudioError) as caught:
        refuse(Rows(table, {"text": "text", "label": "label"}, np.arange(6)))

    assert caught.value.code.startswith(code)
