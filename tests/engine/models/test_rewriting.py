"""An LSTM that rewrites and copies: what stands in the source is written whether it was ever seen before or not."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForSeq2SeqLM

from slm_studio.engine.models.rewriters import make_rewriter, register_rewriters
from slm_studio.engine.models.rewriting import digits_of, ids_of
from slm_studio.engine.writing.pairs import Decoder, start_id

END, SEEN, ALL = 1, 60, 90  # pieces from SEEN on stand in no source that is learnt from


def sources(rows: int, low: int, high: int) -> tuple[Tensor, Tensor]:
    """Return sources of different pieces, and targets: what stands behind their fourth place."""
    ids_BS = torch.stack([low + torch.randperm(high - low)[:12] for _ in range(rows)])
    return ids_BS, torch.cat([ids_BS[:, 3:9], torch.full((rows, 1), END)], dim=1)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
def test_every_number_format_holds_the_number_of_a_piece(kind: torch.dtype) -> None:
    ids = torch.tensor([[0, 1, 127, 128, 300, 16_383, 16_384, 200_000, 2_097_151]])

    assert torch.equal(ids_of(torch.cat([torch.randn(1, 9, 4).to(kind), digits_of(ids).to(kind)], dim=-1)), ids)


def test_it_writes_pieces_that_it_never_learnt() -> None:
    torch.manual_seed(1)
    net = make_rewriter("lstm", "nano", vocabulary_size=ALL, dropout=0.0, copies=True)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.006)
    for _ in range(60):
        source, target = sources(32, 2, SEEN)
        net(input_ids=source, labels=target).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    source, target = sources(8, SEEN, ALL)
    decoder, newest_B1, written = Decoder(net.eval(), source.tolist()), torch.full((8, 1), start_id(net)), []
    for _ in range(target.shape[1]):
        newest_B1 = decoder.next_logits(newest_B1).argmax(-1, keepdim=True)
        written.append(newest_B1)

    right = (torch.cat(written, dim=1)[:, :6] == target[:, :6]).float().mean()
    assert right > 0.7


def test_chances_add_up_and_a_saved_one_writes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(2)
    net = make_rewriter("lstm", "nano", vocabulary_size=ALL, dropout=0.1, copies=True, unrepeated=3).eval()
    source, target = sources(3, 2, ALL)
    logits_BTV = net(input_ids=source, labels=target).logits
    net.save_pretrained(tmp_path)
    register_rewriters()

    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path).eval()

    assert torch.allclose(logits_BTV.exp().sum(-1), torch.ones(3, 7), atol=1e-5)
    assert torch.equal(again(input_ids=source, labels=target).logits, logits_BTV)
    assert (again.config.copies, again.config.unrepeated) == (True, 3)


def test_what_followed_the_last_pieces_before_draws_the_eye() -> None:
    net = make_rewriter("lstm", "nano", vocabulary_size=ALL, dropout=0.0, copies=True).eval()
    with torch.no_grad():
        net.follow.copy_(torch.tensor([2.0, 10.0]))
    source, written = torch.tensor([[5, 6, 7, 5, 8]]), torch.tensor([[7, 5, 9]])
    hidden_BSR = net.encoder(source, torch.ones_like(source))[0]

    gains_BTS = net._gains(hidden_BSR, written, torch.tensor([[6]]))

    assert gains_BTS.tolist() == [[[0, 0, 0, 12, 0], [0, 2, 0, 0, 12], [0, 0, 0, 0, 0]]]
