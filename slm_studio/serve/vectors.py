"""Vectors: texts as OpenAI's API embeds them, and passages found for a question, in an index or among texts that come along."""

import base64
from array import array
from collections.abc import Mapping, Sequence
from typing import cast

from slm_studio.core.answers import item_json, left_out
from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.results import Hit
from slm_studio.core.routes import EMBEDDINGS
from slm_studio.core.tasks import TaskInfo
from slm_studio.serve.answering import Answering
from slm_studio.serve.bodies import Body, lacks, not_a
from slm_studio.serve.models import Models, Served
from slm_studio.serve.parameters import HARMLESS
from slm_studio.serve.questions import Questions, top_in
from slm_studio.serve.voice import Voice

TOGETHER = 32  # texts that an engine is asked for at once: their vectors travel in a line
MOST = 2048  # texts of a request, as OpenAI's API has it
SIDES = ("passage", "query")
TOP = 10

Vector = Sequence[float]


class Embeddings:
    """Answers at /v1/embeddings."""

    def __init__(self, info: TaskInfo, models: Models, answering: Answering) -> None:
        self._info, self._models, self._answering = info, models, answering

    async def __call__(self, body: Body, voice: Voice) -> None:
        """Answer a request. Raises StudioError."""
        served = self._models.at(self._info.route, body.any("model"), EMBEDDINGS)
        texts = _texts(body.any("input"), "input")
        form = body.take("encoding_format", str) or "float"
        side = body.take("input_type", str) or SIDES[0]
        wanted = body.take("dimensions", int)
        body.finish(HARMLESS, "model, input, encoding_format, dimensions, input_type")
        _among("encoding_format", form, ("float", "base64"))
        _among("input_type", side, SIDES)
        vectors, tokens, _ = await embed(self._answering, served, texts, questions=side == SIDES[1], whole=True)
        if wanted is not None and wanted != len(vectors[0]):
            raise StudioError(
                "dimensions-fixed",
                "The vectors of “{model}” have {width} numbers, not {wanted}.",
                "Leave “dimensions” out.",
                model=served.id,
                width=len(vectors[0]),
                wanted=wanted,
                parameter="dimensions",
            )
        data = [
            {"object": "embedding", "index": place, "embedding": _written(vector, form)}
            for place, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        await voice.say({"object": "list", "data": data, "model": served.id, "usage": usage})


class Searches:
    """Answers at /v1/search as every task does, in the newest index beside the model; or among “documents”, a list of texts."""

    def __init__(self, info: TaskInfo, models: Models, answering: Answering) -> None:
        self._info, self._models, self._answering = info, models, answering
        self._questions = Questions(info, models, answering)

    async def __call__(self, body: Body, voice: Voice) -> None:
        """Answer a request. Raises StudioError."""
        if "documents" not in body:
            await self._questions(body, voice)
            return
        served = self._models.at(self._info.route, body.any("model"))
        question = body.need(self._info.asked[0].name, str)
        texts = _texts(body.any("documents"), "documents")
        top = top_in(body) or TOP
        body.finish(HARMLESS, f"model, {self._info.asked[0].name}, documents, top")
        (asked,), _, first = await embed(self._answering, served, [question], questions=True)
        vectors, _, second = await embed(self._answering, served, texts, questions=False)
        scores = [sum(one * other for one, other in zip(asked, vector, strict=True)) for vector in vectors]
        order = sorted(range(len(texts)), key=lambda place: -scores[place])[:top]
        hits = [Hit(texts[place], scores[place], place, meaning=scores[place]) for place in order]
        items = [item_json(hit, "") for hit in hits]
        cut = _longest(first, second)
        await voice.say({"model": served.id, "task": served.info.key, "items": items} | cut)


async def embed(
    answering: Answering, served: Served, texts: Sequence[str], *, questions: bool, whole: bool = False
) -> tuple[list[Vector], int, dict[str, int]]:
    """Return the vectors of texts, how many tokens were read, and how many of the longest were not; `whole` refuses these."""
    vectors: list[Vector] = []
    tokens, cut = 0, dict[str, int]()
    for start in range(0, len(texts), TOGETHER):
        part = tuple(texts[start : start + TOGETHER])
        done = await answering.do(served, "embed", {"texts": part, "questions": questions, "whole": whole})
        numbers = array("f")
        numbers.frombytes(base64.b64decode(str(done["vectors"])))
        width = cast(int, done["width"])
        vectors += [numbers[at : at + width] for at in range(0, len(numbers), width)]
        tokens += cast(int, done["tokens"])
        cut = _longest(cut, cast(dict[str, int], left_out(done)))
    return vectors, tokens, cut


def _longest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return how many tokens of the longest text were not read, of two groups of texts."""
    return {key: max(one.get(key, 0), other.get(key, 0)) for key in {**one, **other}}


def _texts(value: object, name: str) -> list[str]:
    """Return a text, or a list of some, as a list. Raises StudioError."""
    if value is None:
        raise lacks(name)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise not_a("a text, or a list of texts", name, value)
    if len(texts) > MOST or any(map(is_empty, texts)):
        raise StudioError(
            "texts-odd",
            "“{parameter}” holds a text without a word, or more than {most} texts.",
            "Leave empty texts out, and send many in several requests.",
            parameter=name,
            most=MOST,
        )
    return texts


def _written(vector: Vector, form: str) -> object:
    return list(vector) if form == "float" else base64.b64encode(array("f", vector).tobytes()).decode("ascii")


def _among(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise StudioError(
            "body-choice",
            "“{parameter}” is {value}.",
            "Choose one of: {choices}.",
            parameter=name,
            value=value,
            choices=", ".join(allowed),
        )
