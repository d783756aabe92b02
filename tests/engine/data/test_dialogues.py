"""Dialogues: every way in which people write them down gives the same messages, and what is left out is said."""

import json
from pathlib import Path

import pytest

from slm_studio.core.dialogue_columns import dialogue_roles
from slm_studio.core.errors import StudioError
from slm_studio.core.messages import Message, check_dialogue
from slm_studio.core.texts import say
from slm_studio.engine.data.dialogues import Written, asked_in, dialogues_of, messages_in
from slm_studio.engine.data.rows import Rows, open_table
from tests.engine.data.ask import read, write_and_read


def of(dataset, system=""):
    roles = dialogue_roles(dataset.columns)
    rows = Rows(open_table(dataset.part()), roles)
    return dialogues_of({role: rows.column(role) for role in roles}, system)


def turns(*texts, system=""):
    front = (Message("system", system),) if system else ()
    return front + tuple(Message(("user", "assistant")[place % 2], text) for place, text in enumerate(texts))


def counts(remarks):
    return {remark.code: remark.count for remark in remarks}


def from_cells(*cells, system=""):
    return dialogues_of({"messages": [json.dumps(cell, ensure_ascii=False) for cell in cells]}, system)


def sharegpt(*pairs):
    names = {"h": "human", "g": "gpt", "s": "system", "f": "function_call", "o": "observation", "x": "narrator"}
    return [{"from": names[who], "value": said} for who, said in pairs]


WRITTEN = {
    "openai.jsonl": json.dumps({"messages": [{"role": "user", "content": "你好?"}, {"role": "assistant", "content": "Yes"}]}),
    "sharegpt.json": json.dumps([{"id": "1", "conversations": sharegpt(("h", "你好?"), ("g", "Yes"))}]),
    "pairs.json": json.dumps([{"conversation": [{"human": "你好?", "assistant": "Yes"}]}]),
    "parts.jsonl": json.dumps(
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "你好?"}]}, {"role": "assistant", "content": "Yes"}]}
    ),
    "alpaca.json": json.dumps([{"instruction": "你好?", "input": "", "output": "Yes"}, {"instruction": "你好?", "input": "", "output": "Yes"}]),
    "completion.jsonl": json.dumps({"prompt": "你好?", "completion": "Yes"}),
    "chosen.jsonl": json.dumps({"prompt": "你好?", "chosen": "Yes", "rejected": "No"}),
    "lists.jsonl": json.dumps(
        {"prompt": [{"role": "user", "content": "你好?"}], "chosen": [{"role": "assistant", "content": "Yes"}]}
    ),
    "faq.csv": "问题,答案,类别\n你好?,Yes,x\n你好?,Yes,x",
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_each_way_of_writing_gives_the_same_messages(tmp_path: Path, name):
    found, remarks = of(write_and_read(tmp_path / name, WRITTEN[name] + "\n"))

    assert set(found) == {turns("你好?", "Yes")}
    assert remarks == ()


def test_an_instruction_and_its_input_are_one_question():
    found, _ = dialogues_of({"question": ["Translate."], "input": ["火车"], "answer": ["train"]})

    assert found == [turns("Translate.\n火车", "train")]


def test_the_nearest_system_prompt_counts():
    own = sharegpt(("s", "own"), ("h", "q"), ("g", "a"))
    bare = sharegpt(("h", "q"), ("g", "a"))

    assert from_cells(own, bare, system=" all ")[0] == [turns("q", "a", system="own"), turns("q", "a", system="all")]
    found, _ = dialogues_of({"question": ["q", "q"], "answer": ["a", "a"], "system": ["column", ""]}, "all")
    assert found == [turns("q", "a", system="column"), turns("q", "a", system="all")]


