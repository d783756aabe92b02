"""Write one token at a time: cached decoding of any causal language model, as a generator of `Token`.

Three layers, each of which can be tested alone:
    Continuation   token ids → logits of the next token; owns the cache and the sliding window
    TextStream     token ids → finished text; holds back what may still change
    write_on       the loop: asks, picks, stops
"""

# T tokens, V vocabulary, K alternatives shown

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from inspect import signature
from typing import Protocol

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from slm_studio.core import knobs
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.generation import DecodingOptions
from slm_studio.core.results import Token
from slm_studio.core.texts import mark
from slm_studio.engine.models.encoding import frame_of
from slm_studio.engine.models.lengths import positions
from slm_studio.engine.writing.sampling import pick

PART = 128  # tokens that are read between two signs of life: about a second, where a long text takes minutes
OLD_CACHE_NAME = "past_key_values"  # before transformers 5.24; gone in 5.40
BEFORE = 8  # last tokens of a prompt beside which the first written one is decoded
READING = mark("Reading")
UNFINISHED = "\ufffd"  # what decoders write for bytes that are not (yet) a character


def stream(
    net: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompt_ids: Sequence[int],
    options: DecodingOptions,
    *,
    continues: bool = False,
    front: Sequence[int] = (),
) -> Iterator[Token | Progress]:
    """Yield a `Token` for each token written, the end token included; while a long text is read first, Progress.

    Joined, their texts are `tokenizer.decode` of all ids, cut before the first stop string. A token that ends in the
    middle of a character, or of what may become a stop string, has an empty text; a later one brings it.
    `continues` says that the text goes on where the prompt ends, so that vocabularies which hide the first space
    (“▁upon”) show it; an answer in a chat begins anew. `front` stays in view however long the text gets: what opens every
    text of the vocabulary, where nothing else is said.
    Example: "".join(token.text for token in stream(net, tokenizer, short_prompt_ids, DecodingOptions(temperature=0)))
    """
    context_ids, continuation = begin(net, tokenizer, prompt_ids, front)
    yield from write_on(continuation, tokenizer, context_ids, options, prompt_ids[-BEFORE:] if continues else ())


def begin(
    net: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt_ids: Sequence[int], front: Sequence[int] = ()
) -> tuple[list[int], "Continuation"]:
    """Return the ids that a text goes on from (of an empty one, the token that begins one), and what reads them."""
    context_ids = list(prompt_ids) or _start_ids(net, tokenizer)
    opening = list(front) or list(frame_of(tokenizer).opening)
    return context_ids, Continuation(net, opening if context_ids[: len(opening)] == opening else ())


def write_on(
    continuation: "Continues",
    tokenizer: PreTrainedTokenizerBase,
    context_ids: list[int],
    options: DecodingOptions,
    before_ids: Sequence[int] = (),
) -> Iterator[Token | Progress]:
    """Yield what a network writes after `context_ids`, whatever it is told by; see `stream`.

    `before_ids` are the last ones that stand in the text already.
    """
    generator = torch.Generator()
    generator.seed() if options.seed is None else generator.manual_seed(options.seed)
    net = continuation.net
    ends = end_ids(net, tokenizer)
    # The end of a turn stands in every dialogue, and is no repetition.
    said_ids = [each for each in context_ids if each not in ends]
    guard = StopGuard(options.stop)
    texts = TextStream(tokenizer, before_ids)
    was_training = net.training
    net.eval()
    try:
        for n in range(1, options.max_new_tokens + 1):
            yield from continuation.read(context_ids)
            logits_V = continuation.next_logits(context_ids)
            token_id, probability = pick(logits_V, options, generator, said_ids)
            context_ids.append(token_id)
            said_ids.append(token_id)
            is_last = n == options.max_new_tokens or token_id in ends
            text = guard.add(texts.add(token_id) + (texts.finish() if is_last else ""))
            text += guard.finish() if is_last else ""
            yield Token(text, probability, token_id, _alternatives(logits_V, tokenizer, options.alternatives))
            if is_last or guard.is_closed:
                return
    finally:
        net.train(was_training)


