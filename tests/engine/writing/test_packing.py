"""Packing: blocks are full, hold every example once, and no example looks into its neighbour."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, GPT2Config, LlamaConfig, Qwen3Config

from slm_studio.engine.writing.packing import learnt_nats, pack, side_by_side

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
    rows = examples(7, 9, 4, 12, 5, 2)
    lengths = torch.tensor([len(ids) for ids, _ in rows])
    ids_NT, answers_NT = (
        torch.tensor([np.pad(each, (0, 12 - len(each))).tolist() for each in column])
        for column in zip(*rows, strict=True)
    )

    blocks = side_by_side(ids_NT, answers_NT, lengths, 0)
    with torch.inference_mode():
        nats, owners = learnt_nats(net, blocks)

    assert len(blocks.ids_BT) < len(rows)
    for number, (ids, answers) in enumerate(rows):
        whole = torch.tensor(ids)[None]
        with torch.inference_mode():
            logits = net(input_ids=whole, use_cache=False).logits[0, :-1]
        alone = torch.nn.functional.cross_entropy(logits, whole[0, 1:], reduction="none")[torch.tensor(answers[1:])]
        torch.testing.assert_close(nats[owners == number], alone, atol=1e-5, rtol=1e-5)


def test_blocks_are_laid_out_by_hand():
    ids_NT = torch.tensor([[5, 6, 7, 4, 3], [8, 9, 1, 1, 1], [2, 2, 2, 1, 1]])
    answers_NT = torch.tensor([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0]])

    found = side_by_side(ids_NT, answers_NT, torch.tensor([5, 2, 3]), 1)

    assert found.ids_BT.tolist() == [[5, 6, 7, 4, 3], [2, 2, 2, 8, 9]]
    assert found.answers_BT.int().tolist() == [[0, 1, 1, 0, 1], [0, 0, 1, 0, 1]]
    assert found.positions_BT.tolist() == [[0, 1, 2, 3, 4], [0, 1, 2, 0, 1]]
    assert found.owners_BT.tolist() == [[0] * 5, [2, 2, 2, 1, 1]]


def test_every_example_stands_in_one_block_that_has_room():
    lengths = np.random.default_rng(1).integers(1, 65, 2000).tolist()

    blocks = pack(lengths, 64)

    assert sorted(place for each in blocks for place in each) == list(range(2000))
    assert max(sum(lengths[place] for place in each) for each in blocks) <= 64
    assert len(blocks) <= 1.02 * sum(lengths) / 64
    assert pack([3, 5, 2, 4], 7) == [[1, 2], [3, 0]] and pack([], 7) == []
    with pytest.raises(ValueError, match="8 tokens in blocks of 7"):
        pack([8], 7)
