"""slm-studio chat: a conversation of lines, its commands, and what programs read of it."""

import io
import json
from pathlib import Path

import pytest

from slm_studio import cli
from slm_studio.cli import command
from slm_studio.core.chat import Chat, to_markdown
from tests.cli.commands import Run
from tests.tasks import fodder

SMALL = (
    "--epochs",
    "1",
    "--precision",
    "fp32",
    "--place",
    "thread",
    "--max-length",
    "96",
    "--base",
    "blank:llama-nano",
)
GREEDY = ("--temperature", "0", "--max-new-tokens", "4")


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talker")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        path, out = fodder("chat").write(folder), folder / "model"
        code = cli.main(["train", str(path), "--task", "chat", *SMALL, "--out", str(out), "--json"])
    assert code == 0
    return out


@pytest.fixture
def say(run: Run, monkeypatch: pytest.MonkeyPatch):
    def said(text: str, *words: object, as_json: bool = True):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return run("chat", *words, as_json=as_json)

    return said


def test_one_question_is_answered_with_its_speed(run: Run, talker: Path) -> None:
    result = run("chat", talker, "--prompt", "When do you open?", *GREEDY).result

    assert set(result) == {"text", "tokens", "tokens_per_second", "ended"}
    assert 1 <= result["tokens"] <= 4 and result["tokens_per_second"] > 0
    assert run("chat", talker, "--prompt", "When do you open?", *GREEDY, as_json=False).out == result["text"] + "\n"


