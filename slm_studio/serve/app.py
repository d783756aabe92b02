"""The application: which route is answered by whom. A task brings its own route."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from slm_studio.core.errors import StudioError
from slm_studio.core.routes import CHAT_COMPLETIONS, COMPLETIONS, EMBEDDINGS, MODELS
from slm_studio.core.tasks import TaskInfo, all_tasks
from slm_studio.serve.answering import Answering, unless_gone
from slm_studio.serve.bodies import Body, Gone, read_body
from slm_studio.serve.completions import Completions
from slm_studio.serve.guard import SHOWN, Guard
from slm_studio.serve.limits import Limits
from slm_studio.serve.models import Models
from slm_studio.serve.questions import Questions
from slm_studio.serve.replies import error_reply, reply
from slm_studio.serve.vectors import Embeddings, Searches
from slm_studio.serve.voice import Voice

Respond = Callable[[Body, Voice], Awaitable[None]]


def make_app(models: Models, answering: Answering, key: str, limits: Limits, count: Callable[[], None]) -> ASGIApp:
    """Return the application behind its guard. `count` is called for every request that a model is asked."""
    routes = [
        Route(MODELS, _Listing(models).all),
        Route(MODELS + "/{model:path}", _Listing(models).one),
    ]
    for info in all_tasks():
        if info.route:
            for route, respond in _responding(info, models, answering).items():
                routes.append(Route(route, Endpoint(respond, limits, count), methods=["POST"]))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _on_http_error})
    app.router.redirect_slashes = False
    return Guard(app, key, limits)


def _responding(info: TaskInfo, models: Models, answering: Answering) -> dict[str, Respond]:
    """Return path → who answers there, for the models of a task."""
    if info.route in (COMPLETIONS, CHAT_COMPLETIONS):
        return {info.route: Completions(info.route, models, answering)}
    if info.pools:
        return {info.route: Searches(info, models, answering), EMBEDDINGS: Embeddings(info, models, answering)}
    return {info.route: Questions(info, models, answering)}


class Endpoint:
    """One route: reads a request, has it answered in time, and stops where whoever asked goes away."""

    def __init__(self, respond: Respond, limits: Limits, count: Callable[[], None]) -> None:
        self._respond, self._limits, self._count = respond, limits, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        voice = Voice(scope, receive, send)
        try:
            body = await read_body(receive, self._limits)
            self._count()
            await unless_gone(_goodbye(receive), self._in_time(body, voice))
        except Gone:
            return
        except StudioError as error:
            await voice.fail(error)

    async def _in_time(self, body: Body, voice: Voice) -> None:
        try:
            async with asyncio.timeout(self._limits.answer):
                await self._respond(body, voice)
        except TimeoutError:
            raise StudioError(
                "answer-late",
                "The answer took longer than {seconds} seconds and was stopped.",
                "Ask for a shorter answer, or for less at once.",
                seconds=round(self._limits.answer),
            ) from None


class _Listing:
    """Says which models there are."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def all(self, request: Request) -> Response:
        """List all."""
        return reply({"object": "list", "data": [each.to_json() for each in self._models]})

    async def one(self, request: Request) -> Response:
        """Describe one."""
        try:
            return reply(self._models.named(request.path_params["model"]).to_json())
        except StudioError as error:
            return error_reply(error)


async def _goodbye(receive: Receive) -> None:
    """Return when whoever asked is gone."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def _on_http_error(request: Request, error: Exception) -> Response:
    """Say which paths there are, or how one is asked."""
    assert isinstance(error, HTTPException)
    path, routes = request.url.path[:SHOWN], [MODELS, *(info.route for info in all_tasks() if info.route), EMBEDDINGS]
    if error.status_code == 405:
        return error_reply(
            StudioError(
                "wrong-method",
                "{path} is not asked by {method}.",
                "Lists are asked by GET, models by POST.",
                path=path,
                method=request.method[:SHOWN],
            )
        )
    return error_reply(
        StudioError(
            "no-such-path",
            "There is nothing at {path}.",
            "Ask at one of: {routes}.",
            path=path,
            routes=", ".join(dict.fromkeys(routes)),
        )
    )
