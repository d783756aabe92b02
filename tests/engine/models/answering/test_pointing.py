"""A head that is kept beside a net: the stock network that answers takes it, and the net's own folder knows nothing of it."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    BertConfig,
    BertForMaskedLM,
    DistilBertConfig,
    DistilBertForMaskedLM,
    ElectraConfig,
    ElectraForMaskedLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.answering.pointing import FILE, add_head, keeps_head, pointer_of, save_head, take_head

WIDE = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
SHAPES = {
    "bert": lambda: BertForMaskedLM(BertConfig(vocab_size=60, **WIDE)),
    "distilbert": lambda: DistilBertForMaskedLM(
        DistilBertConfig(vocab_size=60, dim=32, n_layers=1, n_heads=2, hidden_dim=64)
    ),
    "electra": lambda: ElectraForMaskedLM(ElectraConfig(vocab_size=60, embedding_size=16, **WIDE)),
    "modernbert": lambda: ModernBertForMaskedLM(
        ModernBertConfig(
            vocab_size=60, pad_token_id=0, bos_token_id=1, cls_token_id=1, eos_token_id=2, sep_token_id=2, **WIDE
        )
    ),
    "roberta": lambda: RobertaForMaskedLM(RobertaConfig(vocab_size=60, **WIDE)),
}
IDS = torch.arange(5, 25).view(2, 10)


def made(shape: str, folder: Path) -> PreTrainedModel:
    """Return a net with a head, and write both."""
    torch.manual_seed(3)
    net = SHAPES[shape]().eval()
    assert add_head(net)
    net.save_pretrained(folder)
    save_head(net, folder)
    return net


@torch.inference_mode()
def ends(net: PreTrainedModel) -> torch.Tensor:
    found = net.eval()(input_ids=IDS, attention_mask=torch.ones_like(IDS))
    return torch.stack([found.start_logits, found.end_logits])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_stock_network_that_answers_takes_it_and_says_the_same(shape: str, tmp_path: Path) -> None:
    net = made(shape, tmp_path)

    answering = AutoModelForQuestionAnswering.from_pretrained(tmp_path)
    before = ends(answering)
    taken = take_head(answering, tmp_path)

    assert taken and torch.equal(ends(answering), ends(pointer_of(Loaded(net, None)).net))
    assert not torch.equal(before, ends(answering))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_folder_opens_in_stock_as_if_there_were_none(shape: str, tmp_path: Path) -> None:
    net = made(shape, tmp_path)

    stock, told = AutoModelForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)

    assert not any(told.values())
    with torch.inference_mode():
        assert torch.equal(stock.eval()(input_ids=IDS).logits, net(input_ids=IDS).logits)


def test_it_comes_back_beside_the_net(tmp_path: Path) -> None:
    net = made("bert", tmp_path)

    again = AutoModelForMaskedLM.from_pretrained(tmp_path)

    assert add_head(again, tmp_path) == []
    assert torch.equal(ends(pointer_of(Loaded(again, None)).net), ends(pointer_of(Loaded(net, None)).net))


def test_a_step_moves_the_net_and_its_head_together(tmp_path: Path) -> None:
    net = made("bert", tmp_path)

    pointer_of(Loaded(net, None)).net(input_ids=IDS).start_logits.sum().backward()

    moved = {name for name, parameter in net.named_parameters() if parameter.grad is not None}
    assert "pointing.qa_outputs.weight" in moved and "bert.embeddings.word_embeddings.weight" in moved
    assert not any(name.startswith("cls.") for name in moved)


def test_a_folder_without_one_changes_nothing(tmp_path: Path) -> None:
    answering = AutoModelForQuestionAnswering.from_config(BertConfig(vocab_size=60, **WIDE))

    assert not keeps_head(tmp_path) and take_head(answering, tmp_path) == []


@pytest.mark.parametrize("harm", ["shape", "name", "endless", "cut"])
def test_one_that_is_damaged_is_refused_in_a_sentence(harm: str, tmp_path: Path) -> None:
    net = made("bert", tmp_path)
    head = load_file(tmp_path / FILE)
    if harm == "shape":
        head["qa_outputs.weight"] = torch.zeros(2, 16)
    elif harm == "name":
        head["other.weight"] = head.pop("qa_outputs.weight")
    elif harm == "endless":
        head["qa_outputs.bias"] = torch.tensor([0.0, float("nan")])
    save_file(head, tmp_path / FILE)
    if harm == "cut":
        (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-4])

    with pytest.raises(StudioError) as caught:
        add_head(net, tmp_path)

    assert FILE in str(caught.value)
