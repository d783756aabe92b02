"""The first step of a Transformer: from pieces to the vectors that its first layer takes in."""

from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedModel

from slm_studio.core.inside import Grid, Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.grids import Pieces, grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage

_PLACED = mark(
    "Every piece becomes a vector of {width} numbers, looked up in a table that the model has learnt. A second table adds where the piece stands."
)
_UNPLACED = mark(
    "Every piece becomes a vector of {width} numbers, looked up in a table that the model has learnt. Where it stands comes in later, in the attention."
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules that make the vectors of pieces; None: the net has no such part."""

    pieces: nn.Module
    places: nn.Module | None  # where a piece stands
    texts: nn.Module | None  # which text of a pair it is of
    norm: nn.Module | None
    projection: nn.Module | None  # to the width of the layers

    def formula(self, width: int) -> str:
        """Return how they come together."""
        scale = f"√{width} " if "Scaled" in type(self.pieces).__name__ else ""
        found = f"{scale}<i>E</i><sub>piece(i)</sub>"
        found += " + <i>P</i><sub>i</sub>" if self.places is not None else ""
        found += " + <i>S</i><sub>text(i)</sub>" if self.texts is not None else ""
        if self.norm is not None:
            found = f"{type(self.norm).__name__}({found})"
        if self.projection is not None:
            found = f"<i>W</i> {found if self.norm is not None else f'({found})'} + <i>b</i>"
        return f"<i>x</i><sub>i</sub> = {found}"


def parts_of(net: PreTrainedModel) -> Parts:
    """Find the modules by the names that they have in all nets."""

    def named(*ends: str) -> nn.Module | None:
        return next((module for name, module in net.named_modules() if name.endswith(ends)), None)

    adds_places = getattr(net.config, "position_biased_input", True)  # DeBERTa may leave them to its attention
    return Parts(
        pieces=net.get_input_embeddings(),
        places=named("position_embeddings", "wpe") if adds_places else None,
        texts=named("token_type_embeddings"),
        norm=named("embeddings.LayerNorm", "embeddings.norm"),
        projection=named("embedding_hidden_mapping_in", "embeddings_project"),
    )


def embedding_stage(net: PreTrainedModel, pieces: Pieces, first: nn.Module) -> Stage:
    """Return the way from pieces to vectors; `first` is the layer that takes them in."""
    parts = parts_of(net)

    def grids(seen: Recording) -> tuple[Grid, ...]:
        found = [grid(mark("Vectors of the pieces"), pieces, seen.given(parts.pieces))]
        if parts.places is not None:
            places = seen.given(parts.places).expand(len(pieces), -1)
            found.append(grid(mark("Vectors of their places"), pieces, places))
        return (*found, grid(mark("What goes into layer 1"), pieces, seen.taken(first)))

    step = Step(
        key="embedding",
        title=mark("Embedding"),
        about=_PLACED if parts.places is not None else _UNPLACED,
        values={"width": net.config.hidden_size},
        formula=parts.formula(net.config.hidden_size),
    )
    watched = [parts.pieces, first, *([parts.places] if parts.places is not None else [])]
    return Stage(step, tuple(watched), grids)
