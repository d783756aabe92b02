"""Rows of a dataset: some of them, and these with others."""

import pyarrow as pa

from slm_studio.engine.data.passages import passage_rows
from slm_studio.engine.data.rows import Rows


def test_rows_of_one_table_stand_in_its_order() -> None:
    table = pa.table({"text": ["a", "b", "c", "d"]})
    rows = Rows(table, {"text": "text"})

    assert rows.take([3, 0]).with_those(rows.take([2])).column("text") == ["a", "c", "d"]
    again = Rows(pa.table(table.columns, ["text"]), {"text": "text"})
    assert rows.take([3]).with_those(again.take([1])).column("text") == ["b", "d"]


def test_passages_that_were_cut_apart_are_all_there_again() -> None:
    train, held_out = passage_rows(["one", "two", "three"], "text"), passage_rows(["four", "five"], "text")

    assert train.with_those(held_out.take([1])).column("text") == ["one", "two", "three", "five"]
