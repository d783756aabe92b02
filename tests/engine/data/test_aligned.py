"""Aligned files: two texts become one table with a column each; one of them finds its partner beside it."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.engine.data.aligned import pairs_in, partner_of, side_of
from slm_studio.engine.data.rows import open_table

EN, ZH = 'one, "two"\n\nthree\n', "一，“二”\n\n三\n"


def read(path: Path, **options: object) -> Dataset:
    return list(engine.read(str(path), ReadOptions(**options)))[-1].result  # type: ignore[arg-type]


def write(folder: Path, **texts: str) -> list[Path]:
    made = []
    for name, text in texts.items():
        made.append(folder / name.replace("__", "."))
        made[-1].write_text(text, encoding="utf-8")
    return made


def table(dataset: Dataset) -> dict[str, list[str]]:
    return open_table(dataset.part()).to_pydict()


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (("a__en", "a__zh"), ["en", "zh"]),
        (("train__src", "train__tgt"), ["src", "tgt"]),
        (("source__txt", "target__txt"), ["source", "target"]),
        (("train__en__txt", "train__zh__txt"), ["en", "zh"]),
        (("news_de__txt", "news_fr__txt"), ["de", "fr"]),
    ],
)
def test_one_file_finds_the_other_and_no_line_moves(names: tuple[str, str], columns: list[str], tmp_path: Path) -> None:
    one, other = write(tmp_path, **dict(zip(names, (EN, ZH), strict=True)))

    found = read(one)

    assert table(found) == {columns[0]: ['one, "two"', "", "three"], columns[1]: ["一，“二”", "", "三"]}
    assert [each.code for each in found.report.remarks].count("files-aligned") == 1
    assert table(read(one, beside=(str(other),))) == table(found)


def test_the_source_is_the_source_whichever_was_dropped_and_of_languages_the_dropped_one(tmp_path: Path) -> None:
    _, target = write(tmp_path, a__src=EN, a__tgt=ZH)
    _, chinese = write(tmp_path, b__en=EN, b__zh=ZH)

    assert list(table(read(target))) == ["src", "tgt"]
    assert list(table(read(chinese))) == ["zh", "en"]


def test_files_for_training_and_for_choosing_are_told_by_their_names(tmp_path: Path) -> None:
    paths = write(tmp_path, train__en=EN, train__zh=ZH, dev__en="four\n", dev__zh="四\n")

    found = read(paths[0], beside=tuple(map(str, paths[1:])))

    assert found.rows == 3 and list(found.held_out) == ["validation"]


def test_sides_of_different_length_are_refused_with_both_counts(tmp_path: Path) -> None:
    one, _ = write(tmp_path, a__en=EN, a__zh="一\n")

    with pytest.raises(StudioError, match=r"“a\.en” has 3 lines and “a\.zh” has 1"):
        read(one)


def test_a_file_alone_or_with_several_that_may_belong_to_it_is_read_by_itself(tmp_path: Path) -> None:
    (alone,) = write(tmp_path, story__en="once\n")
    several = write(tmp_path, a__en=EN, a__zh=ZH, a__de=EN)

    assert partner_of(alone) is None and pairs_in([several[0]]) == {}
    assert list(table(read(alone))) == ["text"]


def test_a_name_without_a_side_has_none() -> None:
    assert side_of(Path("notes.txt")) == ("notes", "") and side_of(Path("a.csv"))[1] == ""
