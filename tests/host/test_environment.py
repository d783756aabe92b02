"""Under the engine's environment its libraries add up in one order, wherever in memory the numbers lie."""

import subprocess
import sys

from slm_studio.host.environment import engine_environment

EVERYWHERE = """
import torch

torch.manual_seed(0)
torch.set_num_threads(1)


def moved(tensor, place):
    room = torch.empty(tensor.numel() + 16)[place : place + tensor.numel()].view_as(tensor)
    return room.copy_(tensor)


for rows in (1, 3, 8):
    one, other = torch.randn(rows, 96), torch.randn(33, 96)
    found = [moved(one, first) @ moved(other, second).T for first in range(16) for second in range(16)]
    print(sum(not torch.equal(each, found[0]) for each in found))
"""


def test_a_product_is_the_same_wherever_its_numbers_lie() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERYWHERE], env=engine_environment(1), capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["0", "0", "0"]
