"""What a client of OpenAI's is told of each token."""

import math

import pytest

from slm_studio.core.results import Token
from slm_studio.serve.shapes import TextShape


def test_the_drawn_token_is_told_once_by_what_it_is_in_the_text() -> None:
    drawn = Token(" cat", 0.5, 7, alternatives=(("cat", 0.5), (" dog", 0.25)))  # alone it is written without its space

    told = TextShape().piece(0, [drawn], True, 0)["logprobs"]

    assert told["top_logprobs"] == [{" cat": pytest.approx(math.log(0.5)), " dog": pytest.approx(math.log(0.25))}]
