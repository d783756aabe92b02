"""The codec and the protocol's nouns: what is written comes back the same."""

import json

import pytest

from slm_studio.core import codec, files, nouns
from slm_studio.core.dataset import Column, Dataset, ReadReport, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import (
    Evaluated,
    Finished,
    Machine,
    Note,
    Paused,
    Predicted,
    Progress,
    Sample,
    Saved,
    Started,
    Step,
)
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Label, Report, Token
from slm_studio.core.saved import Lineage


def a_dataset() -> Dataset:
    column = Column(name="text", kind="text", filled=2, distinct=2, examples=("a", "b"))
    report = ReadReport(
        format="csv",
        encoding="utf-8",
        delimiter=",",
        remarks=(Remark(code="x", message="{n} odd", rows=(1,), values={"n": 2}),),
    )
    return Dataset(
        id="d", name="d.csv", source="/d.csv", folder="/d", columns=(column,), rows=2, held_out={"test": 1}, fingerprint="f", report=report,
        created="2026-01-01T00:00:00+00:00",
    )  # fmt: skip


MACHINE = Machine(device="cpu", name="x", precision="fp32", threads=2, steps=9, values={"ratio": 1.5})
EVENTS = (
    Started("r", MACHINE, 3), Progress("Reading", 1, 2), Step(1, 0.5, 1.0, 2.0, 1e-3, 0.4, 10.0, 99), Evaluated(1, 2.0, 0.5, {"accuracy": 1.0}, True),
    Sample(1, ("a", "b"), (("x", "y"),)), Saved(1, "/p"), Note("c", "m {x}", {"x": "水"}), Predicted(Label("x", 0.5)),
    Predicted(Token("水", 0.5, 7, (("火", 0.25),))), Paused(4), Finished(None), Finished("text"), Finished(a_dataset()),
    Finished({"nested": (a_dataset(), 1)}), Finished(make_recipe("classify", roles={"text": "t", "label": "l"}, settings={"epochs": 3, "label_smoothing": 0.1})),
)  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_survive_one_json_line(event: object) -> None:
    line = json.dumps(nouns.event_to_json(event), ensure_ascii=False)  # type: ignore[arg-type]

    assert "\n" not in line
    assert nouns.event_from_json(json.loads(line)) == event


def test_unknown_fields_are_ignored_so_that_old_versions_read_new_files() -> None:
    plain = codec.to_json(a_dataset()) | {"invented_later": 1}  # type: ignore[operator]

    assert codec.from_json(Dataset, plain) == a_dataset()


@pytest.mark.parametrize("damage", [{"rows": "two"}, {"columns": 3}, {"report": None}, {"held_out": [1]}])
def test_damaged_fields_are_named_in_a_sentence(damage: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="Dataset") as caught:
        codec.from_json(Dataset, codec.to_json(a_dataset()) | damage)  # type: ignore[operator]

    assert caught.value.code == "damaged-json"


def test_a_missing_field_is_a_sentence_too() -> None:
    with pytest.raises(StudioError):
        codec.from_json(Report, {"task": "classify"})


def test_unknown_event_is_refused() -> None:
    with pytest.raises(StudioError):
        nouns.event_from_json({"event": "exploded"})


@pytest.mark.parametrize("content", ['{"name": 3}', "[]", "{", ""])
def test_a_damaged_file_is_named(content: str, tmp_path) -> None:
    path = tmp_path / "state.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(StudioError) as caught:
        codec.read(Column, path)

    assert caught.value.code == "file-damaged"
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "harm", [{"threads": 10**20}, {"threads": 0}, {"steps": -1}, {"precision": "fp8"}, {"attention": "flex_attention"}]
)
def test_a_machine_that_no_computer_is_names_its_file(tmp_path, harm) -> None:
    path = tmp_path / "machine.json"
    files.write_json(path, codec.to_json(MACHINE) | harm)

    with pytest.raises(StudioError) as caught:
        codec.read(Machine, path)

    assert caught.value.code == "file-damaged"
    assert "machine.json" in str(caught.value)


def test_a_record_names_the_fields_that_it_lacks() -> None:
    with pytest.raises(StudioError, match="it lacks what"):
        codec.from_json(Lineage, {"step": "data"})
