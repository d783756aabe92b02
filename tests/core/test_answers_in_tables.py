"""Answers in tables: spans as JSON, and as a text with its marks, which people read in a spreadsheet."""

import json

from slm_studio.core.results import Label, Span, further_cells, in_cells

SPANS = (Span(0, 12, "PER", 0.9), Span(25, 31, "LOC", 0.7))
TEXT = "Ada Lovelace was born in London."


def test_spans_are_json_and_as_sure_as_the_least_sure() -> None:
    answer, score = in_cells(SPANS, "spans")

    assert json.loads(answer)[0] == {"start": 0, "end": 12, "label": "PER"} and score == "0.7000"


def test_spans_are_marked_in_line_besides() -> None:
    assert further_cells(TEXT, SPANS, "spans") == {"marked": "[Ada Lovelace](PER) was born in [London](LOC)."}
    assert further_cells("", (), "spans") == {"marked": ""}
    assert further_cells(TEXT, (Label("a", 1.0),), "labels") == {}
