"""The knobs with which a teacher builds the nets of a textbook, layer by layer. What stands empty is as the size says."""

from collections.abc import Collection
from dataclasses import dataclass

from slm_studio.core.knobs import knob, knobs
from slm_studio.core.texts import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class ShapeOptions:
    """How a net that reads word after word is built, what it decides by, and what it is told about its mistakes."""

    layers: tuple[int, ...] | None = knob(
        None, "Layers", "Widths of stacked layers, of one direction each, such as 64, 32.", low=1, high=4096
    )
    embedding: int | None = knob(
        None, "Embedding width", "Numbers that stand for a word, learnt like all others.", low=1, high=4096
    )
    vectors: str = knob(
        "",
        "Begin with word vectors",
        "A model of word vectors of yours. Its words become the vocabulary, its numbers the embeddings to begin with.",
        models="hits",
    )
    directions: str = knob(
        "both",
        "Directions",
        "From both ends a word is read with what follows it; one direction is the textbook's.",
        choices={"both": mark("Both"), "one": mark("One")},
    )
    readout: str = knob(
        "attended",
        "Read out",
        "What decides: the strongest and the attended moments of the whole text, or the state at its end.",
        choices={"attended": mark("Maximum and attention"), "last": mark("Last state")},
    )
    activation: str = knob(
        "tanh",
        "Activation",
        "What squashes a cell's numbers. ReLU lets large ones grow, and is several times slower here.",
        choices={"tanh": "tanh", "relu": "ReLU"},
    )
    output: str = knob(
        "softmax",
        "Output",
        "A softmax shares 1 among the labels. One sigmoid tells two labels apart, with the same numbers.",
        choices={"softmax": mark("Softmax over labels"), "sigmoid": mark("One sigmoid")},
    )
    loss: str = knob(
        "auto",
        "Loss",
        "What learning makes small. Automatic is cross-entropy, the binary one for a sigmoid.",
        choices={
            "auto": mark("Automatic"),
            "cross_entropy": mark("Cross-entropy"),
            "binary": mark("Binary cross-entropy"),
            "mse": mark("Mean squared error"),
        },
    )


def shape_knobs(shown: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of these knobs, without those that a family shows: what means nothing for its shape."""
    return tuple(each.name for each in knobs(ShapeOptions) if each.name not in shown)
