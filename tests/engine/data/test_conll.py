"""Words with tags, one a line: every way of writing them that is known, and files that only look like it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_studio.core.dataset import UNDIVIDED
from slm_studio.core.spans import scheme_of, spans_of_tags
from slm_studio.engine.data.conll import judge
from tests.engine.data.ask import cells, read, remark, rows, write_and_read
from tests.work import at_most

EU = [["EU", "rejects", "German", "call", "."], ["Peter", "Blackburn"]]
EU_TAGS = [["B-ORG", "O", "B-MISC", "O", "O"], ["B-PER", "I-PER"]]


def words_and_tags(dataset) -> tuple[list[list[str]], list[list[str]]]:
    found = rows(dataset)
    return [json.loads(row["words"]) for row in found], [json.loads(row["tags"]) for row in found]


def kinds(dataset) -> dict[str, str]:
    return {column.name: column.kind for column in dataset.columns}


def written(join: str, *, end: str = "\n", between: str = "", last: str = "\n") -> str:
    sentences = [end.join(map(join.format, words, tags)) for words, tags in zip(EU, EU_TAGS, strict=True)]
    return f"{end}{between}{end}".join(sentences) + last


@pytest.mark.parametrize("name", ["a.conll", "a.bio", "a.iob2", "a.txt", "a.tsv", "a.data", "train"])
@pytest.mark.parametrize("join", ["{} {}", "{}\t{}", "{}   {}", "{} \t {} "])
def test_words_and_tags_become_a_row_a_sentence(tmp_path: Path, name: str, join: str) -> None:
    dataset = write_and_read(tmp_path / name, written(join))

    assert words_and_tags(dataset) == (EU, EU_TAGS)
    assert kinds(dataset) == {"words": "words", "tags": "tags"}
    assert dataset.report.format == "conll" and remark(dataset, "conll") is not None


@pytest.mark.parametrize("last", ["", "\n", "\n\n\n", "\r\n \t\r\n"])
@pytest.mark.parametrize(("end", "between"), [("\n", ""), ("\r\n", ""), ("\r\n", "\t"), ("\n", " \u3000 "), ("\n", "\n\n"), ("\r", "")])  # fmt: skip
def test_ends_of_lines_and_blank_lines_part_sentences(tmp_path: Path, end: str, between: str, last: str) -> None:
    dataset = write_and_read(tmp_path / "a.conll", written("{}\t{}", end=end, between=between, last=last))

    assert words_and_tags(dataset) == (EU, EU_TAGS)


@pytest.mark.parametrize("column", range(4))
def test_tag_stands_in_any_column(tmp_path: Path, column: int) -> None:
    further = [
        ["NNP", "I-NP", "u7"],
        ["VBZ", "B-VP", "u8"],
        ["JJ", "I-NP", "u7"],
        ["NN", "I-NP", "u9"],
        [".", "O", "u2"],
    ]
    lines = []
    for word, tag, others in zip(EU[0], EU_TAGS[0], further, strict=True):
        line = [word, *others]
        lines.append(" ".join([*line[:column], tag, *line[column:]] if column else [tag, *line]))

    dataset = write_and_read(tmp_path / "a.txt", "\n".join(lines) + "\n")

    row = rows(dataset)[0]
    assert json.loads(row["words"]) == EU[0]
    assert json.loads(row["tags"]) == EU_TAGS[0]  # not the phrases, which have tags too
    assert [json.loads(cell) for name, cell in row.items() if name not in ("words", "tags")] == [
        [each[place] for each in further] for place in range(3)
    ]
    assert remark(dataset, "conll").values["tag"] == column + 1


def test_documents_and_columns_that_say_nothing(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- O O\n\nEU NNP -X- B-ORG\nrejects VBZ -X- O\n\n-DOCSTART- -X- O O\n\nPeter NNP -X- B-PER\n"

    dataset = write_and_read(tmp_path / "a.txt", text)

    assert cells(dataset) == [
        ('["EU", "rejects"]', '["B-ORG", "O"]', '["NNP", "VBZ"]', "1"),
        ('["Peter"]', '["B-PER"]', '["NNP"]', "2"),
    ]
    assert [column.name for column in dataset.columns] == ["words", "tags", "column_2", "doc_id"]
    assert remark(dataset, "conll-left-out").values["columns"] == "3 (-X-)"


def test_value_that_turns_up_in_a_column_that_was_left_out_is_counted(tmp_path: Path) -> None:
    lines = ["w O -"] * 30_000 + ["x B-A !"]

    dataset = write_and_read(tmp_path / "a.conll", "\n".join(["x B-A -", "y I-A -", *lines]) + "\n")

    assert remark(dataset, "conll-others").rows == (30_003,)


def test_comments_become_columns_and_hashtags_stay_words(tmp_path: Path) -> None:
    text = (
        "# newdoc id = d1\n# sent_id = 1\n# a remark\n# another\n#fun O\nin O\n# O\nRome B-LOC\n\n"
        "# sent_id = 2\nRome B-LOC\n#Rome B-LOC\n"
    )

    dataset = write_and_read(tmp_path / "a.conll", text)

    assert rows(dataset) == [
        {"words": '["#fun", "in", "#", "Rome"]', "tags": '["O", "O", "O", "B-LOC"]', "doc_id": "d1", "sent_id": "1", "comment": "a remark\nanother"},
        {"words": '["Rome", "#Rome"]', "tags": '["B-LOC", "B-LOC"]', "doc_id": "d1", "sent_id": "2", "comment": ""},
    ]  # fmt: skip


def test_conllu_skips_joined_and_unspoken_words_and_says_so(tmp_path: Path) -> None:
    text = (
        "# text = Im Haus\n1-2\tIm\t_\t-\n1\tin\tO\t-\n2\tdem\tO\t-\n2.1\tnicht\tO\t-\n3\tHaus\tB-LOC\t-\n\n"
        "# text = Bonn\n1\tBonn\tB-LOC\t-\n"
    )

    dataset = write_and_read(tmp_path / "a.conllu", text)

    assert words_and_tags(dataset) == ([["in", "dem", "Haus"], ["Bonn"]], [["O", "O", "B-LOC"], ["B-LOC"]])
    assert [row["text"] for row in rows(dataset)] == ["Im Haus", "Bonn"]
    assert remark(dataset, "words-joined").rows == (2,) and remark(dataset, "words-unspoken").rows == (5,)


def test_chinese_characters_one_a_line(tmp_path: Path) -> None:
    text = "我\tO\n在\tO\n北\tB-地名\n京\tI-地名\n。\tO\n\n\u3000\tO\n海\tB-地名\n"

    dataset = write_and_read(tmp_path / "a.txt", text.encode("gb18030"))

    assert words_and_tags(dataset)[0] == [["我", "在", "北", "京", "。"], ["\u3000", "海"]]
    assert dataset.report.encoding == "gb18030"


@pytest.mark.parametrize(
    ("tags", "scheme", "found"),
    [
        ("I-PER I-PER B-PER O", "IOB1", [(0, 2, "PER"), (2, 3, "PER")]),
        ("B-PER E-PER S-PER O", "BIOES", [(0, 2, "PER"), (2, 3, "PER")]),
        ("B-PER L-PER U-PER O", "BIOES", [(0, 2, "PER"), (2, 3, "PER")]),
        ("PER PER O O LOC O LOC O PER PER O O", "IO", [(0, 2, "PER"), (4, 5, "LOC"), (6, 7, "LOC"), (8, 10, "PER")]),
        ("B I O B", "BIO", [(0, 2, ""), (3, 4, "")]),
    ],
)
def test_every_scheme_is_read_as_it_stands(tmp_path: Path, tags: str, scheme: str, found: list) -> None:
    lines = [f"w{place}\t{tag}" for place, tag in enumerate(tags.split())]

    dataset = write_and_read(tmp_path / "a.bio", "\n".join(lines) + "\n\n" + "\n".join(lines))

    words, got = words_and_tags(dataset)
    assert got == [tags.split()] * 2 and scheme_of(got) == scheme
    assert spans_of_tags(words[0], got[0], scheme)[0] == found


def test_lines_of_another_width_lose_nothing_and_are_numbered(tmp_path: Path) -> None:
    usual = [f"w{number} O" for number in range(60)]
    odd = ["New York B-LOC", "alone", " O", "B-PER"]

    dataset = write_and_read(tmp_path / "a.conll", "\n".join([*usual, *odd]) + "\n")

    words, tags = words_and_tags(dataset)
    assert words[0][60:] == ["New York", "alone", "", "B-PER"]
    assert tags[0][60:] == ["B-LOC", "O", "O", "O"]
    found = remark(dataset, "lines-unequal")
    assert (found.count, found.rows, found.in_lines) == (4, (61, 62, 63, 64), True)


def test_tags_unlike_the_others_stand_and_are_numbered(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.conll", "\n".join([*["w O", "v B-A"] * 60, "x ??"]) + "\n")

    assert words_and_tags(dataset)[1][0][-1] == "??"
    assert remark(dataset, "tags-odd").rows == (121,)


def test_header_names_the_columns(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.tsv", "word\tpos\ttag\nEU\tNNP\tB-ORG\nis\tVBZ\tO\n\nA\tDT\tO\n")

    assert rows(dataset)[0] == {"words": '["EU", "is"]', "tags": '["B-ORG", "O"]', "pos": '["NNP", "VBZ"]'}
    assert dataset.report.header


def test_two_columns_of_entities_the_fuller_one_counts(tmp_path: Path) -> None:  # as GermEval 2014 has them
    text = "#\thttp://de [2009]\n1\tDer\tO\tO\n2\tKölner\tB-ORG\tB-LOC\n3\tFC\tI-ORG\tO\n\n#\thttp://de\n1\tUlm\tB-LOC\tO\n"

    dataset = write_and_read(tmp_path / "a.tsv", text)

    assert words_and_tags(dataset)[1] == [["O", "B-ORG", "I-ORG"], ["B-LOC"]]
    assert [row["column_4"] for row in rows(dataset)] == ['["O", "B-LOC", "O"]', '["O"]']
    assert [row["comment"] for row in rows(dataset)] == ["\thttp://de [2009]", "\thttp://de"]


def test_file_of_one_tag_is_still_read_under_its_name(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.conll", "a O\nb O\n\nc O\n")

    assert words_and_tags(dataset) == ([["a", "b"], ["c"]], [["O", "O"], ["O"]])


def test_lines_are_kept_as_they_are_on_wish(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.txt", written("{} {}"), delimiter=UNDIVIDED)

    assert cells(dataset)[:2] == [("EU B-ORG",), ("rejects O",)]


@pytest.mark.parametrize(
    "lines",
    [
        ["O my love", "B-side of a record", "O tell me"],
        ["text\tlabel", "I like it\tB-1", "so do I\tO", "not me\tI-1"],
        ["blood\tname", "O\tAnn Lee", "A\tBob Ray", "B\tEve Low", "O\tJo Kay"],
        ["bolt\tS-10", "nut\tS-12", "pin\tS-7"],
        ["S\t10", "M\t4", "L\t3", "S\t2"],
        ["Ann O", "Bob A", "", "Eve B", "Jo O"],
        ["1. e4 e5", "2. Nf3 O-O", "", "3. O-O O-O-O"],
        ["__label__B-PER O", "__label__O x"],
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.tsv", "a"])
def test_other_lines_stay_what_they_are(lines: list[str], name: str) -> None:
    assert judge(lines, name) is None
    assert judge(lines * 20, name) is None


def test_no_other_file_at_hand_is_read_as_conll(real_data: Path) -> None:
    taken = set()
    for path in sorted(real_data.rglob("*")) + sorted((real_data.parent / "cases").rglob("*")):
        if not path.is_file() or path.suffix in (".parquet", ".xlsx", ".xls", ".zip", ".gz"):
            continue
        head = path.read_bytes()[: 256 << 10].decode("utf-8", "replace")
        if judge(head.replace("\r\n", "\n").split("\n"), path.name) is not None:
            taken.add(path.relative_to(real_data.parent).as_posix())

    assert taken == {
        *(f"data/wnut17/{name}.conll" for name in ("train", "dev", "test")),
        *(f"data/uner_zh_gsdsimp/{name}.iob2" for name in ("train", "dev", "test")),
        "data/messy/conll_iob1.txt",
        "data/messy/conll_messy.txt",
    }


@pytest.mark.parametrize(("name", "sentences"), [("conll_iob1.txt", 60), ("conll_messy.txt", 120)])
def test_messy_file_has_its_sentences_and_every_word(real_data: Path, name: str, sentences: int) -> None:
    path = real_data / "messy" / name

    words, tags = words_and_tags(read(path))

    truth = [line.split() for line in path.read_text("utf-8").split("\n") if line.strip() and "-DOCSTART-" not in line]
    assert len(words) == sentences
    assert [[word, tag] for each in zip(words, tags, strict=True) for word, tag in zip(*each, strict=True)] == truth
    assert scheme_of(tags) == ("IOB1" if "iob1" in name else "BIO")


def test_chinese_treebank_has_every_word_tag_and_sentence(real_data: Path) -> None:
    path = real_data / "uner_zh_gsdsimp" / "train.iob2"

    with at_most(8):
        dataset = read(path)

    found = rows(dataset)
    lines = [line.split("\t") for line in path.read_text("utf-8").split("\n") if line and not line.startswith("# ")]
    assert [word for row in found for word in json.loads(row["words"])] == [line[1] for line in lines]
    assert [tag for row in found for tag in json.loads(row["tags"])] == [line[2] for line in lines]
    assert [row["text"] for row in found[:2]] == ["".join(json.loads(row["words"])) for row in found[:2]]
    assert kinds(dataset) == {
        "words": "words",
        "tags": "tags",
        "column_5": "list",
        "sent_id": "id",
        "text": "text",
        "doc_id": "id",
    }


WORD = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8)
TAG = st.sampled_from(["O", "B-PER", "I-PER", "B-人"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(WORD, TAG), min_size=1, max_size=6), min_size=1, max_size=5), st.sampled_from(["\t", " "]))  # fmt: skip
def test_every_word_comes_back(tmp_path_factory, sentences: list[list[tuple[str, str]]], delimiter: str) -> None:
    sentences = [[("a", "B-PER"), ("b", "O")], *sentences]
    content = "\n\n".join("\n".join(delimiter.join(pair) for pair in each) for each in sentences)

    dataset = write_and_read(tmp_path_factory.mktemp("w") / "a.conll", content.encode(), encoding="utf-8")

    words, tags = words_and_tags(dataset)
    assert [list(zip(*each, strict=True)) for each in zip(words, tags, strict=True)] == sentences


def test_hundred_thousand_words_are_read_in_a_moment(tmp_path: Path) -> None:
    line = "Angela\tNNP\tB-PER\nMerkel\tNNP\tI-PER\nsprach\tVBD\tO\n.\t.\tO\n\n"
    path = tmp_path / "a.conll"
    path.write_text(line * 25_000, "utf-8")

    with at_most(4):
        dataset = read(path)

    assert dataset.rows == 25_000
