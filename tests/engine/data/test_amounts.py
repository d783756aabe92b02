"""Numbers as people write them: what a sign means is told by the whole column."""

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.data.amounts import amounts_in, refuse_weightless, weights_in, writing_of


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["3,5", "4,25", "4"], [3.5, 4.25, 4]),
        (["1,234", "12,000.5"], [1234, 12000.5]),
        (["1.234,5", "2.000", "7"], [1234.5, 2000, 7]),
        (["1,234", "5,678"], [1234, 5678]),
        (["0,123", "0,5"], [0.123, 0.5]),
        (["40 %", "12%", "４０％"], [40, 12, 40]),
        (["1 234", "12 000,5", "1'234,5"], [1234, 12000.5, 1234.5]),
        (["$12.50", "12 元", "¥3", "-$3"], [12.5, 12, 3, -3]),
        (["-3.5", "+2", "−4", "1e-3", ".5"], [-3.5, 2, -4, 0.001, 0.5]),
        (["１２，３４５", "１．５"], [12345, 1.5]),
        (["abc", "3/5", "12:30", "", "nan", "inf", "12.5.3", "1,2,3", "5 apples"], [None] * 9),
    ],
)
def test_a_column_is_read_as_it_is_written(cells: list[str], numbers: list[float | None]) -> None:
    assert amounts_in(cells) == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("cells", "value", "written"),
    [(["3,5", "4,25"], 3.456, "3,46"), (["40 %", "12 %"], 33.3, "33 %"), (["1.5"], 2.04, "2.0"), (["7"], 6.6, "7")],
)
def test_answers_are_written_as_the_column_is(cells: list[str], value: float, written: str) -> None:
    assert writing_of(cells).write(value) == written


def test_a_weight_that_is_none_counts_as_one_and_is_counted() -> None:
    assert weights_in(["2", "0", "", "-1", "many", "0.5"]) == ([2, 0, 1, 1, 1, 0.5], 2)


def test_rows_of_which_none_counts_are_refused() -> None:
    refuse_weightless([0.0, 0.1], "w")
    with pytest.raises(StudioError, match="All 2 rows have the weight 0 in column “w”"):
        refuse_weightless([0.0, 0.0], "w")
