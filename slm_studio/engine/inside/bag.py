"""The way through a bag of words: what each feature of the text says for each answer, and the vector that all of them make."""

# F features of the text, L labels, D width

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from slm_studio.core.inside import MOST_PIECES, Grid, Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.grids import grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.models.bag import BIAS, DEEP, DIRECT, PADDING, BagForSequenceClassification

MOST_ANSWERS = 12  # columns of what features say
EVERYWHERE = "b"  # what counts in every text


def bag_stages(
    net: BagForSequenceClassification, ids_F: Tensor, features: Sequence[str], names: Sequence[str]
) -> Iterator[Stage]:
    """Yield the way from the features to what each of the ways says. `names` are those of the outputs."""
    yield _values(net, ids_F, features)
    if net.config.direct_gain:
        yield _direct(net, ids_F, features, names)
    if net.config.hidden_size:
        yield _deep(net, ids_F, features, names)


def values_of(net: BagForSequenceClassification, ids_F: Tensor) -> Tensor:
    """Return how much each feature counts in the text."""
    if not net.config.weighed:
        return torch.ones(len(ids_F)) / max(1, len(ids_F)) ** 0.5
    values_F = net.weights[ids_F].float().cpu()
    return values_F / values_F.square().sum().sqrt().clamp(min=1e-6)


@torch.no_grad()
def direct_parts(net: BagForSequenceClassification, ids_F: Tensor) -> Tensor:
    """Return what each feature adds to each output [F + 1, L]; the last row counts in every text."""
    table_VL = net.direct.weight.detach().float().cpu()
    return torch.cat([values_of(net, ids_F)[:, None] * table_VL[ids_F], BIAS * table_VL[PADDING][None]])


@torch.no_grad()
def deep_parts(net: BagForSequenceClassification, ids_F: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each feature adds to the vector of the text [F, D], and that vector [D]."""
    scale = net.config.deep_scale if net.config.weighed else 1.0
    vectors_FD = scale * values_of(net, ids_F)[:, None] * net.table.weight.detach().float().cpu()[ids_F]
    return vectors_FD, vectors_FD.sum(0)


def _values(net: BagForSequenceClassification, ids_F: Tensor, features: Sequence[str]) -> Stage:
    def grids(seen: Recording) -> tuple[Grid, ...]:
        values_F = values_of(net, ids_F)
        order = values_F.argsort(descending=True, stable=True)[:MOST_PIECES]
        chosen = [features[at] for at in order.tolist()]
        return (grid(mark("How much each counts"), chosen, values_F[order][:, None]),)

    step = Step(
        key="features",
        title=mark("Features"),
        values={"n": len(features)},
        about=mark(
            "The text is taken apart into {n} {n:feature|features}: words, word pairs and parts of words. Rare ones count more; order beyond pairs is lost."
        )
        if net.config.weighed
        else mark("The text is taken apart into {n} {n:feature|features}: words, word pairs and parts of words."),
        formula="<i>v</i><sub>f</sub> = idf<sub>f</sub> / √( Σ<sub>g</sub> idf<sub>g</sub>² )"
        if net.config.weighed
        else "<i>v</i><sub>f</sub> = 1 / √<i>n</i>",
    )
    return Stage(step, (), grids)


def _direct(net: BagForSequenceClassification, ids_F: Tensor, features: Sequence[str], names: Sequence[str]) -> Stage:
    def grids(seen: Recording) -> tuple[Grid, ...]:
        assert seen.final is not None
        parts_FL = direct_parts(net, ids_F)
        rows, columns = _strongest(parts_FL), _likeliest(seen.final)
        shown = [features[at] if at < len(features) else EVERYWHERE for at in rows.tolist()]
        return (
            grid(
                mark("What each feature says"), shown, parts_FL[rows][:, columns],
                columns=[names[at] for at in columns.tolist()],
            ),
            grid(mark("Sum"), ("",), parts_FL.sum(0)[columns], columns=[names[at] for at in columns.tolist()]),
        )  # fmt: skip

    step = Step(
        key=DIRECT,
        title=mark("Direct way"),
        about=mark("Each feature speaks for itself for or against each answer; what they say is added up."),
        formula="<i>m</i><sub>y</sub> = Σ<sub>f</sub> <i>v</i><sub>f</sub> <i>w</i><sub>fy</sub> + <i>b</i><sub>y</sub>",
    )
    return Stage(step, (), grids)


def _deep(net: BagForSequenceClassification, ids_F: Tensor, features: Sequence[str], names: Sequence[str]) -> Stage:
    def grids(seen: Recording) -> tuple[Grid, ...]:
        vectors_FD, sum_D = deep_parts(net, ids_F)
        rows = _strongest(vectors_FD)
        said_L = net.classifier(sum_D.to(net.classifier.weight)).detach().float().cpu()
        columns = _likeliest(seen.final if seen.final is not None else said_L)
        return (
            grid(mark("Vectors of the features"), [features[at] for at in rows.tolist()], vectors_FD[rows]),
            grid(mark("Their sum"), ("",), sum_D),
            grid(mark("What it says"), ("",), said_L[columns], columns=[names[at] for at in columns.tolist()]),
        )

    scale = f"{net.config.deep_scale:g} " if net.config.weighed else ""
    step = Step(
        key=DEEP,
        title=mark("Deep way"),
        values={"width": net.config.hidden_size},
        about=mark(
            "Each feature has a vector of {width} numbers; features that mean the same lie close together. Their sum decides."
        ),
        formula=f"<i>x</i> = {scale}Σ<sub>f</sub> <i>v</i><sub>f</sub> <i>e</i><sub>f</sub>\n<i>d</i> = <i>W</i> <i>x</i> + <i>b</i>",
    )
    return Stage(step, (), grids)


def _strongest(parts: Tensor) -> Tensor:
    return parts.abs().amax(-1).argsort(descending=True, stable=True)[:MOST_PIECES]


def _likeliest(outputs_L: Tensor) -> Tensor:
    return outputs_L.argsort(descending=True, stable=True)[:MOST_ANSWERS]
