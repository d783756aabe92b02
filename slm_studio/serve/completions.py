"""Completions: writing models and models that chat, asked as OpenAI's API asks: whole answers and streams."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from slm_studio.core.answers import left_out
from slm_studio.core.errors import StudioError
from slm_studio.core.generation import COUNT, DecodingOptions, count_of
from slm_studio.core.messages import SYSTEM
from slm_studio.core.prompt import Prompt
from slm_studio.core.results import Item, Token
from slm_studio.core.routes import CHAT_COMPLETIONS, COMPLETIONS
from slm_studio.serve.answering import Answering
from slm_studio.serve.bodies import Body, lacks, not_a
from slm_studio.serve.models import Models, Served
from slm_studio.serve.parameters import HARMLESS, REFUSED, decoding_in, known_names, settings_json
from slm_studio.serve.shapes import ChatShape, Choice, Shape, TextShape, head, text_of
from slm_studio.serve.voice import Voice

MOST_LIKELY = {CHAT_COMPLETIONS: 20, COMPLETIONS: 5}  # likelihoods beside each token, as OpenAI's API allows
SYSTEMS = ("developer", "system")  # what OpenAI's newer models call a system prompt
SILENT = frozenset(
    ("role", "content", "name", "refusal", "annotations")
)  # of a message; all else would be left out of account
NO_WORD = "The model ended its answer at once, without a word."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request wants."""

    served: Served
    prompts: Sequence[Prompt]
    decoding: DecodingOptions
    streams: bool
    tells_usage: bool  # in a stream
    logprobs: bool
    count: int = 1  # answers to each prompt

    @property
    def options(self) -> dict[str, object]:
        """Return what the engine is told: nothing of a prompt may be cut in silence."""
        return asdict(self.decoding) | {"whole": True, COUNT: self.count}

    @property
    def settings(self) -> dict[str, object]:
        """Return what is told of the settings beside those of one answer."""
        return {"n": self.count} if self.count > 1 else {}


@dataclass(slots=True)
class Told:
    """What is known of the answers up to now."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    left: int | None = None  # the room that an answer had, where that was limited
    notes: dict[str, object] = field(default_factory=dict)

    def add(self, done: Mapping[str, object], texts: Sequence[str]) -> None:
        """Add what was written to one prompt."""
        self.prompt_tokens += int(str(done.get("used", 0)))
        self.completion_tokens += int(str(done["count"]))
        self.seconds += float(str(done["seconds"]))
        self.left = int(str(done["left"])) if "left" in done else None
        self.notes |= {"device": done.get("device")} | left_out(done)
        if not all(texts):
            self.notes["note"] = NO_WORD

    def usage(self) -> dict[str, object]:
        """Return the tokens that were read and written."""
        total = self.prompt_tokens + self.completion_tokens
        counts: dict[str, object] = {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens}
        return counts | {"total_tokens": total}

    def about(self, asked: Asked) -> dict[str, object]:
        """Return what OpenAI's API has no word for."""
        speed = self.completion_tokens / max(self.seconds, 1e-9)
        times = {"seconds": round(self.seconds, 3), "tokens_per_second": round(speed, 1)}
        return {"settings": settings_json(asked.decoding, self.left) | asked.settings, **self.notes, **times}


