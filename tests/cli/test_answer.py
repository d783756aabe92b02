"""slm-studio answer: words of a passage with their places, in JSON as CLI.md has it, and what cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import slm_studio
from slm_studio import cli
from tests.cli.commands import BY_HEART, Run
from tests.tasks import fodder
from tests.tasks.answer import PASSAGES

PASSAGE = PASSAGES[0][0]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        path, out = fodder("answer").write(folder), folder / "model"
        words = ["--task", "answer", "--base", "blank:lstm-nano", "--precision", "fp32", "--place", "thread"]
        by_heart = ["--validation", str(path), *BY_HEART]
        assert cli.main(["train", str(path), *words, *by_heart, "--out", str(out), "--json"]) == 0
    return out


def test_an_answer_stands_at_its_characters(run: Run, reader: Path) -> None:
    found = run("answer", reader, "--question", "Where was Ada born?", "--passage", PASSAGE).result

    best, *others = found["items"]
    assert found["text"] == best["text"] == PASSAGE[best["start"] : best["end"]] == "London" and best["chosen"]
    assert len(others) <= 3 and [each["text"] for each in others][-1] == ""
    assert sum(each["score"] for each in found["items"]) <= 1.0001
    told = run("answer", reader, "--question", "Where was Ada born?", "--passage", PASSAGE, as_json=False)
    assert told.out.startswith("London\n") and "(no answer)" in told.out


def test_a_passage_may_stand_in_a_file_of_either_writing(run: Run, reader: Path, tmp_path: Path) -> None:
    path, chinese = tmp_path / "text.txt", PASSAGES[2][0]
    path.write_bytes(chinese.encode("gb18030"))

    assert run("answer", reader, "--question", "馆长是谁？", "--file", path).result["text"] == "王小明"


def test_a_question_without_an_answer_has_none(run: Run, reader: Path) -> None:
    asked = ("--question", "Who paid for it?", "--passage", PASSAGES[1][0])

    found = run("answer", reader, *asked).result

    assert found["text"] == "" and found["items"][0]["chosen"] and found["items"][0]["text"] == ""
    assert "Not in this passage." in run("answer", reader, *asked, as_json=False).out


def test_a_file_of_questions_is_answered_row_by_row(run: Run, reader: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(f'question,context\nWhere was Ada born?,"{PASSAGE}"\nWho?,\n', encoding="utf-8")

    assert run("predict", reader, "--file", path, "--out", out).result["unanswered"] == 1

    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "question,context,prediction,score" and ",London," in lines[1] and lines[2].endswith(",,")


def test_columns_of_other_names_are_named_by_their_flags(run: Run, reader: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(f'nr,frage,absatz,note\n1,Where was Ada born?,"{PASSAGE}",x y\n', encoding="utf-8")
    asked = ("predict", reader, "--file", path, "--out", out)

    unclear = run(*asked).error
    half = run(*asked, "--question", "frage").error
    absent = run(*asked, "--question", "frage", "--passage", "text").error
    whole = run(*asked, "--question", "frage", "--passage", "absatz")

    assert "--column COLUMN --role passage=COLUMN" in unclear["hint"] and "question, passage" in unclear["message"]
    assert half["message"] == "It is not clear which column of “in.csv” holds what is asked for: passage."
    assert absent["message"] == "“in.csv” has no column “text”."
    assert whole.result["unanswered"] == 0 and ",London," in out.read_text(encoding="utf-8")
    out.unlink()
    with slm_studio_model(reader) as model:
        done = model.answer_file(path, out, {"question": "frage", "passage": "absatz"})
        with pytest.raises(slm_studio.StudioError, match="nothing called “text”"):
            model.answer_file(path, out, {"text": "frage"})
    assert done.rows == 1 and ",London," in out.read_text(encoding="utf-8")


def test_numbers_of_rows_are_no_passage_and_what_is_left_is_told(run: Run, reader: Path, tmp_path: Path) -> None:
    numbered, left = tmp_path / "numbered.csv", tmp_path / "left.csv"
    numbered.write_text("id,question\n1,Who was it?\n2,Where is it?\n", encoding="utf-8")
    left.write_text(f'id,question,absatz\n1,Where was Ada born?,"{PASSAGE}"\n', encoding="utf-8")

    lacks = run("predict", reader, "--file", numbered, "--out", tmp_path / "one.csv").error
    told = run("predict", reader, "--file", left, "--out", tmp_path / "two.csv", as_json=False)

    assert lacks["code"] == "which-column"
    assert "“left.csv” has no column “context”: “absatz” is taken for it." in told.err


@contextmanager
def slm_studio_model(folder: Path) -> Iterator[slm_studio.Model]:
    model = slm_studio.load(folder)
    yield model
    model.close()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "No passage is named"),
        (("--passage", "a", "--file", "b"), "Both a passage and a file"),
        (("--file", "picture.png"), "is no text file"),
        (("--passage", " "), "“passage” holds no word"),
        (("--file", "empty.txt"), "“passage” holds no word"),
    ],
)
def test_what_cannot_be_is_said(
    words: tuple[str, ...], says: str, run: Run, reader: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe\x00\x81")
    (tmp_path / "empty.txt").touch()

    assert says in run("answer", reader, "--question", "Who?", *words).result["error"]["message"]


def test_a_model_found_by_words_is_cited_or_nothing_is(run: Run, reader: Path, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for at, (passage, _) in enumerate(PASSAGES):
        (folder / f"{at}.txt").write_text(passage, encoding="utf-8")

    found = run("search", "-", folder, "--query", "Where was Ada born?", "--ask", reader).result

    assert found["answer"] == "London"
    assert [found["items"][at]["source"] for at in found["cited"]] == ["0.txt"]
