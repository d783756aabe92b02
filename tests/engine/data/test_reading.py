"""Reading: from a path to a dataset the app owns."""

import gzip
import os
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.dataset import ReadOptions, list_datasets, open_dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.engine.data.source import SAMPLE
from tests.engine.data.ask import cells, read, remark, rows, write_and_read

CSV = "text,label\n" + "".join(f"row {n},{'ab'[n % 2]}\n" for n in range(20))


def test_dataset_is_written_and_found_again(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "My reviews.csv", CSV)

    assert open_dataset(Path(dataset.folder)) == dataset
    assert list_datasets() == [dataset]
    assert dataset.id.startswith("my-reviews-") and dataset.name == "My reviews.csv"
    assert dataset.source == str(tmp_path / "My reviews.csv")


def test_same_file_read_twice_is_one_dataset(tmp_path: Path) -> None:
    first, second = write_and_read(tmp_path / "a.csv", CSV), read(tmp_path / "a.csv")

    assert first == second and len(list_datasets()) == 1


def test_same_rows_in_another_format_have_the_same_fingerprint(tmp_path: Path) -> None:
    first = write_and_read(tmp_path / "a.csv", CSV)
    second = write_and_read(tmp_path / "b.tsv", CSV.replace(",", "\t"))

    assert first.fingerprint == second.fingerprint and first.id != second.id


def test_other_rows_have_another_fingerprint(tmp_path: Path) -> None:
    prints = {
        write_and_read(tmp_path / "a.csv", content, header=True).fingerprint
        for content in ("a,b\nxy,z\n", "a,b\nx,yz\n", "a,b\nxy,z\nxy,z\n", "a,c\nxy,z\n", "a,b\nxy,z \n")
    }

    assert len(prints) == 5


