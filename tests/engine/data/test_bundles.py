"""Folders, zips and several files at once: which file is which, what becomes a row, and what is never followed."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError, fill
from slm_studio.engine.data.gathering import files_in
from tests.engine.data.ask import cells, read, remark, rows
from tests.engine.data.office import sheet, workbook
from tests.engine.data.printing import pdf, set_lines


def table(path: Path, count: int, start: int = 0) -> Path:
    """Write a table of two columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "text,label\n" + "".join(f"sentence number {n} here,{'ab'[n % 2]}\n" for n in range(start, start + count))
    )
    return path


def texts(folder: Path, count: int, what: str = "text") -> None:
    """Write some short texts."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"{what} {number}\nsecond line\n")


def pack(path: Path, folder: Path, top: str = "") -> Path:
    """Pack a folder as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                archive.write(each, top + each.relative_to(folder).as_posix())
    return path


def ways(folder: Path, tmp_path: Path) -> list[Path]:
    """Return a folder, and the same as a zip, with and without a folder around it."""
    return [folder, pack(tmp_path / "flat.zip", folder), pack(tmp_path / "deep.zip", folder, "a/b/")]


def test_a_folder_per_label_gives_a_row_a_file(tmp_path: Path) -> None:
    texts(tmp_path / "set" / "pos", 4, "good")
    texts(tmp_path / "set" / "neg", 3, "bad")

    for way in ways(tmp_path / "set", tmp_path):
        dataset = read(way)

        assert [(row["text"], row["label"]) for row in rows(dataset)][:1] == [("bad 0\nsecond line", "neg")]
        assert dataset.rows == 7 and dataset.report.format == "folder"
        assert remark(dataset, "folders-are-labels") and remark(dataset, "files-are-rows").count == 7


