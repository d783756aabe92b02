"""N-best lists in the forms in which recognisers write them: objects in a cell, a hypothesis a row, subtitles of one recording."""

import json
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import ReadOptions
from tests.engine.data.ask import read, remark, result, rows, write_and_read

LONG = """\
utt_id\trank\tscore\ttext\ttruth\tage
u1\t2\t-4\tthe hat sat\tthe cat sat\t3
u1\t1\t-3.5\tthe cat sat\tthe cat sat\t4
u2\t1\t-1\ta dog\ta dog\t5
u2\t2\t-2\ta dock\ta dog\t5
u2\t3\t-3\tthe dog\ta dog\t5
"""


def lists(dataset) -> list[tuple[list[str], list[float]]]:
    return [(json.loads(row["candidates"]), json.loads(row.get("scores") or "[]")) for row in rows(dataset)]


@pytest.mark.parametrize("text", ["text", "hyp", "transcript", "文本"])
def test_objects_in_a_cell_become_texts_and_a_column_for_each_kind_of_score(tmp_path: Path, text: str) -> None:
    records = [
        {"id": f"u{n}", "nbest": [{text: "it rains", "am_score": -3.5, "lm": -7}, {text: "it reigns", "am_score": -4, "lm": -9}], "ref": "it rains"}
        for n in range(4)
    ]  # fmt: skip
    rows_read = write_and_read(tmp_path / "a.json", json.dumps(records))

    first = rows(rows_read)[0]
    assert json.loads(first["nbest"]) == ["it rains", "it reigns"]
    assert json.loads(first["am_scores"]) == [-3.5, -4] and json.loads(first["lm"]) == [-7, -9]
    assert remark(rows_read, "lists-unfolded").told["names"] == "am_scores, lm"
    found = result(engine.suggest(rows_read))
    roles = {"candidates": "nbest", "scores": "am_scores", "scores2": "lm", "reference": "ref"}
    assert (found.task, found.roles) == ("rank", roles)


def test_a_hypothesis_a_row_becomes_an_utterance_a_row_in_the_order_of_its_ranks(tmp_path: Path) -> None:
    found = write_and_read(tmp_path / "a.tsv", LONG)

    assert lists(found) == [
        (["the cat sat", "the hat sat"], [-3.5, -4.0]),
        (["a dog", "a dock", "the dog"], [-1.0, -2.0, -3.0]),
    ]
    assert [row["truth"] for row in rows(found)] == ["the cat sat", "a dog"]
    assert remark(found, "hypotheses-gathered").told["rows"] == 5
    assert remark(found, "hypotheses-columns").told["columns"] == "age"  # differs from hypothesis to hypothesis


def test_every_score_of_a_hypothesis_is_kept_by_its_name(tmp_path: Path) -> None:
    table = "utt_id\trank\tlm_score\tam_score\tnote\ttext\ttruth\n" + "".join(
        f"u{n}\t{rank}\t-{n}{rank}\t{'-2' if rank == 1 else 'none'}\tx{rank}\tthe {word} sat\tthe cat sat\n"
        for n in range(12)
        for rank, word in ((1, "cat"), (2, "hat"))
        if n or rank == 1
    ).replace("none", "-3", 10)

    found = write_and_read(tmp_path / "a.tsv", table)

    assert json.loads(rows(found)[1]["scores"]) == [-2, -3] and json.loads(rows(found)[1]["lm_scores"]) == [-11, -12]
    assert json.loads(rows(found)[11]["scores"]) == [-2, None]
    assert remark(found, "hypotheses-columns").told["columns"] == "note"
    roles = {"candidates": "candidates", "scores": "scores", "scores2": "lm_scores", "reference": "truth"}
    assert result(engine.suggest(found)).roles == roles


def test_the_same_without_a_header(tmp_path: Path) -> None:
    bare = "\n".join("\t".join(line.split("\t")[:4]) for line in LONG.splitlines()[1:])

    found = write_and_read(tmp_path / "a.tsv", bare)

    assert lists(found)[1] == (["a dog", "a dock", "the dog"], [-1.0, -2.0, -3.0])


