"""Fresh classifiers keep what they learn when saved, ignore padding, and can learn at all."""

import pytest
import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForSequenceClassification

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.bag import BagTokenizer
from slm_studio.engine.models.classifiers import FAMILIES, make_classifier, register_families
from slm_studio.engine.models.vocabulary import train_word_pieces
from slm_studio.engine.training.optimizer import sparse_parameters

# B rows, T tokens, L labels

TEXTS = [
    "Where is my card?",
    "The card has not arrived",
    "I forgot my PIN",
    "How do I change the PIN",
    "这家酒店的早饭很好吃！",
    "房间干净，服务也好",
    "酒店太吵了，不会再来",
    "服务态度很差。",
]
LABELS_B = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])


def make(family, dropout=0.0):
    torch.manual_seed(0)
    if family in ("bag", "linear"):
        tokenizer = BagTokenizer.learn(TEXTS, size="nano", lowercase=True)
    else:
        tokenizer = train_word_pieces(TEXTS, 300, lowercase=True)
    net = make_classifier(
        family,
        "nano",
        vocabulary_size=len(tokenizer),
        labels=4,
        max_length=32,
        dropout=dropout,
        pad_token_id=tokenizer.pad_token_id,
    )
    return net.eval(), tokenizer


def pad(rows, length=0):
    length = max(length, *(len(row) for row in rows))
    ids_BT = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    mask_BT = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return {"input_ids": ids_BT, "attention_mask": mask_BT}


@torch.inference_mode()
def logits(net, batch):
    return net.eval()(**batch).logits


def encode(tokenizer, texts=TEXTS):
    return [list(tokenizer(text)["input_ids"]) for text in texts]


@pytest.mark.parametrize("family", FAMILIES)
def test_saving_and_opening_gives_the_same_logits(family, tmp_path):
    register_families()
    register_families()
    net, tokenizer = make(family)
    batch = pad(encode(tokenizer))

    net.save_pretrained(tmp_path)
    opened = AutoModelForSequenceClassification.from_pretrained(tmp_path)

    assert type(opened) is type(net)
    assert AutoConfig.from_pretrained(tmp_path).model_type == net.config.model_type
    assert (tmp_path / "model.safetensors").exists()
    weights = net.state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in opened.state_dict().items())
    # The same weights at another place in memory: oneDNN's LSTM may sum in another order there.
    torch.testing.assert_close(logits(opened, batch), logits(net, batch), rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_does_not_change_logits(family):
    net, tokenizer = make(family)
    rows = encode(tokenizer)

    longest = max(len(row) for row in rows)
    alone_BL = torch.cat([logits(net, pad([row])) for row in rows])

    torch.testing.assert_close(logits(net, pad(rows)), alone_BL, rtol=1e-4, atol=1e-5)
    length = longest if family == "bert" else longest + 50  # BERT has no positions beyond max_length
    torch.testing.assert_close(logits(net, pad(rows, length)), alone_BL, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_eight_rows_are_learnt_by_heart(family):
    net, tokenizer = make(family, dropout=0.1)
    batch = pad(encode(tokenizer))
    sparse = sparse_parameters(net)
    groups = [[p for name, p in net.named_parameters() if (name in sparse) == is_sparse] for is_sparse in (False, True)]
    kinds = (torch.optim.AdamW, torch.optim.SparseAdam)
    optimizers = [kind(group, lr=1e-2 if sparse else 3e-3) for kind, group in zip(kinds, groups, strict=True) if group]

    net.train()
    for _ in range(120):
        net.zero_grad()
        net(**batch, labels=LABELS_B).loss.backward()
        for optimizer in optimizers:
            optimizer.step()

    assert logits(net, batch).argmax(-1).tolist() == LABELS_B.tolist()


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_is_the_mean_cross_entropy(family):
    net, tokenizer = make(family)

    output = net(**pad(encode(tokenizer)), labels=LABELS_B)

    torch.testing.assert_close(output.loss, functional.cross_entropy(output.logits, LABELS_B))


@pytest.mark.parametrize("family", FAMILIES)
def test_empty_and_unknown_texts_get_finite_logits(family):
    net, tokenizer = make(family)
    rows = [row or [0] for row in encode(tokenizer, ["", " \n", "ꙮ𓂀"])]

    for batch in (pad(rows), {"input_ids": torch.zeros(2, 1, dtype=torch.long), "attention_mask": torch.zeros(2, 1)}):
        assert torch.isfinite(logits(net, batch)).all()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", ["nano", "micro", "small"])
def test_every_size_can_be_drawn_up(family, size):
    with torch.device("meta"):
        net = make_classifier(family, size, vocabulary_size=9000, labels=5, max_length=64, dropout=0.1, pad_token_id=0)

    assert net.config.num_labels == 5


def test_an_unknown_family_is_named():
    with pytest.raises(StudioError) as caught:
        make_classifier("mlp", "nano", vocabulary_size=9, labels=2, max_length=8, dropout=0.0, pad_token_id=0)

    assert "mlp" in str(caught.value)
