"""Packing: blocks are full, hold every example once, and no example looks into its neighbour."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, GPT2Config, LlamaConfig, Qwen3Config

from slm_studio.engine.writing.packing import IGNORED, block, pack

SMALL = {
    "vocab_size": 50, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 64,
}  # fmt: skip
CONFIGS = {
    "llama": LlamaConfig(**SMALL),
    "qwen3": Qwen3Config(**SMALL),
    "gemma2": Gemma2Config(**SMALL, sliding_window=4, query_pre_attn_scalar=8),
    "gpt2": GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=64),
}


def examples(*lengths):
    draw = np.random.default_rng(0)
    return [(draw.integers(1, 50, length), draw.random(length) < 0.5) for length in lengths]


@pytest.mark.parametrize(
    ("shape", "attention"),
    [("llama", "sdpa"), ("llama", "eager"), ("qwen3", "sdpa"), ("gemma2", "eager"), ("gpt2", "sdpa")],
)
def test_packed_logits_and_loss_are_those_of_each_dialogue_alone(shape, attention):
    torch.manual_seed(0)
    net = AutoModelForCausalLM.from_config(CONFIGS[shape], attn_implementation=attention).eval()
    rows = [examples(7, 9, 4), examples(12, 5, 2)]
    blocks = [block(row, 24, 0) for row in rows]
    batch = {name: torch.tensor(np.stack([each[name] for each in blocks])) for name in blocks[0]}

    with torch.inference_mode():
        out = net(**batch, use_cache=False)
        alone, losses, learnt = [], 0.0, 0
        for ids, answers in (example for row in rows for example in row):
            labels = torch.tensor(np.where(answers, ids, IGNORED))[None]
            single = net(input_ids=torch.tensor(ids)[None], labels=labels, use_cache=False)
            alone.append(single.logits[0])
            count = int((labels[0, 1:] != IGNORED).sum())
            losses, learnt = losses + (float(single.loss) * count if count else 0.0), learnt + count

    packed = torch.cat([out.logits[0, :20], out.logits[1, :19]])
    assert torch.isfinite(out.logits).all()
    torch.testing.assert_close(packed, torch.cat(alone), atol=1e-5, rtol=1e-5)
    assert float(out.loss) == pytest.approx(losses / learnt, rel=1e-5)


def test_a_block_is_laid_out_by_hand():
    found = block(
        [(np.array([5, 6, 7]), np.array([False, True, True])), (np.array([8, 9]), np.array([True, True]))], 7, 1
    )

    assert found["input_ids"].tolist() == [5, 6, 7, 8, 9, 1, 1]
    assert found["labels"].tolist() == [-100, 6, 7, -100, 9, -100, -100]
    assert found["position_ids"].tolist() == [0, 1, 2, 0, 1, 0, 0]


def test_every_example_stands_in_one_block_that_has_room():
    lengths = np.random.default_rng(1).integers(1, 65, 2000).tolist()

    blocks = pack(lengths, 64)

    assert sorted(place for each in blocks for place in each) == list(range(2000))
    assert max(sum(lengths[place] for place in each) for each in blocks) <= 64
    assert len(blocks) <= 1.02 * sum(lengths) / 64
    assert pack([3, 5, 2, 4], 7) == [[1, 2], [3, 0]] and pack([], 7) == []
    with pytest.raises(ValueError, match="8 tokens in blocks of 7"):
        pack([8], 7)
