"""Shapes: what OpenAI's two APIs of text call the same things."""

import math
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from slm_studio.core.results import Token

LEAST = -9999.0  # the logarithm of a probability that is 0; JSON has no infinity
Choice = dict[str, object]


class Shape(Protocol):
    """One way to say it. `logprobs` says whether likelihoods were asked for."""

    prefix: str
    whole_object: str
    piece_object: str

    def whole(self, index: int, tokens: Sequence[Token], reason: str, logprobs: bool) -> Choice:
        """Return a whole answer."""

    def first(self, index: int) -> Choice | None:
        """Return what stands before the first piece, where something does."""

    def piece(self, index: int, tokens: Sequence[Token], logprobs: bool, at: int) -> Choice:
        """Return some tokens of a stream, which begin `at` so many characters of the answer."""

    def last(self, index: int, reason: str) -> Choice:
        """Return what ends an answer in a stream."""


class ChatShape:
    """As /v1/chat/completions has it."""

    prefix, whole_object, piece_object = "chatcmpl-", "chat.completion", "chat.completion.chunk"

    def whole(self, index: int, tokens: Sequence[Token], reason: str, logprobs: bool) -> Choice:
        """Return a whole answer."""
        message = {"role": "assistant", "content": text_of(tokens), "refusal": None}
        return {
            "index": index,
            "message": message,
            "logprobs": self._logprobs(tokens) if logprobs else None,
            "finish_reason": reason,
        }

    def first(self, index: int) -> Choice | None:
        """Return who speaks."""
        return self._choice(index, {"role": "assistant", "content": ""})

    def piece(self, index: int, tokens: Sequence[Token], logprobs: bool, at: int) -> Choice:
        """Return some tokens of a stream."""
        found = self._choice(index, {"content": text_of(tokens)})
        return found | ({"logprobs": self._logprobs(tokens)} if logprobs else {})

    def last(self, index: int, reason: str) -> Choice:
        """Return what ends an answer in a stream."""
        return self._choice(index, {}) | {"finish_reason": reason}

    def _choice(self, index: int, delta: Mapping[str, object]) -> Choice:
        return {"index": index, "delta": dict(delta), "logprobs": None, "finish_reason": None}

    def _logprobs(self, tokens: Sequence[Token]) -> dict[str, object]:
        content = [
            _scored(token.text, token.score)
            | {"top_logprobs": [_scored(text, score) for text, score in token.alternatives]}
            for token in tokens
        ]
        return {"content": content, "refusal": None}


class TextShape:
    """As /v1/completions has it."""

    prefix, whole_object, piece_object = "cmpl-", "text_completion", "text_completion"

    def whole(self, index: int, tokens: Sequence[Token], reason: str, logprobs: bool) -> Choice:
        """Return a whole answer."""
        return self.piece(index, tokens, logprobs, 0) | {"finish_reason": reason}

    def first(self, index: int) -> Choice | None:
        """Return nothing: the text begins at once."""
        return None

    def piece(self, index: int, tokens: Sequence[Token], logprobs: bool, at: int) -> Choice:
        """Return some tokens of a stream."""
        found = self._logprobs(tokens, at) if logprobs else None
        return {"index": index, "text": text_of(tokens), "logprobs": found, "finish_reason": None}

    def last(self, index: int, reason: str) -> Choice:
        """Return what ends an answer in a stream."""
        return {"index": index, "text": "", "logprobs": None, "finish_reason": reason}

    def _logprobs(self, tokens: Sequence[Token], at: int) -> dict[str, object]:
        offsets = []
        for token in tokens:
            offsets.append(at)
            at += len(token.text)
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [_logarithm(token.score) for token in tokens],
            "top_logprobs": [_likely(token) for token in tokens],
            "text_offset": offsets,
        }


def head(shape: Shape, model: str, *, streams: bool) -> dict[str, object]:
    """Return what every part of an answer begins with."""
    return {
        "id": shape.prefix + secrets.token_hex(12),
        "object": shape.piece_object if streams else shape.whole_object,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": None,
    }


def text_of(tokens: Sequence[Token]) -> str:
    """Return what tokens are together."""
    return "".join(token.text for token in tokens)


def _likely(token: Token) -> dict[str, float]:
    """Return the likeliest tokens and, as OpenAI has it, always the one that was drawn, which may be one more.

    It is called as it is in the text: alone a vocabulary may write it without the space before it.
    """
    others = {text: score for text, score in token.alternatives if not _is_drawn(token, text, score)}
    return {text: _logarithm(score) for text, score in {**others, token.text: token.score}.items()}


def _is_drawn(token: Token, text: str, score: float) -> bool:
    return text.strip() == token.text.strip() and math.isclose(score, token.score, rel_tol=1e-3)


def _scored(text: str, score: float) -> dict[str, object]:
    return {"token": text, "logprob": _logarithm(score), "bytes": list(text.encode("utf-8", "replace"))}


def _logarithm(score: float) -> float:
    return math.log(score) if score > 0 else LEAST
