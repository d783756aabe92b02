"""Chats on disk: what was said comes back, the newest first, and a damaged file is said and stays."""

import os

import pytest

from slm_studio.core import paths
from slm_studio.core.chat import Chat
from slm_studio.core.chat_files import list_chats, load_chat, new_path, save_chat
from slm_studio.core.errors import StudioError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path))


def test_a_chat_comes_back(tmp_path):
    chat = Chat().asked("Where is it?").answered("在路上。")
    path = new_path(chat)

    save_chat(chat, path)

    assert path.parent == tmp_path / "chats" and "where-is-it" in path.name
    assert load_chat(path) == chat


def test_the_one_changed_last_comes_first_and_none_takes_anothers_place():
    one, other = Chat().asked("Hello"), Chat(title="Hello").asked("Something else")
    first = new_path(one)
    save_chat(one, first)
    second = new_path(other)
    save_chat(other, second)
    os.utime(second, (1, 1))
    (paths.chats() / ".partial-123-x.jsonl").touch()

    assert first != second
    assert [(each.path, each.name) for each in list_chats()] == [(first, "Hello"), (second, "Hello")]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b"not json", b"[" * 3000])
def test_a_damaged_file_is_listed_and_said(content):
    path = new_path(Chat().asked("x"))
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    assert [each.path for each in list_chats()] == [path]
    with pytest.raises(StudioError):
        load_chat(path)
    assert path.read_bytes() == content


def test_a_file_that_is_gone_is_said(tmp_path):
    with pytest.raises(StudioError) as caught:
        load_chat(tmp_path / "chats" / "gone.jsonl")

    assert caught.value.code == "file-damaged"
