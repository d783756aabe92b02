"""Which columns hold candidates, their scores and the right text; and candidates as a person writes them."""

import pytest

from slm_studio.core.candidate_columns import candidates_prompt, lines_of, list_roles, written_candidates
from slm_studio.core.dataset import Column


def column(name: str, kind: str) -> Column:
    return Column(name=name, kind=kind, filled=10, distinct=10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        (
            [("nbest", "list"), ("am_scores", "list"), ("truth", "text")],
            {"candidates": "nbest", "scores": "am_scores", "reference": "truth"},
        ),
        (
            [("候选", "list"), ("得分", "list"), ("正确", "text")],
            {"candidates": "候选", "scores": "得分", "reference": "正确"},
        ),
        (
            [("question", "text"), ("replies", "list"), ("answer", "text")],
            {"candidates": "replies", "context": "question", "reference": "answer"},
        ),
        ([("asr.Hypotheses", "tags"), ("id", "id")], {"candidates": "asr.Hypotheses"}),
        ([("labels", "list"), ("text", "text")], {}),
        ([("candidates", "text"), ("truth", "text")], {}),  # no list
    ],
)
def test_names_say_what_columns_hold(columns, roles) -> None:
    assert list_roles([column(*each) for each in columns]) == roles


@pytest.mark.parametrize(
    ("written", "texts", "scores"),
    [
        ("it rains\n\n  it reigns \n", ("it rains", "it reigns"), ()),
        ("it rains\t-3.5\nit reigns\t-4", ("it rains", "it reigns"), (-3.5, -4.0)),
        ("-3.5\tit rains\n-4\tit reigns", ("it rains", "it reigns"), (-3.5, -4.0)),
        ("it rains\t-3.5\nit reigns", ("it rains\t-3.5", "it reigns"), ()),  # one without: none has one
        ("room 12\nroom 13", ("room 12", "room 13"), ()),  # a number is part of the text
        ("a\tnan\nb\tinf", ("a\tnan", "b\tinf"), ()),
        ("", (), ()),
    ],
)
def test_candidates_stand_a_line_each_with_their_scores_behind_a_tab(written, texts, scores) -> None:
    assert written_candidates(written) == (texts, scores)


def test_what_is_written_is_read_again() -> None:
    texts, scores = ("it rains", "it reigns"), (-3.5, -4.25)

    assert written_candidates(lines_of(texts, scores)) == (texts, scores)
    assert written_candidates(lines_of(texts, ())) == (texts, ())


def test_a_question_holds_only_what_is_known() -> None:
    assert candidates_prompt(["a", "b"], (), " ") == {"candidates": ("a", "b")}
    assert candidates_prompt(["a", "b"], [1, 2], "c") == {"candidates": ("a", "b"), "scores": (1, 2), "context": "c"}
