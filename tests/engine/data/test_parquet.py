"""Parquet: looked at before it is unpacked."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.readers import parquet
from tests.engine.data.ask import read, remark, rows


def test_every_type_becomes_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["a", None],
            "n": pa.array([1, 2]),
            "f": [0.5, None],
            "flag": [True, False],
            "raw": pa.array([b"x", b"\xff"]),
            "d": pa.array([{"a": 1}, {"a": 2}]),
            "dict": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")

    found = rows(read(tmp_path / "a.parquet"))

    assert found[0] == {"text": "a", "n": "1", "f": "0.5", "flag": "true", "raw": "x", "d": '{"a": 1}', "dict": "x"}
    assert found[1] == {"text": "", "n": "2", "f": "", "flag": "false", "raw": "\ufffd", "d": '{"a": 2}', "dict": "y"}


@pytest.mark.parametrize("cut", [4, 100, -1, -9])
def test_cut_file_is_refused(tmp_path: Path, cut: int) -> None:
    pq.write_table(pa.table({"text": [f"row {n}" for n in range(1000)]}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(data[:cut])

    with pytest.raises(StudioError) as caught:
        read(tmp_path / "b.parquet")

    assert caught.value.code == "parquet-damaged"


def test_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 400_000, pa.int32()), pa.array(["x" * 4000]))
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 1_000_000

    with pytest.raises(StudioError) as caught:
        read(tmp_path / "a.parquet")

    assert caught.value.code == "expands-too-much"


def test_bomb_that_says_its_size_is_not_unpacked_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    column = pa.array(["x" * 4000] * 1000)
    pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet", compression="zstd", use_dictionary=False)
    monkeypatch.setattr(parquet, "INNOCENT", 1 << 20)
    monkeypatch.setattr(parquet, "MOST_EXPANSION", 10)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", None)

    with pytest.raises(StudioError) as caught:
        read(tmp_path / "a.parquet")

    assert caught.value.code == "expands-too-much"


def test_bytes_that_are_no_utf8_become_a_sign_and_are_counted(tmp_path: Path) -> None:
    raw = pa.array([b"good", b"caf\xe9", None, b"\xff\xfe"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 4, raw.buffers(), raw.null_count)
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet")

    dataset = read(tmp_path / "a.parquet")

    assert [row["text"] for row in rows(dataset)] == ["good", "caf\ufffd", "", "\ufffd\ufffd"]
    assert remark(dataset, "cells-undecodable").rows == (1, 3)


def test_of_thousands_of_columns_the_most_filled_are_read(tmp_path: Path) -> None:
    columns = {f"c{n}": [None, "x"] for n in range(600)} | {"text": ["a", "b"], "label": ["x", "y"]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    dataset = read(tmp_path / "a.parquet")

    assert len(dataset.columns) == 500 and {"text", "label"} <= {column.name for column in dataset.columns}
    assert remark(dataset, "keys-left-out").count == 102
