"""Several: continuations of one text side by side, each drawn with a seed of its own.

The text is read once. From there each goes on by itself, a token in turn, and not as a row of one batch: three rows are
rounded otherwise than one, so that a seed could write another text beside others than it writes alone.
"""

# T tokens, V vocabulary

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.generation import DecodingOptions, seed_at
from slm_studio.core.results import Token
from slm_studio.engine.writing.decoding import BEFORE, Continuation, begin, stream, write_on


def write_several(
    net: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt_ids: Sequence[int],
    options: DecodingOptions,
    count: int,
    front: Sequence[int] = (),
    *,
    continues: bool = True,
) -> Iterator[Token | Progress]:
    """Yield the tokens of `count` continuations by turns; `Token.place` says whose each is.

    The one at place p is what the seed `seed_at(options.seed, p)` writes alone. `continues`, `front`: see `stream`.
    """
    if count == 1:
        yield from stream(net, tokenizer, prompt_ids, options, continues=continues, front=front)
        return
    context_ids, continuation = begin(net, tokenizer, prompt_ids, front)
    yield from continuation.read(context_ids)
    first_V = continuation.next_logits(context_ids)
    writers = {
        place: write_on(
            Fork(continuation, first_V),
            tokenizer,
            list(context_ids),
            replace(options, seed=seed_at(options.seed, place)),
            prompt_ids[-BEFORE:] if continues else (),
        )
        for place in range(count)
    }
    while writers:
        for place, writer in list(writers.items()):
            token = next(writer, None)
            if token is None:
                del writers[place]
            else:
                yield token if isinstance(token, Progress) else replace(token, place=place)


class Fork:
    """Goes on from a text that another has read, without reading it again."""

    def __init__(self, continuation: Continuation, first_V: torch.Tensor) -> None:
        """`first_V` are the logits that stand at the end of what was read."""
        self.net = continuation.net
        self._first_V: torch.Tensor | None = first_V
        self._own = copy_of(continuation)

    def read(self, context_ids: Sequence[int]) -> Iterator[Progress]:
        """Read nothing before the first token: it was read."""
        if self._first_V is None:
            yield from self._own.read(context_ids)

    def next_logits(self, context_ids: Sequence[int]) -> torch.Tensor:
        """Return logits_V of the next token."""
        first_V, self._first_V = self._first_V, None
        return self._own.next_logits(context_ids) if first_V is None else first_V


@torch.inference_mode()
def copy_of(continuation: Continuation) -> Continuation:
    """Return another continuation that stands where this one does, with a cache of its own."""
    other = Continuation(continuation.net, continuation.opening)
    other.start, other.done = continuation.start, continuation.done
    other.cache = deepcopy(continuation.cache)
    return other
