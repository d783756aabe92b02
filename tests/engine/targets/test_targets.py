"""What each kind of answer learns, chooses and says."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers import BertConfig, BertForSequenceClassification

from slm_studio.core.results import Label, Number
from slm_studio.core.tasks.classify import ClassifyOptions
from slm_studio.core.work import outcome
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.targets import TARGETS, target_of
from slm_studio.engine.targets.amount import Amount
from slm_studio.engine.targets.several_labels import SeveralLabels
from slm_studio.engine.task import Judgement

ONE, MANY, NUMBER = TARGETS["one"], TARGETS["many"], TARGETS["number"]
OPTIONS = ClassifyOptions(label_smoothing=0.0)


def loaded(facts: dict[str, object]) -> Loaded:
    labels = target_of(facts).outputs(facts)
    config = BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, num_labels=labels
    )
    return Loaded(BertForSequenceClassification(config), None, facts)  # type: ignore[arg-type]


def test_facts_without_a_target_mean_one_label() -> None:
    assert target_of({}) is ONE


def test_several_labels_are_learnt_with_a_sigmoid_each() -> None:
    model = loaded(MANY.learn(["a;b", "a", "b;c", "", "a;c", "c"], ";") | {"target": "many"})
    columns = MANY.columns(["a;b", "", "strange;c"], model)

    assert model.facts["labels"] == ["a", "c", "b"]
    assert columns["labels"] == [[0, 2], [], [1]]
    batch = {"labels": torch.tensor([[0, 2], [-1, -1], [1, -1]])}
    logits = torch.randn(3, 3, generator=torch.manual_seed(0))
    true = torch.tensor([[1.0, 0, 1], [0, 0, 0], [0, 1, 0]])
    expected = functional.binary_cross_entropy_with_logits(logits, true)
    assert MANY.loss(logits, batch, model, OPTIONS) == pytest.approx(float(expected))
    assert MANY.observe(logits, batch, model)["given"].tolist() == true.bool().tolist()


def test_several_labels_are_those_above_their_thresholds_and_there_may_be_none() -> None:
    facts = {"target": "many", "labels": ["a", "b", "c"], "counts": [3, 3, 3], "thresholds": [0.7, 0.2, 0.5]}
    model = loaded(facts)

    assert [*MANY.items(np.array([0.6, 0.3, 0.4], np.float32), model, {})] == [
        Label("a", pytest.approx(0.6), False), Label("c", pytest.approx(0.4), False), Label("b", pytest.approx(0.3), True),
    ]  # fmt: skip
    assert not any(each.chosen for each in MANY.items(np.array([0.6, 0.1, 0.4], np.float32), model, {}))
    assert [each.label for each in MANY.items(np.array([0.6, 0.3, 0.4], np.float32), model, {"top": 1})] == ["a", "b"]


def test_the_config_says_what_pipelines_have_to_know() -> None:
    many = loaded(MANY.learn(["a;b", "a", "b"], ";") | {"target": "many"})
    number = loaded(NUMBER.learn(["1", "2", "3"], "") | {"target": "number"})
    MANY.name(many)
    NUMBER.name(number)

    assert (many.net.config.problem_type, many.net.config.id2label) == ("multi_label_classification", {0: "a", 1: "b"})
    assert (number.net.config.problem_type, number.net.config.num_labels) == ("regression", 1)


def test_rows_without_a_label_are_rows_where_a_sign_joins_them_and_left_out_where_lists_do() -> None:
    assert SeveralLabels().answered(["a;b", "", "c"], ";") == [True, True, True]
    assert SeveralLabels().answered(['["a"]', "", "[]"], "list") == [True, False, True]


def test_no_part_of_the_rows_loses_its_rarest_label() -> None:
    assert MANY.strata(["a;b", "a;rare", "", "b", "a"], ";") == ["b", "rare", "", "b", "a"]


def test_numbers_come_back_in_the_unit_of_the_file() -> None:
    facts = NUMBER.learn(["1,5", "2,5", "3,5", "4,5"], "") | {"target": "number"}
    model = loaded(facts)
    values = NUMBER.columns(["2,5", "none", "3.5"], model)["labels"]

    assert (facts["mean"], facts["share"]) == (3.0, 0.0)
    assert NUMBER.numbers(torch.tensor(values)[:1, None], model)[0, 0] == pytest.approx(2.5)
    assert np.isnan(values[1])
    (item,) = NUMBER.items(np.array([2.468]), model, {})
    assert item == Number(2.468, None, None, "2,5")


def test_a_number_has_the_range_in_which_held_out_rows_lay() -> None:
    model = loaded(NUMBER.learn([str(n) for n in range(50)], "") | {"target": "number"})
    seen = {"predicted": np.zeros(20), "labels": np.arange(20.0) - 10}
    model.facts |= NUMBER.calibrate(seen, model)

    (item,) = NUMBER.items(np.array([5.0]), model, {})

    assert (item.low, item.high) == (-4.0, 14.0)
    assert (np.abs(seen["labels"]) <= 9).mean() == 0.95
    assert NUMBER.calibrate({name: each[:19] for name, each in seen.items()}, model) == {}


@pytest.mark.parametrize(
    ("cells", "share"), [(["0.1", "0.9"], 1.0), (["10 %", "90 %"], 100.0), (["1", "5"], 0.0), (["-0.5", "0.5"], 0.0)]
)
def test_shares_are_known_as_such(cells: list[str], share: float) -> None:
    assert Amount().learn(cells, "")["share"] == share


@pytest.mark.parametrize("key", ["one", "many", "number"])
def test_a_row_of_weight_two_counts_as_two_rows(key: str) -> None:
    target, cells = TARGETS[key], ["1", "2", "1", "2"]
    model = loaded(target.learn(cells, ";") | {"target": key})
    labels = torch.tensor(np.array(target.columns(cells, model)["labels"]))
    logits = torch.randn(4, target.outputs(model.facts), generator=torch.manual_seed(1))
    twice = [0, 0, 1, 2]

    weighed = target.loss(logits, {"labels": labels, "weights": torch.tensor([2.0, 1, 1, 0])}, model, ClassifyOptions())
    repeated = target.loss(logits[twice], {"labels": labels[twice]}, model, ClassifyOptions())

    assert float(weighed) == pytest.approx(float(repeated), rel=1e-5)
    even = {"labels": labels, "weights": torch.ones(4)}
    assert float(target.loss(logits, even, model, ClassifyOptions(class_weights="balanced"))) == pytest.approx(
        float(target.loss(logits, {"labels": labels}, model, ClassifyOptions(class_weights="balanced"))), rel=1e-5
    )


def test_a_model_that_is_as_right_as_the_linear_one_is_not_behind_it() -> None:
    texts = [f"{'apple' if n % 2 else 'tea'} {'red' if n % 3 else 'green'}" for n in range(60)]
    cells = [";".join(text.split()) for text in texts]
    model = loaded(MANY.learn(["red", "red;tea", "green;apple", "green"], ";") | {"target": "many"})
    names = model.facts["labels"]
    assert isinstance(names, list)
    chosen = np.array([[name in cell.split(";") for name in names] for cell in cells])
    judged = Judgement(loss=0.0, metrics=(), evidence=chosen)

    _, linear = outcome(MANY.baselines(({"text": texts}, cells), ({"text": texts}, cells), judged, model))

    assert [metric.value for metric in linear.metrics if metric.key == "f1_micro"] == [1.0]
    assert linear.verdict == "none"
