"""The parts of the loop, each a pure function."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from slm_studio.core.recipe import make_recipe
from slm_studio.engine.tasks import task_of
from slm_studio.engine.training.batches import batch_plan, plan_in_order
from slm_studio.engine.training.optimizer import Optimizers, remembered
from slm_studio.engine.training.schedule import Course, warmup_cosine, warmup_linear


@pytest.mark.parametrize(("count", "batch"), [(1, 4), (7, 3), (1000, 32), (5000, 7)])
def test_every_example_stands_in_exactly_one_batch(count: int, batch: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 90, count)

    plan = batch_plan(lengths, batch, seed=3, epoch=2)

    assert sorted(np.concatenate(plan).tolist()) == list(range(count))
    assert len(plan) == -(-count // batch)


def test_the_plan_is_a_function_of_seed_and_epoch() -> None:
    lengths = list(range(1, 200))

    same = [batch_plan(lengths, 8, 1, 0) for _ in range(2)]

    assert all(np.array_equal(a, b) for a, b in zip(*same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(batch_plan(lengths, 8, 1, 1), same[0], strict=True))


@pytest.mark.parametrize(("count", "batch"), [(1, 4), (7, 3), (8, 4)])
def test_a_plan_in_order_reads_rows_as_they_stand(count: int, batch: int) -> None:
    plan = plan_in_order(count, batch)

    assert np.concatenate(plan).tolist() == list(range(count))
    assert len(plan) == -(-count // batch) and max(map(len, plan)) <= batch


def test_batches_hold_texts_of_like_length() -> None:
    lengths = np.random.default_rng(1).integers(1, 100, 4096)

    plan = batch_plan(lengths, 32, 0, 0)

    padded = sum(len(batch) * lengths[batch].max() for batch in plan)
    assert padded < 1.15 * lengths.sum()


def test_the_rate_rises_and_falls_to_its_floor() -> None:
    rates = [warmup_cosine(step, 100, 10, floor=0.1) for step in range(100)]

    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == 1.0
    assert rates[-1] == pytest.approx(0.1)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert warmup_cosine(0, 1, 1) == 1.0


def test_word_vectors_learn_at_a_rate_that_falls_in_a_straight_line() -> None:
    """As gensim has it: alpha - (alpha - min_alpha) · progress."""
    rates = [warmup_linear(step, 101, 0, floor=0.004) for step in range(101)]

    assert rates == pytest.approx([1 - 0.996 * step / 100 for step in range(101)])
    assert [warmup_linear(step, 50, 5, floor=0.0) for step in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert task_of("words").falls_straight and not task_of("classify").falls_straight


@st.composite
def corrected(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int]]]:
    """Return steps, warm-up and corrections (step, new total) as they may happen."""
    steps = draw(st.integers(1, 300))
    warmup = draw(st.integers(1, max(1, steps // 2)))
    since, total, corrections = 1, steps, []
    for _ in range(draw(st.integers(0, 2))):
        if since < total - 1:
            step = draw(st.integers(since, total - 1))
            total = step + draw(st.integers(1, 300))
            corrections.append((step, total))
            since = step + 1
    return steps, warmup, corrections


@given(corrected())
@example((238, 1, [(1, 101), (2, 240)]))
def test_the_learning_rate_never_rises_through_a_correction(case: tuple[int, int, list[tuple[int, int]]]) -> None:
    steps, warmup, corrections = case
    course, before = Course(steps), Course(steps)
    for step, total in corrections:
        course.correct(step, total)
        # It goes on from where it was: the first step of the new plan is the one that the old plan had there.
        assert course.place(step) == pytest.approx(before.place(step))
        before.correct(step, total)

    places = [course.place(step) for step in range(course.total)]

    assert places == sorted(places) and places[0] >= 0 and places[-1] <= steps - 1
    rates = [warmup_cosine(place, steps, warmup, 0.1) for place in places]
    fallen = [(one, two) for (one, two), place in zip(pairwise(rates), places, strict=False) if place >= warmup - 1]
    assert all(two <= one + 1e-12 for one, two in fallen)
    assert max(rates) <= 1.0


@pytest.mark.parametrize("steps", [1, 2, 97, 1000])
def test_a_course_that_nobody_corrects_is_the_plan_itself(steps: int) -> None:
    assert [Course(steps).place(step) for step in range(steps)] == list(range(steps))


def test_a_longer_course_ends_where_the_plan_did() -> None:
    course = Course(100)
    course.correct(20, 500)
    course.correct(200, 260)

    assert course.total == 260
    assert course.place(20) == 20
    assert course.place(259) == 99


class TwoTables(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.sparse = nn.EmbeddingBag(10, 4, sparse=True)
        self.head = nn.Linear(4, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.sparse(ids))


def recipe(**settings: object):
    return make_recipe(
        "classify", roles={"text": "t", "label": "l"}, settings={"learning_rate": 0.1, **settings}
    ).settled()


OPTIMIZERS: list[dict[str, object]] = [
    {"optimizer": "auto"}, {"optimizer": "adamw", "weight_decay": 0.5}, {"optimizer": "adam"}, {"optimizer": "rmsprop"},
    {"optimizer": "sgd"}, {"optimizer": "sgd", "momentum": 0.9},
]  # fmt: skip
REFERENCES = {
    "adamw": partial(torch.optim.AdamW, weight_decay=0.5),
    "adam": torch.optim.Adam,
    "rmsprop": partial(torch.optim.RMSprop, alpha=0.9, eps=1e-7),
    "sgd": torch.optim.SGD,
}


@pytest.mark.parametrize("settings", OPTIMIZERS[1:], ids=str)
def test_a_named_optimizer_moves_all_as_torchs_own_does(settings: dict[str, object]) -> None:
    torch.manual_seed(0)
    net, twin = TwoTables().double(), TwoTables().double()
    twin.load_state_dict(net.state_dict())
    twin.sparse.sparse = False  # a step that touches every row moves a table as a dense one
    momentum = {"momentum": 0.9} if "momentum" in settings else {}
    matrices = [twin.head.weight, twin.sparse.weight]
    groups = [
        {"params": matrices},
        {"params": [twin.head.bias]} | ({"weight_decay": 0.0} if settings["optimizer"] == "adamw" else {}),
    ]
    reference = REFERENCES[str(settings["optimizer"])](groups, lr=0.05, **momentum)
    optimizers = Optimizers(net, recipe(clip=1000.0, **settings))

    for _ in range(4):
        for module in (net, twin):
            module.zero_grad(set_to_none=True)
            module(torch.arange(10)[None]).square().sum().backward()
        reference.step()
        optimizers.step(0.5)

    for name, parameter in net.named_parameters():
        # Of rows Adam corrects the whole step, of dense parameters each moment: epsilon weighs a little otherwise.
        torch.testing.assert_close(parameter, twin.get_parameter(name), rtol=1e-3, atol=1e-5)


def test_penalties_are_those_of_the_loss_as_keras_adds_them() -> None:
    """The gradient of loss + l1 · Σ|w| + l2 · Σw² over matrices, by autograd."""
    torch.manual_seed(0)
    net, twin = TwoTables(), TwoTables()
    twin.load_state_dict(net.state_dict())
    twin.sparse.sparse = False
    optimizers = Optimizers(net, recipe(clip=1000.0, optimizer="sgd", l1=0.02, l2=0.3))
    reference = torch.optim.SGD(twin.parameters(), lr=0.1)
    ids = torch.tensor([[1, 2], [2, 3]])

    for _ in range(3):
        for module in (net, twin):
            module.zero_grad(set_to_none=True)
        net(ids).square().sum().backward()
        touched = twin.sparse.weight[1:4]
        penalty = sum(0.02 * each.abs().sum() + 0.3 * each.square().sum() for each in (twin.head.weight, touched))
        (twin(ids).square().sum() + penalty).backward()
        reference.step()
        optimizers.step(1.0)

    for name, parameter in net.named_parameters():
        torch.testing.assert_close(parameter, twin.get_parameter(name))


def test_a_penalty_is_part_of_the_gradient_that_is_clipped() -> None:
    torch.manual_seed(0)
    net = TwoTables()
    optimizers = Optimizers(net, recipe(clip=0.01, optimizer="sgd", l2=50.0))
    net(torch.tensor([[1, 2]])).square().sum().backward()
    alone = float(torch.nn.utils.get_total_norm([p.grad for p in optimizers.dense]))

    assert optimizers.step(1.0) > 10 * alone
    assert float(torch.nn.utils.get_total_norm([p.grad for p in optimizers.dense])) == pytest.approx(0.01, rel=1e-3)


def test_what_is_remembered_is_counted() -> None:
    for settings in OPTIMIZERS:
        net = TwoTables()
        optimizers = Optimizers(net, recipe(**settings))
        net(torch.tensor([[1, 2]])).sum().backward()
        optimizers.step(1.0)
        numbers = sum(tensor.numel() for tensor in optimizers.state()[0].values() if tensor.dim())

        assert numbers == remembered(recipe(**settings)) * sum(each.numel() for each in net.parameters())


def test_a_rate_that_neither_rises_nor_falls_is_possible() -> None:
    assert {warmup_cosine(step, 50, 1, floor=1.0) for step in range(50)} == {1.0}


def test_dense_updates_equal_torch_adamw_and_sparse_rows_alone_move() -> None:
    torch.manual_seed(0)
    net = TwoTables()
    twin = TwoTables()
    twin.load_state_dict(net.state_dict())
    optimizers = Optimizers(net, recipe(weight_decay=0.5, clip=1000.0))
    reference = torch.optim.AdamW(
        [{"params": [twin.head.weight], "weight_decay": 0.5}, {"params": [twin.head.bias], "weight_decay": 0.0}],
        lr=0.05,
        betas=(0.9, 0.99),
    )
    before = net.sparse.weight.detach().clone()

    for _ in range(3):
        for module in (net, twin):
            module.zero_grad(set_to_none=True)
            module(torch.tensor([[1, 2], [2, 3]])).square().sum().backward()
        twin.sparse.weight.grad = None
        reference.step()
        optimizers.step(0.5)
        with torch.no_grad():
            twin.sparse.weight.copy_(net.sparse.weight)

    assert torch.allclose(net.head.weight, twin.head.weight)
    moved = (net.sparse.weight != before).any(1)
    assert moved.tolist() == [False, True, True, True, False, False, False, False, False, False]


class PlainTable(TwoTables):
    """A net one of whose tables wants to descend its gradient, at a rate of its own."""

    def plain_rates(self, rate: float) -> dict[str, tuple[float, float]]:
        return {"sparse.weight": (3.0 * rate, 0.0)}


@pytest.mark.parametrize("settings", OPTIMIZERS, ids=str)
def test_what_descends_its_gradient_does_so_with_every_optimizer(settings: dict[str, object]) -> None:
    torch.manual_seed(0)
    net = PlainTable()
    optimizers = Optimizers(net, recipe(clip=1000.0, **settings))
    before = net.sparse.weight.detach().clone()
    net(torch.tensor([[1, 2]])).square().sum().backward()
    gradient = net.sparse.weight.grad.to_dense()

    optimizers.step(0.5)

    torch.testing.assert_close(net.sparse.weight, before - 0.1 * 3.0 * 0.5 * gradient)


def test_fresh_parameters_learn_faster() -> None:
    net = TwoTables()
    optimizers = Optimizers(net, recipe(head_factor=10.0), fresh=["head.weight"])

    peaks = {
        tuple(p.shape): group["peak"]
        for part in optimizers.parts
        for group in part.param_groups
        for p in group["params"]
    }

    assert peaks[(2, 4)] == pytest.approx(1.0)
    assert peaks[(2,)] == pytest.approx(0.1)


def test_a_gradient_that_is_not_finite_moves_nothing() -> None:
    net = TwoTables()
    optimizers = Optimizers(net, recipe())
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    (net(torch.tensor([[1, 2]])).sum() * float("nan")).backward()

    norm = optimizers.step(1.0)

    assert norm != norm
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("settings", OPTIMIZERS, ids=str)
def test_optimizer_state_comes_back(settings: dict[str, object]) -> None:
    net = TwoTables()
    optimizers = Optimizers(net, recipe(**settings))
    net(torch.tensor([[1, 2]])).sum().backward()
    optimizers.step(1.0)

    tensors, numbers = optimizers.state()
    again = Optimizers(net, recipe(**settings))
    again.restore(tensors, numbers)

    assert {name: tensor.tolist() for name, tensor in again.state()[0].items()} == {
        name: tensor.tolist() for name, tensor in tensors.items()
    }
    assert again.state()[1] == numbers


def test_a_long_gradient_is_shortened_before_it_moves_anything() -> None:
    torch.manual_seed(0)
    net, twin = TwoTables(), TwoTables()
    twin.load_state_dict(net.state_dict())
    norms = []
    for module, scale in ((net, 1.0), (twin, 1000.0)):
        optimizers = Optimizers(module, recipe(clip=0.01, weight_decay=0.0))
        (module(torch.tensor([[1, 2]])).square().sum() * scale).backward()
        norms.append(optimizers.step(1.0))
        kept = torch.nn.utils.get_total_norm([p.grad for p in optimizers.dense])
        assert float(kept) == pytest.approx(0.01, rel=1e-3)

    assert norms[1] == pytest.approx(1000 * norms[0], rel=1e-3)  # what is told is the length before