def test_plain_text_keeps_every_line_and_empty_ones(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.txt", "  one\n\ntwo, three\t\r\n\n“NA”\u2028x")

    assert [row["text"] for row in rows(dataset)] == ["  one", "", "two, three\t", "", "“NA”\u2028x"]


def test_text_file_with_a_tab_in_every_line_is_a_table(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.txt", "".join(f"{'ab'[n % 2]}\tsome text {n}\n" for n in range(20)))

    assert dataset.report.format == "tsv" and [column.name for column in dataset.columns] == ["label", "text"]


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv.gz", gzip.compress(CSV.encode()))

    assert dataset.rows == 20 and dataset.report.format == "csv"


def test_gzip_under_a_csv_name_is_recognised(tmp_path: Path) -> None:
    assert write_and_read(tmp_path / "a.csv", gzip.compress(CSV.encode())).rows == 20


def test_cut_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.csv.gz", gzip.compress(os.urandom(2_000_000).hex().encode())[:-100])

    assert caught.value.code == "gzip-damaged"


def test_gzip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.txt.gz", gzip.compress((b"a" * 999 + b"\n") * 100_000))

    assert caught.value.code == "expands-too-much"


def test_wrong_ending_does_not_matter(tmp_path: Path) -> None:
    assert write_and_read(tmp_path / "a.data", CSV).report.format == "csv"
    assert write_and_read(tmp_path / "noending", '{"text": "a"}\n{"text": "b"}\n').report.format == "jsonl"
    assert (
        write_and_read(tmp_path / "b.log", "Just some prose. It has, of course, commas.\nMore of it.\n").report.format
        == "txt"
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file-empty"),
        ("a.txt", b"\xef\xbb\xbf", "file-bom-only"),
        ("a.csv", b"\xff\xfe", "file-bom-only"),
        ("a.csv", b"\0" * 5000, "file-zeros"),
        ("a.csv", b"\xff" * 5000, "file-zeros"),
        ("a.csv", b"\n" * 1000, "file-blank"),
        ("a.csv", b" " * 1000, "file-blank"),
        ("a.tsv", b"D" * 1000, "file-one-letter"),
        ("a.csv", b";" * 1000, "file-one-letter"),
        ("a.csv", b"text,label\n", "no-rows"),
        ("a.csv", bytes(range(256)) * 20, "file-binary"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + b"\0\1\2" * 300, "is-a-picture"),
        ("a.csv", b"PK\x03\x04" + b"\0" * 40, "archive-damaged"),
    ],
)
def test_file_without_rows_is_refused_in_its_own_words(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / name, content)

    assert caught.value.code == code and name in str(caught.value) and caught.value.advice
    assert not list(paths.datasets().glob("*")) and not list(paths.datasets().glob(".*"))


def test_missing_file_folder_and_pipe_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    names = {
        "none.csv": "file-missing",
        "": "no-files",
        "pipe.csv": "not-a-file",
        "-": "not-a-file",
        "/dev/fd/99": "not-a-file",
    }
    for name, code in names.items():
        with pytest.raises(StudioError) as caught:
            read(tmp_path / name)

        assert caught.value.code == code


def test_name_that_is_no_utf8_can_be_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xc4\xe3.csv"
    with open(path, "wb") as stream:
        stream.write(CSV.encode())

    dataset = read(Path(os.fsdecode(path)))

    assert open_dataset(Path(dataset.folder)) == dataset and dataset.rows == 20


def test_own_validation_and_test_files_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("label,text\na,held out\n")
    (tmp_path / "test.jsonl").write_text('{"text": "t", "label": "b"}\n' * 3)

    dataset = write_and_read(
        tmp_path / "a.csv", CSV, validation=str(tmp_path / "val.csv"), test=str(tmp_path / "test.jsonl")
    )

    assert (dataset.rows, dataset.held_out) == (20, {"validation": 1, "test": 3})
    assert rows(dataset, "validation") == [{"label": "a", "text": "held out"}]


def test_held_out_file_without_header_takes_the_names_of_the_first(tmp_path: Path) -> None:
    train = "".join(f"{'ham' if n % 2 else 'spam'}\tsome message, number {n}\n" for n in range(30))
    (tmp_path / "test.tsv").write_text("ham\tfirst one here.\nspam\tsecond one there.\n")

    dataset = write_and_read(tmp_path / "train.tsv", train, test=str(tmp_path / "test.tsv"))

    assert rows(dataset, "test")[0] == {"label": "ham", "text": "first one here."}


def test_held_out_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("text,class\na,b\n")

    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.csv", CSV, validation=str(tmp_path / "val.csv"))

    assert caught.value.code == "columns-differ" and "label" in str(caught.value)


def test_split_column_splits_the_file_and_stays(tmp_path: Path) -> None:
    content = "text,label,split\n" + "".join(f"t{n},x,{('train', 'train', 'Dev', 'test')[n % 4]}\n" for n in range(40))

    dataset = write_and_read(tmp_path / "a.csv", content)

    assert (dataset.rows, dataset.held_out) == (20, {"validation": 10, "test": 10})
    assert remark(dataset, "split-by-column").values["train"] == 20
    assert {row["split"] for row in rows(dataset, "validation")} == {"Dev"}
    assert cells(dataset)[1] == ("t1", "x", "train")


def test_column_named_split_with_other_values_splits_nothing(tmp_path: Path) -> None:
    content = "text,label,set\n" + "".join(f"t{n},x,{('train', 'north')[n % 2]}\n" for n in range(40))

    assert write_and_read(tmp_path / "a.csv", content).held_out == {}


def test_file_changed_while_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "some text,x\n" * 200_000)

    events = engine.read(str(path))
    next(events)
    with path.open("a") as stream:
        stream.write("more,y\n")
    dataset = list(events)[-1].result

    assert remark(dataset, "file-changed") is not None


def test_stopping_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "some text,x\n" * 200_000)

    events = engine.read(str(path), ReadOptions())
    assert isinstance(next(events), Progress)
    events.close()

    assert not list(paths.datasets().iterdir())


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "some text,x\n" * 300_000)

    steps = [event for event in engine.read(str(path)) if isinstance(event, Progress)]

    assert len(steps) > 1 and steps[-1].done == steps[-1].total == path.stat().st_size
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def test_sixty_megabyte_line_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 60_000_000)

    assert read(tmp_path / "a.txt").rows == 1


def test_character_at_the_edge_of_the_sample_does_not_hide_the_encoding(tmp_path: Path) -> None:
    line = "x" * 98 + "\n"
    before = line * (SAMPLE // 2 // len(line))
    content = before + "y" * (SAMPLE // 2 - len(before) - 1) + "é\n" + line * 30_000

    dataset = write_and_read(tmp_path / "a.txt", content)

    assert dataset.report.encoding == "utf-8" and sum("é" in cell for (cell,) in cells(dataset)) == 1


def test_json_lines_without_any_json_say_so(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        write_and_read(tmp_path / "a.jsonl", "one\ntwo\n")

    assert caught.value.code == "no-rows" and "None of the 2 lines" in str(caught.value)
