"""Odd input meets a sentence: a slice of the fuzz (python -m tests.fuzz 10000), and what it has found."""

import json
import shutil
import zipfile
from collections import deque
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from slm_studio import engine
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Predicted
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.saved import open_saved
from slm_studio.engine.advice import advise
from slm_studio.engine.tasks import task_of
from tests.engine.data.office import paragraph, sheet, word, workbook
from tests.fuzz.door import Fuzz
from tests.tasks import fodder

SLICE = 60  # inputs: some seconds


def result(events):
    last = deque(events, maxlen=1).pop()
    assert isinstance(last, Finished)
    return last.result


def code_of(events) -> str:
    with pytest.raises(StudioError) as caught:
        result(events)
    return caught.value.code


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("writer")
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        book = place / "book.txt"
        book.write_text("a cat sat on a mat, and a dog ran after it\n" * 40, encoding="utf-8")
        dataset = result(engine.read(str(book)))
        recipe = make_recipe("write", base="blank:llama-nano", roles={"text": "text"}, settings={"epochs": 1, "max_length": 32, "precision": "fp32"})  # fmt: skip
        return Path(result(engine.train(recipe, dataset, create_run(recipe, dataset))).folder)


@pytest.mark.parametrize(
    ("kinds", "inputs"),
    [("read", SLICE), ("evaluate predict predict_file", SLICE // 2), ("gguf", SLICE // 4), ("serve", SLICE)],
    ids=["read", "asked", "gguf", "serve"],
)
def test_a_slice_of_the_fuzz_meets_a_sentence_everywhere(tmp_path: Path, kinds: str, inputs: int) -> None:
    fuzz = Fuzz(tmp_path / "fuzz", seed=1, kinds=tuple(kinds.split()))
    fuzz.families = {"classify": ("bag",), "tag": ("lstm",), "chat": ("llama",)}

    outcomes = [fuzz.one(n) for n in range(inputs)]
    fuzz.close()

    assert not [outcome.problem for outcome in outcomes if outcome.problem]
    assert len({outcome.code for outcome in outcomes}) > 3  # and not because nothing was tried


def test_no_memory_is_said_whichever_library_met_it() -> None:
    try:
        torch.empty(1 << 50)
    except RuntimeError as real:
        assert advise(real).code == "out-of-memory"
    else:
        pytest.fail("this machine gave a petabyte")

    for error in (
        RuntimeError("std::bad_alloc"),
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        pa.ArrowMemoryError("malloc of size 99 failed"),
    ):
        assert advise(error).code == "out-of-memory", error
    assert advise(RuntimeError("shapes do not match")).code == "unexpected"


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.tsv", "a.txt", "a.parquet", "a"])
@pytest.mark.parametrize(
    "content", [b" ", b"\n", b" \n\t\r\n", b"\xef\xbb\xbf \n", b"[]", b"{}", b"null", b"[[]]", b"[{}]"]
)
def test_a_blank_file_has_a_sentence_in_every_format(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    try:
        assert isinstance(result(engine.read(str(path))), Dataset)
    except StudioError as error:
        assert error.code not in ("unexpected", "native-panic")


def test_parquet_text_that_is_no_utf8_is_mended_and_counted(tmp_path: Path) -> None:
    raw = pa.array([b"good", b"caf\xe9", b"\xff\xfe"], pa.binary())
    table = pa.table({"text": pa.Array.from_buffers(pa.string(), 3, raw.buffers()), "label": ["a", "b", "a"]})
    pq.write_table(table, tmp_path / "bad.parquet")

    dataset = result(engine.read(str(tmp_path / "bad.parquet")))

    with pa.memory_map(str(dataset.part())) as source:
        cells = pa.ipc.open_file(source).read_all().column("text").to_pylist()
    assert cells == ["good", "caf\ufffd", "\ufffd\ufffd"]
    assert {remark.code: remark.count for remark in dataset.report.remarks}["cells-undecodable"] == 2


@pytest.mark.parametrize("name", ["utf-16", "utf-32"])
def test_a_wide_encoding_that_a_person_named_needs_no_mark(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\nhello,a\nbye,b\n".encode(f"{name}-le"))

    dataset = result(engine.read(str(path), ReadOptions(encoding=name)))

    assert [column.name for column in dataset.columns] == ["text", "label"]
    assert dataset.rows == 2


@pytest.mark.parametrize("verb", ["measure", "train"])
def test_a_role_that_no_column_plays_is_said(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"row {n},{n % 2}\n" for n in range(30)))
    dataset = result(engine.read(str(path)))
    recipe = make_recipe("classify", roles={"text": "text"})
    plans = {"measure": lambda: engine.measure(dataset, recipe), "train": lambda: engine.train(recipe, dataset, create_run(recipe, dataset))}  # fmt: skip

    assert code_of(plans[verb]()) == "role-missing"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"temperature": float("nan")}, "knob-range"),
        ({"temperature": -1.0}, "knob-range"),
        ({"top_p": 2.0}, "knob-range"),
        ({"repetition_penalty": 0.0}, "knob-range"),
        ({"seed": 2**70}, "knob-range"),
        ({"max_new_tokens": 0}, "knob-range"),
        ({"top_k": "three"}, "knob-type"),
        ({"stop": 3}, "stop-form"),
        ({"stop": ("a", None)}, "stop-form"),
    ],
)
def test_how_to_write_is_checked_at_the_door(writer: Path, options: dict[str, object], code: str) -> None:
    handle = result(engine.open(str(writer))).handle

    assert code_of(engine.predict(handle, {"text": "a cat"}, options)) == code


