"""Limits: what one request may cost, and how many may come at once."""

from dataclasses import dataclass

PORT = 8347  # where programs look first


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Figures of RELIABILITY: a request that is beyond them is refused in words."""

    body: int = 8_000_000  # bytes
    head: float = 10.0  # seconds until a connection has said what it wants
    read: float = 30.0  # seconds until a body is here
    waiting: int = 16  # requests that wait while one is answered; more are sent away
    wait: float = 60.0  # seconds that one waits for its turn
    answer: float = 600.0  # seconds of a whole answer
    connections: int = 200  # at once; more are closed
    close: float = 1.0  # seconds that open connections have when the server ends
