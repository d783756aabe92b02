"""What a person gets who opens a .gguf file: a model among theirs, or a sentence."""

from pathlib import Path

import pytest
from transformers import LlamaConfig

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Predicted
from slm_studio.core.prompt import prompt_of
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.engine.models import precision
from slm_studio.engine.models.gguf import tables, unpack
from tests.engine.models.gguf import making
from tests.engine.models.gguf.making import TEMPLATE, byte_pairs, fields_of, make_net, write_gguf

GB = 1_000_000_000


@pytest.fixture(scope="module")
def words() -> dict[str, object]:
    return fields_of(byte_pairs(), "smollm")


def adopted(source: Path) -> SavedModel:
    *_, last = engine.adopt(str(source))
    assert isinstance(last, Finished)
    return last.result


def refused(source: Path, place: Path) -> StudioError:
    with pytest.raises(StudioError) as caught:
        for _ in unpack.unpack(source, place):
            pass
    assert not (place / "model.safetensors").exists()
    return caught.value


def test_a_file_with_a_template_becomes_a_model_that_chats(words: dict[str, object], tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "Tiny.Q8_0.gguf", make_net("llama"), words, "Q8_0")

    model = adopted(path)

    assert (model.task, model.name, model.origin) == ("chat", "Tiny.Q8_0", "file:Tiny.Q8_0.gguf")
    assert (Path(model.folder) / "chat_template.jinja").read_text() == TEMPLATE
    *_, opened = engine.open(model.folder)
    asked = prompt_of("The quick", task_info(model.task))
    events = list(engine.predict(opened.result.handle, asked, {"max_new_tokens": 3, "temperature": 0.0}))
    assert sum(isinstance(event, Predicted) for event in events) == 3


def test_a_folder_of_files_becomes_a_model(words: dict[str, object], tmp_path: Path) -> None:
    folder = tmp_path / "tiny-GGUF"
    folder.mkdir()
    for kind in ("Q8_0", "F16"):
        write_gguf(folder / f"tiny.{kind}.gguf", make_net("llama"), words, kind)

    model = adopted(folder)

    assert (model.task, model.name) == ("chat", "tiny-GGUF")
    assert '"dtype": "float16"' in (Path(model.folder) / "config.json").read_text()  # the better of the two


