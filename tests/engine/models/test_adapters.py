"""Adapters: nothing changes at first, only they learn, merged the network computes the same, and it can be read back."""

from pathlib import Path

import pytest
import torch

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.engine.models import adapters
from slm_studio.engine.models.adapter_files import CONFIG, is_adapter, read_config
from slm_studio.engine.models.writers import make_writer
from slm_studio.engine.training.checkpoint import load_weights, weights_of

IDS = torch.tensor([[1, 2, 3, 4, 5]])
FAMILIES = ("llama", "gpt")


def net_of(family: str):
    torch.manual_seed(1)
    return make_writer(family, "nano", vocabulary_size=40, max_length=16).eval()


def adapted(family: str, **more: object):
    net = net_of(family)
    adapters.add_adapter(net, **{"rank": 4, "alpha": 8.0, "attention_only": False, "dropout": 0.0} | more)
    return net.eval()


def stirred(net):
    torch.manual_seed(2)
    with torch.no_grad():
        for name in adapters.adapter_names(net):
            net.get_parameter(name).normal_(std=0.1)
    return net


@torch.inference_mode()
def logits(net):
    return net(input_ids=IDS).logits


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fresh_adapter_changes_nothing_and_alone_can_learn(family: str) -> None:
    net = adapted(family)

    assert torch.equal(logits(net), logits(net_of(family)))
    moving = [name for name, parameter in net.named_parameters() if parameter.requires_grad]
    assert moving == adapters.adapter_names(net) and moving
    assert set(weights_of(net)) == set(moving), "a checkpoint of the best weights holds what learns"
    few = adapters.adapter_names(adapted(family, attention_only=True))
    assert 0 < len(few) < len(moving) and all("attn" in name for name in few)


@pytest.mark.parametrize("family", FAMILIES)
def test_merged_it_computes_the_same_without_them_it_is_the_base(family: str) -> None:
    net = stirred(adapted(family))
    beside = logits(net)

    with adapters.without_adapter(net):
        assert torch.equal(logits(net), logits(net_of(family)))
    assert torch.equal(logits(net), beside) and not torch.equal(beside, logits(net_of(family)))
    plain = net_of(family)
    plain.load_state_dict(adapters.merged_weights(net))
    torch.testing.assert_close(logits(plain), beside, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(logits(adapters.merge(net)), beside, atol=1e-5, rtol=1e-4)
    assert not adapters.has_adapter(net)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft's own way to open them
@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_are_saved_alone_and_peft_itself_opens_them(family: str, tmp_path: Path) -> None:
    from peft import PeftModel

    net = stirred(adapted(family))
    adapters.save_adapter(net, tmp_path, "the-base")

    again = net_of(family)
    adapters.put_adapter(again, tmp_path)
    theirs = PeftModel.from_pretrained(net_of(family), tmp_path).eval()

    assert is_adapter(tmp_path) and sorted(path.name for path in tmp_path.iterdir()) == [CONFIG, adapters.WEIGHTS]
    assert torch.equal(logits(again.eval()), logits(net))
    torch.testing.assert_close(theirs(input_ids=IDS).logits, logits(net), atol=1e-6, rtol=1e-5)


def test_best_weights_of_adapters_come_back() -> None:
    net = stirred(adapted("llama"))
    kept, before = weights_of(net), logits(net)
    with torch.no_grad():
        for name in kept:
            net.get_parameter(name).zero_()

    load_weights(net, kept)

    assert torch.equal(logits(net), before)


@pytest.mark.parametrize(
    "change", [{"peft_type": "IA3"}, {"r": 0}, {"use_dora": True}, {"target_modules": "all-linear"}]
)
def test_adapters_of_another_kind_and_misfits_are_refused(change: dict[str, object], tmp_path: Path) -> None:
    adapters.save_adapter(stirred(adapted("llama")), tmp_path, "the-base")
    with pytest.raises(StudioError) as caught:
        adapters.put_adapter(net_of("gpt"), tmp_path)
    assert caught.value.code == "adapter-misfit"
    files.write_json(tmp_path / CONFIG, {**read_config(tmp_path), **change})
    with pytest.raises(StudioError) as caught:
        read_config(tmp_path)
    assert caught.value.code == "adapter-kind"
