"""The index: built from documents, stopped and gone on with, opened by map, and honest about what it is of."""

import os
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import bm25s
import numpy as np
import pyarrow as pa
import pytest

from slm_studio import engine
from slm_studio.core import files
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Event, Note, Progress
from slm_studio.core.index import OLD_DOCUMENTS, OTHER_MODEL, IndexOptions, read_index
from slm_studio.core.work import Work, outcome
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.measuring.nearest import words
from slm_studio.engine.retrieval import building
from slm_studio.engine.retrieval import words as counting
from slm_studio.engine.retrieval.building import Maker, build_index
from slm_studio.engine.retrieval.cutting import Document, count_units, cut
from slm_studio.engine.retrieval.finding import found_in
from slm_studio.engine.retrieval.opening import PASSAGES, forget_indexes, looked_at, open_index
from slm_studio.engine.retrieval.sources import source_of_path
from tests.engine.data.printing import PICTURE, pdf, set_lines
from tests.engine.data.test_judged import collection

TEXT = """# Loans

A book may be kept for four weeks. Films go back after one.

## Fees

Late books cost 20 cents a day. Children pay nothing.

# 时间

图书馆每天十点开门。星期一休息！
"""


def embed(texts: Sequence[str]) -> Work[np.ndarray]:
    """Return vectors by which texts of the same first letter are the same."""
    yield Progress("reading", 0, len(texts))
    vectors = np.zeros((len(texts), 32), np.float32)
    vectors[np.arange(len(texts)), [ord(text[0]) % 32 for text in texts]] = 1.0
    return vectors


MAKER = Maker(name="letters", mark="m1", width=32, embed=embed)


def sentences(events: Sequence[Event]) -> list[str]:
    """Return what was told on the way."""
    return [fill(event.message, event.values) for event in events if isinstance(event, Note)]


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "rules.md").write_text(TEXT, encoding="utf-8")
    (folder / "history.txt").write_text("The mill burnt down in 1911.\n" * 3 + "Nobody was hurt.\n", encoding="utf-8")
    return folder


def build(documents: Path, out: Path, maker: Maker = MAKER, **options: object):
    (documents.parent / "staging").mkdir(exist_ok=True)
    source = outcome(source_of_path(documents, "", documents.parent / "staging"))
    return build_index(source, maker, out, IndexOptions(**options))


def test_documents_are_cut_at_sentences_below_their_headings() -> None:
    passages = list(cut(Document(TEXT, "rules.md"), 60))

    assert [(each.heading, each.line) for each in passages] == [("Loans", 3), ("Fees", 7), ("时间", 11)]
    assert passages[1].text == "Late books cost 20 cents a day. Children pay nothing."
    assert all(each.text in TEXT for each in passages)


@pytest.mark.parametrize(
    "text", ["One two three. " * 80, "十个汉字在这里写着。" * 60, "word " * 500, "没有标点的文字" * 80]
)
def test_nothing_is_lost_and_no_passage_is_longer_than_asked(text: str) -> None:
    passages = [each.text for each in cut(Document(text, "a"), 40)]

    assert all(count_units(each) <= 41 for each in passages)
    assert set(words(text)) <= set(words(" ".join(passages)))
    assert sum(map(count_units, passages)) >= count_units(text) * 0.99


def test_a_row_stays_whole_where_it_is_short() -> None:
    (passage,) = cut(Document("Two sentences. In one row.", "faq.csv", 6), 40)

    assert (passage.text, passage.line, passage.row) == ("Two sentences. In one row.", 7, 6)


