"""The way through a net as stages: what each of them says of itself, and how its numbers are read off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from transformers import PreTrainedModel

from slm_studio.core.errors import StudioError
from slm_studio.core.inside import Grid, Inside, Step
from slm_studio.engine.inside.recording import Recording, record


@dataclass(frozen=True, slots=True)
class Stage:
    """A step, the modules that are watched for its numbers, and what is made of what went through them."""

    step: Step
    watched: tuple[nn.Module, ...]
    grids: Callable[[Recording], tuple[Grid, ...]]


def look_inside(
    net: PreTrainedModel, stages: Sequence[Stage], run: Callable[[], Tensor], chosen: str, *, read: int, cut: int = 0
) -> Inside:
    """Return all steps, and the numbers of the chosen one ("": the first) as `run`, which asks the net, produces them.

    `read` and `cut` are how many pieces of the text `run` gives to the net, and how many it does not.
    Raises StudioError where there is no such step.
    """
    stage = next((stage for stage in stages if chosen in ("", stage.step.key)), None)
    if stage is None:
        raise StudioError(
            "no-such-step",
            "This model has no step “{step}”.",
            "Choose one of: {steps}.",
            step=chosen,
            steps=", ".join(stage.step.key for stage in stages),
        )
    recording = record(net, stage.watched, run)
    steps = tuple(stage.step for stage in stages)
    return Inside(steps=steps, step=stage.step.key, grids=stage.grids(recording), read=read, cut=cut)
