"""Recurrent nets as a teacher orders them: widths of layers, directions, what is read out, one sigmoid."""

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from slm_studio.core.errors import StudioError
from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.cells import Loop
from slm_studio.engine.models.classifiers import FAMILIES, RECURRENT, make_classifier, register_families
from slm_studio.engine.models.decisions import chance_of, loss_named, refuse_decision, squared_error
from slm_studio.engine.models.foreign_config import check_config

TEXTBOOK = ShapeOptions(layers=(64, 32), embedding=128, directions="one", readout="last", output="sigmoid")
SHAPES = [
    ShapeOptions(),
    TEXTBOOK,
    ShapeOptions(layers=(6, 4)),
    ShapeOptions(readout="last"),
    ShapeOptions(directions="one", activation="relu"),
    ShapeOptions(layers=(6,), activation="relu", readout="last"),
]


def make(family: str, wished: ShapeOptions, labels: int = 2, size: str = "nano", dropout: float = 0.0):
    torch.manual_seed(0)
    return make_classifier(
        family, size, vocabulary_size=50, labels=labels, max_length=32, dropout=dropout, pad_token_id=0, wished=wished
    ).eval()


def batch(rows: int = 6, longer: int = 0) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    lengths_B = torch.randint(1, 9, (rows,))
    ids_BT = torch.randint(1, 50, (rows, 9 + longer))
    mask_BT = (torch.arange(9 + longer)[None] < lengths_B[:, None]).long()
    return {"input_ids": ids_BT * mask_BT, "attention_mask": mask_BT}


@pytest.mark.parametrize("wished", SHAPES, ids=str)
@pytest.mark.parametrize("cell", RECURRENT)
@torch.inference_mode()
def test_every_shape_ignores_padding_and_comes_back_from_its_folder(
    cell: str, wished: ShapeOptions, tmp_path: Path
) -> None:
    register_families()
    net, given = make(cell, wished), batch()
    logits = net(**given).logits

    alone = [
        net(input_ids=ids[None, : mask.sum()], attention_mask=mask[None, : mask.sum()]).logits
        for ids, mask in zip(given["input_ids"], given["attention_mask"], strict=True)
    ]
    longer = {name: functional.pad(tensor, (0, 20)) for name, tensor in given.items()}
    net.save_pretrained(tmp_path)
    opened = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()

    for other in (torch.cat(alone), net(**longer).logits, opened(**given).logits):
        torch.testing.assert_close(other, logits, rtol=1e-4, atol=1e-5)
    assert type(opened) is type(net) and opened.config.model_type == f"slm-{cell}"


def test_the_textbooks_net_has_the_textbooks_layers() -> None:
    net = make("lstm", TEXTBOOK)

    first, second = net.reader.layers
    assert net.reader.embeddings.weight.shape == (50, 128)
    assert (first.input_size, first.hidden_size, second.input_size, second.hidden_size) == (128, 64, 64, 32)
    assert not first.bidirectional and not second.bidirectional
    assert net.classifier.weight.shape == (1, 32) and not hasattr(net, "attention")
    assert (net.config.hidden_size, net.config.num_hidden_layers) == (32, 2)


@torch.inference_mode()
def test_two_directions_of_own_widths_read_each_others_words() -> None:
    net = make("gru", ShapeOptions(layers=(6, 4), readout="last"))

    first, second = net.reader.layers
    assert (first.hidden_size, second.input_size, second.hidden_size) == (6, 12, 4)
    assert net.classifier.weight.shape == (2, 8)


@pytest.mark.parametrize("cell", RECURRENT)
@torch.inference_mode()
def test_the_last_state_is_where_each_direction_ends(cell: str) -> None:
    net = make(cell, ShapeOptions(readout="last"))
    ids = torch.randint(1, 50, (1, 7))
    layer = getattr(net.reader, cell)

    _, ended = layer(net.reader.embeddings(ids))
    ended = ended[0] if cell == "lstm" else ended
    by_hand = net.classifier(torch.cat([ended[0], ended[1]], dim=-1))

    torch.testing.assert_close(net(input_ids=ids, attention_mask=torch.ones_like(ids)).logits, by_hand)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_relu_takes_our_loop_and_an_elman_net_the_librarys(cell: str) -> None:
    wished = ShapeOptions(activation="relu")

    assert isinstance(make(cell, wished).reader.layers[0], Loop)
    assert make("rnn", wished).reader.rnn.nonlinearity == "relu"