def test_tools_and_strangers_end_a_dialogue_and_are_counted():
    tools = sharegpt(("h", "q1"), ("g", "a1"), ("h", "q2"), ("f", "{}"), ("o", "{}"), ("g", "made of the tool's words"))
    calls = [{"role": "user", "content": "q1"}, {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]
    stranger = sharegpt(("h", "q1"), ("g", "a1"), ("x", "Night falls."), ("g", "a2"))
    picture = [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": "A cat"}]

    found, remarks = from_cells(tools, calls, stranger, picture)

    assert found == [turns("q1", "a1"), (), turns("q1", "a1"), ()]
    assert counts(remarks) == {"tools-cut": 2, "questions-last": 1, "no-answer": 2, "roles-unknown": 2}
    said = {remark.code: say(remark.message, remark.values) for remark in remarks}
    assert "(function_call, tool_calls)" in said["tools-cut"] and "“narrator, image”" in said["roles-unknown"]


def test_turns_out_of_order_are_mended_or_left_out_and_counted():
    twice = sharegpt(("h", "one"), ("h", "two"), ("g", "a"))
    greeting = sharegpt(("g", "Welcome"), ("h", "q"), ("g", "a"))
    unanswered = sharegpt(("h", "q"), ("g", "a"), ("h", "more"))
    late = sharegpt(("h", "q"), ("g", "a"), ("s", "Now be brief"), ("h", "q"), ("g", "b"))
    empty = sharegpt(("h", "q"), ("g", " "), ("h", "r"), ("g", "a"))

    found, remarks = from_cells(twice, greeting, unanswered, late, empty)

    assert found == [turns("one\ntwo", "a"), turns("q", "a"), turns("q", "a"), turns("q", "a"), turns("q\nr", "a")]
    assert counts(remarks) == {
        "turns-joined": 2, "answers-first": 1, "questions-last": 1, "system-late": 1, "turns-empty": 1,
    }  # fmt: skip
    for dialogue in found:
        check_dialogue(dialogue)


def test_rows_without_an_answer_keep_their_place():
    found, remarks = dialogues_of({"question": ["q", "", "q"], "answer": ["", "a", "a"]})

    assert found == [(), (), turns("q", "a")]
    assert counts(remarks) == {"no-answer": 2} and remarks[0].rows == (0, 1)


def test_no_dialogue_at_all_is_said():
    with pytest.raises(StudioError) as caught:
        dialogues_of({"messages": ["Hello", "[]", "[1]"]})

    assert caught.value.code == "no-dialogues"


def test_texts_that_look_like_lists_stay_questions():
    found, _ = dialogues_of({"question": ["[1, 2]", "[{}"], "answer": ["a list", "half of one"]})

    assert found == [turns("[1, 2]", "a list"), turns("[{}", "half of one")]


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("instruction,input,output,system", {"question": "instruction", "input": "input", "answer": "output", "system": "system"}),
        ("id,text,label", {}),
        ("question,text", {}),
        ("prompt,context,response", {"question": "prompt", "answer": "response"}),
        ("question,answer,answer_html", {"question": "question", "answer": "answer"}),
    ],
)  # fmt: skip
def test_roles_by_the_names_of_columns(tmp_path: Path, header, roles):
    names = header.split(",")
    text = "\n".join([header, *(",".join(f"some words of {name} {n}" for name in names) for n in range(9))])

    assert dialogue_roles(write_and_read(tmp_path / "a.csv", text).columns) == roles


def test_real_instructions(real_data: Path):
    found, remarks = of(read(real_data / "instruct_mix" / "train.json"))

    assert len(found) == 1110 and all(len(dialogue) == 2 for dialogue in found) and remarks == ()
    assert found[0] == turns(
        "把下面的句子翻译成英文。\n火车因大雪被耽搁了。", "The train was delayed because of heavy snowfall."
    )
    assert found[3][0] == Message("user", "What is CDC doing about COVID-19?")


def test_a_real_faq(real_data: Path):
    found, remarks = of(read(real_data / "covid_faq" / "faq_cdc.csv"), "Answer for the CDC.")

    assert len(found) == 111 and remarks == ()
    assert found[0][:2] == (Message("system", "Answer for the CDC."), Message("user", "What is a novel coronavirus?"))
    assert found[0][2].content.startswith("A novel coronavirus is a new coronavirus")
    assert found[0][2].content.endswith("patients with common coronavirus diagnosis.")


@pytest.mark.parametrize(("name", "rows", "messages"), [("train.jsonl", 300, 6082), ("sharegpt_100.json", 100, 2646)])
def test_real_chinese_dialogues(real_data: Path, name, rows, messages):
    found, remarks = of(read(real_data / "kdconv_chat" / name))

    assert (len(found), sum(map(len, found)), remarks) == (rows, messages, ())
    first = {"train.jsonl": "知道《崔健》这个人吗？", "sharegpt_100.json": "看过《我是山姆》吗？"}[name]
    assert found[0][0] == Message("user", first)


@pytest.mark.parametrize(("language", "tools"), [("en", 153), ("zh", 159)])
def test_real_calls_of_tools(real_data: Path, language, tools):
    source = real_data / "glaive_toolcall" / f"glaive_toolcall_{language}_demo.json"
    found, remarks = of(read(source))

    plain = [[turn["from"] for turn in row["conversations"]] for row in json.loads(source.read_text("utf-8"))]
    called = [[role in ("function_call", "observation") for role in roles] for roles in plain]
    kept = [roles[: calls.index(True)] if any(calls) else roles for roles, calls in zip(plain, called, strict=True)]
    assert counts(remarks)["tools-cut"] == tools == sum(map(any, called))
    assert [len(dialogue) for dialogue in found] == [len(roles) // 2 * 2 for roles in kept]
    assert counts(remarks)["no-answer"] == sum(len(roles) < 2 for roles in kept)


def test_what_a_row_asks_ends_with_its_last_question_whichever_way_it_is_written():
    shared = (
        '[{"from": "system", "value": "Be kind."}, {"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes"}]'
    )

    assert asked_in(Written(messages=shared)) == (Message("system", "Be kind."), Message("user", "Hi"))
    assert asked_in(Written(question="Add", input="1 2", answer="3"), "S") == (
        Message("system", "S"),
        Message("user", "Add\n1 2"),
    )
    assert asked_in(Written(messages='[{"from": "tool", "value": "x"}]'), "S") == ()
    assert [each.content for each in messages_in(shared)] == ["Be kind.", "Hi", "Yes"]
    assert messages_in("no list") == ()