class Continues(Protocol):
    """What tells the next token of a growing text."""

    net: PreTrainedModel

    def read(self, context_ids: Sequence[int]) -> Iterator[Progress]:
        """Read what stands there already, as far as that takes long."""

    def next_logits(self, context_ids: Sequence[int]) -> torch.Tensor:
        """Return logits_V of the next token, on the CPU."""


def decoding_of(options: Mapping[str, object], kind: type[DecodingOptions] = DecodingOptions) -> DecodingOptions:
    """Return the decoding that loose options ask for; those that are none of its fields are left out. Raises StudioError.

    `kind` says what holds where nothing is asked for.
    """
    known = {each.name for each in fields(kind)}
    chosen = {name: value for name, value in options.items() if name in known}
    decoding = kind(**chosen | {"stop": _stops(chosen.get("stop", ()))})  # type: ignore[arg-type]
    if problems := knobs.problems(decoding):
        raise problems[0]
    return decoding


def _stops(value: object) -> tuple[str, ...]:
    """Return the texts that end an answer; one by itself is a list of one."""
    found = (value,) if isinstance(value, str) else value or ()
    if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
        raise StudioError(
            "stop-form",
            "“stop” is {value}: it holds the texts before which an answer ends.",
            "Write it like {example}.",
            value=str(value)[:80],
            example='["\\n", "User:"]',
        )
    return tuple(found)


class Continuation:
    """Compute the logits of the next token of a growing text, each position once.

    Past the positions that the network has, the oldest quarter of the window is forgotten and the rest is read again:
    about three positions of prefill for each further token, and never less than three quarters of the window in view.
    What opens every text of this vocabulary (`opening`) stays in front: a network that always saw it is lost without.
    """

    def __init__(self, net: PreTrainedModel, opening: Sequence[int] = ()) -> None:
        self.net = net
        self.opening = list(opening)
        self.window = positions(net)
        self.extra = {"logits_to_keep": 1} if net._supports_logits_to_keep() else {}
        self.start = 0  # the first token in view
        self.done = 0  # tokens start…done are in the cache
        self.cache: object = None
        self.cache_name = cache_name_of(net)

    def read(self, context_ids: Sequence[int]) -> Iterator[Progress]:
        """Read all but the last `PART` tokens of a long text, a part at a time: whoever pulls can stop between two."""
        self._slide(context_ids)
        total = len(context_ids) - self.start
        # What keeps a state instead of a cache reads a text all at once, or token by token.
        while len(context_ids) - self.done > PART and not self.net._is_stateful:
            yield Progress(READING, self.done - self.start, total)
            self._read_to(self.done + PART, context_ids)

    def next_logits(self, context_ids: Sequence[int]) -> torch.Tensor:
        """Return logits_V on the CPU; `context_ids` must begin with what the last call saw."""
        self._slide(context_ids)
        return self._read_to(len(context_ids), context_ids)

    def _slide(self, context_ids: Sequence[int]) -> None:
        """Forget the oldest tokens where the text has outgrown the window."""
        room = self.window and max(1, self.window - (len(self.opening) if self.start else 0))
        if room is not None and len(context_ids) - self.start > room:
            self.start = self.done = len(context_ids) - in_view(self.window or 1)
            self.cache = None

    def _read_to(self, end: int, context_ids: Sequence[int]) -> torch.Tensor:
        front = self.opening if self.cache is None and self.start else []
        ids_1T = torch.tensor([[*front, *context_ids[self.done : end]]], device=self.net.device)
        logits_V, self.cache = self._step(ids_1T)
        self.done = end
        return logits_V

    @torch.inference_mode()
    def _step(self, ids_1T: torch.Tensor) -> tuple[torch.Tensor, object]:
        out = self.net(input_ids=ids_1T, use_cache=True, **{self.cache_name: self.cache}, **self.extra)
        return out.logits[0, -1].float().cpu(), out.get(self.cache_name)


