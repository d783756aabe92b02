"""The real SmolLM2-135M-Instruct chats as transformers' own `generate` does. Slow; needs its folder."""

import os
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from slm_studio import engine
from slm_studio.core.saved import open_saved
from slm_studio.engine.tasks import task_of

MODELS = Path(os.environ.get("SLM_STUDIO_TEST_MODELS", Path(__file__).parents[4] / "models"))
NEW = 24  # tokens of an answer
QUESTIONS = (
    "What is the capital of France?", "Write a haiku about rain.", "Why is the sky blue?", "Name three fruits.",
    "How do I boil an egg?", "What is 2 + 2?", "Who wrote Hamlet?", "Translate “cat” into French.", "Tell me a joke.",
    "What is a prime number?", "法国的首都是哪里？", "写一句关于春天的诗。", "天空为什么是蓝色的？", "说出三种水果。", "怎么煮鸡蛋？",
    "二加二等于几？", "你好！", "什么是人工智能？", "请介绍一下北京。", "猫用英语怎么说？",
)  # fmt: skip
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smollm2() -> Path:
    if not (MODELS / "smollm2" / "config.json").is_file():
        pytest.skip(f"SmolLM2 is not at {MODELS} (set SLM_STUDIO_TEST_MODELS; real_models.py makes it)")
    return MODELS / "smollm2"


@pytest.mark.timeout(1200)
@torch.inference_mode()
def test_an_imported_chat_model_answers_token_for_token_as_transformers_generates(smollm2: Path) -> None:
    model = list(engine.adopt(str(smollm2)))[-1].result
    task = task_of("chat")
    loaded = task.open(Path(model.folder), model.facts)
    net, tokenizer = AutoModelForCausalLM.from_pretrained(smollm2).eval(), AutoTokenizer.from_pretrained(smollm2)

    assert open_saved(Path(model.folder)).task == "chat", "a folder with a chat template chats at once"
    for question in QUESTIONS:
        messages = [{"role": "user", "content": question}]
        inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")
        theirs = net.generate(**inputs, max_new_tokens=NEW, do_sample=False)[0, inputs["input_ids"].shape[1] :].tolist()
        ours = [
            token.id
            for _, token in task.answer(
                loaded,
                [{"messages": tuple(messages)}],
                {"temperature": 0.0, "repetition_penalty": 1.0, "max_new_tokens": NEW},
            )
        ]
        assert ours == theirs, question
