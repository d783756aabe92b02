"""A csv that Excel will open begins with the mark by which it knows UTF-8, and only then."""

import codecs
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset

MARK = codecs.BOM_UTF8


def read(path: Path) -> Dataset:
    return list(engine.read(str(path)))[-1].result  # type: ignore[union-attr]


def written(path: Path, out: Path, **options: object) -> bytes:
    list(engine.convert(read(path), str(out), **options))  # type: ignore[arg-type]
    return out.read_bytes()


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.csv"
    path.write_text("text,label\nschön war es hier,gut\nnicht so schön,schlecht\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        ("text,label\nschön war es,gut\nso naja eben,naja\n".encode("utf-8-sig"), True),
        ("text;label\nschön war es;gut\nso naja eben;naja\n".encode("cp1252"), True),
        ("文本,标签\n这个商品很好用,好\n质量非常差劲,坏\n".encode("gb18030"), True),
        ("text;label\nfine it was;good\nnot at all;bad\n".encode("utf-8-sig"), False),  # nothing but ASCII in it
        ("text,label\nschön war es,gut\nso naja eben,naja\n".encode(), False),  # nothing speaks of Excel
    ],
)
def test_files_that_came_from_excel_are_written_for_excel(tmp_path: Path, content: bytes, marked: bool) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(content)

    assert written(source, tmp_path / "out.csv").startswith(MARK) == marked


def test_a_person_may_ask_for_the_mark_or_against_it(plain: Path, tmp_path: Path) -> None:
    assert written(plain, tmp_path / "with.csv", bom=True).startswith(MARK)
    marked = tmp_path / "marked.csv"
    marked.write_bytes(MARK + plain.read_bytes())
    assert not written(marked, tmp_path / "without.csv", bom=False).startswith(MARK)


@pytest.mark.parametrize("ending", ["jsonl", "json", "tsv", "txt"])
def test_no_other_format_gets_one(plain: Path, tmp_path: Path, ending: str) -> None:
    assert not written(plain, tmp_path / f"out.{ending}", bom=True).startswith(MARK)


def test_with_the_mark_the_same_cells_come_back(plain: Path, tmp_path: Path) -> None:
    first, again = read(plain), (written(plain, tmp_path / "out.csv", bom=True), read(tmp_path / "out.csv"))[1]

    assert again.fingerprint == first.fingerprint
