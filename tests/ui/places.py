"""What the tests of places share: a model with a report on disk, and an application."""

import faulthandler
import inspect
import json
import time
from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from slm_studio.core import codec, files, paths
from slm_studio.core.dataset import Remark
from slm_studio.core.results import Baseline, ClassScore, Metric, Report
from slm_studio.core.saved import SavedModel, save_facts

STDERR = 2  # the descriptor, which pytest catches
LABELS = ("delivery", "refund", "billing")
# text, label in the file, what the model says, how sure it is; as write_cases orders them
CASES = (
    ("where is my money", "refund", "billing", 0.97),
    ("the parcel came back", "refund", "delivery", 0.81),
    ("charged twice", "billing", "billing", 0.52),
    ("give it back", "refund", "refund", 0.74),
    ("no parcel yet", "delivery", "delivery", 0.99),
)


def until(claim, seconds: float = 5.0) -> None:
    """Wait until a claim holds; where it never does, write what every thread is at."""
    end = time.monotonic() + seconds
    while not claim() and time.monotonic() < end:
        QTest.qWait(5)
    if not claim():
        faulthandler.dump_traceback(STDERR)
        pytest.fail(f"not so after {seconds:g} s: {inspect.getsource(claim).strip()}")


def make_model(name: str = "Support tickets", task: str = "classify", **facts: object) -> SavedModel:
    """Write a model folder without weights."""
    model = SavedModel(
        folder=str(paths.models() / files.slug(name)), name=name, task=task, facts=facts or {"labels": list(LABELS)},
        base="blank:lstm-small" if task == "classify" else "blank:llama-nano",
        recipe={"roles": {"text": "text", "label": "category"}, "options": {}}, created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip
    Path(model.folder).mkdir(parents=True, exist_ok=True)
    save_facts(model)
    (Path(model.folder) / "model.safetensors").write_bytes(b"0" * 9_600_000)
    return model


def classify_report(
    folder: Path, dataset: str = "tickets.csv", verdict: str = "none", remarks: tuple[Remark, ...] = ()
) -> Report:
    """Write a report of five rows, two of them wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.jsonl").open("w", encoding="utf-8") as stream:
        for row, (text, label, predicted, score) in enumerate(CASES):
            case = {
                "row": row,
                "text": text,
                "label": label,
                "predicted": predicted,
                "score": score,
                "right": label == predicted,
            }
            stream.write(json.dumps(case) + "\n")
    report = Report(
        task="classify", model="Support tickets", dataset=dataset, split="test", rows=5,
        metrics=(Metric(key="accuracy", value=0.6, low=0.231, high=0.882), Metric(key="f1_macro", value=0.611, low=0.2, high=0.9)),
        per_label=(
            ClassScore(label="delivery", precision=0.5, recall=1.0, f1=0.67, support=1),
            ClassScore(label="refund", precision=1.0, recall=0.33, f1=0.5, support=3),
            ClassScore(label="billing", precision=0.5, recall=1.0, f1=0.66, support=1),
        ),
        labels=LABELS, confusion=((1, 0, 0), (1, 1, 1), (0, 0, 1)),
        baselines=(
            Baseline(key="majority", metrics=(Metric(key="accuracy", value=0.4),), seconds=0.1, verdict="better"),
            Baseline(key="tfidf_linear", metrics=(Metric(key="accuracy", value=0.8),), seconds=0.1, verdict=verdict),
        ),
        folder="/elsewhere", cases="/elsewhere/cases.jsonl", facts={"calibration_error": 0.021}, remarks=remarks,
    )  # fmt: skip
    files.write_json(folder / "report.json", codec.to_json(report))
    return report


def write_report(folder: Path) -> Report:
    """Write a report of a writing model, worse than xz."""
    folder.mkdir(parents=True, exist_ok=True)
    passages = [
        {"row": 3, "text": "xyzzy\nOnce there was a cat", "loss": 4.0},
        {"row": 1, "text": "and then", "loss": 1.0},
    ]
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, passages)) + "\n")
    report = Report(
        task="write", model="alice", dataset="alice.txt", split="test", rows=10,
        metrics=(
            Metric(key="loss", value=1.919), Metric(key="perplexity", value=6.816, low=6.1, high=7.79),
            Metric(key="bits_per_byte", value=2.769, low=2.61, high=2.96),
        ),
        baselines=(
            Baseline(key="unigram", metrics=(Metric(key="bits_per_byte", value=4.48),), seconds=0.1),
            Baseline(key="xz", metrics=(Metric(key="bits_per_byte", value=2.55),), seconds=0.1),
        ),
        facts={"tokens": 1406.0, "bytes": 1406.0},
    )  # fmt: skip
    files.write_json(folder / "report.json", codec.to_json(report))
    return report


def forget_other_caches(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let no other program of this computer have fetched a model."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "MODELSCOPE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(folder / "hf"))
    monkeypatch.setenv("HOME", str(folder / "person"))
    monkeypatch.setenv("USERPROFILE", str(folder / "person"))