@pytest.mark.parametrize("part", [1, 2, 4096])
def test_words_are_scored_as_bm25s_scores_them(
    part: int, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PART", part)
    outcome(build(documents, tmp_path / "index"))
    index = open_index(tmp_path / "index")
    texts = [
        f"{row['heading']}\n{row['text']}" if row["heading"] else row["text"] for row in index.passages.to_pylist()
    ]
    theirs = bm25s.BM25(backend="numpy", csc_backend="numpy")
    theirs.index([words(text) for text in texts], show_progress=False)

    for question in ("late books", "the mill, the mill", "图书馆几点开门", "a book a day"):
        known = [word for word in words(question) if word in theirs.vocab_dict]
        assert index.words.scores(question) == pytest.approx(theirs.get_scores(known), rel=1e-5)


def test_of_passages_and_queries_the_passages_are_searched(tmp_path: Path) -> None:
    folder = collection(tmp_path / "set", test="q1 p1 1\n")
    (folder / "SOURCE.txt").write_text("Where it comes from.\n")

    index = outcome(build(folder, tmp_path / "index", maker=Maker()))

    assert (index.kind, index.column, index.source) == ("column", "text", str(folder))
    found = [hit.text for hit in found_in(str(tmp_path / "index"), "we open at nine", None, {})]
    assert found == ["We open at nine."] and index.passages == 2  # two of four are blank


def test_counting_takes_memory_for_a_part_of_the_words_not_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "PART", 64)
    texts = (" ".join(f"word{(place * 7 + n * n) % 500}" for n in range(40)) for place in range(4000))
    tracemalloc.start()

    counts = counting.WordCounts(tmp_path)
    counts.add(texts)
    counts.save()

    pairs = (tmp_path / counting.HOLDERS).stat().st_size / 4
    assert tracemalloc.get_traced_memory()[1] < 8 * pairs  # a pair alone takes twelve bytes until it is written
    tracemalloc.stop()
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        (counting.VOCABULARY, counting.COUNTS, counting.HOLDERS, counting.STARTS)
    )


@pytest.mark.parametrize(
    ("question", "holders"),
    [
        ("zebra office", [1]),
        ("The OFFICE opens", [0, 1]),
        ("开门", [2]),
        ("zebra 开门", []),
        ("zebra sleeps", []),
        ("?!", []),
    ],
)
def test_passages_that_hold_every_word_of_a_question_are_known(
    tmp_path: Path, question: str, holders: list[int]
) -> None:
    counts = counting.WordCounts(tmp_path)
    counts.add(["The office opens at ten.", "The zebra office opens at nine.", "图书馆九点开门。"])
    counts.save()

    assert counting.WordIndex(tmp_path, 3).holders(question).tolist() == holders


def test_hits_say_where_they_stand_and_both_ways_are_fused(documents: Path, tmp_path: Path) -> None:
    outcome(build(documents, tmp_path / "index", maker=Maker()))

    first, *_ = found_in(str(tmp_path / "index"), "what do late books cost", None, {})

    assert (first.source, first.line, first.heading) == ("rules.md", 7, "Fees")
    assert first.meaning is None and first.words == first.score > 0
    with pytest.raises(StudioError, match="without a model"):
        list(found_in(str(tmp_path / "index"), "late", None, {"way": "meaning"}))


