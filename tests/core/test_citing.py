"""Which words are lit, and which passages an answer rests on."""

import pytest

from slm_studio.core.citing import Said, cite_messages, cite_passages, cited_in, said_from, worth_citing
from slm_studio.core.matching import matches
from slm_studio.core.results import Hit, Quote, Token


def hit(chosen: bool | None) -> Hit:
    return Hit("text", 0.5, 0, chosen=chosen)


@pytest.mark.parametrize(
    ("question", "text", "lit"),
    [
        ("late fees", "A fee for late books.", ["fee", "late"]),
        ("What is the fee?", "What the mill is for: THE fee.", ["fee"]),
        ("图书馆几点开门", "本图书馆十点开门。", ["图书馆", "点开门"]),
        ("iPhone手机", "手机 and iPhone", ["手机", "iPhone"]),
        ("", "anything", []),
    ],
)
def test_words_of_the_question_are_lit(question: str, text: str, lit: list[str]) -> None:
    assert [text[start:end] for start, end in matches(question, text)] == lit


def test_an_answer_cites_what_it_names_or_whose_words_it_has() -> None:
    passages = ["Late books cost 20 cents a day.", "The mill burnt down in 1911."]

    assert cited_in("It burnt down [2], [2].", passages) == (2,)
    assert cited_in("The mill burnt down in 1911.", passages) == (2,)
    assert cited_in("I do not know [7].", passages) == ()


def test_only_what_is_near_enough_is_given_to_a_model() -> None:
    assert worth_citing([hit(False), hit(True), hit(False)]) == [hit(True)]
    assert worth_citing([hit(False)]) == []
    assert len(worth_citing([hit(None)] * 5)) == 3


def test_the_passages_stand_numbered_in_the_language_of_the_question() -> None:
    system, user = cite_messages("开门时间？", ["十点开门"])["messages"]

    assert "[1] 十点开门" in system["content"] and "段落" in system["content"]
    assert user == {"role": "user", "content": "开门时间？"}


def test_words_that_are_pointed_at_cite_the_passage_in_which_they_stand() -> None:
    passages = ["One.", "It costs 3 euros.", "Three."]
    read = str(cite_passages("what does it cost", passages)["passage"])
    quote = Quote("3 euros", 0.8, read.index("3 euros"), read.index("3 euros") + 7, chosen=True)

    assert said_from([quote, Quote("", 0.1)], passages) == Said("3 euros", (2,))
    assert said_from([quote, Quote("", 0.6)], passages) == Said("")  # a model that never says so of itself
    assert said_from([Quote("", 0.4, chosen=True), quote], passages) == Said("")


def test_what_is_written_cites_as_before() -> None:
    assert said_from([Token("3 euros ", 1.0, 1), Token("[2]", 1.0, 2)], ["a", "b"]) == Said("3 euros [2]", (2,))