class Completions:
    """Answers at one of the two routes."""

    def __init__(self, route: str, models: Models, answering: Answering) -> None:
        self._route, self._models, self._answering = route, models, answering
        self._shape: Shape = ChatShape() if route == CHAT_COMPLETIONS else TextShape()

    async def __call__(self, body: Body, voice: Voice) -> None:
        """Answer a request. Raises StudioError."""
        asked = self._read(body)
        await (self._stream(asked, voice) if asked.streams else self._whole(asked, voice))

    async def _whole(self, asked: Asked, voice: Voice) -> None:
        told = Told()
        choices: list[Choice] = []
        for prompt in asked.prompts:
            written: list[list[Token]] = [[] for _ in range(asked.count)]

            async def take(item: Item, written: list[list[Token]] = written) -> None:
                assert isinstance(item, Token)
                written[item.place].append(item)

            done = await self._answering.ask(asked.served, prompt, asked.options, take)
            told.add(done, [text_of(tokens) for tokens in written])
            for tokens, reason in zip(written, _reasons(done), strict=True):
                choices.append(self._shape.whole(len(choices), tokens, reason, asked.logprobs))
        said = head(self._shape, asked.served.id, streams=False)
        await voice.say(said | {"choices": choices, "usage": told.usage(), "slm_studio": told.about(asked)})

    async def _stream(self, asked: Asked, voice: Voice) -> None:
        told, said = Told(), head(self._shape, asked.served.id, streams=True)
        said |= {"usage": None} if asked.tells_usage else {}
        for index, prompt in enumerate(asked.prompts):
            indices = range(index * asked.count, (index + 1) * asked.count)
            streams = [_Stream(self._shape, each, asked.logprobs, voice, said) for each in indices]

            async def take(item: Item, streams: list[_Stream] = streams) -> None:
                assert isinstance(item, Token)
                await streams[item.place].take(item)

            done = await self._answering.ask(asked.served, prompt, asked.options, take)
            told.add(done, [stream.text for stream in streams])
            for stream, reason in zip(streams, _reasons(done), strict=True):
                await stream.finish(reason, {"slm_studio": told.about(asked)})
        if asked.tells_usage:
            await voice.event(said | {"choices": [], "usage": told.usage()})
        await voice.end()

    def _read(self, body: Body) -> Asked:
        served = self._models.at(self._route, body.any("model"))
        streams = body.take("stream", bool) or False
        stream_options = Body(body.take("stream_options", dict) or {})
        tells_usage = stream_options.take("include_usage", bool) or False
        stream_options.finish(frozenset(("include_obfuscation",)), "include_usage")
        count = self._count(body, served)
        for name, allowed in REFUSED.items():
            body.only(name, *allowed)
        logprobs, alternatives = self._likelihoods(body)
        decoding = decoding_in(body, served.info, alternatives)
        prompts = self._prompts(body, served)
        body.finish(HARMLESS, known_names())
        return Asked(
            served=served, prompts=prompts, decoding=decoding, streams=streams, tells_usage=streams and tells_usage, logprobs=logprobs,
            count=count,
        )  # fmt: skip

    def _count(self, body: Body, served: Served) -> int:
        """Return how many answers to each prompt are wanted; a model that looks for the likeliest one gives one."""
        count = body.take("n", int) if served.info.side_by_side else None
        return count_of({COUNT: 1 if count is None else count}, "n")

    def _likelihoods(self, body: Body) -> tuple[bool, int]:
        """Return whether likelihoods are wanted, and of how many other tokens."""
        if self._route == COMPLETIONS:
            count = body.take("logprobs", int)
            return count is not None, _few(count or 0, "logprobs", MOST_LIKELY[COMPLETIONS])
        wanted, count = body.take("logprobs", bool) or False, body.take("top_logprobs", int) or 0
        if count and not wanted:
            raise StudioError(
                "logprobs-off",
                "“{parameter}” is {count}, and “{other}” is not true.",
                "Set “{other}” to true.",
                count=count,
                parameter="top_logprobs",
                other="logprobs",
            )
        return wanted, _few(count, "top_logprobs", MOST_LIKELY[CHAT_COMPLETIONS])

    def _prompts(self, body: Body, served: Served) -> Sequence[Prompt]:
        if self._route == CHAT_COMPLETIONS:
            role = next(role.name for role in served.info.asked if role.reads == "messages")
            return [{role: tuple(messages_in(body.need("messages", list)))}]
        value = body.any("prompt")
        texts = [value] if isinstance(value, str) else value
        if texts is None:
            raise lacks("prompt")
        if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in texts):
            raise not_a("a text, or a list of texts", "prompt", value)
        first, *others = served.info.asked
        beside = {role.name: words for role in others if (words := body.take(role.name, str)) is not None}
        return [{first.name: text, **beside} for text in texts]


class _Stream:
    """One answer of a stream: pieces go out as soon as they are text."""

    def __init__(self, shape: Shape, index: int, logprobs: bool, voice: Voice, said: Mapping[str, object]) -> None:
        self._shape, self._index, self._logprobs = shape, index, logprobs
        self._voice, self._said = voice, said
        self._held: list[Token] = []  # in the middle of a character, or of what may end the answer
        self._has_begun = False
        self.text = ""

    async def take(self, token: Token) -> None:
        """Take a token."""
        self._held.append(token)
        if token.text:
            await self._flush()

    async def finish(self, reason: str, about: Mapping[str, object]) -> None:
        """Send what is left, and that this is the end."""
        if self._held and self._logprobs:
            await self._flush()
        await self._begin()
        await self._send(self._shape.last(self._index, reason), about)

    async def _flush(self) -> None:
        await self._begin()
        held, self._held = self._held, []
        await self._send(self._shape.piece(self._index, held, self._logprobs, len(self.text)))
        self.text += text_of(held)

    async def _begin(self) -> None:
        first = None if self._has_begun else self._shape.first(self._index)
        self._has_begun = True
        if first is not None:
            await self._send(first)

    async def _send(self, choice: Mapping[str, object], about: Mapping[str, object] | None = None) -> None:
        await self._voice.event({**self._said, "choices": [choice], **(about or {})})


def messages_in(plain: Sequence[object]) -> list[dict[str, str]]:
    """Return messages as the engine reads them: their parts of text joined, a developer's as a system prompt. Raises StudioError."""
    return [_message(each, f"messages[{place}]") for place, each in enumerate(plain)]


def _message(plain: object, where: str) -> dict[str, str]:
    if not isinstance(plain, dict):
        raise not_a("an object with role and content", where, plain)
    if strange := [name for name, value in plain.items() if name not in SILENT and value]:
        raise StudioError(
            "message-part",
            "“{parameter}” holds “{name}”, which no model here reads.",
            "Leave it out; role and content are read.",
            parameter=where,
            name=strange[0][:80],
        )
    role, content = plain.get("role"), plain.get("content")
    if isinstance(content, list):
        content = "".join(_part(each, f"{where}.content[{place}]") for place, each in enumerate(content))
    if not isinstance(role, str) or not isinstance(content, str):
        raise not_a("an object with role and content, both texts", where, plain)
    return {"role": SYSTEM if role in SYSTEMS else role, "content": content}


def _part(plain: object, where: str) -> str:
    text = plain.get("text") if isinstance(plain, dict) and plain.get("type") == "text" else None
    if not isinstance(text, str):
        raise not_a('a part {"type": "text", "text": "…"}; models here read text only', where, plain)
    return text


def _few(count: int, name: str, most: int) -> int:
    if 0 <= count <= most:
        return count
    raise StudioError(
        "knob-range", "“{label}” is {value}.", "Choose a number from {low} to {high}.",
        label=name, value=count, low=0, high=most, parameter=name,
    )  # fmt: skip


def _reasons(done: Mapping[str, Any]) -> list[str]:
    """Return why each of the continuations of a prompt ended."""
    return ["stop" if each["ended"] else "length" for each in done.get("continuations") or [done]]