def test_a_model_too_large_is_refused_before_its_weights_are_read(
    words: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_gguf(tmp_path / "m.gguf", make_net("llama"), words)
    raw = path.read_bytes()
    # The header of a 7 B: a table of words with 7 billion numbers, in a file of that length without content.
    old = b"token_embd.weight" + (2).to_bytes(4, "little") + (64).to_bytes(8, "little")
    at = raw.index(old) + len(old)
    with path.open("r+b") as stream:
        stream.seek(at)
        stream.write((7 * GB // 64).to_bytes(8, "little"))
        stream.seek(raw.index(b"token_embd.weight") + len(old) + 8 + 4)
        stream.write((1 << 20).to_bytes(8, "little"))
        stream.truncate((1 << 21) + 28 * GB)
    monkeypatch.setattr(unpack, "free_memory", lambda: 8 * GB)
    monkeypatch.setattr(tables, "write_tables", lambda *_: pytest.fail("the weights were read"))

    error = refused(path, tmp_path / "out")

    assert error.code == "model-memory"
    assert error.values["parameters"] == "7.0"
    assert error.values["needed"] == "28.5"
    assert error.values["free"] == "8.0"
    assert error.values["fitting"] == "3.7"


def test_precision_is_float32_where_it_fits_and_halved_where_only_that_fits() -> None:
    assert precision.precision_for(135_000_000, 4 * GB) == "F32"
    assert precision.precision_for(3_200_000_000, 16 * GB) == "F32"
    assert precision.precision_for(3_200_000_000, 8 * GB) == "BF16"
    assert precision.precision_for(3_200_000_000, 6 * GB) == ""
    assert precision.precision_for(7_000_000_000, 24 * GB) == ""  # half a minute a word without float32
    assert precision.most_parameters(24 * GB) == 5_865_782_272


def test_weights_that_only_fit_halved_are_kept_so(
    words: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import load_file

    net = make_net("gpt2")
    path = write_gguf(tmp_path / "m.gguf", net, words, "Q8_0")
    list(unpack.unpack(path, tmp_path / "whole"))
    monkeypatch.setattr(unpack, "precision_for", lambda parameters, free: "BF16")
    list(unpack.unpack(path, tmp_path / "short"))

    whole, short = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "short"))

    assert short["transformer.wte.weight"].dtype == torch.bfloat16
    assert short["transformer.ln_f.weight"].dtype == torch.float32  # as the file has it
    assert all(torch.equal(whole[name].to(short[name].dtype), short[name]) for name in whole)


@pytest.mark.parametrize(
    ("architecture", "code"), [("mamba", "gguf-architecture"), ("clip", "gguf-architecture"), ("qwen2", "gguf-table")]
)
def test_says_which_network_is_unknown(
    architecture: str, code: str, words: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if architecture != "qwen2":
        monkeypatch.setattr(making, "measures", lambda config, key: {})
        monkeypatch.setattr(making, "_renamed", lambda name, key: name)
    net = make_net("qwen3")
    net.config.model_type = architecture
    path = write_gguf(tmp_path / "m.gguf", net, words)

    assert refused(path, tmp_path / "out").code == code


def test_finds_the_four_numbers_of_a_stretch_again(tmp_path: Path) -> None:
    import numpy as np
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    from slm_studio.engine.models.gguf.header import Header
    from slm_studio.engine.models.gguf.rope import rope_of

    for said in ((8.0, 4.0, 8192), (32.0, 4.0, 8192), (4.0, 8.0, 2048)):
        factor, high, context = said
        rope = {
            "rope_type": "llama3", "rope_theta": 500000.0, "factor": factor, "low_freq_factor": 1.0,
            "high_freq_factor": high, "original_max_position_embeddings": context,
        }  # fmt: skip
        config = LlamaConfig(hidden_size=256, num_attention_heads=2, rope_parameters=rope)
        frequencies, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
        plain = 1.0 / 500000.0 ** (np.arange(0, 128, 2) / 128)
        (tmp_path / "f").write_bytes((plain / frequencies.numpy()).clip(1).astype("<f4").tobytes())
        table = _table("rope_freqs.weight", (64,), tmp_path / "f")

        found = rope_of(Header(tmp_path / "f", {"llama.rope.freq_base": 500000.0}, {table.name: table}), "llama", 128)

        assert found.pop("rope_type") == rope.pop("rope_type")
        assert found == pytest.approx(rope, rel=1e-3)


def test_keeps_other_stretches(tmp_path: Path) -> None:
    from slm_studio.engine.models.gguf.header import Header
    from slm_studio.engine.models.gguf.rope import rope_of

    yarn = {"qwen2.rope.scaling.type": "yarn", "qwen2.rope.scaling.factor": 4.0, "qwen2.rope.freq_base": 1e6}
    near = {"gemma3.rope.freq_base": 1e6, "gemma3.rope.scaling.type": "linear", "gemma3.rope.scaling.factor": 8.0}

    with pytest.raises(StudioError):  # stretched from which length?
        rope_of(Header(tmp_path, yarn, {}), "qwen2", 64)
    long = rope_of(Header(tmp_path, yarn | {"qwen2.rope.scaling.original_context_length": 32768}, {}), "qwen2", 64)

    assert long == {
        "rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "original_max_position_embeddings": 32768,
    }  # fmt: skip
    assert rope_of(Header(tmp_path, near, {}), "gemma3", 256) == {
        "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
    }


def _table(name: str, shape: tuple[int, ...], path: Path) -> object:
    from gguf.constants import GGMLQuantizationType

    from slm_studio.engine.models.gguf.header import Table

    return Table(name, GGMLQuantizationType.F32, shape, 0, path.stat().st_size, path)
