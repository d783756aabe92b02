"""The last step of a classifier: from one vector to an answer."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from transformers import PreTrainedModel

from slm_studio.core.inside import Grid, Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.grids import Pieces, grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.inside.traits import LINEAR
from slm_studio.engine.models.decisions import is_single

# What the outputs of the net are taken for: name, output, and the number that an answer says; the likeliest first
Answers = Callable[[Tensor], Sequence[tuple[str, float, float]]]
LOGIT, SAID = mark("logit"), mark("model says")
ABOUT = mark("One linear layer turns what was read into a number for every answer, and these into what the model says.")
SINGLE = mark(
    "One linear layer turns what was read into a single number, and a sigmoid this into how likely one label is; "
    "the other has what is left. So its own logit is always 0."
)


def decision_stage(net: PreTrainedModel, pieces: Pieces, formula: str, answers: Answers) -> Stage:
    """Return the last stage of a net that ends in a linear layer. `formula` says how outputs become answers."""
    head = _head(net)

    def grids(seen: Recording) -> tuple[Grid, ...]:
        read = seen.taken(head)
        rows = pieces if len(pieces) == read.numel() // read.shape[-1] else ("",)
        return answers_grid(seen, answers), grid(mark("What it decides by"), rows, read)

    about = SINGLE if is_single(net) else ABOUT
    return Stage(output_step(f"<i>z</i> = <i>W</i> <i>x</i> + <i>b</i>\n{formula}", about), (head,), grids)


def output_step(formula: str, about: str = ABOUT) -> Step:
    """Return what the last step says of itself."""
    return Step(key="output", title=mark("The answer"), about=about, formula=formula)


def answers_grid(seen: Recording, answers: Answers) -> Grid:
    """Return the answers of the net, a row each."""
    assert seen.final is not None
    found = answers(seen.final)
    return Grid(
        title=mark("Answer"),
        kind="chances",
        rows=tuple(name for name, _, _ in found),
        columns=(LOGIT, SAID),
        cells=tuple((output, said) for _, output, said in found),
        width=2,
    )


def _head(net: PreTrainedModel) -> nn.Module:
    """Return the last linear layer that is no part of the net that reads."""
    reader = {id(part) for part in net.base_model.modules()} if net.base_model is not net else set()
    return [part for part in net.modules() if isinstance(part, LINEAR) and id(part) not in reader][-1]
