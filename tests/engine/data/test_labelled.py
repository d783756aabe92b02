"""Plain text that holds labels: fastText files, delimited .txt, a label and a blank; and text that only looks like it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_studio.engine.data import labelled
from tests.engine.data.ask import cells, read, remark, write_and_read
from tests.engine.data.characters import read_cells
from tests.work import at_most

TEXTS = ("my card was charged twice", "where is the parcel, please", "the app crashes; again", "all is well: thanks")
LABELS = ("billing", "delivery", "technical", "praise")
NAMES = [
    "Ann",
    "Bob",
    "Cleo",
    "Dan",
    "Eve",
    "Finn",
    "Gil",
    "Hal",
    "Ida",
    "Jo",
    "Kim",
    "Lea",
    "Max",
    "Nat",
    "Ole",
    "Pat",
    "Quin",
    "Rob",
    "Sue",
    "Tom",
]
PAIRS = [(f"{NAMES[n % 20]} says {TEXTS[n % 4]} {NAMES[n * 7 % 20]}{n}", LABELS[n % 4]) for n in range(40)]


def names(dataset) -> list[str]:
    return [column.name for column in dataset.columns]


@pytest.mark.parametrize(
    "line",
    ["__label__{label} {text}", "__label__{label}\t{text}", "__label__{label},{text}", "__label__{label} , {text}", "{text} __label__{label}"],
)  # fmt: skip
def test_fasttext_lines_become_text_and_label(tmp_path: Path, line: str) -> None:
    lines = [line.format(text=text, label=label) for text, label in PAIRS]

    dataset = write_and_read(tmp_path / "a.txt", "\n".join(lines) + "\n")

    assert names(dataset) == ["text", "label"] and cells(dataset) == PAIRS
    assert remark(dataset, "labelled-lines") is not None and remark(dataset, "labels-several") is None


@pytest.mark.parametrize(
    "line", ["__label__{0} __label__{1} {2}", "__label__{0},__label__{1} {2}", "{2} __label__{0} __label__{1}"]
)
def test_several_fasttext_labels_are_a_list_in_every_row_and_are_said(tmp_path: Path, line: str) -> None:
    lines = [f"__label__{label} {text}" if "{2} " not in line else f"{text} __label__{label}" for text, label in PAIRS]
    lines[7] = line.format("billing", "紧急", "money is gone")

    dataset = write_and_read(tmp_path / "a.txt", "\n".join(lines))

    assert json.loads(cells(dataset)[7][1]) == ["billing", "紧急"] and cells(dataset)[7][0] == "money is gone"
    assert cells(dataset)[0] == (PAIRS[0][0], '["billing"]')
    assert remark(dataset, "labels-several").rows == (7,)
    assert dataset.column("label").kind == "list"


def test_line_without_a_label_is_kept_and_counted_and_a_blank_one_is_none(tmp_path: Path) -> None:
    lines = [f"__label__{label} {text}" for text, label in PAIRS * 3]
    lines[5], lines[9] = "no label here", ""

    dataset = write_and_read(tmp_path / "a.txt", "\n".join(lines))

    assert cells(dataset)[5] == ("no label here", "") and dataset.rows == 119
    assert remark(dataset, "lines-unlabelled").rows == (5,) and remark(dataset, "blank-lines").rows == (10,)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", ["\t", ";", "|", ",", "_!_", "|||"])
def test_delimited_lines_of_a_text_file_become_text_and_label(tmp_path: Path, delimiter: str, encoding: str) -> None:
    pairs = [(text.replace(",", "").replace(";", "") + "，退款", label) for text, label in PAIRS]
    content = "".join(f"{text}{delimiter}{label}\n" for text, label in pairs)

    bare = write_and_read(tmp_path / "a.txt", content.encode(encoding))
    headed = write_and_read(tmp_path / "b.txt", f"review{delimiter}label\n{content}".encode(encoding))

    assert names(bare) == ["text", "label"] and cells(bare) == pairs
    assert names(headed) == ["review", "label"] and cells(headed) == pairs


@pytest.mark.parametrize("line", ["{label} {text}", "{label}    {text}", "{text} {label}", "{text}　{label}"])
@pytest.mark.parametrize("labels", [LABELS, ("0", "1", "2", "3"), ("NUM:date", "DESC:manner", "HUM:ind", "LOC:city")])
def test_label_and_text_parted_by_a_blank(tmp_path: Path, line: str, labels: tuple[str, ...]) -> None:
    pairs = [(text, labels[n % 4]) for n, (text, _) in enumerate(PAIRS)]

    dataset = write_and_read(
        tmp_path / "a.txt", "".join(line.format(text=text, label=label) + "\n" for text, label in pairs)
    )

    assert names(dataset) == ["text", "label"] and cells(dataset) == pairs


VERSES = "The sun is up; the day is new,\nThe birds are in the air, too.\nAnd I am here, and you are there,\nAnd I say, you, and we say, care.\n"
TALK = "".join(f"{'AB'[n % 2]}: what I said, number {n}\n" for n in range(40))
NOTES = "".join(f"- point {n}, so to say\n" for n in range(40))
WORDS = "".join(f"{word} {'O' if n % 3 else 'B-PER'}\n" for n, word in enumerate(["Anna", "went", "home"] * 20))
SAME = "".join(f"I think, therefore I am {n}\nyou think, I know {n}\nwe do, as I said {n}\n" for n in range(20))
REFRAIN = "".join(f"line number {n} of the song, la la\n" for n in range(40))


@pytest.mark.parametrize(
    "content",
    [VERSES * 8, TALK, NOTES, SAME, REFRAIN],
    ids=["verses", "talk", "notes", "same", "refrain"],
)
def test_lines_that_are_just_lines_stay_lines(tmp_path: Path, content: str) -> None:
    dataset = write_and_read(tmp_path / "a.txt", content)

    assert names(dataset) == ["text"] and [cell for (cell,) in cells(dataset)] == content.splitlines()


@pytest.mark.parametrize(
    "name", ["tinyshakespeare/input.txt", "sanguo_yanyi/sanguo.txt", "messy/real_wiki_long_lines.txt",
             "wordvec_eval/questions-words.txt", "subjectivity/train/objective.txt"],
)  # fmt: skip
def test_books_and_verses_stay_lines(real_data: Path, name: str) -> None:
    assert names(read(real_data / name)) == ["text"]


def test_words_with_tags_are_no_texts_with_labels() -> None:
    assert labelled.judge(WORDS.split("\n")) is None


def test_person_may_say_that_lines_are_undivided(tmp_path: Path) -> None:
    marked = "".join(f"__label__{label} {text}\n" for text, label in PAIRS)

    lines = write_and_read(tmp_path / "a.txt", marked, delimiter="none")
    table = write_and_read(tmp_path / "a.csv", 'text;n\n"a, b";1\n', delimiter="none", header=True)

    assert [cell for (cell,) in cells(lines)] == marked.splitlines()
    assert names(table) == ["text;n"] and cells(table) == [('"a, b";1',)]


def test_lone_returns_among_other_line_ends_are_text(tmp_path: Path) -> None:
    lines = [f"line {n}" + ("\rgoes on" if n % 10 == 0 else "") for n in range(50)]

    assert [cell for (cell,) in cells(write_and_read(tmp_path / "a.txt", "\n".join(lines)))] == lines
    assert write_and_read(tmp_path / "b.txt", "one\rtwo\rthree").rows == 3


@pytest.mark.parametrize(
    "line", ["__label__a" * 100_000, "__label__a " * 100_000 + "x" + " __label__a" * 100_000, "a" + " " * 1_000_000 + "b ", "__label__a," * 100_000]
)  # fmt: skip
def test_hostile_lines_take_no_long_time(line: str) -> None:
    with at_most(5):  # usually 0.1 s
        for lines in ([line] * 2, ["__label__a b"] * 30 + [line], [f"x y{n} z" for n in range(30)] + [line]):
            labelled.judge(lines)


WORD = st.text(alphabet="abc中é019-", min_size=1, max_size=5).filter(lambda word: not word.endswith("-"))
TEXT = st.text(alphabet="ab ,.;:'\"\u3000\t中!_", min_size=1, max_size=20).filter(lambda text: text.strip() == text)


@given(pairs=st.lists(st.tuples(TEXT, st.lists(WORD, min_size=1, max_size=3)), min_size=2, max_size=10))
@settings(deadline=None, max_examples=150)
def test_any_fasttext_file_gives_back_its_texts_and_labels(
    tmp_path_factory: pytest.TempPathFactory, pairs: list
) -> None:
    content = "\n".join(" ".join([*(f"__label__{label}" for label in labels), text]) for text, labels in pairs)
    path = tmp_path_factory.getbasetemp() / "fasttext.txt"

    _, rows, notes = read_cells(path, content.encode())

    assert notes.format == "labelled"
    several = any(len(labels) > 1 for _, labels in pairs)
    assert rows == [(text, json.dumps(labels, ensure_ascii=False) if several else labels[0]) for text, labels in pairs]


@pytest.mark.parametrize("text", [",", ", and so on", ",,"])
def test_a_comma_that_begins_a_text_stays(tmp_path: Path, text: str) -> None:
    content = "".join(f"__label__{label} {text}\n" for label in ("a", "b", "a", "b"))

    _, rows, _ = read_cells(tmp_path / "a.txt", content.encode())

    assert rows == [(text, "a"), (text, "b")] * 2