def test_splits_above_the_labels_are_kept_apart(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label in ("pos", "neg"):
            texts(tmp_path / "set" / split / label, 3)

    for way in ways(tmp_path / "set", tmp_path):
        dataset = read(way)

        assert (dataset.rows, dataset.held_out) == (6, {"test": 6})
        assert {row["label"] for row in rows(dataset, "test")} == {"pos", "neg"}


def test_many_texts_in_one_folder_are_a_row_each_and_few_are_read_by_lines(tmp_path: Path) -> None:
    texts(tmp_path / "many", 20)
    texts(tmp_path / "few", 2)

    assert read(tmp_path / "many").rows == 20
    few = read(tmp_path / "few")
    assert cells(few) == [("text 0",), ("second line",), ("text 1",), ("second line",)]


def test_files_of_lines_named_by_label_keep_the_name(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for label in ("pos", "neg"):
        (tmp_path / "set" / f"{label}.txt").write_text("".join(f"{label} line {n}\n" for n in range(12)))
    for label in ("sport", "news"):
        (tmp_path / "deep" / label).mkdir(parents=True)
        (tmp_path / "deep" / label / "all.txt").write_text("".join(f"{label} line {n}\n" for n in range(12)))

    flat, deep = read(tmp_path / "set"), read(tmp_path / "deep")

    assert (flat.rows, deep.rows) == (24, 24)
    assert cells(flat)[0] == ("neg line 0", "neg") and cells(deep)[-1] == ("sport line 11", "sport")


def test_tables_go_to_the_splits_that_their_names_say(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    table(folder / "reviews_train.csv", 10)
    table(folder / "reviews_dev.csv", 4)
    table(folder / "reviews_test.csv", 6)
    (folder / "README.md").write_text("about it")
    (folder / "sample.csv").write_text("id,label\n1,a\n")

    for way in ways(folder, tmp_path):
        dataset = read(way)

        assert (dataset.rows, dataset.held_out) == (10, {"validation": 4, "test": 6})
        assert dataset.name == "reviews_train.csv"
        assert (
            remark(dataset, "files-left-out").count == 2
            and "sample.csv" in remark(dataset, "files-left-out").values["names"]
        )


def test_files_dropped_together_are_train_and_test(tmp_path: Path) -> None:
    test, train = table(tmp_path / "test.csv", 5), table(tmp_path / "train.csv", 12)

    dataset = read(test, beside=(str(train),))

    assert (dataset.name, dataset.rows, dataset.held_out) == ("train.csv", 12, {"test": 5})


def test_a_workbook_and_a_zip_may_be_among_them(tmp_path: Path) -> None:
    grid = [["text", "label"], *([f"sentence number {n} here", "ab"[n % 2]] for n in range(5))]
    test = workbook(tmp_path / "test.xlsx", {"1": sheet(grid)})
    table(tmp_path / "inner" / "train.csv", 12)
    packed = pack(tmp_path / "train.zip", tmp_path / "inner")

    dataset = read(packed, beside=(str(test),))

    assert (dataset.rows, dataset.held_out) == (12, {"test": 5})


def test_pieces_of_one_table_are_joined_without_a_mark(tmp_path: Path) -> None:
    for number in range(2):
        table(tmp_path / "set" / f"train-0000{number}-of-00002.csv", 5, 5 * number)

    dataset = read(tmp_path / "set")

    assert dataset.rows == 10 and [column.name for column in dataset.columns] == ["text", "label"]
    assert remark(dataset, "files-joined").count == 2


def test_tables_of_other_columns_are_left_out_by_name(tmp_path: Path) -> None:
    table(tmp_path / "set" / "april.csv", 5)
    table(tmp_path / "set" / "may.csv", 5)
    (tmp_path / "set" / "prices.csv").write_text("item,price\nx,1\n")

    dataset = read(tmp_path / "set")

    assert dataset.rows == 10 and {row["file"] for row in rows(dataset)} == {"april", "may"}
    assert remark(dataset, "files-differ").values["names"] == "prices.csv"


def test_a_test_file_without_the_label_is_left_out_and_said(tmp_path: Path) -> None:
    table(tmp_path / "set" / "train.csv", 12)
    (tmp_path / "set" / "test.csv").write_text("text\nwhat is it?\nand that?\n")

    dataset = read(tmp_path / "set")

    assert dataset.held_out == {}
    assert remark(dataset, "test-left-out").values == {"count": 1, "name": "test.csv", "column": "label"}


def test_the_same_rows_in_two_formats_are_read_once(tmp_path: Path) -> None:
    table(tmp_path / "set" / "train.csv", 30)
    (tmp_path / "set" / "train.jsonl").write_text('{"text": "sentence", "label": "a"}\n' * 3)

    assert read(tmp_path / "set").rows == 30


def test_texts_of_every_format_are_read_together_and_one_that_stands_there_twice_once(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    pdf(tmp_path / "set" / "mill.pdf", [set_lines(["The mill stands by the river."])])
    pdf(tmp_path / "set" / "bread.pdf", [set_lines(["The bread of the mill is good."])])
    (tmp_path / "set" / "mill.txt").write_text("The mill stands by the river.\n")
    (tmp_path / "set" / "notes.md").write_text("Nobody knows who built it.\n")

    for path in ways(tmp_path / "set", tmp_path):
        dataset = read(path)
        assert cells(dataset) == [
            ("The bread of the mill is good.", "bread"),
            ("The mill stands by the river.", "mill"),
            ("Nobody knows who built it.", "notes"),
        ]
        assert remark(dataset, "files-left-out").values["names"] == "mill.pdf"


def test_texts_beside_tables_and_tables_beside_texts_are_left_out_with_the_reason(tmp_path: Path) -> None:
    table(tmp_path / "set" / "rows.csv", 30)
    texts(tmp_path / "set", 3)
    assert remark(read(tmp_path / "set"), "texts-left-out").values["names"] == "0.txt, 1.txt, 2.txt"

    texts(tmp_path / "set", 30)
    assert remark(read(tmp_path / "set"), "tables-left-out").values["names"] == "rows.csv"


def test_a_file_beside_that_its_name_is_about_is_offered_and_not_taken(tmp_path: Path) -> None:
    train = table(tmp_path / "train.tsv", 12)
    table(tmp_path / "test.tsv", 5)
    table(tmp_path / "other_dev.tsv", 5)

    dataset = read(train)

    assert dataset.held_out == {}
    assert dataset.report.offered == {"test": str(tmp_path / "test.tsv")}
    assert remark(dataset, "offered-test").values["name"] == "test.tsv"
    assert read(train, test=dataset.report.offered["test"]).held_out == {"test": 5}
    assert read(tmp_path / "test.tsv").report.offered == {}


def test_links_pipes_and_archives_within_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = tmp_path / "set"
    texts(folder / "pos", 3)
    texts(folder / "neg", 3)
    os.symlink(secret, folder / "pos" / "link.txt")
    os.symlink(tmp_path, folder / "loop")
    os.mkfifo(folder / "neg" / "pipe.txt")
    pack(folder / "inner.zip", folder / "neg")

    dataset = read(folder)

    assert dataset.rows == 6 and not any("secret" in row["text"] for row in rows(dataset))
    assert remark(dataset, "links-left-out").count == 3
    assert remark(dataset, "files-left-out").values["names"] == "inner.zip"


def test_names_that_leave_the_zip_end_it_and_links_in_it_are_passed_over(tmp_path: Path) -> None:
    for number, name in enumerate(("../evil.csv", "/etc/evil.csv", "C:/evil.csv", "a/../../evil.csv", "..\\evil.csv")):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            archive.writestr(name, "text,label\na,b\n")
        with pytest.raises(StudioError) as caught:
            read(tmp_path / f"{number}.zip")
        assert caught.value.code == "unsafe-name"
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("train.csv", table(tmp_path / "train.csv", 12).read_text())

    dataset = read(tmp_path / "link.zip")

    assert dataset.rows == 12 and remark(dataset, "links-left-out").values["names"] == "link.csv"


def test_bombs_and_crowds_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"a" * 30_000_000)
    with zipfile.ZipFile(tmp_path / "crowd.zip", "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}.txt", "a")
    with zipfile.ZipFile(tmp_path / "torn.zip", "w") as archive:
        archive.writestr("a.csv", "text,label\n" + "a,b\n" * 100)
    damaged = bytearray((tmp_path / "torn.zip").read_bytes())
    damaged[60] ^= 0xFF
    (tmp_path / "torn.zip").write_bytes(damaged)

    for name, code in (("bomb", "expands-too-much"), ("crowd", "too-many-files"), ("torn", "archive-damaged")):
        with pytest.raises(StudioError) as caught:
            read(tmp_path / f"{name}.zip")
        assert caught.value.code == code and f"{name}.zip" in str(caught.value)


def model_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"x")
    (folder / "vocab.txt").write_text("a\nb\n")
    return folder


def test_a_model_is_no_data_and_says_how_to_import_it(tmp_path: Path) -> None:
    for way in ways(model_in(tmp_path / "model"), tmp_path):
        with pytest.raises(StudioError) as caught:
            read(way)
        assert caught.value.code == "is-a-model"


def test_a_model_among_data_is_left_out_and_named(tmp_path: Path) -> None:
    table(tmp_path / "set" / "train.csv", 12)
    model_in(tmp_path / "set" / "models" / "mine")

    for way in ways(tmp_path / "set", tmp_path):
        dataset = read(way)

        assert dataset.rows == 12
        left = remark(dataset, "files-left-out")
        assert left.count == 1 and left.values["names"].endswith("models/mine/")
    assert [path.name for path in files_in(tmp_path / "set")] == ["train.csv"], "nor is it among the files of an index"


def test_a_folder_with_nothing_but_a_model_somewhere_below_says_where(tmp_path: Path) -> None:
    model_in(tmp_path / "set" / "models" / "mine")

    with pytest.raises(StudioError) as caught:
        read(tmp_path / "set")

    assert str(caught.value).startswith("“set/models/mine” is a model")


def test_a_folder_without_anything_to_read_says_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "program.py").write_text("x")
    (tmp_path / "set" / "empty.csv").write_text("")

    with pytest.raises(StudioError) as caught:
        read(tmp_path / "set")

    assert caught.value.code == "no-files" and ".csv" in caught.value.advice


def test_one_unreadable_file_costs_itself_only(tmp_path: Path) -> None:
    table(tmp_path / "set" / "april.csv", 5)
    (tmp_path / "set" / "may.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))

    dataset = read(tmp_path / "set")

    assert dataset.rows == 5 and remark(dataset, "files-unreadable").values["names"] == "may.csv"
    why = next(each for each in dataset.report.remarks if each.code.startswith("files-unreadable-"))
    assert "may.csv" in fill(why.message, why.told)


def test_texts_of_an_old_system_are_read_by_what_they_have_in_common(tmp_path: Path) -> None:
    words = {"好评": "房间很干净，服务也非常好", "差评": "太吵了，再也不会来"}
    for label, text in words.items():
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "set" / label / f"{number}.txt").write_bytes(f"{text}{number}\r\n".encode("gbk"))
    (tmp_path / "set" / "好评" / "new.txt").write_text("这是 UTF-8", "utf-8")
    (tmp_path / "set" / "好评" / "blank.txt").write_text(" \n")

    dataset = read(tmp_path / "set")

    found = {row["file"]: row["text"] for row in rows(dataset)}
    assert found["好评/0.txt"] == "房间很干净，服务也非常好0" and found["好评/new.txt"] == "这是 UTF-8"
    assert dataset.rows == 9 and remark(dataset, "files-skipped").values["names"] == "好评/blank.txt"


def test_real_folders_of_labels_are_read_from_the_zip(real_data: Path) -> None:
    dataset = read(real_data / "messy" / "zh_folders_gbk_names.zip")

    labels = [row["label"] for row in rows(dataset)]
    assert (labels.count("差评"), labels.count("好评")) == (64, 56)
    assert dataset.report.encoding == "gb18030"


def test_chapters_are_read_in_the_order_that_a_person_counts(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    for n in range(12):
        (folder / f"ch{n}.md").write_text(f"This is what chapter {n} tells.\n", encoding="utf-8")

    dataset = read(folder)

    told = [row["text"] for row in rows(dataset) if row["text"].strip()]
    assert [int(text.split()[4]) for text in told] == list(range(12))
