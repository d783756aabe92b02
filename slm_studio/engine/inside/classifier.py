"""The whole way through a classifier, whichever family it is of."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from slm_studio.core.inside import Step
from slm_studio.core.texts import mark
from slm_studio.engine.inside.bag import bag_stages
from slm_studio.engine.inside.convolution import convolution_stages
from slm_studio.engine.inside.deciding import ABOUT, Answers, answers_grid, decision_stage, output_step
from slm_studio.engine.inside.grids import Pieces
from slm_studio.engine.inside.recurrent import recurrent_stages
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.inside.transformer import transformer_stages
from slm_studio.engine.models.architectures import ARCHITECTURES
from slm_studio.engine.models.bag import BagForSequenceClassification
from slm_studio.engine.models.convolution import CNNForSequenceClassification
from slm_studio.engine.models.recurrent import LSTMForSequenceClassification

_JOINED = mark("What the two ways say is weighed and added, and turned into what the model says.")


def classifier_stages(
    net: PreTrainedModel,
    ids: Sequence[int],
    pieces: Sequence[str],
    names: Sequence[str],
    formula: str,
    answers: Answers,
) -> list[Stage]:
    """Return the way from the pieces of a text (of a bag its features) to an answer.

    `names` are those of the net's outputs; `formula` says how outputs become answers, and `answers` does it.
    """
    if isinstance(net, BagForSequenceClassification):
        return [*bag_stages(net, torch.tensor(ids), pieces, names), _joined(net, formula, answers)]
    read = Pieces(tuple(pieces))
    if isinstance(net, LSTMForSequenceClassification):
        way = recurrent_stages(net, read)
    elif isinstance(net, CNNForSequenceClassification):
        way = convolution_stages(net, read)
    else:
        way = transformer_stages(net, read, is_causal=ARCHITECTURES[net.config.model_type].is_decoder)
    return [*way, decision_stage(net, read, formula, answers)]


def _joined(net: BagForSequenceClassification, formula: str, answers: Answers) -> Stage:
    config = net.config
    parts = [f"{config.direct_gain:g} <i>m</i>"] * bool(config.direct_gain)
    parts += [f"{config.deep_gain:g} <i>d</i>"] * bool(config.hidden_size)
    step: Step = output_step(f"<i>z</i> = {' + '.join(parts)}\n{formula}", _JOINED if len(parts) > 1 else ABOUT)
    return Stage(step, (), lambda seen: (answers_grid(seen, answers),))


def feature_names(features: dict[str, int], ids: Sequence[int]) -> list[str]:
    """Return features as a person reads them: a word, a pair of words, a part of a word with its blanks as ·.

    Those of a pair of texts have no names of their own.
    """
    known = {number: _readable(name) for name, number in reversed(features.items())}
    return [known.get(number, f"#{number}") for number in ids]


def _readable(name: str) -> str:
    return name[1:] if name[0] in "wb" else name[1:].replace(" ", "·")
