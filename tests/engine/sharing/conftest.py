"""A tiny model that is a real one, and a hub that stands on the loopback."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio.core.saved import Lineage, SavedModel, save_facts
from slm_studio.engine.sharing.card import write_card
from slm_studio.engine.sharing.download import Patience
from tests.hub_server import HubServer

LABELS = ("bad", "good", "so so")
SOON = Patience(connect=2.0, read=2.0, attempts=3, pause=0.01, longest=0.2)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a BertForSequenceClassification of about 1 MB with its tokenizer, once."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from slm_studio.engine.models.vocabulary import train_word_pieces

    folder = tmp_path_factory.mktemp("tiny") / "model"
    tokenizer = train_word_pieces(["the quick brown fox jumps over the lazy dog", "good bad fine awful"] * 3, 200, True)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=3000, hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, max_position_embeddings=64,
        id2label=dict(enumerate(LABELS)), label2id={label: place for place, label in enumerate(LABELS)},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.fixture
def plain(tiny_source: Path, tmp_path: Path) -> Path:
    """Return a copy of the tiny model as Transformers writes it, without studio.json."""
    return Path(shutil.copytree(tiny_source, tmp_path / "plain-model"))


@pytest.fixture
def tiny(plain: Path, home: Path) -> Path:
    """Return the tiny model as one of the person's, with the traces that a training leaves."""
    folder = home / "models" / "reviews"
    shutil.copytree(plain, folder)
    save_facts(saved_model(folder))
    (folder / "report").mkdir()
    (folder / "report" / "cases.jsonl").write_text('{"text": "a secret row"}\n', encoding="utf-8")
    report = {
        "task": "classify",
        "model": "reviews",
        "dataset": "reviews.csv",
        "split": "test",
        "rows": 120,
        "metrics": [],
    }
    report |= {"cases": str(folder / "report" / "cases.jsonl")}
    (folder / "report" / "report.json").write_text(json.dumps(report), encoding="utf-8")
    (folder / "README.md").write_text(write_card(saved_model(folder), None), encoding="utf-8")
    (folder / "log.txt").write_text("a line", encoding="utf-8")
    table = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps(table | {"name_or_path": str(folder)}), encoding="utf-8")
    return folder


def saved_model(folder: Path) -> SavedModel:
    return SavedModel(
        folder=str(folder), name="Reviews", task="classify", base="blank:bert-nano", facts={"labels": list(LABELS), "max_length": 64},
        metrics={"accuracy": 0.91, "f1_macro": 0.88}, intervals={"accuracy": (0.87, 0.94)}, metrics_on="test",
        baseline={"majority": {"accuracy": 0.5}}, run="20260101-run", dataset=str(folder.parent.parent / "datasets" / "r"),
        dataset_name="reviews.csv", fingerprint="ab" * 32, rows={"train": 900, "validation": 100, "test": 120}, parameters=300_000,
        seconds=61.0, steps=140, machine="A processor, cpu, fp32, 2 threads", language="en", created="2026-01-01T00:00:00+00:00",
        lineage=(
            Lineage(step="output", what="Reviews", detail="300,000 parameters"),
            Lineage(step="data", what="reviews.csv", detail=f"from {folder.parent.parent}/datasets"),
        ),
        versions={"torch": "2.13"},
    )  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder as a repository holds them."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
