"""CSV and TSV: every cell as it was written, no row swallowed."""

from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from tests.engine.data.ask import cells, read, remark, write_and_read
from tests.work import at_most


def names(dataset) -> list[str]:
    return [column.name for column in dataset.columns]


def test_words_like_NA_and_numbers_stay_text(tmp_path: Path) -> None:  # noqa: N802
    content = 'text,label\nNA,007\nnull,1e5\n  ," "\n1.0,true\n'

    dataset = write_and_read(tmp_path / "a.csv", content)

    assert cells(dataset) == [("NA", "007"), ("null", "1e5"), ("  ", " "), ("1.0", "true")]


def test_quotes_delimiters_and_newlines_in_quoted_cells(tmp_path: Path) -> None:
    content = 'text,label\r\n"a, b",x\r\n"say ""hi""",y\r\n"one\r\ntwo\nthree",x\r\n"",y\r\n'

    dataset = write_and_read(tmp_path / "a.csv", content)

    assert cells(dataset) == [("a, b", "x"), ('say "hi"', "y"), ("one\r\ntwo\nthree", "x"), ("", "y")]
    assert dataset.report.remarks == ()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiter_is_guessed(tmp_path: Path, delimiter: str) -> None:
    lines = [
        delimiter.join(("text", "label")),
        *(delimiter.join((f"row number {n}, or so; yes", "ab"[n % 2])) for n in range(9)),
    ]
    if delimiter in ",;":
        lines = [line.replace(", or so; yes", "") for line in lines]

    dataset = write_and_read(tmp_path / "a.csv", "\n".join(lines))

    assert dataset.report.delimiter == delimiter
    assert names(dataset) == ["text", "label"] and dataset.rows == 9


