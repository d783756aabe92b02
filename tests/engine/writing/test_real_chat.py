"""The real SmolLM2-135M-Instruct: its prompts, the mask of its dialogues and packed blocks. Slow; needs its folder."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from slm_studio.core.messages import messages_from_json
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.writing.answer_mask import mark_answers
from slm_studio.engine.writing.chat_tokens import ChatTokens
from slm_studio.engine.writing.packing import learnt_nats, side_by_side
from slm_studio.engine.writing.templates import template_of
from tests.engine.data.ask import read, rows

MODELS = Path(os.environ.get("SLM_STUDIO_TEST_MODELS", Path(__file__).parents[4] / "models"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smollm2():
    if not (MODELS / "smollm2" / "config.json").is_file():
        pytest.skip(f"SmolLM2 is not at {MODELS} (set SLM_STUDIO_TEST_MODELS; real_models.py makes it)")
    return MODELS / "smollm2"


def test_real_dialogues_are_read_as_transformers_reads_them_and_learnt_answer_by_answer(smollm2, real_data):
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    chat = ChatTokens(tokenizer, template_of(tokenizer))
    dialogues = [messages_from_json(row["messages"]) for row in rows(read(real_data / "kdconv_chat" / "train.jsonl"))]

    found = mark_answers(chat, dialogues, 100_000, Notes())

    assert len(found) == 300
    for dialogue, example in zip(dialogues, found, strict=True):
        plain = [{"role": message.role, "content": message.content} for message in dialogue]
        whole = tokenizer.apply_chat_template(plain)["input_ids"]
        assert example.ids.tolist() == whole[: len(example.ids)] and tokenizer.decode(whole[len(example.ids) :]) == "\n"
        answers = "".join(message.content + "<|im_end|>" for message in dialogue if message.role == "assistant")
        assert tokenizer.decode(example.ids[example.answers]) == answers


def test_real_dialogues_fit_and_every_answer_is_learnt_once(smollm2, real_data):
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    chat = ChatTokens(tokenizer, template_of(tokenizer))
    dialogues = [messages_from_json(row["messages"]) for row in rows(read(real_data / "kdconv_chat" / "train.jsonl"))]
    notes = Notes()

    found = mark_answers(chat, dialogues, 512, notes)

    assert max(len(example.ids) for example in found) <= 512
    learnt = sum(int((example.ids[example.answers] == chat.end_id).sum()) for example in found)
    left_out = notes.found["answers-left-out"].count if "answers-left-out" in notes.found else 0
    assert learnt + left_out == sum(len(dialogue) // 2 for dialogue in dialogues)


def test_real_logits_of_a_packed_block_are_those_of_each_dialogue(smollm2, real_data):
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    net = AutoModelForCausalLM.from_pretrained(smollm2).float().eval()
    chat = ChatTokens(tokenizer, template_of(tokenizer))
    dialogues = [
        messages_from_json(row["messages"])[:4] for row in rows(read(real_data / "kdconv_chat" / "train.jsonl"))
    ]
    found = mark_answers(chat, dialogues[:3], 512, Notes())
    width = 2 * max(len(example.ids) for example in found)
    ids_NT, answers_NT = (
        torch.tensor(np.stack([np.pad(getattr(each, name), (0, width - len(each.ids))) for each in found])).long()
        for name in ("ids", "answers")
    )
    blocks = side_by_side(ids_NT, answers_NT, torch.tensor([len(each.ids) for each in found]), tokenizer.pad_token_id)

    with torch.inference_mode():
        nats, owners = learnt_nats(net, blocks)
        for number, each in enumerate(found):
            ids = torch.tensor(each.ids.astype(np.int64))[None]
            logits = net(input_ids=ids, use_cache=False).logits[0, :-1]
            alone = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")[
                torch.tensor(each.answers[1:])
            ]
            torch.testing.assert_close(nats[owners == number], alone, atol=2e-3, rtol=1e-3)
