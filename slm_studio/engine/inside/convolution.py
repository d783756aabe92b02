"""The way through a convolutional classifier: filters that look at a few pieces at a time, and the strongest answer of each."""

# P places of a filter, F filters of one width

from collections.abc import Iterator

from torch import nn

from slm_studio.core.inside import Grid, Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.grids import Pieces, grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.models.convolution import CNNForSequenceClassification

_WINDOWS = mark("each row a window, each column a filter")
_FILTERS = mark("each column a filter")


def convolution_stages(net: CNNForSequenceClassification, pieces: Pieces) -> Iterator[Stage]:
    """Yield the way from the pieces to what the whole text is read as."""
    table = net.embeddings
    step = Step(
        key="embedding",
        title=mark("Embedding"),
        values={"width": net.config.embedding_size},
        about=mark("Every piece becomes a vector of {width} numbers, looked up in a table that the model has learnt."),
        formula="<i>x</i><sub>t</sub> = <i>E</i><sub>piece(t)</sub>",
    )
    yield Stage(step, (table,), lambda seen: (grid(mark("Vectors of the pieces"), pieces, seen.given(table)),))
    for filters in net.filters:
        yield _filters(filters, pieces)


def _filters(filters: nn.Module, pieces: Pieces) -> Stage:
    assert isinstance(filters, nn.Conv1d)
    width = filters.kernel_size[0]

    def grids(seen: Recording) -> tuple[Grid, ...]:
        answers_PF = seen.given(filters).relu().transpose(0, 1)
        names = pieces.names
        windows = Pieces(
            tuple(" ".join(names[max(0, end - width) : end]) for end in range(1, len(answers_PF) + 1)), pieces.first
        )
        return (
            grid(mark("What each filter says of each window"), windows, answers_PF, reads=_WINDOWS),
            grid(mark("Strongest of each filter"), ("",), answers_PF.amax(0), reads=_FILTERS),
        )

    step = Step(
        key=f"filters-{width}",
        title=mark("Filters of {width} pieces"),
        values={"width": width, "count": filters.out_channels},
        about=mark(
            "{count} filters look at {width} pieces at a time; each says how strongly it finds there what it has learnt to look for. Of each only the strongest answer counts."
        ),
        formula=f"<i>a</i><sub>t</sub> = ReLU(<i>W</i> [ <i>x</i><sub>t−{width - 1}</sub> … <i>x</i><sub>t</sub> ] + <i>b</i>)\n"
        "<i>x</i> = max<sub>t</sub> <i>a</i><sub>t</sub>",
    )
    return Stage(step, (filters,), grids)
