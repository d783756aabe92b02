"""PDF: lines of print become paragraphs again, what repeats on every page is no text, and nothing ends the engine."""

import gzip
import random
import threading
import zipfile
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.engine.data.pdfs import opened
from slm_studio.engine.data.source import open_source
from tests.engine.data.ask import cells, read, remark, result
from tests.engine.data.printing import HEIGHT, PICTURE, Line, pdf, set_lines

PROSE = ("The mill by the river was built", "in the year of the great flood and", "ground until 1911.")
SECOND = ("A baker bought it, and his sons", "still bake there.")


def texts(path: Path) -> list[str]:
    return [cell for (cell,) in cells(read(path))]


def test_lines_become_paragraphs_again(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [set_lines([*PROSE, "", *SECOND])])

    dataset = read(path)

    assert [cell for (cell,) in cells(dataset)] == [" ".join(PROSE), " ".join(SECOND)]
    assert [column.name for column in dataset.columns] == ["text"]
    assert dataset.report.format == "pdf" and not dataset.report.remarks


def test_a_short_line_or_one_that_stands_further_in_parts_paragraphs_without_a_gap(tmp_path: Path) -> None:
    first, second = "A sentence fills its whole line.", "And so does this one, to its end."

    assert texts(pdf(tmp_path / "a.pdf", [set_lines([*PROSE, *SECOND])])) == [" ".join(PROSE), " ".join(SECOND)]
    assert texts(pdf(tmp_path / "b.pdf", [set_lines(["\t" + first, second] * 2)])) == [f"{first} {second}"] * 2


def test_a_word_that_was_split_is_whole_again_and_one_with_a_hyphen_keeps_it(tmp_path: Path) -> None:
    lines = ["Nobody knows how the para-", "graphs came into the Anglo-", "Saxon books of 1066-", "1087 which we keep."]

    assert texts(pdf(tmp_path / "a.pdf", [set_lines(lines)])) == [
        "Nobody knows how the paragraphs came into the Anglo-Saxon books of 1066-1087 which we keep."
    ]


def test_chinese_lines_are_joined_without_a_space(tmp_path: Path) -> None:
    lines = [
        "\t河边的磨坊建于大洪水那一年，",
        "一直磨到一九一一年才停下来，",
        "后来卖给了面包师。",
        "\t他的儿子们用 PDF 写了家史，",
        "还在那里烤面包。",
    ]

    assert texts(pdf(tmp_path / "a.pdf", [set_lines(lines)])) == [
        "河边的磨坊建于大洪水那一年，一直磨到一九一一年才停下来，后来卖给了面包师。",
        "他的儿子们用 PDF 写了家史，还在那里烤面包。",
    ]


def test_radicals_and_joined_letters_become_what_a_person_types(tmp_path: Path) -> None:
    assert texts(pdf(tmp_path / "a.pdf", [set_lines(["⼀个⼈的ﬁle"])])) == ["一个人的file"]


def test_a_heading_a_list_and_a_table_of_contents_keep_their_lines(tmp_path: Path) -> None:
    contents = ["Rules " + ". " * 20 + "1", "Fees " + ". " * 21 + "12"]
    items = [
        "1. Late books cost money, and that",
        "is meant for everyone.",
        "2. Bring back what you borrow or",
        "else pay.",
    ]
    page = [
        *set_lines(["Rules of the house"], size=20),
        *set_lines(contents, top=700),
        *set_lines(items, top=640),
    ]

    assert texts(pdf(tmp_path / "a.pdf", [page])) == [
        "Rules of the house",
        *contents,
        " ".join(items[:2]),
        " ".join(items[2:]),
    ]


def test_a_paragraph_goes_on_in_the_next_column_and_on_the_next_page(tmp_path: Path) -> None:
    left = ["The first column ends in the mid-", "dle of what it says about these"]
    right = ["two mills, and the page ends when", "it is about to tell how they had"]

    path = pdf(
        tmp_path / "a.pdf",
        [[*set_lines(left), *set_lines(right, left=320)], set_lines(["burnt down.", "", "The end."])],
    )

    assert texts(path) == [
        "The first column ends in the middle of what it says about these two mills, "
        "and the page ends when it is about to tell how they had burnt down.",
        "The end.",
    ]


