"""Under the engine's environment its libraries add up in one order, wherever in memory the numbers lie."""

from slm_studio.host.environment import engine_environment
from tests.benchmarks.sheet import in_process


def test_a_product_is_the_same_wherever_its_numbers_lie() -> None:
    assert in_process("tests.benchmarks.order", "products", environment=engine_environment(1)) == {"differ": 0}
