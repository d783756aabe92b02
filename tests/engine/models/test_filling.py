"""Hiding words: which are hidden together, how many, the same ones whenever they are asked for again; and the net's answers."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from slm_studio.engine.examples import Ragged
from slm_studio.engine.models.fillers import logits_at, make_filler
from slm_studio.engine.models.filling.cases import cases_of
from slm_studio.engine.models.filling.hiding import Shares, disguised, drawn, hide
from slm_studio.engine.models.filling.pieces import piece_table
from slm_studio.engine.models.filling.units import starts_of
from slm_studio.engine.models.vocabulary import train_byte_pairs, train_word_pieces

TEXTS = ["playing and replaying the games, again", "我喜欢在公园里跑步。我们去公园吧。", "one-way 42 % (really)"] * 4


@pytest.fixture(scope="module")
def pieces():
    return train_word_pieces(TEXTS, 90, lowercase=True)


def units(tokenizer, text: str, how: str) -> list[str]:
    ids = np.array(tokenizer(text, add_special_tokens=False).input_ids)
    table, starts = piece_table(tokenizer), starts_of(ids, tokenizer, how)
    edges = [*np.flatnonzero(starts).tolist(), len(ids)]
    return [table.spelled(ids[start:end]) for start, end in pairwise(edges)]


def test_words_are_hidden_whole_and_chinese_ones_as_a_dictionary_cuts_them(pieces):
    pytest.importorskip("rjieba")

    assert units(pieces, "replaying games, again", "whole") == ["replaying", "games", ",", "again"]
    assert units(pieces, "我喜欢在公园里跑步。", "whole") == ["我", "喜欢", "在", "公园", "里", "跑步", "。"]


def test_characters_and_pieces_are_smaller_units(pieces):
    assert units(pieces, "replaying 公园", "characters") == ["replaying", "公", "园"]
    assert len(units(pieces, "playings", "pieces")) == len(pieces.tokenize("playings")) > 1


def test_a_byte_level_vocabulary_marks_where_words_begin():
    tokenizer = train_byte_pairs(TEXTS, 300)

    assert units(tokenizer, " replaying games, again", "whole") == ["replaying", "games", ",", "again"]


def numbers(blocks: int, width: int = 64):
    ids_BT = np.random.default_rng(3).integers(5, 60, (blocks, width))
    starts_BT = np.random.default_rng(4).random((blocks, width)) < 0.6
    starts_BT[:, 0] = True
    return ids_BT, starts_BT, np.ones_like(starts_BT), np.arange(blocks)


def test_as_many_are_hidden_as_asked_for_and_shown_as_asked_for(pieces):
    table = piece_table(pieces)
    ids_BT, starts_BT, inside_BT, places_B = numbers(2000)

    hidden_BT = hide(ids_BT, starts_BT, inside_BT, places_B, 7, 0.15, table)
    shown_BT = disguised(ids_BT, hidden_BT, places_B, 7, Shares(), pieces.mask_token_id, table)

    asked, seen = ids_BT[hidden_BT], shown_BT[hidden_BT]
    masked = seen == pieces.mask_token_id
    assert hidden_BT.mean() == pytest.approx(0.15, abs=0.003)
    assert masked.mean() == pytest.approx(0.8, abs=0.01)
    assert ((seen != asked) & ~masked).mean() == pytest.approx(0.1, abs=0.01)  # a random one is sometimes the same
    assert (seen == asked).mean() == pytest.approx(0.1, abs=0.01)
    assert (shown_BT[~hidden_BT] == ids_BT[~hidden_BT]).all()


def test_a_unit_is_hidden_whole_or_not_at_all(pieces):
    ids_BT, starts_BT, inside_BT, places_B = numbers(200)

    hidden_BT = hide(ids_BT, starts_BT, inside_BT, places_B, 1, 0.3, piece_table(pieces))

    goes_on = ~starts_BT[:, 1:]
    assert (hidden_BT[:, 1:][goes_on] == hidden_BT[:, :-1][goes_on]).all()


def test_what_is_hidden_hangs_on_seed_and_place_alone(pieces):
    table = piece_table(pieces)
    ids_BT, starts_BT, inside_BT, places_B = numbers(12)
    whole = hide(ids_BT, starts_BT, inside_BT, places_B, 5, 0.15, table)

    some = [8, 3]
    again = hide(ids_BT[some, :40], starts_BT[some, :40], inside_BT[some, :40], places_B[some], 5, 0.15, table)
    other = hide(ids_BT, starts_BT, inside_BT, places_B, 6, 0.15, table)

    assert (whole[some, :40] == again).all() and (whole != other).any()
    assert drawn(2**62, np.array([2**40]), 3, 2).shape == (1, 3)


def test_every_block_has_something_to_guess_and_never_a_control_token(pieces):
    table = piece_table(pieces)
    ids_BT = np.array([[2, 9, 3, 0], [2, 3, 0, 0]])
    starts_BT, inside_BT = np.ones_like(ids_BT, dtype=bool), ids_BT > 0

    hidden_BT = hide(ids_BT, starts_BT, inside_BT, np.arange(2), 0, 0.01, table)

    assert hidden_BT.tolist() == [[False, True, False, False], [False] * 4]


def test_only_what_is_asked_for_reaches_the_last_layer_and_says_the_same():
    torch.manual_seed(0)
    net = make_filler("bert", "nano", vocabulary_size=50, max_length=16, dropout=0.0).eval()
    ids_BT, mask_BT = torch.randint(5, 50, (2, 16)), torch.ones(2, 16, dtype=torch.long)
    asked_BT = torch.rand(2, 16) < 0.3
    widths: list[int] = []
    hook = net.get_output_embeddings().register_forward_hook(lambda module, states, out: widths.append(out.shape[0]))

    with torch.inference_mode():
        found = logits_at(net, ids_BT, mask_BT, asked_BT)
        hook.remove()
        expected = net(input_ids=ids_BT, attention_mask=mask_BT).logits[asked_BT]

    assert widths == [int(asked_BT.sum())]
    assert torch.allclose(found, expected, atol=1e-6)


@torch.inference_mode()
def test_heads_look_at_the_neighbours_from_the_first_step():
    torch.manual_seed(0)
    net = make_filler("bert", "nano", vocabulary_size=500, max_length=48, dropout=0.0).eval()
    net.set_attn_implementation("eager")
    ids_BT = torch.randint(5, 500, (8, 48))

    first_BHTT = net.bert(ids_BT, output_attentions=True).attentions[0]

    for head, aside in enumerate((-1, 1, -2)):
        looked = [float(first_BHTT[:, head].diagonal(step, dim1=-2, dim2=-1).mean()) for step in range(-5, 6)]
        assert looked.index(max(looked)) - 5 == aside and max(looked) > 4 / 48


def test_scored_words_stand_in_their_sentence_the_surest_mistakes_first(pieces):
    text = "playing the games。 again and replaying。 我喜欢公园。"
    ids_T = np.array(pieces(text).input_ids)
    table, words = piece_table(pieces), ("replaying", "公", "园")
    hidden_T = np.isin(ids_T, pieces.convert_tokens_to_ids(list(words)))
    starts_T = starts_of(ids_T, pieces, "characters")
    starts_T[np.flatnonzero(hidden_T)[-1]] = False  # 公园 is one word
    wrong = [table.texts.index("again"), *ids_T[hidden_T][1:].tolist()]
    ranks = [np.array([3, 0, 0])]
    seen = {"guesses": [np.array(wrong)], "ranks": ranks, "sure": [np.array([0.9, 0.5, 0.4])], "nats": ranks}
    starts = Ragged(starts_T.astype(np.int32), np.array([0, len(ids_T)]))

    first, second = cases_of([ids_T], [hidden_T], starts, seen, table)

    assert first[1:5] == ("again and [MASK]。", "replaying", "again", 0.9)
    assert second[1:4] == ("我喜欢[MASK][MASK]。", "公园", "公园") and (first[-1], second[-1]) == (False, True)