def test_a_build_that_stopped_goes_on_and_gives_the_same(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PART", 1)
    asked: list[str] = []

    def noted(texts: Sequence[str]) -> Work[np.ndarray]:
        asked.extend(texts)
        return (yield from embed(texts))

    maker = replace(MAKER, embed=noted)
    whole = outcome(build(documents, tmp_path / "whole", maker))
    asked.clear()
    work: Iterator[object] = build(documents, tmp_path / "index", maker)
    while len(asked) < 2:
        next(work)
    work.close()  # type: ignore[attr-defined]
    assert not (tmp_path / "index").exists()
    before = len(asked)

    index = outcome(build(documents, tmp_path / "index", maker))

    assert len(asked) - before < whole.passages
    one, other = (open_index(tmp_path / name).vectors_PD for name in ("whole", "index"))
    assert np.array_equal(one, other)
    assert index.passages == whole.passages and not list(tmp_path.glob(".unfinished*"))


def test_passages_that_are_longer_than_the_model_reads_are_counted_and_said_once(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PART", 1)

    def cut_ones(texts: Sequence[str]) -> int:
        return sum(len(text) > 40 for text in texts)

    maker = replace(MAKER, limit=40, count_cut=cut_ones)
    work = build(documents, tmp_path / "index", maker)
    while not any(each.is_file() for each in tmp_path.glob(".unfinished*/vectors.npy")):
        next(work)
    next(work)
    work.close()  # what was counted until then stands with the vectors

    *events, end = [*build(documents, tmp_path / "index", maker), None]
    index = read_index(tmp_path / "index")
    again = [*build(documents, tmp_path / "index", maker)]

    (note,) = (each for each in events if isinstance(each, Note))
    texts = [row["text"] for row in open_index(tmp_path / "index").passages.to_pylist()]
    assert index.cut == note.values["count"] == 3 < len(texts) == note.values["passages"]
    assert note.code == "passages-cut" and note.values["limit"] == 40
    assert again == [] and end is None


def test_an_index_that_stands_there_is_not_made_again(documents: Path, tmp_path: Path) -> None:
    first = outcome(build(documents, tmp_path / "index"))

    again = outcome(build(documents, tmp_path / "index"))

    assert again.created == first.created
    assert outcome(build(documents, tmp_path / "index", length=32)).created != first.created


def test_it_says_when_its_documents_or_its_model_are_others(documents: Path, tmp_path: Path) -> None:
    outcome(build(documents, tmp_path / "index"))
    assert looked_at(tmp_path / "index", "m1") == ()

    (documents / "history.txt").write_text("It was built again.", encoding="utf-8")
    os.utime(documents / "history.txt", (1, 1))

    assert looked_at(tmp_path / "index", "m2") == (OLD_DOCUMENTS, OTHER_MODEL)


def test_what_does_not_fit_together_is_refused(documents: Path, tmp_path: Path) -> None:
    outcome(build(documents, tmp_path / "index"))
    forget_indexes()
    np.save(tmp_path / "index" / "vectors.npy", np.zeros((2, 32), np.float32))
    with pytest.raises(StudioError, match=r"holds 2 × 32 numbers"):
        open_index(tmp_path / "index")

    (tmp_path / "index" / "vectors.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'")
    with pytest.raises(StudioError, match="cannot be read"):
        open_index(tmp_path / "index")


def test_an_index_of_a_version_that_knew_no_pages_is_searched_all_the_same(documents: Path, tmp_path: Path) -> None:
    outcome(build(documents, tmp_path / "index"))
    folder = tmp_path / "index"
    passages = open_table(folder / PASSAGES).drop_columns(["page"])
    with pa.OSFile(str(tmp_path / "old"), "wb") as sink, pa.ipc.new_file(sink, passages.schema) as writer:
        writer.write_table(passages)
    os.replace(tmp_path / "old", folder / PASSAGES)
    forget_indexes()

    (hit,) = found_in(str(folder), "when did the mill burn", None, {"way": "words", "top": 1})

    assert (hit.source, hit.line, hit.page) == ("history.txt", 1, 0)


def test_arrays_that_hold_objects_are_never_opened(documents: Path, tmp_path: Path) -> None:
    outcome(build(documents, tmp_path / "index"))
    forget_indexes()
    np.save(tmp_path / "index" / "vectors.npy", np.array([{"a": 1}], object), allow_pickle=True)

    with pytest.raises(StudioError, match="cannot be read"):
        open_index(tmp_path / "index")


def test_empty_documents_and_a_foreign_folder_are_said(documents: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.txt").write_text("\n \n", encoding="utf-8")
    with pytest.raises(StudioError, match="holds no text that could be searched"):
        outcome(build(empty, tmp_path / "index"))
    with pytest.raises(StudioError, match="exists and is no index"):
        outcome(build(documents, documents))


def test_pdfs_are_searched_and_what_could_not_be_read_of_them_is_said(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    pdf(papers / "mill.pdf", [set_lines(["The mill burnt down in the summer", "of 1911."]), PICTURE])
    pdf(papers / "scan.pdf", [PICTURE])

    events = list(engine.index("", str(papers), None, str(tmp_path / "index"), IndexOptions()))

    index = events[-1].result
    assert (index.documents, index.passages, index.left_out) == (1, 1, 1)
    assert sentences(events) == [
        "1 page holds pictures of text, which cannot be read here.",
        "1 file could not be read: scan.pdf.",
        "No page of “scan.pdf” holds text: a scanned page is a picture of text.",
    ]
    [hit] = found_in(tmp_path / "index", "When did the mill burn down?", None, {"way": "words"})
    assert (hit.text, hit.source) == ("The mill burnt down in the summer of 1911.", "mill.pdf")


def test_files_that_were_not_read_are_named_with_the_reason_as_often_as_they_are_searched(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "a.txt").write_text("The mill burnt down.\n", encoding="utf-8")
    (papers / "blank.txt").write_text(" \n", encoding="utf-8")
    (papers / "empty.pdf").write_bytes(b"")
    for number in range(6):
        pdf(papers / f"locked{number}.pdf", [PICTURE], password="x")
    pdf(papers / "scan.pdf", [PICTURE])
    with zipfile.ZipFile(tmp_path / "papers.zip", "w") as archive:
        for each in papers.iterdir():
            archive.write(each, each.name)

    for path in (papers, papers, tmp_path / "papers.zip"):
        events = list(engine.index("", str(path), None, str(tmp_path / f"index of {path.name}"), IndexOptions()))

        assert sentences(events) == [
            "1 file was left out: empty.pdf.",
            "1 file holds no text and was left out: blank.txt.",
            "7 files could not be read: locked0.pdf, locked1.pdf, locked2.pdf, locked3.pdf, locked4.pdf ….",
            "“locked0.pdf” is locked with a password.",
            "No page of “scan.pdf” holds text: a scanned page is a picture of text.",
        ]
        assert events[-1].result.left_out == 9


def test_where_no_document_can_be_read_the_error_says_what_happened_to_the_first(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    pdf(papers / "a.pdf", [PICTURE], password="x")
    pdf(papers / "b.pdf", [PICTURE])

    with pytest.raises(StudioError, match="None of these 2 files") as caught:
        list(engine.index("", str(papers), None, str(tmp_path / "index"), IndexOptions()))

    assert caught.value.advice == "“a.pdf” is locked with a password."


def test_a_single_document_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    for name, password, code in (("scan.pdf", "", "pdf-pictures"), ("locked.pdf", "x", "pdf-locked")):
        path = pdf(tmp_path / name, [PICTURE], password=password)

        with pytest.raises(StudioError) as caught:
            list(engine.index("", str(path), None, str(tmp_path / "index"), IndexOptions()))

        assert caught.value.code == code


def test_an_index_knows_how_much_it_holds(documents: Path, tmp_path: Path) -> None:
    index = outcome(build(documents, tmp_path / "index"))

    assert (index.documents, index.passages) == (2, 4) and index.bytes == pytest.approx(
        files.size_of(tmp_path / "index"), rel=0.5
    )
    assert read_index(tmp_path / "index").model == "letters"


@pytest.mark.parametrize("name", [PASSAGES, "words.arrow"])
def test_a_file_of_an_index_that_is_missing_is_named(documents: Path, tmp_path: Path, name: str) -> None:
    outcome(build(documents, tmp_path / "index"))
    forget_indexes()
    (tmp_path / "index" / name).unlink()

    with pytest.raises(StudioError, match=name) as caught:
        open_index(tmp_path / "index")
    assert caught.value.code == "file-missing"
