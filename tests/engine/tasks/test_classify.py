"""Of a bag each way learns by a loss of its own; what is told is the loss of the whole."""

import torch
from torch.nn import functional

from slm_studio.core.recipe import make_recipe
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.bag import BagConfig, BagForSequenceClassification
from slm_studio.engine.models.features import BagSettings, BagTokenizer
from slm_studio.engine.tasks.classify import TASK

BATCH = {"input_ids": torch.tensor([[1, 2, 0], [3, 4, 2], [5, 0, 0]]), "labels": torch.tensor([0, 2, -100])}


def bag(**shape: float) -> Loaded:
    torch.manual_seed(0)
    net = BagForSequenceClassification(
        BagConfig(vocab_size=8, num_labels=3, dropout=0.0, weighed=True, **({"hidden_size": 4} | shape))  # type: ignore[arg-type]
    )
    for table in (net.direct, *([net.table] if shape.get("hidden_size", 4) else [])):
        torch.nn.init.normal_(table.weight)
    return Loaded(net, BagTokenizer(BagSettings()), {"labels": ["a", "b", "c"], "counts": [3, 1, 1]})


def learn(loaded: Loaded, **settings: object) -> torch.Tensor:
    recipe = make_recipe("classify", settings={"label_smoothing": 0.0} | settings)
    loss = TASK.loss(loaded, BATCH, recipe)
    loss.backward()
    return loss.detach()


def test_the_loss_told_is_that_of_the_whole_and_each_way_learns_by_its_own() -> None:
    loaded = bag(direct_gain=1.5, deep_gain=0.4, deep_scale=6.0)

    told = learn(loaded)

    ways = loaded.net.ways(BATCH["input_ids"])
    known = BATCH["labels"] != -100
    torch.testing.assert_close(
        told, functional.cross_entropy(loaded.net(BATCH["input_ids"]).logits[known], BATCH["labels"][known])
    )
    signs = 2 * functional.one_hot(BATCH["labels"][known], 3) - 1
    short = (1 - signs * ways["direct"][known]).clamp(min=0)
    hinge = torch.where(short > 2, 4 * short - 4, short**2).sum(1).mean()
    deep = functional.cross_entropy(ways["deep"][known], BATCH["labels"][known])
    for table, own in ((loaded.net.direct, hinge), (loaded.net.table, deep)):
        (expected,) = torch.autograd.grad(own, table.weight, retain_graph=True)
        torch.testing.assert_close(table.weight.grad.to_dense(), expected.to_dense())


def test_a_margin_that_is_far_off_pulls_no_harder_than_one_that_is_off_by_two() -> None:
    loaded = bag(hidden_size=0, direct_gain=1.5)
    loaded.net.direct.weight.data *= 1000

    learn(loaded)

    # Of three labels each pulls with 4 at most, in the mean over two rows.
    assert loaded.net.direct.weight.grad.to_dense().abs().max() <= 4.0


def test_rare_labels_may_count_as_much_as_frequent_ones() -> None:
    plain, balanced = bag(hidden_size=0, direct_gain=1.5), bag(hidden_size=0, direct_gain=1.5)

    learn(plain)
    learn(balanced, class_weights="balanced")

    rare = 5 / 3  # of five rows in three labels one has it
    pulls = [each.net.direct.weight.grad.to_dense()[4] for each in (plain, balanced)]  # of the row with the label c
    torch.testing.assert_close(pulls[1], rare * pulls[0])
