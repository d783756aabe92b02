"""A network read from a .gguf file says what it said before it was written there."""

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from slm_studio.engine.models.gguf.unpack import unpack
from slm_studio.engine.models.opening import open_net
from tests.engine.models.gguf.making import CONFIGS, byte_pairs, fields_of, make_net, round_through, write_gguf

IDS = torch.tensor([[1, 17, 60, 200, 5, 319, 44, 8, 90, 91, 92, 93, 94, 95, 120, 3]])


def logits(net: PreTrainedModel) -> torch.Tensor:
    with torch.inference_mode():
        return net.eval()(input_ids=IDS).logits


def unpacked(source: Path, place: Path) -> PreTrainedModel:
    for _ in unpack(source, place):
        pass
    return open_net(place, "write")


@pytest.fixture(scope="module")
def words() -> dict[str, object]:
    return fields_of(byte_pairs(), "gpt-2")


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "Q8_0", "Q4_0"])
def test_reads_what_was_written(name: str, kind: str, words: dict[str, object], tmp_path: Path) -> None:
    net = make_net(name)
    path = write_gguf(tmp_path / "m.gguf", net, words, kind)

    found = unpacked(path, tmp_path / "out")

    assert torch.allclose(logits(found), logits(round_through(net, kind)), atol=1e-3)