def book(pages: int) -> list[list[Line]]:
    """Return pages with the book's title above the left ones, a chapter's above the right ones, and their numbers."""
    made = []
    for number in range(pages):
        head = f"{number + 5} On Mills" if number % 2 else f"The {'abcdefgh'[number // 6]} chapter {number + 5}"
        first = [f"{number + 5} Chapter of the book", ""] if number % 6 == 0 else []
        text = [*first, f"On leaf {'abcdefghijkl'[number]} it begins, in the middle", "of nothing at all."]
        bottom = [Line(f"- {number + 5} -", left=290, bottom=30)] if first else []
        made.append([*([] if first else [Line(head, bottom=HEIGHT - 40)]), *set_lines(text), *bottom])
    return made


def test_what_repeats_at_the_edges_of_pages_is_left_out_and_counted(tmp_path: Path) -> None:
    dataset = read(pdf(tmp_path / "a.pdf", book(12)))

    said = [f"On leaf {letter} it begins, in the middle of nothing at all." for letter in "abcdefghijkl"]
    assert [cell for (cell,) in cells(dataset)] == [
        "5 Chapter of the book", *said[:6], "11 Chapter of the book", *said[6:]
    ]  # fmt: skip
    assert remark(dataset, "pdf-heads").count == 12


def test_the_heads_of_a_long_file_are_known_from_some_of_its_pages(tmp_path: Path) -> None:
    pages = [
        [Line(["Left", "Right"][number % 2], bottom=HEIGHT - 40), *set_lines([f"It costs {number * number} crowns."])]
        for number in range(130)
    ]

    path = pdf(tmp_path / "a.pdf", pages)

    assert texts(path) == [f"It costs {number * number} crowns." for number in range(130)]


def test_the_title_of_a_chapter_stays_only_once(tmp_path: Path) -> None:
    pages = [
        [
            *([Line(f"On {'abc'[number // 4]}", bottom=HEIGHT - 40)] if number % 2 else []),
            *set_lines([f"It costs {number * number} crowns."]),
        ]
        for number in range(12)
    ]

    said = texts(pdf(tmp_path / "a.pdf", pages))

    assert [each for each in said if each.startswith("On")] == ["On a", "On b", "On c"] and len(said) == 15


def test_tickets_that_differ_in_their_number_are_text(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [set_lines([f"Ticket {number}"]) for number in range(5)])

    assert texts(path) == [f"Ticket {number}" for number in range(5)]


def test_numbers_that_are_not_the_pages_stay(tmp_path: Path) -> None:
    prices = (500, 20, 311, 45)
    pages = [
        [*set_lines([f"Invoice of {price} crowns", "", "Please pay soon."]), Line(f"{price}", bottom=30)]
        for price in prices
    ]

    assert texts(pdf(tmp_path / "a.pdf", pages)).count("20") == 1


def test_pages_that_are_pictures_are_counted_and_empty_ones_are_not(tmp_path: Path) -> None:
    dataset = read(pdf(tmp_path / "a.pdf", [set_lines(PROSE), PICTURE, "", PICTURE]))

    assert dataset.rows == 1 and remark(dataset, "pdf-pictures").count == 2


def test_a_pdf_without_text_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        read(pdf(tmp_path / "scan.pdf", [PICTURE] * 3))
    assert caught.value.code == "pdf-pictures" and "scan.pdf" in str(caught.value) and "OCR" in caught.value.advice

    with pytest.raises(StudioError, match=r"The pages of “blank\.pdf” are empty"):
        read(pdf(tmp_path / "blank.pdf", ["", ""]))


def test_a_locked_pdf_says_so(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="locked with a password") as caught:
        read(pdf(tmp_path / "a.pdf", [set_lines(PROSE)], password="secret"))

    assert caught.value.code == "pdf-locked"


def test_a_pdf_whose_end_is_missing_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [set_lines([f"The text of page {number}."]) for number in "abcdef"])
    whole = path.read_bytes()

    path.write_bytes(whole[: whole.index(b"startxref")])
    dataset = read(path)
    assert dataset.rows == 6 and remark(dataset, "pdf-cut") is not None

    for length in (8, 60, whole.index(b"page d"), whole.index(b"trailer")):
        path.write_bytes(whole[:length])
        with pytest.raises(StudioError, match="whose end is missing"):
            read(path)


