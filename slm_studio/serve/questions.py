"""Questions: a task at its own route, asked by its own roles: one prompt, or many as “prompts”; answered as `predict --json` does."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from slm_studio.core.answer_options import TOP, check_top
from slm_studio.core.answers import answer_json
from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import UNANSWERABLE, Cell, Prompt, check_form, prompt_of, read_part
from slm_studio.core.results import Item
from slm_studio.core.tasks import TaskInfo
from slm_studio.core.tasks.info import Role
from slm_studio.serve.answering import Answering
from slm_studio.serve.bodies import Body, lacks, not_a
from slm_studio.serve.models import Models, Served
from slm_studio.serve.parameters import HARMLESS, decoding_in, known_names, settings_json
from slm_studio.serve.replies import error_json
from slm_studio.serve.voice import Voice

MANY = "prompts"
WAY = "way"  # by which documents are searched
ALONE = (*UNANSWERABLE, "context-exceeded", "line-too-long")  # of one prompt: others are answered all the same


class Questions:
    """Answers at the route of one task."""

    def __init__(self, info: TaskInfo, models: Models, answering: Answering) -> None:
        self._info, self._models, self._answering = info, models, answering

    async def __call__(self, body: Body, voice: Voice) -> None:
        """Answer a request. Raises StudioError."""
        served = self._models.at(self._info.route, body.any("model"))
        said: dict[str, object] = {"model": served.id, "task": served.info.key}
        many = body.take(MANY, list)
        options, settings = self._options(body)
        prompts = [self._prompt_in(each) for each in many] if many is not None else [self._prompt_of(body)]
        body.finish(HARMLESS, self._known())
        if settings:
            said["slm_studio"] = {"settings": settings}
        if many is None:
            await voice.say(said | await self._answer(served, prompts[0], options))
        else:
            await voice.say(said | {"answers": [await self._answer_of(served, each, options) for each in prompts]})

    async def _answer(self, served: Served, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        items: list[Item] = []

        async def take(item: Item) -> None:
            items.append(item)

        done = await self._answering.ask(served, prompt, options, take)
        return answer_json(items, prompt, self._info, done)

    async def _answer_of(self, served: Served, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Answer a prompt of many: one that has no answer does not cost the others theirs."""
        try:
            return await self._answer(served, prompt, options)
        except StudioError as error:
            if error.code not in ALONE:
                raise
            return {"items": [], **error_json(error)}

    def _options(self, body: Body) -> tuple[dict[str, object], dict[str, object]]:
        """Return what the engine is told, and what of it whoever asked wants to know."""
        if self._info.answers == "tokens":
            decoding = decoding_in(body, self._info)
            return asdict(decoding) | {"whole": True}, settings_json(decoding)
        top = top_in(body)
        way = body.take(WAY, str) if WAY in self._info.answer_options else None
        return {name: value for name, value in ((TOP, top), (WAY, way)) if value is not None}, {}

    def _prompt_of(self, body: Body) -> Prompt:
        """Return the prompt that a request's own fields are."""
        prompt = {role.name: cell for role in self._info.asked if (cell := body.any(role.name)) is not None}
        if not prompt:
            raise lacks(self._info.asked[0].name)
        return self._whole(prompt)

    def _prompt_in(self, plain: object) -> Prompt:
        """Return one of many prompts: a text, or what its roles hold."""
        if isinstance(plain, str):
            return prompt_of(plain, self._info)
        if not isinstance(plain, dict):
            raise not_a("a text, or an object of roles", MANY, plain)
        return self._whole(plain)

    def _whole(self, plain: Mapping[str, object]) -> Prompt:
        check_form(plain, self._info)
        roles = {role.name: role for role in self._info.asked}
        return {name: _cell(cast(Cell, cell), roles[name]) for name, cell in plain.items()}

    def _known(self) -> str:
        own = known_names(self._info.writing) if self._info.answers == "tokens" else TOP
        own += f", {WAY}" if WAY in self._info.answer_options else ""
        return ", ".join(["model", *(role.name for role in self._info.asked), MANY, own])


def top_in(body: Body) -> int | None:
    """Return how many items are asked for, where a request says it. Raises StudioError."""
    top = body.take(TOP, int)
    if top is not None:
        check_top(top)
    return top


def _cell(cell: Cell, role: Role) -> Cell:
    """Return what stands in a request as the engine reads it: a text where a list may stand means what it means in a file."""
    return read_part(role.name, cell, role.reads) if isinstance(cell, str) else cell
