"""Line: one request is answered at a time; some wait for their turn, and more are sent away with a time to come again."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slm_studio.core.errors import StudioError
from slm_studio.serve.limits import Limits

LEAST, MOST = 1, 60  # seconds that somebody is told to stay away


class Line:
    """Belongs to one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._usual = 1.0  # seconds of an answer, lately

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn and have it. Raises StudioError where too many wait, or for too long."""
        if self._turn.locked() and self._waiting >= self._limits.waiting:
            raise StudioError(
                "server-busy",
                "{waiting} {waiting:request waits|requests wait} already.",
                "Ask again in {seconds} {seconds:second|seconds}.",
                waiting=self._waiting,
                seconds=self._seconds(),
            )
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait):
                await self._turn.acquire()
        except TimeoutError:
            raise StudioError(
                "turn-late",
                "Others were answered for {waited} {waited:second|seconds}, and this request had no turn.",
                "Ask again in {seconds} {seconds:second|seconds}.",
                waited=math.ceil(self._limits.wait),
                seconds=self._seconds(),
            ) from None
        finally:
            self._waiting -= 1
        began = time.monotonic()
        try:
            yield
        finally:
            self._turn.release()
            self._usual += 0.5 * (time.monotonic() - began - self._usual)

    def _seconds(self) -> int:
        """Return when a turn is likely."""
        return max(LEAST, min(MOST, math.ceil(self._usual * (self._waiting + 1) / 2)))
