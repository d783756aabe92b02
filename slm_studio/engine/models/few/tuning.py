"""Few rows as the one loop asks for them: the network made ready, the loss of a batch, the head before each look."""

# B rows of a batch, N rows, H numbers of a vector, L labels

import numpy as np
import torch
from torch import Tensor

from slm_studio.core.events import Progress
from slm_studio.core.work import Work
from slm_studio.engine.examples import WEIGHTS, Batch, Packed, by_length
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.asking import logits_of
from slm_studio.engine.models.few import head
from slm_studio.engine.models.few.likeness import pair_loss
from slm_studio.engine.models.few.readout import average, can_average, handed, last_layer

STILL = "still"  # among the facts while a net learns: the names of parameters that stay as they are
READING = "Reading rows with the tuned base"
READ = 64  # rows at once


def make_ready(loaded: Loaded) -> None:
    """Let the network read out the mean of all tokens, and keep its table of tokens as it is: few rows touch few of them."""
    table = loaded.net.get_input_embeddings().weight
    still = [name for name, parameter in loaded.net.named_parameters() if parameter is table]
    if can_average(loaded.net):
        still += average(loaded.net)
    elif hasattr(loaded.net.config, "classifier_pooling"):  # ModernBERT can do it by itself
        loaded.net.config.classifier_pooling = "mean"
    fitted = [
        name for name, parameter in loaded.net.named_parameters() if parameter in {*last_layer(loaded.net).parameters()}
    ]
    fresh = loaded.facts.get("fresh")
    loaded.facts["fresh"] = [
        name for name in (fresh if isinstance(fresh, list) else ()) if name not in {*still, *fitted}
    ]
    loaded.facts[STILL] = still
    hold_still(loaded)


def hold_still(loaded: Loaded) -> None:
    """Keep what does not learn from learning: when a checkpoint is opened, too."""
    still = loaded.facts.get(STILL)
    for name, parameter in loaded.net.named_parameters() if isinstance(still, list) else ():
        parameter.requires_grad_(name not in still)


def tuning_loss(vectors_BH: Tensor, told: Tensor, batch: Batch) -> Tensor:
    """Return `told`, the loss of the head's answers, with the gradient of the pairs: so it can be held beside that of other rows."""
    learnt = pair_loss(vectors_BH, batch["labels"], batch.get(WEIGHTS))
    return told.detach() + learnt - learnt.detach()


def fit_head(loaded: Loaded, examples: Packed, *, balanced: bool) -> Work[None]:
    """Yield Progress; read all rows and write the logistic regression on their vectors into the last layer."""
    vectors_NH = np.zeros((len(examples), last_layer(loaded.net).in_features), np.float32)
    labels_N, done = examples.numbers["labels"], 0
    loaded.net.eval()
    for places in by_length(examples.work_N, READ, 1):
        vectors_NH[places] = _vectors(loaded, examples.take(places))
        done += len(places)
        yield Progress(READING, done, len(examples))
    weights_N = examples.numbers.get(WEIGHTS)
    head.write(last_layer(loaded.net), head.fit(vectors_NH, labels_N, weights_N=weights_N, balanced=balanced))


@torch.inference_mode()
def _vectors(loaded: Loaded, batch: Batch) -> np.ndarray:
    with handed(loaded.net) as found:
        logits_of(loaded, {name: tensor.to(loaded.device) for name, tensor in batch.items()})
    return found[-1].float().cpu().numpy()
