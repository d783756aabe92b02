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
            [("nbest", "list"), ("lm_score", "list"), ("ac_score", "list"), ("score", "list"), ("ref", "text")],
            {
                "candidates": "nbest",
                "scores": "score",
                "scores2": "ac_score",
                "scores3": "lm_score",
                "reference": "ref",
            },
        ),
        (
            [("nbest", "list"), ("lm_score", "text"), ("am_score", "list")],
            {"candidates": "nbest", "scores": "am_score"},
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
        ("it rains\t-3.5\nit reigns\t-4", ("it rains", "it reigns"), ((-3.5, -4.0),)),
        ("-3.5\tit rains\n-4\tit reigns", ("it rains", "it reigns"), ((-3.5, -4.0),)),
        ("it rains\t-3.5\t-9\nit reigns \t\t-4\t-8.5", ("it rains", "it reigns"), ((-3.5, -4.0), (-9.0, -8.5))),
        ("-3.5\t-9\tit rains\n-4\t-8.5\tit reigns", ("it rains", "it reigns"), ((-3.5, -4.0), (-9.0, -8.5))),
        ("it rains\t-3.5\t-9\nit reigns\t-4", ("it rains", "it reigns"), ((-3.5, -4.0),)),  # as many as all have
        ("1\t2\n3\t4", ("1", "3"), ((2.0, 4.0),)),  # something must be the text
        ("it rains\t-3.5\nit reigns", ("it rains\t-3.5", "it reigns"), ()),  # one without: none has one
        ("room 12\nroom 13", ("room 12", "room 13"), ()),  # a number is part of the text
        ("a\tnan\nb\tinf", ("a\tnan", "b\tinf"), ()),
        ("", (), ()),
    ],
)
def test_candidates_stand_a_line_each_with_their_scores_behind_a_tab(written, texts, scores) -> None:
    assert written_candidates(written) == (texts, scores)


def test_what_is_written_is_read_again() -> None:
    texts, scores = ("it rains", "it reigns"), ((-3.5, -4.25), (7.0, 8.0))

    for known in ((), scores[:1], scores):
        assert written_candidates(lines_of(texts, known)) == (texts, known)
    assert lines_of(texts, ((), scores[1])) == "it rains\nit reigns"  # the second kind would be read as the first


def test_a_question_holds_only_what_is_known() -> None:
    assert candidates_prompt(["a", "b"], {"scores": ()}, " ") == {"candidates": ("a", "b")}
    known = {"scores": (1, 2), "scores2": (3, 4)}
    assert candidates_prompt(["a", "b"], known, "c") == {"candidates": ("a", "b"), **known, "context": "c"}
