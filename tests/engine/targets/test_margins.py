"""What a linear model learns by, for each kind of answer."""

import torch

from slm_studio.core.recipe import make_recipe
from slm_studio.engine.examples import WEIGHTS
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.bag import BagConfig, BagForSequenceClassification
from slm_studio.engine.models.features import BagSettings, BagTokenizer
from slm_studio.engine.targets.amount import Amount
from slm_studio.engine.targets.several_labels import SeveralLabels
from slm_studio.engine.targets.target import straightened


def loaded(facts: dict[str, object], labels: int) -> Loaded:
    net = BagForSequenceClassification(BagConfig(vocab_size=4, hidden_size=0, num_labels=labels, direct_gain=1.0))
    return Loaded(net, BagTokenizer(BagSettings()), facts)


def options(**settings: object) -> object:
    return make_recipe("classify", settings=settings).options


def test_squares_go_straight_on_where_more_than_two_is_missed() -> None:
    missed = torch.tensor([0.0, 1.0, -2.0, 5.0], requires_grad=True)

    straightened(missed).sum().backward()

    torch.testing.assert_close(straightened(missed).detach(), torch.tensor([0.0, 1.0, 4.0, 16.0]))
    torch.testing.assert_close(missed.grad, torch.tensor([0.0, 2.0, -4.0, 4.0]))


def test_each_of_several_labels_has_a_margin_of_its_own() -> None:
    batch = {"labels": torch.tensor([[0, 1], [1, -1], [-1, -1]])}  # both, the second, none
    margins_BL = torch.tensor([[1.0, 0.0], [-1.0, 2.0], [0.0, -3.0]])
    known = loaded({"labels": ["a", "b"], "counts": [1, 2], "rows": 3}, labels=2)

    loss = SeveralLabels().margin_loss(margins_BL, batch, known, options())

    torch.testing.assert_close(loss, torch.tensor((0 + 1 + 0 + 0 + 1 + 0) / 3))


def test_a_number_is_missed_by_its_distance_and_a_row_counts_as_it_says() -> None:
    batch = {"labels": torch.tensor([0.0, 1.0, float("nan")])}
    margins_BL = torch.tensor([[1.0], [-2.0], [9.0]])
    known = loaded({"mean": 0.0, "scale": 1.0}, labels=1)

    plain = Amount().margin_loss(margins_BL, batch, known, options())
    weighed = Amount().margin_loss(margins_BL, batch | {WEIGHTS: torch.tensor([3.0, 1.0, 5.0])}, known, options())

    torch.testing.assert_close(plain, torch.tensor((1.0 + 8.0) / 2))
    torch.testing.assert_close(weighed, torch.tensor((3 * 1.0 + 8.0) / 4))
