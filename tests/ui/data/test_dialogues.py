"""Dialogues are shown as what is said, and edited as the file keeps them."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from slm_studio.ui.shell.language import speak
from tests.ui.data.test_marking import Marks

TALK = [{"from": "human", "value": "Hi\nthere"}, {"from": "gpt", "value": "Hello."}]


@pytest.fixture
def place(qapp, tmp_path: Path):
    made = Marks(tmp_path)
    path = tmp_path / "talks.jsonl"
    path.write_text(f"{json.dumps({'conversations': TALK})}\n" * 12, encoding="utf-8")
    made.open(path)
    yield made
    made.close()


def test_a_cell_shows_what_is_said_and_keeps_its_json(place) -> None:
    index = place.model.index(0, 1)

    assert index.data() == "Hi\nthere → Hello."
    assert json.loads(index.data(Qt.ItemDataRole.EditRole)) == TALK


def test_a_row_in_full_says_who_says_what_in_the_language_of_now(place) -> None:
    rows = place.panel.opened.rows
    assert rows._cell(0, "conversations") == "User: Hi\nthere\nAssistant: Hello."

    speak("zh_CN")

    assert rows._cell(0, "conversations") == "用户: Hi\nthere\n助手: Hello."
