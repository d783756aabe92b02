"""Import what later verbs need, before a person waits for it."""

from collections.abc import Iterator
from importlib import import_module

from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.tasks import all_tasks
from slm_studio.engine.libraries import load_transformers
from slm_studio.engine.watched import watched

_ROOMS = ("slm_studio.engine.training.runs", "slm_studio.engine.measuring.baselines")
_DESK = ("numpy", "pyarrow", "pyarrow.csv", "pyarrow.ipc")
_MODELS = (
    "AutoConfig",
    "AutoTokenizer",
    "AutoModelForCausalLM",
    "AutoModelForSequenceClassification",
    "PreTrainedTokenizerFast",
)


def warm_up(torch: bool) -> Iterator[Event]:
    """Import the libraries of data, and with `torch` those of models. Ends in Finished(None)."""
    yield Progress("Getting ready", 0, 2)
    for name in _DESK:
        import_module(name)
    yield Progress("Getting ready", 1, 2)
    if torch:
        yield from make_ready()
    yield Finished(None)


def make_ready() -> Iterator[Event]:
    """Import what training and answering need; on a busy machine that takes long, so it is watched."""
    return watched("Getting ready", _warm_torch)


def _warm_torch() -> None:
    load_transformers()
    import torch
    import transformers

    for name in _MODELS:
        getattr(transformers, name)  # transformers imports each on first use
    for room in _ROOMS:
        import_module(room)
    from slm_studio.engine.tasks import task_of

    for info in all_tasks():
        task_of(info.key)
    # The first optimizer imports torch._dynamo (1.5 s).
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