@pytest.mark.parametrize(
    "table",
    [
        "id\tscore\ttext\n1\t2\ta\n2\t3\tb\n3\t4\tc\n",  # every id stands once
        "id\trank\ttext\nu\t1\ta\nu\t1\tb\nu\t7\tc\n",  # these are no places
        "id\tscore\ttext\nu\t1\ta\nu\t2\tb\nu\t3\tc\n",  # nothing says that they are candidates
        "user_id\trating\treview\nu\t1\ta\nu\t2\tb\nu\t3\tc\n",
    ],
)
def test_other_tables_stay_as_they_are(tmp_path: Path, table: str) -> None:
    found = write_and_read(tmp_path / "a.tsv", table)

    assert found.rows == 3 and remark(found, "hypotheses-gathered") is None


def test_held_out_files_are_gathered_alike(tmp_path: Path) -> None:
    (tmp_path / "test.tsv").write_text(LONG, encoding="utf-8")

    found = write_and_read(tmp_path / "train.tsv", LONG.replace("u1", "v1"), test=str(tmp_path / "test.tsv"))

    assert [row["utt_id"] for row in rows(found, "test")] == ["u1", "u2"]


ONE = """\
1
00:00:01,000 --> 00:00:03,000
<i>the shop opens at ate</i>

2
00:00:03,200 --> 00:00:05,000
and it clothes at nine
in the evening

3
00:00:20,000 --> 00:00:21,000
nobody else heard this
"""
OTHER = """\
WEBVTT

NOTE a note
of two lines

STYLE
::cue { color: red }

00:01.100 --> 00:05.000 align:start
the shop opens at eight and it closes at nine in the evening
"""
RIGHT = """\
1
00:00:01,000 --> 00:00:03,100
the shop opens at eight

2
00:00:03,200 --> 00:00:05,000
and it closes at nine in the evening
"""


@pytest.fixture
def heard(tmp_path: Path) -> list[Path]:
    found = []
    for name, content in (("talk_a.srt", ONE), ("talk_b.vtt", OTHER), ("talk.reference.srt", RIGHT)):
        (tmp_path / name).write_text(content, encoding="utf-8")
        found.append(tmp_path / name)
    return found


def test_a_file_of_subtitles_is_read_cue_by_cue(heard) -> None:
    found = read(heard[0])

    assert [row["text"] for row in rows(found)] == [
        "the shop opens at ate", "and it clothes at nine in the evening", "nobody else heard this",
    ]  # fmt: skip
    assert rows(found)[0] | {"text": ""} == {"start": "00:00:01.000", "end": "00:00:03.000", "text": ""}
    assert [row["text"] for row in rows(read(heard[1]))] == [
        "the shop opens at eight and it closes at nine in the evening"
    ]


def test_subtitles_of_one_recording_are_aligned_by_time_however_they_cut_it(heard) -> None:
    one, other, right = map(str, heard)
    found = result(engine.read(one, ReadOptions(beside=(other, right))))

    assert rows(found) == [
        {
            "start": "00:00:01.000",
            "end": "00:00:05.000",
            "candidates": json.dumps(
                [
                    "the shop opens at ate and it clothes at nine in the evening",
                    "the shop opens at eight and it closes at nine in the evening",
                ]
            ),
            "reference": "the shop opens at eight and it closes at nine in the evening",
        }
    ]
    assert remark(found, "cues-aligned").told["lone"] == 1
    assert remark(found, "cues-right").told["name"] == "talk.reference.srt"
    assert result(engine.suggest(found)).roles == {"candidates": "candidates", "reference": "reference"}


def test_without_right_texts_it_is_said_that_nothing_can_be_learnt_yet(heard) -> None:
    found = result(engine.read(str(heard[0]), ReadOptions(beside=(str(heard[1]),))))

    assert remark(found, "cues-unanswered") is not None
    assert result(engine.suggest(found)).roles == {"candidates": "candidates"}


def test_two_films_stand_one_behind_the_other(heard, tmp_path: Path) -> None:
    film = tmp_path / "film.srt"
    film.write_text(RIGHT.replace("the shop opens at eight", "我们明天去北京").replace("and it closes at nine in the evening", "请给我一杯水"), encoding="utf-8")  # fmt: skip

    found = result(engine.read(str(heard[0]), ReadOptions(beside=(str(film),))))

    assert found.rows == 5 and remark(found, "cues-apart") is not None


def test_lines_of_a_chinese_cue_are_joined_without_a_blank(tmp_path: Path) -> None:
    found = write_and_read(tmp_path / "a.srt", "1\n00:00:01,000 --> 00:00:03,000\n我们明天\n去北京\n")

    assert rows(found)[0]["text"] == "我们明天去北京"
