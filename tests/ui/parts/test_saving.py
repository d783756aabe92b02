"""Where a file goes: an ending of its kind, and nothing replaced unasked."""

import pytest
from PySide6.QtWidgets import QFileDialog

from slm_studio.ui.parts.saving import ask_where_to_save

KINDS = "CSV (*.csv);;JSON lines (*.jsonl)"


@pytest.mark.parametrize(
    ("name", "kind", "saved"),
    [
        ("story", "", "story.csv"),
        ("story", "JSON lines (*.jsonl)", "story.jsonl"),
        ("story.md", "CSV (*.csv)", "story.md"),
        ("Dr. Who", "CSV (*.csv)", "Dr. Who.csv"),
        ("v1.2", "CSV (*.csv)", "v1.2.csv"),
        ("taken", "CSV (*.csv)", "taken-2.csv"),
        ("taken.csv", "CSV (*.csv)", "taken.csv"),
    ],
)
def test_a_name_without_an_ending_gets_that_of_its_kind(qapp, tmp_path, monkeypatch, name, kind, saved):
    (tmp_path / "taken.csv").write_text("another file, for which the dialog asked only under its whole name")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), kind))

    assert ask_where_to_save(None, "Save", "", KINDS) == tmp_path / saved


def test_who_names_nothing_saves_nothing(qapp, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))

    assert ask_where_to_save(None, "Save", "", KINDS) is None