def test_delimiter_of_the_options_wins(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.txt", "music    a b c\nfilm    d, e\n", delimiter="    ", header=False)

    assert cells(dataset) == [("music", "a b c"), ("film", "d, e")]


def test_stray_quote_before_5000_rows_swallows_none(tmp_path: Path) -> None:
    content = "text,label\n" + '"an open quote,x\n' + "".join(f"row {n},y\n" for n in range(5000)) + 'a 5" pipe,x\n'

    dataset = write_and_read(tmp_path / "a.csv", content)

    assert dataset.rows == 5002
    assert cells(dataset)[0] == ('"an open quote', "x")
    assert cells(dataset)[-1] == ('a 5" pipe', "x")
    assert remark(dataset, "stray-quotes").count == 1


def test_many_stray_quotes_take_no_long_time(tmp_path: Path) -> None:
    content = "text,label\n" + "".join(f'"open {n},y\n' for n in range(20000))

    with at_most(5):
        dataset = write_and_read(tmp_path / "a.csv", content)

    assert dataset.rows == 20000


def test_long_quoted_cell_of_many_lines_is_one_cell(tmp_path: Path) -> None:
    poem = "\n".join(f"line {n} of a poem" for n in range(3000))

    dataset = write_and_read(tmp_path / "a.csv", f'text,label\n"{poem}",x\nshort,y\n')

    assert cells(dataset) == [(poem, "x"), ("short", "y")]


@pytest.mark.parametrize("lines", [1500, 9000])  # the sample holds two of them, or not even one
def test_whole_books_in_quoted_cells_are_one_cell_each(tmp_path: Path, lines: int) -> None:
    book = [f"{place} times she said, “well”, and went on, over the hills" for place in range(lines)]
    texts = ["\n".join(book[first:]) for first in range(2)] * (10 if lines < 9000 else 1)
    rows = "".join(f'Book {number},"{text}",{1600 + number}\n' for number, text in enumerate(texts))

    dataset = write_and_read(tmp_path / "books.csv", f"title,text,year\n{rows}")

    assert [column.name for column in dataset.columns] == ["title", "text", "year"]
    assert [text for _, text, _ in cells(dataset)] == texts


def test_doubled_and_missing_headers_are_renamed_visibly(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,text,, label \na,b,c,d\n")

    assert names(dataset) == ["text", "text_2", "column_3", "label"]
    assert {each.code for each in dataset.report.remarks} == {"header-twice", "header-missing", "header-trimmed"}


def test_surplus_cells_get_columns_of_their_own(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,label\n" + "a,x\nb,y\n" * 20 + "c,x,more\n")

    assert names(dataset) == ["text", "label", "column_3"]
    assert cells(dataset)[-1] == ("c", "x", "more") and cells(dataset)[0] == ("a", "x", "")
    assert remark(dataset, "rows-wide").rows == (40,)


def test_unquoted_commas_of_prose_are_joined_again(tmp_path: Path) -> None:
    usual = "ham,nothing special\nspam,buy now\n" * 20

    last = write_and_read(tmp_path / "a.csv", "label,text\n" + usual + "ham,well, I mean, yes\n" * 5)
    first = write_and_read(tmp_path / "b.csv", "text,label\n" + "nice one,pos\nso bad,neg\n" * 20 + "well,no,pos\n" * 5)

    assert cells(last)[-1] == ("ham", "well, I mean, yes")
    assert cells(first)[-1] == ("well,no", "pos")


def test_prose_under_one_header_is_one_column(tmp_path: Path) -> None:
    texts = ["one, two", "three", "four, five, six", "seven", "eight,", "nine, ten, eleven, twelve"] * 3

    dataset = write_and_read(tmp_path / "a.csv", "text\n" + "\n".join(texts))

    assert [cell for (cell,) in cells(dataset)] == texts


def test_header_is_guessed_both_ways_and_the_person_decides(tmp_path: Path) -> None:
    content = "I like it.,pos\nI hate it.,neg\nIt is fine.,pos\nNo.,neg\n"

    assert write_and_read(tmp_path / "a.csv", content).rows == 4
    assert write_and_read(tmp_path / "b.csv", content, header=True).rows == 3
    assert write_and_read(tmp_path / "c.csv", "text,label\n" + content).rows == 4
    assert write_and_read(tmp_path / "d.csv", "text,label\n" + content, header=False).rows == 5
    assert write_and_read(tmp_path / "e.csv", "评论,类别\n" + content).rows == 4
    assert write_and_read(tmp_path / "f.csv", "foo,bar\n" + content).rows == 4


def test_number_column_that_turns_to_text_late_stays_text(tmp_path: Path) -> None:
    content = "n,text\n" + "".join(f"{n},a\n" for n in range(30_000)) + "abc,b\n"

    dataset = write_and_read(tmp_path / "a.csv", content)

    assert cells(dataset)[-1] == ("abc", "b") and cells(dataset)[7] == ("7", "a")


def test_characters_that_only_look_like_line_ends_stay_inside(tmp_path: Path) -> None:
    text = "a\u2028b\u0085c\x0bd\x0ce\x1cf"

    dataset = write_and_read(tmp_path / "a.csv", f"text,label\n{text},x\n")

    assert cells(dataset) == [(text, "x")]


def test_blank_lines_of_a_single_column_are_rows(tmp_path: Path) -> None:
    assert write_and_read(tmp_path / "a.csv", "text\na\n\nb\n").rows == 3


def test_literal_quotes_between_tabs_stay_and_enclosing_ones_go(tmp_path: Path) -> None:
    literal = "".join(f"ham\tplain text number {n}\n" for n in range(30)) + 'ham\t"HEY" you\nspam\t"quoted whole"\n'
    enclosing = 'label\ttext\nham\t"a\tb ""c"""\nspam\tplain\n'

    assert cells(write_and_read(tmp_path / "a.tsv", literal))[-1] == ("spam", '"quoted whole"')
    assert cells(write_and_read(tmp_path / "b.tsv", enclosing))[0] == ("ham", 'a\tb "c"')


def test_sep_line_of_excel_is_no_row(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "sep=;\r\ntext;label\r\na, b;x\r\n")

    assert names(dataset) == ["text", "label"] and cells(dataset) == [("a, b", "x")]


def test_two_hundred_thousand_cells_are_read_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f'"some text, number {n}",label {n % 7}\n' for n in range(100_000)))

    with at_most(5):  # usually 0.6 s
        dataset = read(path)

    assert dataset.rows == 100_000


def test_delimiter_that_fits_no_line_gives_one_column(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text\nhello there\nbye\n")

    assert names(dataset) == ["text"] and dataset.rows == 2


def test_unknown_encoding_of_the_options_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.csv", "text\na\n", encoding="klingon")

    assert caught.value.code == "no-such-encoding" and "klingon" in str(caught.value)


@pytest.mark.parametrize("header", ["city", "text", "Wohnort"])
def test_commas_of_a_single_column_are_not_deleted(tmp_path: Path, header: str) -> None:
    cities = ["Austin, TX", "Boise, ID", "Salem, OR", "Dover, DE"] * 5

    dataset = write_and_read(tmp_path / "a.csv", "\n".join([header, *cities]))

    assert names(dataset) == [header] and [cell for (cell,) in cells(dataset)] == cities


def test_quotes_of_a_quoted_cell_go_beside_lines_with_bare_commas(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", 'name\n"Lee, Ann"\nChan, Bo\n"say ""so"""\n"two\nlines"\n')

    assert [cell for (cell,) in cells(dataset)] == ["Lee, Ann", "Chan, Bo", 'say "so"', "two\nlines"]


def test_quotes_that_are_part_of_a_single_column_stay(tmp_path: Path) -> None:
    lines = ['"Never," she said.', "He left.", '"Why?" I asked, "and when?"', '"Now!"']

    dataset = write_and_read(tmp_path / "a.csv", "\n".join(["text", *lines]))

    assert [cell for (cell,) in cells(dataset)] == lines


def test_pieces_that_are_joined_keep_their_quotes_and_spaces(tmp_path: Path) -> None:
    usual = "ham,nothing special\nspam,buy now\n" * 20
    wide = 'ham,he said, "yes, of course", and left\n'

    dataset = write_and_read(tmp_path / "a.csv", "label,text\n" + usual + wide * 3)

    assert cells(dataset)[-1] == ("ham", 'he said, "yes, of course", and left')
    assert remark(dataset, "rows-joined").rows == (40, 41, 42)


def test_unquoted_commas_in_a_middle_column_do_not_move_the_label(tmp_path: Path) -> None:
    usual = "".join(f"{n},some longer text number {n},{'ab'[n % 2]}\n" for n in range(40))

    dataset = write_and_read(tmp_path / "a.csv", "id,text,label\n" + usual + "40,well, I mean, yes,a\n" * 3)

    assert cells(dataset)[-1] == ("40", "well, I mean, yes", "a")


@pytest.mark.parametrize("comma", ["{n},50", "1.{n},99", "{n},5"])
def test_decimal_commas_do_not_hide_the_semicolons(tmp_path: Path, comma: str) -> None:
    lines = [f"gut genug, Nummer {n};{comma.format(n=n)};{'ab'[n % 2]}" for n in range(10, 40)]

    dataset = write_and_read(tmp_path / "a.csv", "\n".join(["Text;Preis;Klasse", *lines]))

    assert names(dataset) == ["Text", "Preis", "Klasse"]
    assert cells(dataset)[0] == ("gut genug, Nummer 10", comma.format(n=10), "a")


def test_header_is_known_by_its_column_and_not_by_its_last_sign(tmp_path: Path) -> None:
    labels = "".join(
        f"{text},{'ab'[n % 2]}\n" for n, text in enumerate(["no heat", "a leak", "no light", "a drip"] * 3)
    )
    dates = "".join(f"2026-03-{n:02},note {n} of the day\n" for n in range(1, 20))
    questions = "".join(f"where is my parcel {n}?,{'ab'[n % 2]}\n" for n in range(20))

    assert names(write_and_read(tmp_path / "a.csv", "What went wrong?,team!\n" + labels)) == [
        "What went wrong?",
        "team!",
    ]
    assert names(write_and_read(tmp_path / "b.csv", "When was it.,Say more!\n" + dates)) == [
        "When was it.",
        "Say more!",
    ]
    assert write_and_read(tmp_path / "c.csv", dates).rows == 19
    assert write_and_read(tmp_path / "d.csv", questions).rows == 20


@pytest.mark.parametrize(
    "title", ["Survey results 2026\n", "Survey results 2026,\n\n", "Survey,\nMade on 2026-03-01,\n,\n"]
)
def test_titles_above_the_header_are_no_rows_and_are_said(tmp_path: Path, title: str) -> None:
    body = "".join(f"comment number {n},{'ab'[n % 2]}\n" for n in range(30))

    dataset = write_and_read(tmp_path / "a.csv", title + "comment,topic\n" + body)

    assert names(dataset) == ["comment", "topic"] and dataset.rows == 30
    assert cells(dataset)[0] == ("comment number 0", "a")
    assert str(remark(dataset, "title-rows").values["text"]).startswith("Survey")


def test_headers_of_files_put_together_are_no_rows_and_are_said(tmp_path: Path) -> None:
    one, quoted = "text,label\n" + "good one,a\nbad one,b\n" * 9, 'text,label\n"so, so",a\nfine,b\n'

    dataset = write_and_read(tmp_path / "a.csv", one + one + quoted)

    assert dataset.rows == 38 and remark(dataset, "header-repeated").count == 2
    assert cells(dataset)[-2] == ("so, so", "a") and ("text", "label") not in cells(dataset)


def test_word_of_the_header_in_a_row_is_a_cell(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", "text,label\ntext,a\nlabel,b\nother,label\n")

    assert cells(dataset) == [("text", "a"), ("label", "b"), ("other", "label")]


def test_table_in_a_cell_keeps_its_first_line(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", 'text,label\n"see:\ntext,label\nx,y",a\nplain,b\n')

    assert cells(dataset)[0] == ("see:\ntext,label\nx,y", "a")


def test_lines_of_nothing_but_delimiters_are_blank_lines(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", 'text,label,n\na,x,1\n,,\n"b, c",y,2\n,,,,\n\nd,x,3\n')

    assert [row[0] for row in cells(dataset)] == ["a", "b, c", "d"]
    assert remark(dataset, "blank-lines").count == 3


def test_tabs_and_line_ends_in_quotes_make_one_row(tmp_path: Path) -> None:
    body = "".join(f'"text {n}\tand ""so""\nmore"\t{"ab"[n % 2]}\n' for n in range(20))
    once = "".join(f"text {n}\t{'ab'[n % 2]}\n" for n in range(20)) + '"one\ttab\nand line"\ta\n'

    assert cells(write_and_read(tmp_path / "a.tsv", "text\tlabel\n" + body))[3] == ('text 3\tand "so"\nmore', "b")
    assert cells(write_and_read(tmp_path / "b.tsv", "text\tlabel\n" + once))[-1] == ("one\ttab\nand line", "a")


@pytest.mark.parametrize("share", [2, 3, 20])
def test_lone_return_in_a_row_does_not_cut_it(tmp_path: Path, share: int) -> None:
    lines = [f"text {n}{chr(13) if n % share == 0 else ' '}more,{'ab'[n % 2]}" for n in range(60)]

    dataset = write_and_read(tmp_path / "a.csv", "\n".join(["text,label", *lines]))

    assert dataset.rows == 60 and cells(dataset)[0] == ("text 0\rmore", "a")


def test_few_lone_returns_that_end_rows_do_end_them(tmp_path: Path) -> None:
    lines = "".join(f"text {n},{'ab'[n % 2]}" + ("\r" if n % 30 == 0 else "\n") for n in range(300))

    assert write_and_read(tmp_path / "a.csv", "text,label\n" + lines).rows == 300


@pytest.mark.parametrize(("code", "width"), [("_!_", 3), ("|||", 2), ("::", 3), ("+++$+++", 3)])
def test_delimiters_of_several_signs_are_guessed(tmp_path: Path, code: str, width: int) -> None:
    lines = [code.join([f"some text, number {n}", "ab"[n % 2], "x|y"][:width]) for n in range(30)]

    dataset = write_and_read(tmp_path / "a.csv", "\n".join(lines))

    assert dataset.report.delimiter == code and len(dataset.columns) == width and dataset.rows == 30


@pytest.mark.parametrize("name", ["gene", ""])
def test_of_thousands_of_columns_five_hundred_are_read_and_the_text_among_them(tmp_path: Path, name: str) -> None:
    header = ",".join([f"{name}{n}" if name else "same" for n in range(20_000)] + ["text"])
    content = header + "\n" + ("," * 100 + "1," * 19_900 + "some words\n") * 3

    with at_most(30):
        dataset = write_and_read(tmp_path / "a.csv", content)

    said = remark(dataset, "keys-left-out")
    assert dataset.rows == 3 and len(dataset.columns) == 500
    assert dataset.columns[-1].name == "text" and dataset.columns[0].filled == 3
    assert said.values["columns"] == 20_001 and said.values["kept"] == 500


@pytest.mark.parametrize("quote", ["", '"'])
def test_files_joined_with_their_marks_repeat_no_header(tmp_path: Path, quote: str) -> None:
    part = "\ufefftext,label\n" + "".join(f"{quote}row {n}{quote},{'ab'[n % 2]}\n" for n in range(40))

    dataset = write_and_read(tmp_path / "a.csv", part * 3)

    assert dataset.rows == 120 and remark(dataset, "header-repeated").count == 2
    assert {row[1] for row in cells(dataset)} == {"a", "b"}
