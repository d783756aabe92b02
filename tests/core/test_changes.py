"""Changes: what a text has otherwise than another, in pieces that make up both."""

from hypothesis import given
from hypothesis import strategies as st

from slm_studio.core.changes import MOST, Piece, changes, new_words


def test_words_are_compared_and_chinese_characters() -> None:
    assert changes("I has it.", "I have it.") == [
        Piece("I ", "same"), Piece("has", "removed"), Piece("have", "added"), Piece(" it.", "same"),
    ]  # fmt: skip
    assert changes("他门走了", "他们走了")[1:3] == [Piece("门", "removed"), Piece("们", "added")]


@given(st.text(max_size=30), st.text(max_size=30))
def test_the_pieces_are_both_texts(before: str, after: str) -> None:
    pieces = changes(before, after)

    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_of_a_summary_words_are_new_wherever_the_others_stood() -> None:
    assert new_words("On Monday the pool, closed.", "The pool shut: Monday") == [
        Piece("The pool ", "same"), Piece("shut", "added"), Piece(": Monday", "same"),
    ]  # fmt: skip
    assert [piece.text for piece in new_words("邮局八月关闭", "邮局星期一关") if piece.kind == "added"] == ["星期一"]


def test_very_long_texts_are_not_compared() -> None:
    assert changes("a " * MOST, "b") == [Piece("b", "same")] and changes("a " * MOST, "") == []
