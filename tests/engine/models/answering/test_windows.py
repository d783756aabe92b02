"""Windows: every token of a passage is read, answers stand at their tokens, and long passages are chosen from."""

import itertools

import pytest

from slm_studio.core.quotes import truth_of
from slm_studio.core.spans import words_with_offsets
from slm_studio.engine.examples import IDS
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.answering.making import make_reader
from slm_studio.engine.models.answering.windows import (
    ELSEWHERE,
    ENDS,
    FIRST,
    FIT,
    LAST,
    NOT_KNOWN,
    NOWHERE,
    ROW,
    STARTS,
    Case,
    Reader,
    Room,
    add_cases,
    case_packer,
    stretches,
)
from slm_studio.engine.models.word_features import WordTokenizer

LONG = "The lake is deep. " * 12 + "Its owner is called Ruth Hale. " + "Boats pass by. " * 12


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    words = [[word.text for word in words_with_offsets(LONG)]]
    tokenizer = WordTokenizer.learn(words, most=1000)
    net = make_reader("lstm", "nano", vocabulary_size=len(tokenizer), slots=tokenizer.settings.slots, dropout=0.0)
    return Loaded(net, tokenizer, {"max_length": 32})


def packed(loaded: Loaded, *cases: Case, room: Room):
    packer = case_packer(loaded)
    add_cases(packer, Reader(loaded), range(len(cases)), cases, room)
    return packer.packed(width=loaded.tokenizer.settings.slots)


@pytest.mark.parametrize(
    ("count", "room", "shared"), [(10, 4, 1), (3, 4, 1), (4, 4, 3), (9, 4, 99), (0, 4, 1), (50, 7, 0)]
)
def test_stretches_hold_every_token_and_neighbours_share_some(count: int, room: int, shared: int) -> None:
    found = stretches(count, room, shared)

    assert {place for part in found for place in part} == set(range(count))
    assert all(len(part) <= room for part in found)
    assert all(other.start <= one.stop - min(shared, room - 1) for one, other in itertools.pairwise(found))


def test_every_character_of_a_passage_is_read_in_some_window(loaded: Loaded) -> None:
    found = packed(loaded, Case("who is the owner", LONG), room=Room(8, 99))

    starts, ends = (found.sequences[name].values_S for name in (STARTS, ENDS))
    read = {(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True) if start >= 0}
    assert read == {(word.start, word.end) for word in words_with_offsets(LONG)}
    assert (found.numbers[FIRST] == NOT_KNOWN).all()


def test_the_answer_stands_at_its_tokens_and_elsewhere_nothing_is_right(loaded: Loaded) -> None:
    case = Case("What is the owner called?", LONG, truth_of(LONG, "Ruth Hale"))

    found = packed(loaded, case, room=Room(8, 99))

    right = 0
    for place in range(len(found)):
        first, last = int(found.numbers[FIRST][place]), int(found.numbers[LAST][place])
        if first == NOWHERE:
            assert last == NOWHERE
            continue
        right += 1
        starts, ends = found.sequences[STARTS][place], found.sequences[ENDS][place]
        assert LONG[starts[first] : ends[last]] == "Ruth Hale"
    assert 1 <= right < len(found)
    assert set(found.numbers[ROW].tolist()) == {0}


def test_of_a_long_passage_the_windows_that_share_words_with_the_question_are_read(loaded: Loaded) -> None:
    found = packed(loaded, Case("What is the owner called?", LONG), room=Room(8, 1))

    assert len(found) == 1
    starts, ends = found.sequences[STARTS][0], found.sequences[ENDS][0]
    assert "Ruth" in LONG[starts[1] : ends[-1]]


def test_words_of_the_nearest_sentence_fit_best_and_those_of_the_question_itself_are_not_asked(loaded: Loaded) -> None:
    text = "The owner is called Ruth Hale. The mill grinds oats."

    found = packed(loaded, Case("What is the owner called?", text), room=Room(8, 9))

    starts, fits = found.sequences[STARTS][0], found.sequences[FIT][0]
    assert len(found) == 1 and len(fits) == len(starts)
    near = (starts >= 0) & (starts < text.index("The mill"))
    assert (fits[near] == 0).all() and (fits[starts == ELSEWHERE] == 0).all()
    assert (fits[starts >= text.index("The mill")] < 0).all()


def test_lessons_are_the_windows_with_the_answer_and_some_others(loaded: Loaded) -> None:
    known = Case("What is the owner called?", LONG, truth_of(LONG, "Ruth Hale"))
    lost = Case("What is the owner called?", LONG, truth_of(LONG, "Oscar"))

    found = packed(loaded, known, lost, room=Room(8, 99, negatives=1))

    firsts = found.numbers[FIRST].tolist()
    assert firsts.count(NOWHERE) == 1 and 1 <= len(firsts) - 1 <= 2
    assert set(found.rows_N.tolist()) == {0}


def test_a_passage_of_signs_alone_and_an_empty_question_are_read(loaded: Loaded) -> None:
    found = packed(loaded, Case("", "…"), Case("?", ""), room=Room(8, 4))

    assert len(found) == 2 and len(found.sequences[IDS][1]) == loaded.tokenizer.settings.slots
