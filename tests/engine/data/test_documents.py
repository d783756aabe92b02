"""Documents: the text of Word, HTML and Markdown files, and a sentence of its own for what holds none."""

from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from tests.engine.data.ask import cells, read, remark, write_and_read
from tests.engine.data.office import paragraph, word
from tests.work import at_most


def test_each_paragraph_of_a_word_file_is_a_row(tmp_path: Path) -> None:
    body = paragraph("First ", "paragraph & more.") + paragraph() + paragraph("第二段")
    body += "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>"

    dataset = read(word(tmp_path / "a.docx", body))

    assert cells(dataset) == [("First paragraph & more.",), ("",), ("第二段",), ("a\tb\nc",)]
    assert dataset.report.format == "docx"


def test_what_was_deleted_in_word_is_not_read_and_tables_are(tmp_path: Path) -> None:
    body = "<w:p><w:del><w:r><w:t>gone</w:t></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>"
    body += f"<w:tbl><w:tr><w:tc>{paragraph('cell')}</w:tc></w:tr></w:tbl>"

    dataset = read(word(tmp_path / "a.docx", body))

    assert cells(dataset) == [("new",), ("cell",)]
    assert remark(dataset, "word-tables").count == 1


def test_a_word_file_that_declares_entities_is_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    with pytest.raises(StudioError) as caught:
        read(word(tmp_path / "a.docx", paragraph("x"), before=laughs))

    assert caught.value.code == "word-damaged"


def test_a_page_becomes_its_paragraphs(tmp_path: Path) -> None:
    page = "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body><h1>Head &amp; line</h1>\n<p>One\n  <b>bold</b> text.</p><script>x()</script><ul><li>item</ul><pre>a  b</pre></body></html>"

    dataset = write_and_read(tmp_path / "a.html", page)

    assert cells(dataset) == [("Head & line",), ("One bold text.",), ("item",), ("a  b",)]
    assert dataset.report.format == "html"


def test_a_page_under_the_name_of_a_table_is_said(tmp_path: Path) -> None:
    page = "<!DOCTYPE html><html><body><h1>404</h1><p>The file was not found.</p></body></html>"

    assert remark(write_and_read(tmp_path / "data.csv", page), "page-not-file") is not None
    assert remark(write_and_read(tmp_path / "data.html", page), "page-not-file") is None


def test_a_page_that_is_a_table_becomes_its_rows_even_under_another_name(tmp_path: Path) -> None:
    body = "".join(f"<tr><td>Sentence number {n} is here</td><td>{'xy'[n % 2]}</td></tr>" for n in range(6))
    page = f"<html><body><table><tr><th>What is it?</th><th>kind</th></tr>{body}</table></body></html>"

    dataset = write_and_read(tmp_path / "export.xls", page)

    assert [column.name for column in dataset.columns] == ["What is it?", "kind"]
    assert cells(dataset)[1] == ("Sentence number 1 is here", "y") and dataset.rows == 6


def test_a_page_of_open_tags_takes_no_long_time(tmp_path: Path) -> None:
    with at_most(10):
        for text in ("<a " * 200_000, "<!--" * 200_000, "<table><tr><td>" * 50_000, "</p>" * 200_000):
            try:
                write_and_read(tmp_path / "a.html", "<html>" + text)
            except StudioError as error:
                assert error.code == "no-rows"


def test_markdown_is_lines_of_text(tmp_path: Path) -> None:
    assert cells(write_and_read(tmp_path / "a.md", "# Title\n\n- a | b\n- c | d\n")) == [
        ("# Title",),
        ("",),
        ("- a | b",),
        ("- c | d",),
    ]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "is-a-picture"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(40), "is-a-picture"),
        ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 " + bytes(40), "is-a-picture"),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(40), "is-a-picture"),
        ("a.mp3", b"ID3\x03\0" + bytes(40), "is-a-recording"),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(40), "is-a-recording"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "format-unknown"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), "format-unknown"),
    ],
)
def test_what_holds_no_rows_gets_its_own_sentence(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / name, content)

    assert caught.value.code == code and name in str(caught.value) and caught.value.advice


def test_text_that_begins_like_a_picture_or_a_sound_is_text(tmp_path: Path) -> None:
    for number, first in enumerate(("ID3,text", "RIFF and raff", "BM is a name", "PK is a name")):
        assert write_and_read(tmp_path / f"{number}.txt", f"{first}\nsecond line\n").rows == 2
