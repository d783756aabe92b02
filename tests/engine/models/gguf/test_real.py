"""A real model: what our reader makes of a .gguf file answers as its folder does, and as llama.cpp does.

    SLM_STUDIO_TEST_MODELS=FOLDER python -m pytest -m slow tests/engine/models/gguf/test_real.py

The folder holds smollm2.gguf and smollm2/, made by shared/tools/real_models.py (gguf, smollm2) beside the checkout.
"""

import os
import time
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from slm_studio.engine.models.gguf.unpack import unpack
from slm_studio.engine.models.opening import Vocabulary, open_net, open_tokenizer
from tests.engine.models.gguf.making import write_whole

MODELS = Path(os.environ.get("SLM_STUDIO_TEST_MODELS", Path(__file__).parents[5] / "models"))
TEXTS = [
    "The capital of France is", "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n", "def add(a, b):\n    return",
    "我们去公园吧，今天天气", "🙂 In 1234 there were", "  two  spaces\n\n\tand",
]  # fmt: skip
SECONDS = 15.0  # of the processor: a busy machine takes longer by the clock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def both() -> tuple[Path, Path]:
    file, folder = MODELS / "smollm2.gguf", MODELS / "smollm2"
    if not file.is_file() or not (folder / "model.safetensors").is_file():
        pytest.skip(f"the real models are not at {MODELS} (set SLM_STUDIO_TEST_MODELS)")
    return file, folder


@pytest.fixture(scope="module")
def read(
    both: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[PreTrainedModel, Vocabulary, float]:
    place = tmp_path_factory.mktemp("real") / "out"
    began = time.process_time()
    for _ in unpack(both[0], place):
        pass
    net, tokenizer = open_net(place, "write").eval(), open_tokenizer(place)
    return net, tokenizer, time.process_time() - began


def logits(net: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        return net(input_ids=torch.tensor([ids])).logits[0]


def test_answers_as_the_folder_does(both: tuple[Path, Path], read: tuple[PreTrainedModel, Vocabulary, float]) -> None:
    net, tokenizer, seconds = read
    folder, words = open_net(both[1], "write").eval(), open_tokenizer(both[1])

    assert seconds <= SECONDS
    assert tokenizer.chat_template == words.chat_template
    for text in TEXTS:
        ids = words(text)["input_ids"]
        assert tokenizer(text)["input_ids"] == ids
        assert torch.allclose(logits(net, ids), logits(folder, ids), atol=1e-3, rtol=0)


def test_answers_as_llama_cpp_does(
    both: tuple[Path, Path], read: tuple[PreTrainedModel, Vocabulary, float], tmp_path: Path
) -> None:
    """With the same weights in full: of four-bit ones llama.cpp rounds the signals too, to eight bits (0.44 off at most)."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="llama.cpp is not here: pip install xllamacpp")
    write_whole(both[0], tmp_path / "whole.gguf")
    asked = xllamacpp.CommonParams()
    asked.model.path, asked.n_ctx, asked.n_parallel, asked.warmup = str(tmp_path / "whole.gguf"), 256, 1, False
    asked.cpuparams.n_threads = asked.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(asked)
    net, tokenizer, _ = read

    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        told = server.handle_completions({"prompt": ids, "max_tokens": 1, "temperature": 0.0, "logprobs": 5})
        own_V = torch.log_softmax(logits(net, ids)[-1], dim=-1)
        for each in told["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
            assert own_V[each["id"]].item() == pytest.approx(each["logprob"], abs=0.02), (text, each)
