"""Fresh writing networks: sizes, and that anybody can open them."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.writers import FAMILIES, SHAPES, make_writer


@pytest.mark.parametrize("family", FAMILIES)
def test_writer_learns_to_repeat_one_line(family: str) -> None:
    torch.manual_seed(0)
    net = make_writer(family, "nano", vocabulary_size=11, max_length=16)
    ids_BT = torch.tensor([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)

    for _ in range(20):
        loss = net(input_ids=ids_BT, labels=ids_BT).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    assert loss.item() < 0.3  # from ln 11 = 2.4


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_writer_opens_with_plain_transformers_and_computes_the_same(family: str, tmp_path: Path) -> None:
    net = make_writer(
        family, "nano", vocabulary_size=50, max_length=32, dropout=0.1, bos_token_id=1, eos_token_id=2, pad_token_id=0
    ).eval()
    ids_BT = torch.randint(0, 50, (2, 32))

    net.save_pretrained(tmp_path)
    opened = AutoModelForCausalLM.from_pretrained(tmp_path).eval()

    assert torch.equal(opened(ids_BT).logits, net(ids_BT).logits)
    assert opened.config.eos_token_id == opened.generation_config.eos_token_id == 2
    assert opened.config.max_position_embeddings == 32


@pytest.mark.parametrize("family", FAMILIES)
def test_head_and_embedding_are_one_table(family: str) -> None:
    net = make_writer(family, "nano", vocabulary_size=50, max_length=32)

    assert net.get_output_embeddings().weight is net.get_input_embeddings().weight


def test_same_seed_makes_the_same_weights() -> None:
    torch.manual_seed(7)
    one = make_writer("llama", "nano", vocabulary_size=50, max_length=32)
    torch.manual_seed(7)
    two = make_writer("llama", "nano", vocabulary_size=50, max_length=32)

    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_sizes_grow_about_fourfold(family: str) -> None:
    with torch.device("meta"):  # counts, without filling 80 M numbers
        counts = [make_writer(family, size, vocabulary_size=1, max_length=8).num_parameters() for size in SHAPES]

    assert 0.75e6 < counts[0] < 1e6
    assert counts[-1] < 100e6
    assert all(3.5 < large / small < 4.7 for small, large in pairwise(counts))


@pytest.mark.parametrize(("family", "size"), [("bert", "nano"), ("llama", "huge")])
def test_unknown_family_or_size_names_the_known_ones(family: str, size: str) -> None:
    with pytest.raises(StudioError, match="There is no") as caught:
        make_writer(family, size, vocabulary_size=50, max_length=32)

    assert "llama" in caught.value.advice or "nano" in caught.value.advice
