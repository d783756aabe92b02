"""slm-studio words: what programs get, and what is said of wrong questions."""

from pathlib import Path

import pytest

import slm_studio
from slm_studio import engine
from tests.cli.commands import Run

LINES = ("king 1 0 0.1 0 0 0 0 0 0 0.5", "queen 1 0.2 0.1 0 0 0 0 0 0 0.5", "man 0 0 0.1 1 0 0 0 0 0 0.1",
         "woman 0 0.2 0.1 1 0 0 0 0 0 0.1", "pear 0 0 0 0 0 0 0 1 1 0.2")  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "glove.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return list(engine.adopt(str(path)))[-1].result.folder


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("--near", "king", "--top", "2"), "queen"),
        (("--analogy", "man", "king", "woman"), "queen"),
        (("--similarity", "king", "queen"), "queen"),
        (("--odd", "king", "pear", "queen"), "pear"),
    ],
)
def test_programs_get_words_and_scores(words: tuple[str, ...], first: str, model: str, run: Run) -> None:
    told = run("words", model, *words)

    assert told.code == 0 and told.result["items"][0]["text"] == first
    assert all(set(item) == {"text", "score"} for item in told.result["items"])


def test_one_question_at_a_time(model: str, run: Run) -> None:
    assert run("words", model).code == 2
    assert run("words", model, "--near", "king", "--odd", "a", "b", "c").code == 2


def test_an_unknown_word_is_a_problem_with_a_hint(model: str, run: Run) -> None:
    told = run("words", model, "--near", "kingg")

    assert told.code == 1 and told.error["code"] == "word-unknown" and "king" in told.error["hint"]
    assert all(each.get("event") != "note" for each in told.lines), "it is said once"


def test_of_several_words_those_without_a_vector_are_told(model: str, tmp_path: Path, run: Run) -> None:
    told = run("words", model, "--near", "king", "zzqx", "--top", "1")
    *way, last = told.lines
    predicted = run("predict", model, "--text", "zzqx king", "--top", "1").result
    asked = tmp_path / "asked.csv"
    asked.write_text("text\nking zzqx\nqueen\n", encoding="utf-8")
    of_file = run("predict", model, "--file", asked, "--out", tmp_path / "out.csv").result
    answer = slm_studio.load(model)("king zzqx", top=1)

    assert told.code == 0 and last["items"][0]["text"] == predicted["items"][0]["text"] == str(answer) == "queen"
    assert last["unknown_words"] == predicted["unknown_words"] == ["zzqx"]
    assert [each["code"] for each in way if each["event"] == "note"] == ["prompt-unknown-words"]
    assert answer.notes == ("“zzqx” is not among the words of these vectors and is left out.",)
    assert [(each["code"], each["rows"]) for each in of_file["remarks"]] == [("rows-partly-known", [0])]


def test_words_that_are_all_known_need_no_remark(model: str, run: Run) -> None:
    assert set(run("words", model, "--near", "king", "man").result) == {"items"}
    assert slm_studio.load(model)("king man").notes == ()
