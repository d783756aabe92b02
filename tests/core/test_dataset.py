"""Dataset: the handle on the rows that the app owns."""

import pytest

from slm_studio.core.dataset import Dataset, ReadReport


@pytest.mark.parametrize(
    ("name", "source", "title"),
    [
        ("tickets.csv", "/home/me/tickets.csv", "tickets"),
        ("train.csv", "/home/me/banking77/train.csv", "banking77"),
        ("Train.jsonl", "/Train.jsonl", "Train"),
        ("data", "", "data"),
        ("训练.v2.tsv", "/家/训练.v2.tsv", "训练.v2"),
    ],
)
def test_a_model_is_called_after_the_file_or_its_folder(name: str, source: str, title: str) -> None:
    dataset = Dataset(
        id="d", name=name, source=source, folder="", columns=(), rows=0, held_out={}, fingerprint="f", created="",
        report=ReadReport(format="csv"),
    )  # fmt: skip

    assert dataset.title == title
