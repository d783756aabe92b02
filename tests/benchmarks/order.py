"""What it costs that MKL adds up in one order: `python -m tests.benchmarks.order`.

Small networks take steps with MKL's order left to itself, and with ours, which is the same wherever in memory the numbers
lie; how many of products of a few rows, laid at 256 places, differ from the first one is told beside. Each has a process of
its own, twice in turns, of which the faster counts.
"""

import sys

from slm_studio.host.environment import engine_environment
from tests.benchmarks import waiting
from tests.benchmarks.sheet import Line, answer, in_process, print_machine, print_table, times

WAYS = {"left to itself": {"MKL_CBWR": ""}, "ours": {}}
TURNS = 2


def main() -> None:
    """Print a table: steps a second, and how they stand to those of an order left to itself."""
    print_machine("What it costs that MKL adds up in one order")
    rates = {
        (net, way): max(_asked("tests.benchmarks.waiting", net, way, "rate") for _ in range(TURNS))
        for net in waiting.NETS
        for way in WAYS
    }
    differ = {way: _asked("tests.benchmarks.order", "products", way, "differ") for way in WAYS}
    print_table(
        [
            Line(f"{net}: {way}", f"{rate:.1f} steps/s", "left to itself", times(rate, rates[net, "left to itself"]))
            for (net, way), rate in rates.items()
        ]
        + [
            Line(f"products: {way}", f"{count:.0f} of 768 differ", "left to itself", "")
            for way, count in differ.items()
        ]
    )


def _asked(module: str, what: str, way: str, key: str) -> float:
    return float(in_process(module, what, environment=engine_environment(2) | WAYS[way])[key])  # type: ignore[arg-type]


def probe() -> None:
    """Multiply the same numbers at many places and tell how often the product differs."""
    import torch

    def moved(tensor: torch.Tensor, place: int) -> torch.Tensor:
        room = torch.empty(tensor.numel() + 16)[place : place + tensor.numel()].view_as(tensor)
        return room.copy_(tensor)

    differ = 0
    for rows in (1, 3, 8):
        one, other = torch.randn(rows, 96), torch.randn(33, 96)
        found = [moved(one, first) @ moved(other, second).T for first in range(16) for second in range(16)]
        differ += sum(not torch.equal(each, found[0]) for each in found)
    answer({"differ": differ})


if __name__ == "__main__":
    probe() if sys.argv[1:] else main()