def cache_name_of(net: PreTrainedModel) -> str:
    """Return what a network calls its cache."""
    return "cache" if "cache" in signature(net.forward).parameters else OLD_CACHE_NAME


def in_view(window: int) -> int:
    """Return how many tokens stay in view of a text that is longer than the window."""
    return max(1, window * 3 // 4)


class TextStream:
    """Turn a stream of token ids into text that never has to be taken back.

    Decoders look at neighbours (spaces between words, bytes of one character), so each token is decoded together with
    the last finished piece, and its text is what has come on top. That costs a few tokens of decoding, not all of them.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, before_ids: Sequence[int] = ()) -> None:
        self.tokenizer = tokenizer
        self.ids = list(before_ids)  # the last finished piece and everything after it
        self.finished = len(self.ids)  # tokens of `ids` whose text was handed out …
        self.shown = len(self._decode())  # … and the characters of that text

    def add(self, token_id: int) -> str:
        """Return the text that is certain now: "" in the middle of a character."""
        self.ids.append(token_id)
        text = self._decode()
        if text.endswith(UNFINISHED) or len(text) <= self.shown:
            return ""
        new = text[self.shown :]
        self.ids = self.ids[self.finished :]
        self.finished, self.shown = len(self.ids), len(self._decode())
        return new

    def finish(self) -> str:
        """Return what was held back."""
        return self._decode()[self.shown :]

    def _decode(self) -> str:
        return self.tokenizer.decode(self.ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


class StopGuard:
    """Let text pass up to the first stop string, and hold back whatever may be the beginning of one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stop = [each for each in stop if each]
        self.held = ""
        self.is_closed = False

    def add(self, text: str) -> str:
        """Return the text that may be shown now."""
        text = self.held + text
        found = [at for each in self.stop if (at := text.find(each)) >= 0]
        if found:
            self.is_closed, self.held = True, ""
            return text[: min(found)]
        keep = max((_overlap(text, each) for each in self.stop), default=0)
        self.held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def finish(self) -> str:
        """Return what was held back."""
        held, self.held = self.held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` begin `stop`. Example: _overlap("one\\n", "\\n\\n") == 1"""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)


def _alternatives(
    logits_V: torch.Tensor, tokenizer: PreTrainedTokenizerBase, count: int
) -> tuple[tuple[str, float], ...]:
    if count == 0:
        return ()
    top_K = logits_V.log_softmax(dim=-1).topk(min(count, logits_V.shape[-1]))
    return tuple(
        (tokenizer.decode([id_]), probability)
        for id_, probability in zip(top_K.indices.tolist(), top_K.values.exp().tolist(), strict=True)
    )


def end_ids(net: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end a text: those of `generate`, or else the vocabulary's."""
    found = net.generation_config.eos_token_id if net.generation_config is not None else None
    found = tokenizer.eos_token_id if found is None else found
    if found is None:
        return frozenset()
    return frozenset([found] if isinstance(found, int) else found)


def has_ended(
    net: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    written: Sequence[Token],
    options: Mapping[str, object],
    kind: type[DecodingOptions] = DecodingOptions,
) -> bool:
    """Say whether a text that `stream` wrote to its end ended by itself (or at a stop string), or ran out of length."""
    decoding, ids = decoding_of(options, kind), [token.id for token in written]
    if len(ids) < decoding.max_new_tokens or ids[-1] in end_ids(net, tokenizer):
        return True
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return any(each in text for each in decoding.stop if each)


def _start_ids(net: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    for found in (net.config.bos_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id):
        if found is not None:
            return [found]
    raise StudioError(
        "empty-prompt",
        "There is no text to continue, and this model has no token that begins one.",
        "Write a few words first.",
    )
