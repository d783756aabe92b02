"""Model folders that lie, are damaged, or want to run code."""

import json
import os
import struct
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load_file, save_file

from slm_studio.core.errors import StudioError
from slm_studio.engine.models import foreign_config
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.models.weights import MAX_HEADER, find_nonfinite, read_header
from slm_studio.engine.sharing.unpacking import folder_members
from tests.work import at_most

CONFIG = {
    "model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 40, "hidden_size": 8, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 32, "type_vocab_size": 2, "pad_token_id": 0,
    "id2label": {"0": "no", "1": "yes"},
}  # fmt: skip
PIECES = {"[UNK]": 0, "a": 1, **{f"piece{number}": number for number in range(2, 40)}}
VOCABULARY = {
    "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": None, "decoder": None,
    "added_tokens": [
        {"id": 0, "content": "[UNK]", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    ],
    "model": {
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": PIECES,
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the folder of a sound model."""
    place = tmp_path / "model"
    place.mkdir()
    write(place, CONFIG)
    save_file(tensors(), place / "model.safetensors")
    write(place, VOCABULARY, "tokenizer.json")
    return place


@cache
def _state(architecture: str) -> dict[str, np.ndarray]:
    net = getattr(transformers, architecture)(transformers.BertConfig.from_dict(dict(CONFIG)))
    return {name: tensor.numpy() for name, tensor in net.state_dict().items() if tensor.is_floating_point()}


def tensors(architecture: str = "BertForSequenceClassification") -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in _state(architecture).items()}


def write(folder: Path, table: object, name: str = "config.json") -> None:
    (folder / name).write_text(json.dumps(table), encoding="utf-8")


def refused(folder: Path) -> StudioError:
    with at_most(10), pytest.raises(StudioError) as caught:
        inspect_folder(folder)
    assert "{" not in str(caught.value) + caught.value.advice
    assert caught.value.advice
    return caught.value


def raw_weights(folder: Path, header: object, data: bytes = b"") -> None:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + data)


def test_a_sound_model_is_described(folder: Path) -> None:
    found = inspect_folder(folder)

    assert (found.model_type, found.architecture, found.task) == ("bert", CONFIG["architectures"][0], "classify")
    assert (found.labels, found.dtype, found.positions) == (("no", "yes"), "F32", 32)
    assert found.parameters == sum(array.size for array in tensors().values())
    assert found.bytes == found.parameters * 4


@pytest.mark.parametrize(
    ("architecture", "more", "task"),
    [
        ("BertForSequenceClassification", {}, "classify"),
        ("BertForSequenceClassification", {"problem_type": "multi_label_classification"}, "classify"),
        ("BertForSequenceClassification", {"id2label": {"0": "a", "2": "b"}}, ""),
        ("BertModel", {}, ""),
        ("BertLMHeadModel", {"is_decoder": True}, "write"),
        ("BertLMHeadModel", {"is_decoder": False}, ""),
        ("BertForMaskedLM", {}, "fill"),
    ],
)
def test_the_task_is_guessed_from_the_architecture(folder: Path, architecture: str, more: dict, task: str) -> None:
    write(folder, CONFIG | {"architectures": [architecture]} | more)
    save_file(tensors(architecture), folder / "model.safetensors")

    assert inspect_folder(folder).task == task


@pytest.mark.parametrize(
    ("problem", "target"),
    [
        (None, "one"),
        ("single_label_classification", "one"),
        ("multi_label_classification", "many"),
        ("regression", "number"),
    ],
)
def test_a_config_says_what_the_answers_are(folder: Path, problem: str | None, target: str) -> None:
    write(folder, CONFIG | {"problem_type": problem})

    assert inspect_folder(folder).target == target


def test_a_name_that_is_no_name_is_no_architecture(folder: Path) -> None:
    write(folder, CONFIG | {"architectures": ["../../evil"]})

    assert (inspect_folder(folder).architecture, inspect_folder(folder).task) == ("", "")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model_type": "strange"}, "model-type"),
        ({"model_type": ["bert"]}, "model-type"),
        ({"auto_map": {"AutoModel": "evil.Model"}}, "model-code"),
        ({"custom_pipelines": {"x": {"impl": "evil.X"}}}, "model-code"),
        ({"_attn_implementation": "somebody/kernel"}, "model-code"),
        ({"quantization_config": {"bits": 4}}, "model-quantised"),
        ({"vocab_size": 10**12}, "model-size"),
        ({"num_hidden_layers": 10**6}, "model-size"),
        ({"hidden_size": -1}, "model-size"),
        ({"hidden_size": "8"}, "model-size"),
        ({"vocab_size": 41}, "model-misfit"),
        ({"hidden_size": 16}, "model-misfit"),
        ({"num_hidden_layers": 400}, "model-misfit"),
        ({"intermediate_size": 1_000_000}, "model-misfit"),
        ({"max_position_embeddings": 16_000_000}, "model-misfit"),
        ({"pad_token_id": 40}, "model-vocabulary"),
    ],
)
def test_a_config_that_lies_is_refused(folder: Path, change: dict, code: str) -> None:
    write(folder, CONFIG | change)

    assert refused(folder).code == code


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"model_type": "bert", "model_type": "gpt2"}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"vocab_size": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_config_that_cannot_be_read_is_refused(folder: Path, content: bytes) -> None:
    (folder / "config.json").write_bytes(content)

    assert refused(folder).code == "model-damaged"


def test_code_in_the_tokenizer_is_refused(folder: Path) -> None:
    write(folder, {"auto_map": {"AutoTokenizer": ["evil.T", None]}}, "tokenizer_config.json")

    assert refused(folder).code == "model-code"


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("config.json", "model-no-config"),
        ("model.safetensors", "model-no-weights"),
        ("tokenizer.json", "model-no-tokenizer"),
    ],
)
def test_what_is_missing_is_named(folder: Path, missing: str, code: str) -> None:
    (folder / missing).unlink()

    assert refused(folder).code == code


@pytest.mark.parametrize(
    ("name", "code"), [("pytorch_model.bin", "model-pickle"), ("adapter_model.safetensors", "model-adapter")]
)
def test_other_weights_are_named(folder: Path, name: str, code: str) -> None:
    (folder / "model.safetensors").rename(folder / name)

    assert refused(folder).code == code


def test_cut_weights_are_said(folder: Path) -> None:
    raw = (folder / "model.safetensors").read_bytes()
    for length in (len(raw) - 1, len(raw) // 2, 100, 8, 3, 0):
        (folder / "model.safetensors").write_bytes(raw[:length])
        assert refused(folder).code in ("model-cut", "model-damaged")


def test_every_flipped_byte_of_the_header_is_survived(folder: Path) -> None:
    raw = (folder / "model.safetensors").read_bytes()
    for place in range(0, 400, 3):
        changed = bytearray(raw)
        changed[place] ^= 1 << (place % 8)
        (folder / "model.safetensors").write_bytes(changed)
        try:
            inspect_folder(folder)  # a changed letter in a name may still be a sound file
        except StudioError as error:
            assert error.advice


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}',
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}},
        {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 4]}},
        {"a": {"dtype": "pickle", "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1]}},
        {"a": 1},
        [1],
        {
            "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
            "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        },
        {},
    ],
)
def test_a_header_that_lies_is_refused(folder: Path, header: object) -> None:
    raw_weights(folder, header, b"\0\0\0\0")

    assert refused(folder).code in ("model-damaged", "model-cut")


def test_a_header_bomb_is_not_read(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", MAX_HEADER + 1) + b"{")
    assert refused(folder).code == "model-damaged"
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2**63) + b"{")
    assert refused(folder).code == "model-damaged"


@pytest.mark.parametrize(
    "name",
    [
        "bert.encoder.layer.1.output.dense.weight",
        "bert.embeddings.LayerNorm.weight",
        "bert.embeddings.position_embeddings.weight",
        "bert.pooler.dense.weight",
        "classifier.weight",
        "classifier.bias",
    ],
)
def test_a_missing_tensor_is_said_by_name(folder: Path, name: str) -> None:
    everything = tensors()
    del everything[name]
    save_file(everything, folder / "model.safetensors")

    error = refused(folder)

    assert error.code == "model-incomplete-weights"
    assert name in str(error)


def test_whole_numbers_are_no_weights(folder: Path) -> None:
    everything = tensors() | {"classifier.weight": np.ones((2, 8), dtype=np.int8)}
    save_file(everything, folder / "model.safetensors")

    assert refused(folder).code == "model-incomplete-weights"


def test_many_missing_tensors_are_counted(folder: Path) -> None:
    save_file({key: value for key, value in tensors().items() if ".layer.0" not in key}, folder / "model.safetensors")
    write(folder, CONFIG | {"num_hidden_layers": 1})
    everything = {key.replace("layer.1", "layer.0"): value for key, value in tensors().items() if ".layer.0" not in key}
    save_file({key: value for key, value in everything.items() if "attention" not in key}, folder / "model.safetensors")

    assert "+ 7" in str(refused(folder))


def test_shards_must_be_complete_and_stay_inside(folder: Path) -> None:
    everything = tensors()
    (folder / "model.safetensors").unlink()
    names = sorted(everything)
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    save_file({name: everything[name] for name in names[:3]}, folder / first)
    save_file({name: everything[name] for name in names[3:]}, folder / second)
    places = {name: first if place < 3 else second for place, name in enumerate(names)}
    index = "model.safetensors.index.json"
    write(folder, {"weight_map": places}, index)
    assert inspect_folder(folder).parameters == sum(array.size for array in everything.values())

    write(folder, {"weight_map": places | {names[0]: second}}, index)
    assert refused(folder).code == "model-damaged"
    write(folder, {"weight_map": dict.fromkeys(names[:3], first)}, index)
    (folder / second).unlink()
    assert refused(folder).code == "model-incomplete"
    for outside in ("../model.safetensors", "/etc/x.safetensors", "a\\b.safetensors", "C:x.safetensors"):
        write(folder, {"weight_map": places | {names[0]: outside}}, index)
        assert refused(folder).code == "model-outside"


def test_links_may_not_leave_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    (folder / "README.md").symlink_to(tmp_path / "elsewhere")

    assert refused(folder).code == "model-outside"


@pytest.mark.parametrize(
    ("dtype", "sound", "lost"),
    [
        ("F64", 0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000), ("F64", 0xC7EFFFFFEFFFFFFF, 0x7FF0000000000000), ("F64", 0, 0xFFF8000000000000),
        ("F32", 0x7F7FFFFF, 0x7F800000), ("F32", 0xFF7FFFFF, 0xFF800000), ("F32", 0, 0x7FC00000),
        ("F16", 0x7BFF, 0x7C00), ("F16", 0xFBFF, 0xFE00), ("BF16", 0x7F7F, 0x7F80), ("BF16", 0xFF7F, 0xFFC0),
        ("F8_E4M3", 0x7E, 0x7F), ("F8_E4M3", 0xFE, 0xFF), ("F8_E5M2", 0x7B, 0x7C), ("F8_E5M2", 0xFB, 0xFE),
    ],
)  # fmt: skip
def test_what_is_no_number_in_float32_is_found_to_the_last_byte(
    tmp_path: Path, dtype: str, sound: int, lost: int
) -> None:
    size = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1}[dtype]
    kind = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
            "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}[dtype]  # fmt: skip
    count = 3 * 1024 * 1024 // size
    for last, name in ((sound, ""), (lost, "b")):
        data = sound.to_bytes(size, "little") * (count - 1) + last.to_bytes(size, "little")
        header = {"b": {"dtype": dtype, "shape": [count], "data_offsets": [0, len(data)]}}
        raw_weights(tmp_path, header, data)

        loaded = torch.frombuffer(bytearray(data), dtype=kind).to(torch.float32)

        assert find_nonfinite(read_header(tmp_path / "model.safetensors").values()) == name
        assert bool(loaded.isfinite().all()) == (name == "")  # as torch sees it


def test_a_file_whose_end_a_download_never_wrote_is_refused_but_in_a_model_of_ones_own(folder: Path) -> None:
    wide = CONFIG | {"intermediate_size": 20_000}
    net = transformers.BertForSequenceClassification(transformers.BertConfig.from_dict(dict(wide)))
    write(folder, wide)
    save_file({name: each.numpy() for name, each in net.state_dict().items()}, folder / "model.safetensors")
    assert inspect_folder(folder).task == "classify"
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.seek(-1_500_000, os.SEEK_END)
        stream.write(bytes(1_500_000))

    error = refused(folder)

    assert error.code == "model-damaged" and "1,048,576 of" in str(error)
    write(folder, {"task": "classify"}, "studio.json")
    assert inspect_folder(folder).task == "classify"


def test_a_snapshot_of_a_hub_cache_is_a_whole_folder(folder: Path, tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--ada--tiny"
    snapshot, store = repository / "snapshots" / "abc", tmp_path / "hub" / "blobs" / "ab"
    for place in (snapshot, repository / "blobs", store):
        place.mkdir(parents=True)
    for number, path in enumerate(sorted(folder.iterdir())):
        blob = repository / "blobs" / f"blob{number}"
        if path.name == "model.safetensors":  # several repositories hold it: the blob is a link itself
            path.rename(store / "abcd")
            blob.symlink_to(Path("../../blobs/ab/abcd"))
        else:
            path.rename(blob)
        (snapshot / path.name).symlink_to(Path("../../blobs") / blob.name)

    assert inspect_folder(snapshot).task == "classify"
    assert set(folder_members(snapshot)) == {"config.json", "model.safetensors", "tokenizer.json"}

    (tmp_path / "secret").write_text("{}", encoding="utf-8")
    for target in (tmp_path / "secret", tmp_path / "nowhere", snapshot / "loop"):
        (snapshot / "loop").unlink(missing_ok=True)
        (snapshot / "loop").symlink_to(target)
        assert refused(snapshot).code == "model-outside"


def test_an_adapter_beside_the_weights_is_said(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "somebody/else"}', encoding="utf-8")

    assert refused(folder).code == "model-adapter"


def test_numbers_that_are_not_finite_are_said(folder: Path) -> None:
    weights = tensors()
    weights["classifier.weight"][1, 7] = np.nan
    save_file(weights, folder / "model.safetensors")

    assert refused(folder).code == "model-not-finite"


@pytest.mark.parametrize(
    "change",
    [
        {"model": VOCABULARY["model"] | {"vocab": PIECES | {"b": 40}}},
        {"added_tokens": [VOCABULARY["added_tokens"][0] | {"id": 40}]},
        {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a", 0.0]] * 41}},
        {"post_processor": {"type": "BertProcessing", "sep": ["x", 40], "cls": ["a", 1]}},
        {"post_processor": {"type": "Sequence", "processors": [
            {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {"a": {"id": "a", "ids": [1, 40], "tokens": ["a", "x"]}}}
        ]}},
        {"padding": {"strategy": "BatchLongest", "direction": "Right", "pad_id": 40, "pad_type_id": 0, "pad_token": "x"}},
    ],
)  # fmt: skip
def test_a_number_beyond_the_table_is_said(folder: Path, change: dict) -> None:
    write(folder, VOCABULARY | change, "tokenizer.json")

    assert refused(folder).code == "model-vocabulary"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vocab.txt", "\n".join(["[UNK]", *"abcdefghijklmnopqrstuvwxyz0123456789ABCD"]) + "\n"),
        ("added_tokens.json", '{"<x>": 40}'),
        ("tokenizer_config.json", '{"added_tokens_decoder": {"40": {"content": "<x>"}}}'),
    ],
)
def test_a_number_beyond_the_table_is_said_of_every_file(folder: Path, name: str, content: str) -> None:
    if name == "vocab.txt":
        (folder / "tokenizer.json").unlink()
    (folder / name).write_text(content, encoding="utf-8")

    assert refused(folder).code == "model-vocabulary"


def test_a_vocabulary_of_lines_fits_where_its_last_line_does(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")

    assert inspect_folder(folder).task == "classify"


def test_a_tokenizer_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_config, "MAX_CONFIG", 10)

    assert refused(folder).code == "model-file-size"


def test_safetensors_agrees_with_our_reader(folder: Path) -> None:
    path = folder / "model.safetensors"

    ours, theirs = read_header(path), load_file(path)

    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: array.shape for name, array in theirs.items()
    }
