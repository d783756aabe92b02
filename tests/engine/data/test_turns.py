"""Turns: a row a turn becomes a row a dialogue, where nothing is lost by it."""

import json
from pathlib import Path

from tests.engine.data.ask import cells, remark, rows, write_and_read


def said(cell):
    return [(turn["role"], turn["content"]) for turn in json.loads(cell)]


TURNS = """\
dialogue_id,turn,speaker,text,channel
7,2,agent,"Hello, Ann.",web
7,1,customer,Hi,web
8,1,customer,你好,phone
7,10,agent,Bye,web
7,9,customer,Thanks,web
8,2,agent,您好,phone
"""
SEVEN = [("user", "Hi"), ("assistant", "Hello, Ann."), ("user", "Thanks"), ("assistant", "Bye")]
EIGHT = [("user", "你好"), ("assistant", "您好")]


def test_turns_of_a_csv_become_dialogues_in_their_order(tmp_path: Path):
    dataset = write_and_read(tmp_path / "turns.csv", TURNS)

    assert [column.name for column in dataset.columns] == ["dialogue_id", "messages", "channel"]
    assert dataset.column("messages").kind == "messages"
    found = rows(dataset)
    assert [(row["dialogue_id"], row["channel"], said(row["messages"])) for row in found] == [
        ("7", "web", SEVEN), ("8", "phone", EIGHT),
    ]  # fmt: skip
    note = remark(dataset, "turns-gathered")
    assert note is not None and note.values == {"count": 2, "turns": 6, "dialogue": "dialogue_id", "speaker": "speaker"}


def test_turns_of_json_lines_in_the_order_of_the_file(tmp_path: Path):
    lines = [
        {"conversation_id": "x", "role": who, "content": text, "sent": f"2024-05-0{day} 09:00", "message_id": f"m{day}"}
        for day, (who, text) in enumerate([("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")], 1)
    ]

    dataset = write_and_read(tmp_path / "turns.jsonl", "\n".join(map(json.dumps, lines)))

    assert [said(cell) for _, cell in cells(dataset)] == [
        [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")]
    ]
    left = remark(dataset, "turns-columns")
    assert left is not None and left.values is not None and left.values["columns"] == "sent, message_id"


def test_of_two_nameless_speakers_the_first_asks(tmp_path: Path):
    table = "对话编号,说话人,内容\n1,A,在吗\n1,B,在的\n2,A,多少钱\n2,B,十元\n"

    dataset = write_and_read(tmp_path / "turns.csv", table)

    assert [said(row["messages"]) for row in rows(dataset)] == [
        [("user", "在吗"), ("assistant", "在的")], [("user", "多少钱"), ("assistant", "十元")],
    ]  # fmt: skip


def test_turns_with_a_label_of_their_own_stay_rows(tmp_path: Path):
    table = "dialogue_id,speaker,utterance,emotion\n" + "\n".join(
        f"{n // 4},{('user', 'agent')[n % 2]},some words {n},{('joy', 'anger', 'none')[n % 3]}" for n in range(40)
    )

    dataset = write_and_read(tmp_path / "turns.csv", table)

    assert dataset.rows == 40 and remark(dataset, "turns-gathered") is None
    note = remark(dataset, "turns-stay")
    assert note is not None and note.values is not None and note.values["column"] == "emotion"


def test_speakers_of_many_names_are_no_chat(tmp_path: Path):
    table = "scene,speaker,text\n".replace("scene", "thread_id") + "\n".join(
        f"{n // 3},{name},line {n}" for n, name in enumerate(["Romeo", "Juliet", "Nurse"] * 4)
    )

    assert write_and_read(tmp_path / "play.csv", table).rows == 12


def test_a_column_that_names_the_split_still_divides(tmp_path: Path):
    table = "dialogue_id,role,content,split\n" + "\n".join(
        f"{n},{role},text {n},{'test' if n > 5 else 'train'}" for n in range(8) for role in ("user", "assistant")
    )

    dataset = write_and_read(tmp_path / "turns.csv", table)

    assert (dataset.rows, dataset.held_out) == (6, {"test": 2})
