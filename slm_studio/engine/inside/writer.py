"""The whole way through a model of language: from the pieces of a text to the chances of what comes next, or of what fills a gap."""

from collections.abc import Callable, Sequence

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from slm_studio.core.inside import Grid
from slm_studio.core.texts import mark
from slm_studio.engine.inside.deciding import answers_grid, output_step
from slm_studio.engine.inside.grids import Pieces, grid
from slm_studio.engine.inside.recording import Recording
from slm_studio.engine.inside.stages import Stage
from slm_studio.engine.inside.transformer import transformer_stages
from slm_studio.engine.models.piece_texts import piece_texts

MOST_NEXT = 12  # tokens that could come next
_ABOUT = mark(
    "The last piece's vector is compared with that of every token of the vocabulary; the more alike, the likelier the token comes next."
)


_FILLING = mark(
    "The vector in the place of the gap is compared with that of every token of the vocabulary; the more alike, the likelier the token stands there."
)


def writer_stages(
    net: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pieces: Pieces, *, fills: bool = False
) -> list[Stage]:
    """Return the way from the pieces to what comes next, or what `fills` a gap; `run` gives the outputs at that place."""
    head = net.get_output_embeddings()
    cap = getattr(net.config, "final_logit_softcapping", None)
    capped = f"\n<i>z</i> ← {cap:g} tanh(<i>z</i> / {cap:g})" if cap else ""
    place = "gap" if fills else "T"
    bias = " + <i>b</i>" if getattr(head, "bias", None) is not None else ""

    def grids(seen: Recording) -> tuple[Grid, ...]:
        read = grid(mark("What the output reads"), pieces, seen.taken(head))
        return answers_grid(seen, next_tokens(tokenizer)), read

    step = output_step(
        f"<i>z</i> = <i>W</i> <i>x</i><sub>{place}</sub>{bias}{capped}\n"
        "<i>p</i><sub>v</sub> = exp(<i>z</i><sub>v</sub>) / Σ<sub>k</sub> exp(<i>z</i><sub>k</sub>)",
        _FILLING if fills else _ABOUT,
    )
    return [*transformer_stages(net, pieces, is_causal=not fills), Stage(step, (head,), grids)]


def next_tokens(tokenizer: PreTrainedTokenizerBase) -> Callable[[Tensor], Sequence[tuple[str, float, float]]]:
    """Return what ranks the tokens of a vocabulary by outputs [V]."""

    def ranked(logits_V: Tensor) -> list[tuple[str, float, float]]:
        shares_V = logits_V.softmax(-1)
        order = shares_V.argsort(descending=True, stable=True)[:MOST_NEXT].tolist()
        names = [piece_texts(tokenizer, [number])[0] for number in order]
        return [(name, float(logits_V[at]), float(shares_V[at])) for name, at in zip(names, order, strict=True)]

    return ranked