def test_a_damaged_pdf_is_refused_in_a_sentence_or_read_and_never_ends_the_engine(tmp_path: Path) -> None:
    whole = pdf(tmp_path / "whole.pdf", book(8)).read_bytes()
    path, dice, told = tmp_path / "harmed.pdf", random.Random(5), set()

    for _ in range(60):
        harmed = bytearray(whole)
        for _ in range(dice.choice((1, 20, 400))):
            harmed[dice.randrange(8, len(harmed))] = dice.randrange(256)
        path.write_bytes(harmed)
        try:
            read(path)
        except StudioError as error:
            told.add(error.code)

    assert told <= {"pdf-damaged", "pdf-pictures", "pdf-empty", "pdf-locked", "no-rows"}


def test_a_damaged_page_is_counted(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [set_lines(PROSE)] * 2)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"8 0 obj\n<< /Type /Page ", b"8 0 obj\n[[ /Type /Page ", 1))

    dataset = read(path)

    assert dataset.rows == 1 and remark(dataset, "pdf-pages-damaged").count == 1


def test_text_that_only_begins_like_a_pdf_is_text_and_a_pdf_needs_no_ending(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("%PDF is a mark\nand this is text\n", encoding="utf-8")
    pdf(tmp_path / "b.bin", [set_lines(PROSE)])

    assert texts(tmp_path / "a.txt") == ["%PDF is a mark", "and this is text"]
    assert texts(tmp_path / "b.bin") == [" ".join(PROSE)]


def test_a_packed_pdf_is_refused_by_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.pdf.gz").write_bytes(gzip.compress(pdf(tmp_path / "a.pdf", [set_lines(PROSE)]).read_bytes()))

    with pytest.raises(StudioError, match=r"pdf\.gz"):
        read(tmp_path / "a.pdf.gz")


def test_a_zip_and_a_folder_of_pdfs_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    for label, lines in (("mills", PROSE), ("bread", SECOND)):
        (folder / label).mkdir(parents=True)
        for number in range(2):
            pdf(folder / label / f"{number}.pdf", [set_lines(lines), PICTURE])
    with zipfile.ZipFile(tmp_path / "papers.zip", "w") as archive:
        for each in sorted(folder.rglob("*.pdf")):
            archive.write(each, each.relative_to(folder).as_posix())

    for path in (folder, tmp_path / "papers.zip"):
        dataset = read(path)

        assert [cell[:2] for cell in cells(dataset)] == [
            *[(" ".join(SECOND), "bread")] * 2,
            *[(" ".join(PROSE), "mills")] * 2,
        ]
        assert remark(dataset, "pdf-pictures").count == 4


def test_texts_beside_pdfs_are_read_in_their_own_encoding(tmp_path: Path) -> None:
    for number in range(30):
        pdf(tmp_path / f"{number}.pdf", [set_lines(PROSE), PICTURE])
    (tmp_path / "a.txt").write_bytes("河边的磨坊建于大洪水那一年。".encode("gb18030"))

    assert ("河边的磨坊建于大洪水那一年。", "a.txt") in cells(read(tmp_path))


def test_a_pdf_becomes_a_table(tmp_path: Path) -> None:
    dataset = read(pdf(tmp_path / "a.pdf", [set_lines([*PROSE, "", *SECOND])]))

    result(engine.convert(dataset, str(tmp_path / "a.csv")))

    assert texts(tmp_path / "a.csv") == [" ".join(PROSE), " ".join(SECOND)]


def test_threads_read_pdfs_at_once_and_half_read_ones_are_closed(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [set_lines([f"The text of page {number}."]) for number in range(30)])
    found: list[list[str]] = []

    def look() -> None:
        with opened(open_source(path)) as pages:
            found.append([line.text for number in range(pages.count) for line in pages.page(number).lines])

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun = engine.read(str(path))
    next(begun)
    begun.close()
    for thread in threads:
        thread.join()

    assert found == [[f"The text of page {number}." for number in range(30)]] * 4
    path.unlink()