def test_one_text_that_ends_an_answer_is_no_list_of_letters(writer: Path) -> None:
    handle = result(engine.open(str(writer))).handle
    asked = {"max_new_tokens": 9, "temperature": 0.0}

    def written(stop: object) -> str:
        return "".join(e.item.text for e in engine.predict(handle, {"text": "a"}, asked | {"stop": stop}) if isinstance(e, Predicted))  # fmt: skip

    whole = written(())
    assert len(whole) > 4
    assert written(whole[2:4]) == written((whole[2:4],)) == whole[: whole.index(whole[2:4])]
    assert written(whole[2] + "~") == written(None) == whole


def test_how_many_labels_is_checked_at_the_door(tmp_path: Path) -> None:
    dataset, roles = result(engine.read(str(fodder("classify").write(tmp_path)))), fodder("classify").roles
    recipe = make_recipe("classify", base="blank:bag-nano", roles=roles, settings={"epochs": 1, "precision": "fp32"})
    handle = result(engine.open(result(engine.train(recipe, dataset, create_run(recipe, dataset))).folder)).handle

    for top, code in (("x", "knob-type"), (None, "knob-type"), (0, "knob-range"), (-1, "knob-range")):
        assert code_of(engine.predict(handle, {"text": "red"}, {"top": top})) == code


def test_half_a_character_in_a_prompt_is_answered(writer: Path) -> None:
    handle = result(engine.open(str(writer))).handle

    assert result(engine.predict(handle, {"text": "a cat \udce9 \ud800"}, {"max_new_tokens": 2}))["count"] == 2


