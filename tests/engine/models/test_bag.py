"""The sums of a bag have the gradient of torch's own, with every row once and in order."""

import pytest
import torch
from torch.nn import functional

from slm_studio.engine.models.bag import BagConfig, BagForSequenceClassification


def net_of(**changes: object) -> BagForSequenceClassification:
    torch.manual_seed(0)
    return BagForSequenceClassification(BagConfig(**{"vocab_size": 50, "hidden_size": 8, "num_labels": 3} | changes))


def padded(lengths: list[int]) -> torch.Tensor:
    """Return ids [B, T]: few different ones, so that rows repeat within a text and between texts."""
    torch.manual_seed(1)
    ids_BT = torch.randint(1, 12, (len(lengths), max(1, *lengths)))
    for row, length in zip(ids_BT, lengths, strict=True):
        row[length:] = 0
    return ids_BT


@pytest.mark.parametrize("lengths", [[5, 3, 9], [0, 4], [1], [7, 0, 0]])
def test_sums_and_their_gradient_are_those_of_embedding_bag(lengths: list[int]) -> None:
    net, ids_BT = net_of(dropout=0.0), padded(lengths)
    reference = net.table.weight.detach().clone().requires_grad_()
    counts_B = (ids_BT != 0).sum(1)

    hidden_BD = net._sum(ids_BT, ids_BT != 0)
    sums_BD = functional.embedding_bag(ids_BT[ids_BT != 0], reference, counts_B.cumsum(0) - counts_B, mode="sum")
    expected_BD = sums_BD / counts_B.clamp(min=1).sqrt()[:, None]
    weight_BD = torch.randn_like(hidden_BD)
    (hidden_BD * weight_BD).sum().backward()
    (expected_BD * weight_BD).sum().backward()

    gradient = net.table.weight.grad
    assert gradient is not None and reference.grad is not None
    torch.testing.assert_close(hidden_BD, expected_BD)
    torch.testing.assert_close(gradient.to_dense(), reference.grad)
    rows = gradient.coalesce().indices()[0].tolist()
    assert rows == sorted(set(ids_BT[ids_BT != 0].tolist()))


@pytest.mark.parametrize("lengths", [[5, 3, 9], [0, 4], [1]])
def test_each_way_has_the_gradient_of_embedding_bag_with_its_features_weighed(lengths: list[int]) -> None:
    net = net_of(dropout=0.0, weighed=True, direct_gain=1.5, deep_scale=6.0)
    net.weights.copy_(torch.arange(50) % 7 + 1.0)
    torch.nn.init.normal_(net.direct.weight)
    ids_BT = padded(lengths)
    kept_BT = ids_BT != 0
    values_BT = functional.normalize(net.weights[ids_BT] * kept_BT, dim=1)
    tables = {"direct": net.direct.weight, "deep": net.table.weight}
    twins = {way: table.detach().clone().requires_grad_() for way, table in tables.items()}
    counts_B = kept_BT.sum(1)
    starts_B = counts_B.cumsum(0) - counts_B
    sums = {
        way: functional.embedding_bag(
            ids_BT[kept_BT], twin, starts_B, mode="sum", per_sample_weights=values_BT[kept_BT]
        )
        for way, twin in twins.items()
    }
    expected = {"direct": sums["direct"] + 0.5 * twins["direct"][0], "deep": net.classifier(6.0 * sums["deep"])}

    said = net.ways(ids_BT)

    assert set(said) == set(expected)
    for way, table in tables.items():
        torch.testing.assert_close(said[way], expected[way])
        weight_BL = torch.randn_like(said[way])
        (said[way] * weight_BL).sum().backward()
        (expected[way] * weight_BL).sum().backward()
        torch.testing.assert_close(table.grad.to_dense(), twins[way].grad)
    torch.testing.assert_close(net(ids_BT).logits, 1.5 * expected["direct"] + expected["deep"])


def test_texts_without_a_known_feature_are_learnt_from_too() -> None:
    net = net_of()
    net.train()

    net(input_ids=torch.zeros(2, 1, dtype=torch.long), labels=torch.tensor([0, 1])).loss.backward()

    gradient = net.table.weight.grad
    assert gradient is not None and not gradient.to_dense().any()
