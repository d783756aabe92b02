"""What is marked by hand is written as its column writes, reads back the same, and leaves alone what nobody touched."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_studio.core.errors import StudioError
from slm_studio.core.marking import Form, check_label, form_of, mark_words, marking_of, unmark_words
from slm_studio.core.spans import Span, read_list, words_with_offsets, write_list

words_with_offsets("")  # makes its pattern, which takes longer than hypothesis lets an example take
LABELS = ("PER", "LOC", "人名", "B-side")
FORMS = [
    Form(scheme=scheme, spelling=spelling, joint=joint, outside=outside)
    for scheme, spelling, joint, outside in [
        ("BIO", "IES", "-", "O"), ("BIO", "IES", "_", "_"), ("IOB1", "IES", "-", "O"), ("BIOES", "IES", "-", "O"),
        ("BIOES", "ILU", "-", "O"), ("BIOES", "MES", "_", "O"), ("BIOES", "MEW", "-", ""),
    ]
] + [Form(spans=True)]  # fmt: skip


@st.composite
def spans_of(draw: st.DrawFn, count: int) -> tuple[Span, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, count))))
    return tuple(
        Span(start, end, draw(st.sampled_from(LABELS))) for start, end in pairwise(cuts) if draw(st.booleans())
    )


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, int]:
    """Return a text or a list of words, and how many words it has."""
    words = draw(st.lists(st.sampled_from(["Ada", "好", "🙂", "is", "9", "カ"]), min_size=1, max_size=9))
    return (write_list(words), len(words)) if draw(st.booleans()) else (" ".join(words), len(words))


@settings(deadline=None, max_examples=80)
@given(st.data(), st.sampled_from(FORMS), rows())
def test_what_is_written_reads_back_and_forth(data: st.DataObject, form: Form, row: tuple[str, int]) -> None:
    text, count = row
    first, then = data.draw(spans_of(count)), data.draw(spans_of(count))

    cell = marking_of(text, "", form).written(first)
    assert marking_of(text, cell, form).spans == first
    other = marking_of(text, cell, form).written(then)

    assert marking_of(text, other, form).spans == then
    assert marking_of(text, other, form).written(then) == other
    again = marking_of(text, marking_of(text, other, form).written(first), form)
    assert again.spans == first and (form.scheme == "IOB1" or again.cell == cell)


@pytest.mark.parametrize("form", FORMS[:-1])
def test_the_form_of_a_column_is_told_from_its_cells(form: Form) -> None:
    words = write_list(["Ada", "Lovelace", "Byron", "in", "Rome", "of", "New", "York", "City"])
    spans = [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(4, 5, "LOC"), Span(6, 9, "LOC")]

    cell = marking_of(words, "", form).written(spans)

    assert form_of(["", cell, cell], of_words=True) == form


@pytest.mark.parametrize(
    ("cells", "of_words", "form"),
    [
        (["", "[]"], True, Form()),
        (["", "[]"], False, Form(spans=True)),
        (['["B", "I", "O"]'], True, Form(is_bare=True)),
        (['["PER", "PER", "O"]'], True, Form(scheme="IO")),
        (['["O", "O"]'], True, Form()),
        (['[{"start": 0, "end": 3, "label": "PER"}]', ""], False, Form(spans=True)),
        (['["B-PER"]'], False, Form()),
    ],
)
def test_columns_without_much_to_tell_have_a_form_too(cells: list[str], of_words: bool, form: Form) -> None:
    assert form_of(cells, of_words=of_words) == form


def test_labels_alone_are_written_alone_and_touching_ones_become_one() -> None:
    row = marking_of('["a", "b", "c", "d"]', "", Form(scheme="IO"))

    assert row.written([Span(0, 2, "PER"), Span(2, 3, "LOC")]) == '["PER", "PER", "LOC", "O"]'
    merged = row.written([Span(0, 2, "PER"), Span(2, 3, "PER")])
    assert marking_of('["a", "b", "c", "d"]', merged, row.form).spans == (Span(0, 3, "PER"),)


def test_marks_without_a_label_stay_without() -> None:
    row = marking_of('["a", "b", "c"]', '["B", "I", "O"]', Form(is_bare=True))

    assert row.spans == (Span(0, 2, "span"),)
    assert row.written([Span(1, 3, "span")]) == '["O", "B", "I"]'
    assert row.written([Span(1, 3, "PER")]) == '["O", "B-PER", "I-PER"]'


def test_odd_tags_of_words_that_nobody_touched_stay() -> None:
    row = marking_of('["a", "b", "c", "d", "e"]', '["I-PER", "_", "O", "I-LOC", "L-LOC"]', Form())
    before = row.spans

    written = row.written(mark_words(before, 2, 3, "PER"))

    assert read_list(written) == ["I-PER", "_", "B-PER", "I-LOC", "L-LOC"]


def test_a_neighbour_that_would_run_into_a_new_mark_begins_anew() -> None:
    row = marking_of('["a", "b", "c"]', '["O", "I-PER", "O"]', Form(scheme="IOB1"))

    written = row.written(mark_words(row.spans, 0, 1, "PER"))

    assert read_list(written) == ["I-PER", "B-PER", "O"]


def test_spans_that_nobody_touched_keep_all_their_fields() -> None:
    text = "Adaline met Bob in New York"
    cell = json.dumps([
        {"start": 0, "end": 3, "label": "PER", "note": "within a word"},
        {"start": 12, "end": 15, "label": "PER"},
        {"start": 19, "end": 27, "label": "LOC", "id": 7},
        {"start": 23, "end": 27, "label": "PART"},
        {"start": 90, "end": 99, "label": "FAR"},
    ])  # fmt: skip
    row = marking_of(text, cell, Form(spans=True))
    assert row.spans == (Span(0, 1, "PER"), Span(2, 3, "PER"), Span(4, 6, "LOC"))

    less = json.loads(row.written(unmark_words(row.spans, 2, 3)))
    other = json.loads(row.written(mark_words(row.spans, 5, 6, "CITY")))

    assert less == [each for each in json.loads(cell) if each["start"] != 12]
    assert other[2] == {"start": 23, "end": 27, "label": "CITY"}
    assert [each["label"] for each in other] == ["PER", "PER", "CITY", "FAR"]


def test_a_row_that_nothing_marks_can_say_so() -> None:
    for cell in ("", "[]"):
        row = marking_of('["a", "b"]', cell, Form())
        assert row.is_new and row.written(()) == '["O", "O"]'
    assert marking_of("a b", "", Form(spans=True)).written(()) == "[]"


def test_a_cell_of_the_other_form_is_read_and_written_as_it_is() -> None:
    cell = '[{"label": "PER", "start": 0, "end": 3}]'
    row = marking_of("Ada left", cell, Form())

    assert row.spans == (Span(0, 1, "PER"),)
    assert json.loads(row.written(mark_words(row.spans, 1, 2, "VERB")))[1] == {"start": 4, "end": 8, "label": "VERB"}


@pytest.mark.parametrize("cell", ['[ "B-PER","O"]', '[{"end":3, "start":0, "label":"PER"}]'])
def test_a_cell_that_says_it_already_stays_to_the_letter(cell: str) -> None:
    row = marking_of("Ada left", cell, Form())

    assert row.written([Span(0, 1, "PER")]) == cell


def test_a_list_that_fits_no_words_is_no_row_to_mark() -> None:
    with pytest.raises(StudioError, match="2 tags for 3 words"):
        marking_of('["a", "b", "c"]', '["O", "O"]', Form())
    with pytest.raises(StudioError, match="no list"):
        marking_of('["a"]', "O", Form())


@given(st.integers(0, 8), st.integers(1, 3), st.data())
def test_what_is_marked_anew_takes_the_place_of_what_it_touches(start: int, length: int, data: st.DataObject) -> None:
    before = data.draw(spans_of(12))

    after = mark_words(before, start, start + length, "NEW")

    assert Span(start, start + length, "NEW") in after
    assert all(one.end <= other.start for one, other in pairwise(after))
    assert {each for each in before if each.end <= start or each.start >= start + length} == set(after) - {
        Span(start, start + length, "NEW")
    }


@pytest.mark.parametrize(
    ("label", "form", "fits"),
    [
        ("PER", Form(), True), ("O", Form(), True), (" ", Form(), False), ("PER ", Form(), False), ("", Form(spans=True), False),
        ("O", Form(scheme="IO"), False), ("B-side", Form(scheme="IO"), False), ("PER", Form(scheme="IO"), True),
        ("span", Form(is_bare=True), True), ("人名", Form(spans=True), True),
    ],
)  # fmt: skip
def test_a_label_that_could_not_be_read_again_is_refused(label: str, form: Form, fits: bool) -> None:
    if fits:
        check_label(label, form)
        return
    with pytest.raises(StudioError, match="cannot be a label"):
        check_label(label, form)