HARMS = {
    "a pre-tokenizer of no known kind": ("tokenizer.json", "pre_tokenizer", {"type": "Nosuch"}),
    "special tokens of the wrong kind": ("tokenizer_config.json", "eos_token", {"a": {}}),
    "a number that is a word": ("config.json", "rms_norm_eps", "x"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_a_library_finds_wrong_in_a_model_is_the_models_damage(tmp_path: Path, writer: Path, harm: str) -> None:
    name, key, value = HARMS[harm]
    folder = Path(shutil.copytree(writer, tmp_path / "model"))
    plain = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps(plain | {key: value}), encoding="utf-8")

    for events in (engine.open(str(folder)), engine.export(str(folder), "zip", str(tmp_path / "out.zip"))):
        assert code_of(events).startswith("model-")


@pytest.mark.parametrize("name", ["idna", "punycode", "undefined", "base64", "rot13", "nosuch"])
def test_an_encoding_that_is_none_of_files_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "texts" / "a.csv"
    path.parent.mkdir()
    path.write_bytes(b"text,label\ncaf\xe9,a\n")
    path.with_name("b.txt").write_bytes(b"caf\xe9")

    for each in (path, path.with_name("b.txt"), path.parent):
        assert code_of(engine.read(str(each), ReadOptions(encoding=name))) == "no-such-encoding"


@pytest.mark.parametrize("address", ["http://[::1", "nonsense", "ftp://x", "http://x:port", "http://"])
def test_what_is_no_address_of_a_hub_is_said(address: str) -> None:
    assert code_of(engine.fetch("ada/tiny", address)) == "hub-address"


def test_a_token_beyond_the_table_is_refused_before_it_is_looked_up(tmp_path: Path, writer: Path) -> None:
    folder = Path(shutil.copytree(writer, tmp_path / "model"))
    plain = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    plain |= {"eos_token": "<one more token>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(plain), encoding="utf-8")
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "a cat sat on a mat\n" * 30)
    dataset = result(engine.read(str(path)))
    handle = result(engine.open(str(folder))).handle

    assert code_of(engine.evaluate(handle, dataset, "", {"text": "text"})) == "model-vocabulary"


def test_half_a_character_in_json_of_ours_comes_back_as_it_was(tmp_path: Path) -> None:
    from slm_studio.core import files

    value = {"name": "caf\ud800", "more": ["\udce9 é 文"]}

    files.write_json(tmp_path / "a.json", value)

    assert files.read_json(tmp_path / "a.json") == value
    assert "文" in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("length", [10_000, None])
def test_a_model_never_reads_more_tokens_than_it_has_positions(
    tmp_path: Path, writer: Path, length: int | None
) -> None:
    folder = Path(shutil.copytree(writer, tmp_path / "model"))
    plain = json.loads((folder / "studio.json").read_text(encoding="utf-8"))
    plain["facts"]["max_length"] = length
    (folder / "studio.json").write_text(json.dumps(plain), encoding="utf-8")

    loaded = task_of("write").open(folder, open_saved(folder).facts)

    assert loaded.facts["max_length"] == 32


@pytest.mark.parametrize("kind", ["model", "data", "docx", "xlsx"])
def test_what_does_not_unpack_is_damage_of_its_file(tmp_path: Path, writer: Path, kind: str) -> None:
    whole = tmp_path / f"whole.{kind if kind.endswith('x') else 'zip'}"
    if kind == "model":
        result(engine.export(str(writer), "zip", str(whole)))
    elif kind == "data":
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows.csv", "text,label\n" + "one more row,a\nand another,b\n" * 400)
    elif kind == "docx":
        word(whole, "".join(paragraph(f"the {n}th line says {n * n}") for n in range(200)))
    else:
        workbook(
            whole, {"Sheet1": sheet([("text", "label"), *((f"row {n} of {n * n}", "ab"[n % 2]) for n in range(200))])}
        )
    data = whole.read_bytes()
    told = set()
    elsewhere = data[:-6] + (int.from_bytes(data[-6:-2], "little") + 9).to_bytes(4, "little") + data[-2:]
    harmed = [
        data[:place] + bytes(each ^ 0x5A for each in data[place : place + 12]) + data[place + 12 :]
        for place in range(len(data) // 40, len(data), max(1, len(data) // 40))
    ]
    for each in (*harmed, elsewhere):  # in the last, every file in it would begin nine bytes before the first
        path = tmp_path / f"harmed{whole.suffix}"
        path.write_bytes(each)
        try:
            result(engine.adopt(str(path)) if kind == "model" else engine.read(str(path)))
        except StudioError as error:
            told.add(error.code)

    assert told
    assert told.isdisjoint(("unexpected", "system"))


@pytest.mark.parametrize("content", [b"", b"ARROW1\0\0 and no more"])
def test_rows_of_ours_that_are_damaged_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "one more,a\nand another,b\n" * 30)
    dataset = result(engine.read(str(path)))
    Path(dataset.part()).write_bytes(content)
    recipe = make_recipe("classify", base="blank:bag-nano", roles={"text": "text", "label": "label"})

    for events in (
        engine.train(recipe, dataset, create_run(recipe, dataset)),
        engine.convert(dataset, str(tmp_path / "out.csv")),
    ):
        assert code_of(events) == "file-damaged"


def test_half_a_character_in_a_card_does_not_stop_its_publication(tmp_path: Path, writer: Path) -> None:
    folder = Path(shutil.copytree(writer, tmp_path / "model"))
    plain = json.loads((folder / "studio.json").read_text(encoding="utf-8"))
    (folder / "studio.json").write_text(json.dumps(plain | {"name": "caf\ud800"}), encoding="utf-8")

    assert result(engine.plan_publish(str(folder), {}))["files"]


def test_half_a_character_in_the_name_of_a_column_is_mended_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"\\ud800": "one text", "\\ud801": "a"}\n{"\\ud800": "another", "\\ud801": "b"}\n')

    dataset = result(engine.read(str(path)))

    assert [column.name for column in dataset.columns] == ["�", "�_2"]
    assert [(each.code, each.count) for each in dataset.report.remarks] == [("half-names", 2)]