def test_a_conversation_prints_a_line_a_turn_and_remembers_them_all(say, talker: Path, tmp_path: Path) -> None:
    saved, lines = tmp_path / "chat.jsonl", tmp_path / "chat.md"
    told = say(
        f"Hello\n\n/system Be brief.\nHow much?\n/again\n/save {saved}\n/save {saved}\n/save {lines}\n/quit\nNever\n",
        talker,
        *GREEDY,
    )

    turns = [line for line in told.lines if line.get("event") == "turn"]
    assert [set(turn) >= {"text", "tokens", "tokens_per_second"} for turn in turns] == [True] * 3
    assert turns[1]["text"] == turns[2]["text"], "asked again, greedily"
    messages = told.result["messages"]
    assert [(each["role"], each["content"]) for each in messages[:2]] == [("system", "Be brief."), ("user", "Hello")]
    assert [each["role"] for each in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert json.loads(saved.read_text(encoding="utf-8")) == {"messages": messages}
    assert lines.read_text(encoding="utf-8") == to_markdown(
        Chat(system="Be brief.")
        .asked("Hello")
        .answered(turns[0]["text"])
        .asked("How much?")
        .answered(turns[2]["text"]),
        {"system": "System", "user": "You", "assistant": "model"},
    )


def test_an_answer_that_was_cut_is_told_from_one_that_ended(run: Run, say, talker: Path) -> None:
    words = ("chat", talker, "--prompt", "When do you open?", "--temperature", "5", "--seed", "3")
    whole = run(*words, "--max-new-tokens", "3").result
    last = whole["text"].strip()[-1]

    assert (whole["tokens"], whole["ended"]) == (3, False)
    assert run(*words, "--max-new-tokens", "9", "--stop", last).result["ended"] is True
    assert "; cut at 3, --max-new-tokens allows more" in run(*words, "--max-new-tokens", "3", as_json=False).err
    turns = [line for line in say("When do you open?\n", *words[1:2], *GREEDY).lines if line.get("event") == "turn"]
    assert [turn["ended"] for turn in turns] == [turn["tokens"] < 4 for turn in turns]
    items = run("predict", talker, "--question", "When do you open?").result
    assert items["text"] == "".join(each["text"] for each in items["items"]) and isinstance(items["ended"], bool)


@pytest.mark.parametrize("line", ["/foo", "/foo-bar", "/system/x", "/", "  /tmp/a.txt what is it?", "/quite"])
def test_an_unknown_command_is_refused_and_lists_those_there_are(say, talker: Path, line: str) -> None:
    told = say(f"{line}\nHi\n", talker, *GREEDY)

    assert told.error["code"] == "no-such-command" and f"“{line.split()[0]}”" in told.error["message"]
    assert all(each in told.error["hint"] for each in ("/system", "/again", "/save", "/help", "/quit"))
    assert not any(each.get("event") == "turn" for each in told.lines), "the model never sees it"


def test_a_text_that_begins_with_a_slash_is_sent_with_two(say, talker: Path) -> None:
    result = say("//foo bar\n/help\n", talker, *GREEDY).result

    assert [each["content"] for each in result["messages"] if each["role"] == "user"] == ["/foo bar"]


def test_what_cannot_be_is_a_sentence(run: Run, say, talker: Path, sorter: Path) -> None:
    assert run("chat", sorter, "--prompt", "a").error["code"] == "not-a-chat"
    assert run("chat", talker, "--prompt", " ").error["code"] == "text-empty"
    assert run("chat", talker, "--prompt", "a", "--min-p", "2").error["code"] == "knob-range"
    assert say("/save\n", talker).error["code"] == "no-file-named"
    assert run("chat", talker, "--prompt", "a", "--system", "word " * 900).error["code"] == "context-too-small"


def test_what_of_a_long_question_is_not_sent_is_said_before_the_answer(run: Run, talker: Path) -> None:
    words = ("chat", talker, "--prompt", "long " * 400, *GREEDY)

    *way, last = run(*words).lines
    people = run(*words, as_json=False)

    sentence = f"The question is too long: its first {last['cut']:,} characters are not sent."
    assert [line["message"] for line in way if line["event"] == "note"] == [sentence]
    assert people.err.count("are not sent") == 1 and people.err.index(sentence) < people.err.index("a second")


def test_a_conversation_goes_on_after_an_answer_that_was_stopped_before_its_first_word(
    run: Run, talker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, whole, asked = io.StringIO("Hello\nAgain?\n"), command.Command.do, []
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)

    def stopped_once(self: command.Command, kind: type, verb: str, /, **arguments: object) -> object:
        if verb == "predict":
            asked.append(arguments["prompt"])
            if len(asked) == 1:
                raise command.Stopped
        return whole(self, kind, verb, **arguments)

    monkeypatch.setattr(command.Command, "do", stopped_once)
    told = run("chat", talker, *GREEDY, as_json=False)

    assert told.code == 0 and "Stopped before the first word." in told.err
    assert asked[1] == {"messages": ({"role": "user", "content": "Again?"},)}


def test_answers_to_a_file_are_as_long_and_as_bold_as_asked(run: Run, talker: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "asked.csv", tmp_path / "out.jsonl"
    path.write_text("question\nDo you sell tea?\n", encoding="utf-8")
    words = ("predict", talker, "--file", path, "--out", out, "--temperature", "5", "--seed", "3")

    (remark,) = run(*words, "--max-new-tokens", "2").result["remarks"]

    assert remark["message"] == "1 answer was cut at 2 tokens, before it ended: row 1."
    short = json.loads(out.read_text(encoding="utf-8"))["prediction"]
    assert run(*words, "--max-new-tokens", "9", "--overwrite").code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["prediction"].startswith(short)


def test_what_an_evaluation_leaves_out_is_said_once(run: Run, talker: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    pairs = [("Long?", "word " * 200), ("Short?", "Yes."), ("Late?", "No.")]
    path.write_text("question,answer\n" + "".join(f"{q},{a}\n" for q, a in pairs), encoding="utf-8")

    told, people = run("evaluate", talker, path), run("evaluate", talker, path, as_json=False)

    (remark,) = told.result["remarks"]
    assert remark["code"] == "answers-left-out" and "teach" not in remark["message"], "nothing is learnt here"
    assert [line["message"] for line in told.lines if line.get("event") == "note"] == [remark["message"]]
    assert (people.err + people.out).count("left out") == 1 and "remarks" not in people.out
    assert "per_label" not in people.out, "of which there is none"


def test_predict_takes_any_role_and_a_file_of_dialogues(run: Run, talker: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "asked.jsonl", tmp_path / "out.jsonl"
    path.write_text(
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}\n' * 2,
        encoding="utf-8",
    )

    items = run("predict", talker, "--question", "Hi", "--system", "Be brief.").result["items"]
    listed = run("predict", talker, "--messages", '[{"role": "user", "content": "Hi"}]').result["items"]
    done = run("predict", talker, "--file", path, "--out", out).result

    assert set(items[0]) == set(listed[0]) >= {"text", "score", "id"}
    assert (done["rows"], done["out"], done["unanswered"]) == (2, str(out), 0)
    assert {"messages", "prediction", "score"} == set(json.loads(out.read_text(encoding="utf-8").splitlines()[0]))


def test_several_answers_come_side_by_side_each_with_its_seed(run: Run, talker: Path) -> None:
    words = ("generate", talker, "--prompt", "hello", "--temperature", "2", "--max-new-tokens", "5")

    found = run(*words, "--count", 2).result["continuations"]

    assert len(found) == 2
    for each in found:
        assert run(*words, "--seed", each["seed"]).result["text"] == each["text"]
