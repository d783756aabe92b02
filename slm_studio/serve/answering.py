"""Answering: the way from the server's loop to the engine, which works in a place of its own, and back."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Predicted
from slm_studio.core.prompt import Prompt
from slm_studio.core.results import Item, Opened
from slm_studio.host.engines import Engines
from slm_studio.host.job import Job
from slm_studio.serve.limits import Limits
from slm_studio.serve.line import Line
from slm_studio.serve.models import Served
from slm_studio.serve.replies import unforeseen

Take = Callable[[Item], Awaitable[None]]
Arrived = Event | StudioError


@dataclass(slots=True)
class Question:
    """What an engine is asked, and whether anybody still wants to know."""

    served: Served
    verb: str
    arguments: Mapping[str, object]  # but the handle
    job: Job | None = None
    is_unwanted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """Say that nobody wants to know any more; returns at once."""
        with self.lock:
            self.is_unwanted = True
            if self.job is not None:
                self.job.stop()

    def begin(self, job: Job) -> Job:
        """Take the job that answers it."""
        with self.lock:
            self.job = job
            if self.is_unwanted:
                job.stop()
        return job


class Answering:
    """Asks one question after the other; models are opened at their first one, and again where their engine is gone."""

    def __init__(self, engines: Engines, device: str, limits: Limits) -> None:
        self._engines, self._device = engines, device
        self._line = Line(limits)
        self._pool = ThreadPoolExecutor(1, "serve-engine")
        self._handles: dict[str, str] = {}  # folder → handle
        self._works: set[asyncio.Task[None]] = set()

    def open(self, served: Served, question: Question | None = None) -> str:
        """Open a model and return its handle; blocks. Raises StudioError."""
        job = self._engines.run("open", folder=served.model.folder, device=self._device)
        if question is not None:
            question.begin(job)
        for event in job:
            if isinstance(event, Finished) and isinstance(event.result, Opened):
                self._handles[served.model.folder] = event.result.handle
                return event.result.handle
        raise closing()

    async def ask(self, served: Served, prompt: Prompt, options: Mapping[str, object], take: Take) -> dict[str, object]:
        """Wait for a turn, hand each piece of the answer to `take`, return what is known about it. Raises StudioError.

        Whoever takes slowly keeps nobody waiting: the next has its turn once the engine is free. Cancelled, it stops
        the engine.
        """
        arguments = {"prompt": prompt, "options": dict(options)}
        return await self._ask(Question(served, "predict", arguments), take)

    async def do(self, served: Served, verb: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Let a model do something else than to answer, and return what came of it. Raises StudioError."""

        async def take(item: Item) -> None:
            """Nothing comes on the way."""

        return await self._ask(Question(served, verb, arguments), take)

    async def _ask(self, question: Question, take: Take) -> dict[str, object]:
        arrived: asyncio.Queue[Arrived] = asyncio.Queue()
        work = asyncio.create_task(self._work(question, arrived))
        self._works.add(work)
        work.add_done_callback(self._works.discard)
        try:
            while True:
                event = await arrived.get()
                if isinstance(event, StudioError):
                    raise event
                if isinstance(event, Predicted):
                    assert isinstance(event.item, Item)
                    await take(event.item)
                elif isinstance(event, Finished):
                    if not isinstance(event.result, dict):
                        raise closing()
                    return event.result
        finally:
            work.cancel()

    async def leave(self) -> None:
        """Stop what is being answered and send away who waits; returns when the engine is free."""
        works = list(self._works)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    def close(self) -> None:
        """End the thread that listens to the engine."""
        self._pool.shutdown()

    async def _work(self, question: Question, arrived: "asyncio.Queue[Arrived]") -> None:
        loop = asyncio.get_running_loop()

        def tell(event: Arrived) -> None:
            loop.call_soon_threadsafe(arrived.put_nowait, event)

        try:
            async with self._line.turn():
                pulled = loop.run_in_executor(self._pool, self._pull, question, tell)
                try:
                    await asyncio.shield(pulled)
                except asyncio.CancelledError:
                    question.stop()
                    await pulled  # only then the engine is free for the next
                    raise
        except StudioError as error:
            arrived.put_nowait(error)
        except asyncio.CancelledError:
            arrived.put_nowait(closing())
            raise

    def _pull(self, question: Question, tell: Callable[[Arrived], None]) -> None:
        try:
            for event in self._events(question):
                tell(event)
        except StudioError as error:
            tell(error)
        except Exception as error:  # noqa: BLE001  (a thread's edge: whoever asked must hear of it)
            tell(unforeseen(error))

    def _events(self, question: Question) -> Iterator[Event]:
        handle = self._handles.get(question.served.model.folder) or self.open(question.served, question)
        try:
            yield from self._predict(question, handle)
        except StudioError as error:
            if error.code != "not-open":  # its engine was replaced, or it made room for another model
                raise
            yield from self._predict(question, self.open(question.served, question))

    def _predict(self, question: Question, handle: str) -> Iterator[Event]:
        job = self._engines.run(question.verb, handle=handle, **question.arguments)  # type: ignore[arg-type]  # no verb has an argument “place”
        yield from question.begin(job)


def closing() -> StudioError:
    """Return what is said to those who are not answered any more."""
    return StudioError("server-closing", "The server is ending.", "Start it again, then ask again.")


async def unless_gone(gone: Awaitable[None], work: Awaitable[None]) -> None:
    """Do some work; where whoever asked for it goes away meanwhile, cancel it."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(gone)
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for each in (working, leaving):
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await each
