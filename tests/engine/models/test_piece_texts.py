"""Piece texts: tokens as a person reads them."""

from slm_studio.engine.models.piece_texts import piece_texts
from tests.engine.writing.chats import chat_of


def test_a_character_of_several_tokens_is_shown_where_it_is_whole() -> None:
    tokenizer = chat_of("chatml").tokenizer
    text = "名 😀 Hi 中文"
    ids = tokenizer.encode(text, add_special_tokens=False)

    shown = piece_texts(tokenizer, ids)

    assert len(shown) == len(ids) and "".join(shown) == text
    assert piece_texts(tokenizer, ids[:1])[-1], "a part that nothing follows is shown as such"
