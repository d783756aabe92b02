"""index and search: from documents to passages, in JSON as CLI.md has it."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import Run
from tests.engine.data.printing import PICTURE, pdf, set_lines
from tests.fuzz.models import make_models

TEXTS = {"rules.md": "# Fees\n\nLate books cost 20 cents a day.\n", "history.txt": "The mill burnt down in 1911.\n"}


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def asked(run: Run, *words: object, status: int = 0) -> dict:
    told = run(*words)
    assert told.code == status, told
    return json.loads(told.out.splitlines()[-1])


def test_words_alone_find_passages_without_a_model(documents: Path, tmp_path: Path, run: Run) -> None:
    made = asked(run, "index", "-", str(documents), "--out", str(tmp_path / "index"))
    assert (made["documents"], made["passages"], made["model"]) == (2, 2, "")

    found = asked(run, "search", "-", str(tmp_path / "index"), "--query", "what do late books cost", "--top", "1")

    (hit,) = found["items"]
    assert (hit["text"], hit["source"], hit["line"], hit["heading"]) == (
        TEXTS["rules.md"].split("\n")[2],
        "rules.md",
        3,
        "Fees",
    )
    assert {"text", "score", "row"} <= set(hit) and "meaning" not in hit


def test_a_passage_of_a_pdf_names_the_pages_on_which_it_stands(tmp_path: Path, run: Run) -> None:
    pages = [
        set_lines(["The library opens at nine every day of the", "week, and on feast days it"]),
        set_lines(["does not open at all.", "", "Late books cost 20 cents a day, however", "late they are."]),
        [],
        set_lines(["The mill burnt down in 1911."]),
    ]
    pdf(tmp_path / "book.pdf", pages)
    words = ("--query", "library books mill feast", "--length", "16", "--way", "words")

    found = asked(run, "search", "-", str(tmp_path / "book.pdf"), *words)["items"]
    told = run("search", "-", str(tmp_path / "book.pdf"), *words, as_json=False).out

    assert {each["text"][:12]: each["page"] for each in found} == {
        "The library ": 1,
        "feast days i": 1,
        "Late books c": 2,
        "The mill bur": 4,
    }
    assert {each["text"][:12]: each.get("last_page") for each in found} == {
        "The library ": None,
        "feast days i": 2,
        "Late books c": None,
        "The mill bur": None,
    }
    assert "book.pdf, page 4" in told and "book.pdf, pages 1–2" in told


def test_files_that_were_not_read_are_named_to_people_and_to_programs(
    documents: Path, tmp_path: Path, run: Run
) -> None:
    pdf(documents / "scan.pdf", [PICTURE])

    made = asked(run, "index", "-", str(documents), "--out", str(tmp_path / "index"))
    assert made["left_out"] == 1
    assert [each["message"] for each in made["remarks"]] == [
        "1 file could not be read: scan.pdf.",
        "No page of “scan.pdf” holds text: a scanned page is a picture of text.",
    ]
    told = run("search", "-", str(documents), "--query", "mill", as_json=False)
    assert "1 file could not be read: scan.pdf.\n" in told.err


def test_tables_among_texts_are_named_with_how_they_are_searched(documents: Path, tmp_path: Path, run: Run) -> None:
    (documents / "prices.csv").write_text("thing,what\nkettle,boils water\nlamp,gives light\n", encoding="utf-8")

    told = run("search", "-", documents, "--query", "kettle", as_json=False).err
    alone = asked(run, "search", "-", str(documents / "prices.csv"), "--query", "water")

    assert "1 table lies among the texts and was left out: prices.csv. To search a table, choose it by itself" in told
    assert alone["items"][0]["text"] == "boils water"


def test_documents_are_indexed_by_the_way_and_anew_when_they_change(documents: Path, run: Run) -> None:
    first = asked(run, "search", "-", str(documents), "--query", "when did the mill burn")
    assert first["items"][0]["source"] == "history.txt"

    (documents / "new.txt").write_text("A whale was seen in the pond.", encoding="utf-8")
    second = asked(run, "search", "-", str(documents), "--query", "whale")

    assert second["items"][0]["source"] == "new.txt" and second["index"] == first["index"]
    told = run("search", "-", "--query", "whale", as_json=False)
    assert f"Searching {documents}, which was indexed last." in told.err and "whale" in told.out


def test_documents_of_another_folder_with_the_same_name_have_an_index_of_their_own(documents: Path, run: Run) -> None:
    other = documents / "further" / documents.name
    other.mkdir(parents=True)
    (other / "new.txt").write_text("A whale was seen in the pond.", encoding="utf-8")

    places = [asked(run, "search", "-", folder, "--query", "mill whale")["index"] for folder in (other, documents) * 2]

    assert places[:2] == places[2:] and len(set(places)) == 2


def test_the_index_of_other_documents_is_not_written_over(documents: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "other.txt").write_text("A whale was seen in the pond.", encoding="utf-8")
    asked(run, "index", "-", documents, "--out", tmp_path / "index")

    refused = run("index", "-", tmp_path / "other.txt", "--out", tmp_path / "index")

    assert (refused.code, refused.error["code"]) == (1, "out-other-index") and str(documents) in refused.error[
        "message"
    ]
    assert asked(run, "index", "-", documents, "--out", tmp_path / "index")["documents"] == 2


def test_an_index_says_how_many_passages_are_longer_than_the_model_reads(
    documents: Path, tmp_path: Path, run: Run
) -> None:
    (model, *_) = make_models(tmp_path / "models", {"search": ("bert",)})  # which reads 32 tokens of a text
    (documents / "long.txt").write_text(f"It rains {'and rains ' * 60}again.\n", encoding="utf-8")

    told = run("index", model, documents, "--out", tmp_path / "index")
    again = run("search", model, documents, "--query", "rain")

    notes = [each for each in told.lines if each.get("code") == "passages-cut"]
    assert told.result["cut"] >= 1 and [each["values"]["count"] for each in notes] == [told.result["cut"]]
    assert run("index", model, documents, "--out", tmp_path / "index").result["cut"] >= 1
    assert again.code == 0


def test_a_file_of_questions_is_answered_from_an_index_or_told_that_there_is_none(
    documents: Path, tmp_path: Path, run: Run
) -> None:
    (model, *_) = make_models(tmp_path / "models", {"search": ("bert",)})
    questions, out = tmp_path / "questions.csv", tmp_path / "out.jsonl"
    questions.write_text("nr,question\n1,where does it rain\n2,what is a mill\n", encoding="utf-8")
    asked = ("predict", model, "--file", questions, "--out", out)

    alone = run(*asked).error
    wrong = run(*asked, "--index", tmp_path / "nowhere").error
    index = run("index", model, documents, "--out", tmp_path / "index")
    named = run(*asked, "--index", tmp_path / "index", "--top", "1").result

    assert alone["code"] == "nothing-to-search" and "--role passage=COLUMN" in alone["hint"]
    assert "is no index" in wrong["message"] and index.code == 0
    assert named["unanswered"] == 0
    assert all(json.loads(line)["prediction"] for line in out.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("search", "-", "nowhere", "--query", "a"), "does not exist"),
        (("search", "-", "--query", "a"), "nothing to search"),
        (("index", "-", "."), "No place is named"),
        (("search", "-", ".", "--query", "a", "--way", "luck"), "luck"),
    ],
)
def test_what_cannot_be_is_said(words: tuple[str, ...], says: str, tmp_path: Path, monkeypatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)

    assert says in json.dumps(asked(run, *words, status=1)["error"], ensure_ascii=False)


def test_an_index_that_is_older_than_its_documents_says_so_to_people_and_to_programs(
    documents: Path, tmp_path: Path, run: Run
) -> None:
    (model, *_) = make_models(tmp_path / "models", {"search": ("bag",)})
    said = "“documents” has changed since the index was made. What is new in it is not found."
    ways = []
    for searcher in ("-", model):
        place = tmp_path / f"index{len(ways)}"
        assert run("index", searcher, documents, "--out", place).code == 0
        ways.append(("search", searcher, place, "--query", "late books"))
    assert "remarks" not in run(*ways[1]).result

    (documents / "new.txt").write_text("A whale was seen in the pond.", encoding="utf-8")

    for words in ways:
        assert run(*words).result["remarks"] == [{"code": "index-documents", "message": said}]
        assert run(*words, as_json=False).err.count(said) == 1
    asked = run("predict", model, "--query", "late books", "--index", tmp_path / "index1").result
    assert [each["message"] for each in asked["remarks"]] == [said]
    questions = tmp_path / "questions.csv"
    questions.write_text("query\nlate books\n", encoding="utf-8")
    done = run("predict", model, "--file", questions, "--out", tmp_path / "out.csv", "--index", tmp_path / "index1")
    assert [each["message"] for each in done.result["remarks"]] == [said]
