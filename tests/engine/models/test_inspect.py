"""Model folders that lie, are damaged, or want to run code."""

import json
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from slm_studio.core.errors import StudioError
from slm_studio.engine.models import inspect
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.sharing.weights import MAX_HEADER, find_nonfinite, read_header

CONFIG = {
    "model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 40, "hidden_size": 8, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 32, "type_vocab_size": 2, "pad_token_id": 0,
    "id2label": {"0": "no", "1": "yes"},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the folder of a sound model, with numpy alone."""
    place = tmp_path / "model"
    place.mkdir()
    write(place, CONFIG)
    save_file(tensors(), place / "model.safetensors")
    vocabulary = {f"piece{number}": number for number in range(40)}
    write(place, {"model": {"type": "WordPiece", "vocab": vocabulary}, "added_tokens": [{"id": 3}]}, "tokenizer.json")
    return place


def tensors() -> dict[str, np.ndarray]:
    shapes = {
        "bert.embeddings.word_embeddings.weight": (40, 8),
        "bert.embeddings.position_embeddings.weight": (32, 8),
        "classifier.weight": (2, 8),
    }
    for layer in range(2):
        shapes[f"bert.encoder.layer.{layer}.intermediate.dense.weight"] = (16, 8)
        shapes[f"bert.encoder.layer.{layer}.output.dense.weight"] = (8, 16)
    return {name: np.full(shape, 0.5, dtype=np.float32) for name, shape in shapes.items()}


def write(folder: Path, table: object, name: str = "config.json") -> None:
    (folder / name).write_text(json.dumps(table), encoding="utf-8")


def refused(folder: Path) -> StudioError:
    began = time.monotonic()
    with pytest.raises(StudioError) as caught:
        inspect_folder(folder)
    assert time.monotonic() - began < 5
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
        ("BertForSequenceClassification", {"problem_type": "multi_label_classification"}, ""),
        ("BertForSequenceClassification", {"id2label": {"0": "score"}}, ""),
        ("BertForSequenceClassification", {"id2label": {"0": "a", "2": "b"}}, ""),
        ("BertModel", {}, ""),
        ("LlamaForCausalLM", {}, "write"),
        ("GPT2LMHeadModel", {}, "write"),
        ("../../evil", {}, ""),
    ],
)
def test_the_task_is_guessed_from_the_architecture(folder: Path, architecture: str, more: dict, task: str) -> None:
    write(folder, CONFIG | {"architectures": [architecture]} | more)

    assert inspect_folder(folder).task == task


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


def test_missing_tensors_are_said(folder: Path) -> None:
    everything = tensors()
    for name in ("bert.encoder.layer.1.output.dense.weight", "classifier.weight"):
        save_file({key: value for key, value in everything.items() if key != name}, folder / "model.safetensors")
        assert refused(folder).code == "model-incomplete-weights"


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


@pytest.mark.parametrize(("dtype", "bits"), [("float32", None), ("float16", None), ("BF16", 0x7F80)])
def test_numbers_that_are_not_finite_are_said(folder: Path, dtype: str, bits: int | None) -> None:
    weights = tensors()
    if bits is None:
        weights["classifier.weight"] = np.full((2, 8), np.nan, dtype=dtype)
        save_file(weights, folder / "model.safetensors")
        assert refused(folder).code == "model-not-finite"
        return
    raw_weights(
        folder, {"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, struct.pack("<HH", 0x3F80, bits)
    )
    assert find_nonfinite(read_header(folder / "model.safetensors").values(), 100) == "a"


def test_a_vocabulary_larger_than_the_model_is_said(folder: Path) -> None:
    for table in (
        {"model": {"vocab": {"a": 40}}},
        {"model": {"vocab": {"a": 1}}, "added_tokens": [{"id": 40}]},
        {"model": {"vocab": [["a", 0.0]] * 41}},
    ):
        write(folder, table, "tokenizer.json")
        assert refused(folder).code == "model-vocabulary"


def test_a_tokenizer_bomb_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "MAX_CONFIG", 10)

    assert refused(folder).code == "model-file-size"


def test_safetensors_agrees_with_our_reader(folder: Path) -> None:
    path = folder / "model.safetensors"

    ours, theirs = read_header(path), load_file(path)

    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: array.shape for name, array in theirs.items()
    }


@pytest.mark.parametrize("model_type", [name for name in inspect.ALLOWED if name not in inspect.OWN_TYPES])
def test_every_allowed_shape_passes_as_transformers_writes_it(tmp_path: Path, model_type: str) -> None:
    from transformers import AutoConfig, AutoModelForSequenceClassification

    sizes = {
        "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
        "intermediate_size": 64, "max_position_embeddings": 40, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    }  # fmt: skip
    own_names = {
        "distilbert": {
            "vocab_size": 50,
            "dim": 32,
            "n_layers": 2,
            "n_heads": 2,
            "hidden_dim": 64,
            "max_position_embeddings": 40,
        },
        "gpt2": {"vocab_size": 50, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 40},
        "albert": sizes | {"embedding_size": 16},
        "electra": sizes | {"embedding_size": 16},
    }
    config = AutoConfig.for_model(model_type, **own_names.get(model_type, sizes), num_labels=3)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    write(tmp_path, {"model": {"vocab": {"a": 3}}}, "tokenizer.json")

    found = inspect_folder(tmp_path)

    assert (found.model_type, found.task, len(found.labels)) == (model_type, "classify", 3)
