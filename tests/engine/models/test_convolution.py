"""The convolutional classifier is Kim's: filters over words, the strongest place of each, whatever padding stands around."""

import torch
from torch.nn import functional

from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.classifiers import make_classifier
from slm_studio.engine.models.convolution import CNNForSequenceClassification


def make() -> CNNForSequenceClassification:
    """Return a net whose biases speak, too: fresh ones are 0."""
    torch.manual_seed(0)
    net = make_classifier("cnn", "nano", vocabulary_size=50, labels=3, max_length=32, dropout=0.0, pad_token_id=0)
    assert isinstance(net, CNNForSequenceClassification)
    for filters in net.filters:
        torch.nn.init.normal_(filters.bias)
    torch.nn.init.normal_(net.embeddings.weight)  # the padding's vector is no 0 any more
    return net.eval()


@torch.inference_mode()
def test_each_filter_says_its_strongest_answer_over_all_places() -> None:
    net, ids = make(), torch.tensor([[4, 9, 2, 7, 30, 11]])
    vectors_TE = net.embeddings(ids)[0]
    strongest = []
    for filters in net.filters:
        width = filters.kernel_size[0]
        around = torch.zeros(width - 1, vectors_TE.shape[1])
        padded = torch.cat([around, vectors_TE, around])
        answers = [
            torch.einsum("few,we->f", filters.weight, padded[place : place + width]) + filters.bias
            for place in range(len(padded) - width + 1)
        ]
        strongest.append(torch.stack(answers).relu().amax(0))

    by_hand = functional.linear(torch.cat(strongest), net.classifier.weight, net.classifier.bias)

    torch.testing.assert_close(net(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0], by_hand)
    assert [filters.kernel_size[0] for filters in net.filters] == [3, 4, 5]


@torch.inference_mode()
def test_padding_changes_nothing_even_where_biases_are_large() -> None:
    net = make()
    texts = ([4], [4, 9], [4, 9, 2, 7], list(range(1, 13)))
    alone = [net(input_ids=torch.tensor([text]), attention_mask=torch.ones(1, len(text))).logits for text in texts]
    ids_BT = torch.tensor([text + [0] * (40 - len(text)) for text in texts])
    mask_BT = torch.arange(40)[None] < torch.tensor([[len(text)] for text in texts])

    together = net(input_ids=ids_BT, attention_mask=mask_BT.long()).logits

    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


def test_an_embedding_width_of_ones_own() -> None:
    net = make_classifier(
        "cnn", "nano", vocabulary_size=50, labels=2, max_length=32, dropout=0.0, pad_token_id=0,
        wished=ShapeOptions(embedding=24, output="sigmoid", layers=(7,)),
    )  # fmt: skip

    assert net.embeddings.weight.shape == (50, 24) and net.classifier.weight.shape[0] == 1