@torch.inference_mode()
def test_a_folder_of_before_still_opens(tmp_path: Path) -> None:
    """Its config knows nothing of cells, readouts and widths."""
    register_families()
    net, given = make("lstm", ShapeOptions()), batch()
    net.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    for name in ("hidden_sizes", "readout", "activation", "single_output"):
        config.pop(name, None)
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    opened = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()

    assert {"reader.lstm.weight_ih_l0", "reader.lstm.weight_hh_l0_reverse", "attention.weight"} <= set(net.state_dict())
    torch.testing.assert_close(opened(**given).logits, net(**given).logits, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", [*RECURRENT, "cnn"])
def test_one_sigmoid_says_what_a_two_way_decision_says(family: str) -> None:
    net, labels_B = make(family, ShapeOptions(output="sigmoid")), torch.tensor([0, 1, 1, 0, 1, 0])
    output = net(**batch(), labels=labels_B)
    single_B = output.logits[:, 1]

    assert net.classifier.weight.shape[0] == 1 and (output.logits[:, 0] == 0).all()
    wanted = functional.binary_cross_entropy_with_logits(single_B, labels_B.float())
    torch.testing.assert_close(output.loss, wanted)
    torch.testing.assert_close(output.logits.softmax(-1)[:, 1], single_B.sigmoid())


def test_two_weights_of_a_softmax_move_as_the_one_of_a_sigmoid_does() -> None:
    """The gradient of the one logit is that of the second of two, whose first stands still."""
    single, double = make("lstm", ShapeOptions(output="sigmoid")), make("lstm", ShapeOptions())
    with torch.no_grad():
        double.reader.load_state_dict(single.reader.state_dict())
        double.attention.load_state_dict(single.attention.state_dict())
        double.classifier.weight.copy_(
            torch.cat([torch.zeros_like(single.classifier.weight), single.classifier.weight])
        )
        double.classifier.bias.zero_()
    labels_B = torch.tensor([0, 1, 1, 0, 1, 0])
    losses = [net(**batch(), labels=labels_B).loss for net in (single, double)]
    for loss in losses:
        loss.backward()

    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(single.classifier.weight.grad[0], double.classifier.weight.grad[1])
    torch.testing.assert_close(single.reader.lstm.weight_ih_l0.grad, double.reader.lstm.weight_ih_l0.grad)


def test_the_squared_error_is_the_textbooks() -> None:
    logits_BL = torch.randn(5, 3)
    labels_B = torch.tensor([0, 2, 1, 1, -100])
    by_hand = torch.nn.functional.mse_loss(
        logits_BL[:4].softmax(-1), functional.one_hot(labels_B[:4], 3).float()
    )  # Keras: the mean over rows and labels

    torch.testing.assert_close(squared_error(logits_BL, labels_B), by_hand)
    assert squared_error(logits_BL, labels_B, reduction="none")[4] == 0
    single_B = torch.randn(4)
    of_sigmoid = functional.mse_loss(single_B.sigmoid(), torch.tensor([0.0, 1, 1, 0]))
    two_way = squared_error(torch.stack([torch.zeros(4), single_B], 1), torch.tensor([0, 1, 1, 0]))
    torch.testing.assert_close(two_way, of_sigmoid)
    weight = torch.tensor([1.0, 2.0, 4.0])
    each = squared_error(logits_BL, labels_B, reduction="none")[:4]
    weighed = (each * weight[labels_B[:4]]).sum() / weight[labels_B[:4]].sum()
    torch.testing.assert_close(squared_error(logits_BL, labels_B, weight=weight), weighed)


@pytest.mark.parametrize("name", ["auto", "mse"])
def test_chance_is_the_loss_of_guessing_by_the_shares(name: str) -> None:
    labels_B = torch.tensor([0] * 6 + [1] * 3 + [2])
    shares_L = torch.tensor([0.6, 0.3, 0.1])

    guessed = loss_named(name)(shares_L.log().expand(10, 3), labels_B)

    assert chance_of(name, shares_L.double().numpy()) == pytest.approx(float(guessed), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "code"),
    [(ShapeOptions(output="sigmoid"), "output-labels"), (ShapeOptions(loss="binary"), "loss-labels")],
)
def test_what_tells_two_labels_apart_is_refused_for_five(options: ShapeOptions, code: str) -> None:
    refuse_decision(options, 2)
    with pytest.raises(StudioError) as caught:
        refuse_decision(options, 5)

    assert caught.value.code == code and "5" in str(caught.value)


def test_a_net_with_one_sigmoid_can_be_continued_with_more_labels() -> None:
    register_families()
    config = make("lstm", TEXTBOOK).config
    config.num_labels = 5

    assert AutoModelForSequenceClassification.from_config(config).classifier.weight.shape[0] == 5


# What the comments beside the shapes say, in millions, without the table of words.
@pytest.mark.parametrize(
    ("family", "millions"),
    [
        ("rnn", (0.03, 0.13, 0.66, 2.5)),
        ("gru", (0.09, 0.37, 2.0, 7.5)),
        ("lstm", (0.11, 0.5, 2.6, 10.0)),
        ("cnn", (0.07, 0.15, 0.36, 1.2)),
    ],
)
def test_the_parameters_are_those_that_are_told(family: str, millions: tuple[float, ...]) -> None:
    assert list(FAMILIES[family].sizes) == ["nano", "micro", "small", "base"]
    for size, told in zip(FAMILIES[family].sizes, millions, strict=True):
        with torch.device("meta"):
            net = make(family, ShapeOptions(), labels=5, size=size)
        count = sum(parameter.numel() for name, parameter in net.named_parameters() if "embeddings" not in name)
        assert count / 1e6 == pytest.approx(told, rel=0.03, abs=0.006), size


@pytest.mark.parametrize("change", [{"hidden_sizes": [10**9]}, {"hidden_sizes": [1] * 600}, {"hidden_sizes": ["x"]}])
def test_a_foreign_folder_that_asks_for_too_much_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "slm-gru"} | change), encoding="utf-8")

    with pytest.raises(StudioError) as caught:
        check_config(tmp_path)

    assert caught.value.code == "model-size"
