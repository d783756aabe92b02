"""Known answers: as likely as the net says, and best where their sources are as like as held-out pairs ask for."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from slm_studio.core.events import Note
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.work import outcome
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.known_pairs import Known, KnownPairs
from slm_studio.engine.models.rewriters import make_rewriter
from slm_studio.engine.models.vocabulary import train_shared_pieces
from slm_studio.engine.writing import known as weighing
from slm_studio.engine.writing.beams import Hypothesis
from slm_studio.engine.writing.known import UNTOLD, Terms, candidates, learn_terms, terms_in, weighed
from slm_studio.engine.writing.pairs import start_id
from slm_studio.engine.writing.remembering import Sides, remember
from slm_studio.engine.writing.rewriting import NEEDED, asked_of, known_answers, write_all, write_texts

ENGLISH = [
    f"{who} {does} {what}" for who in ("he", "she") for does in ("sees", "likes") for what in ("cats", "dogs", "me")
]
CHINESE = [f"{who}{does}{what}" for who in ("他", "她") for does in ("看见", "喜欢") for what in ("猫", "狗", "我")]


@pytest.fixture(scope="module", params=["lstm", "t5"])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    torch.manual_seed(4)
    tokenizer = train_shared_pieces(ENGLISH + CHINESE, 300)
    net = make_rewriter(request.param, "nano", vocabulary_size=len(tokenizer), dropout=0.1).eval()
    return Loaded(net, tokenizer, {"target": "translation", "max_length": 32})


def hypothesis(chance: float, likeness: float | None = None, name: int = 0) -> Hypothesis:
    pair = Known("source", "target", likeness) if likeness is not None else None
    return Hypothesis((name,), (chance,), 0.0, pair)


def forced(net: PreTrainedModel, source: Sequence[int], target: Sequence[int]) -> list[float]:
    before = torch.tensor([[start_id(net), *target[:-1]]])
    logits = net(input_ids=torch.tensor([list(source)]), decoder_input_ids=before).logits[0]
    return logits.softmax(-1)[torch.arange(len(target)), torch.tensor(list(target))].tolist()


def test_candidates_are_as_likely_as_the_net_says_one_by_one(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    sources, targets = [[5, 9, 33, 12, 1], [7, 1]], [[[8, 1], [9, 30, 41, 1]], [[6, 7, 1]]]
    theirs, pairs = [[[5, 1], [9, 1]], [[7, 1]]], [[Known("a", "b", 0.5)] * 2, [Known("c", "d", 0.5)]]

    together = outcome(candidates(loaded.net, sources, theirs, targets, pairs))
    monkeypatch.setattr(weighing, "TOGETHER", 1)
    alone = outcome(candidates(loaded.net, sources, theirs, targets, pairs))

    assert together[1][0].doubt == pytest.approx(0.0, abs=1e-4)  # asked is its own source
    for source, others, several, found, again in zip(sources, theirs, targets, together, alone, strict=True):
        assert [each.ids for each in found] == [tuple(target) for target in several]
        for its, target, one, other in zip(others, several, found, again, strict=True):
            assert one.chances == pytest.approx(forced(loaded.net, source, target), rel=1e-4)
            assert one.chances == pytest.approx(other.chances, rel=1e-4)
            before, here = (sum(map(math.log, forced(loaded.net, each, target))) for each in (its, source))
            assert one.doubt == pytest.approx(max(0.0, before - here), abs=1e-3)


def test_a_known_answer_wins_by_likeness_and_by_what_the_net_says_of_it() -> None:
    own, other = hypothesis(0.5, name=1), hypothesis(0.4, name=2)
    like, unlike, unlikely = hypothesis(0.3, 0.9, 3), hypothesis(0.3, 0.2, 4), hypothesis(1e-6, 0.9, 5)
    # ln 0.5 = -0.69; ln 0.3 / 2 + 2 · (0.9 - 0.6) = -0.002; ln 0.3 / 2 + 2 · (0.2 - 0.6) = -1.4; ln 1e-6 / 2 + 0.6 = -6.3

    assert weighed([own, other], [unlike, unlikely], Terms(0.6)) == [own, other]
    assert weighed([own, other], [unlike, like], Terms(0.6)) == [like, own]
    assert weighed([own, other], [like], None) == [own, other] and weighed([own], [], Terms(0.6)) == [own]


def test_a_doubt_counts_against_a_known_answer_as_held_out_pairs_tell() -> None:
    """Likeness says nothing here: known answers are right where the net does not doubt them."""
    own, sure = hypothesis(0.3), hypothesis(0.3, 1.0)
    known = [replace(sure, doubt=doubt) for doubt in np.linspace(0, 10, 40)]

    def right(answers: Sequence[Hypothesis]) -> np.ndarray:
        return np.array([0.5 if each.known is None else float(each.doubt < 4) for each in answers])

    terms = learn_terms([[own]] * 40, [[each] for each in known], right)

    assert terms is not None and terms.doubted > 0
    chosen = [weighed([own], [each], terms)[0].known is not None for each in known]
    assert chosen == [each.doubt < 4 for each in known]
    assert weighed([own], [known[-1]], Terms(terms.needed))[0] is known[-1]


@pytest.mark.parametrize(
    ("fact", "terms"), [(0.5, Terms(0.5)), ([0.5, 0.1], Terms(0.5, 0.1)), (None, None), ("odd", None), ([1.0], None)]
)
def test_terms_are_read_from_the_facts_of_this_version_and_the_last(fact: object, terms: Terms | None) -> None:
    assert terms_in(fact) == terms


def test_an_answer_that_is_known_and_written_stands_there_once() -> None:
    own, other, same = hypothesis(0.5, name=1), hypothesis(0.4, name=2), hypothesis(0.5, 1.0, 1)

    assert weighed([own, other], [same], Terms(0.5)) == [same, other]


def test_held_out_answers_tell_how_like_a_source_must_be() -> None:
    """Known answers are right where the likeness is above one half, and wrong below it."""
    likenesses = np.linspace(0.1, 1.0, 40)
    own = [
        [hypothesis(math.exp(-0.5))] for _ in likenesses
    ]  # worth as much as a known one of chance 1/e at what is needed
    known = [[hypothesis(math.exp(-1.0), likeness)] for likeness in likenesses]

    def right(answers: Sequence[Hypothesis]) -> np.ndarray:
        return np.array([0.5 if each.known is None else float(each.known.likeness > 0.5) for each in answers])

    assert learn_terms(own, known, right) == Terms(0.5, 0.3)
    assert learn_terms(own, known, lambda answers: np.array([float(each.known is None) for each in answers])) is None
    assert learn_terms(own[:19], known[:19], right) == UNTOLD


def notes(loaded: Loaded, learnt: Sides, held: Sides) -> list[Note]:
    """Let a model remember, and return what was said."""
    loaded.facts.pop(NEEDED, None)
    return [event for event in remember(loaded, learnt, held, "chrf") if isinstance(event, Note)]


@pytest.fixture
def blank(loaded: Loaded) -> Loaded:
    """A model that keeps nothing yet."""
    loaded.kept = None
    return loaded


def test_a_model_remembers_where_that_helps_and_answers_so(blank: Loaded) -> None:
    held = (ENGLISH * 2, CHINESE * 2)  # an untrained net knows none of them, and its pairs know them all

    (told,) = notes(blank, (ENGLISH, CHINESE), held)

    assert isinstance(blank.kept, KnownPairs) and blank.facts[NEEDED] == [[0.8, 0.3], None]
    assert (told.code, told.values) == ("pairs-kept", {"count": 12}) and "told how like" in told.message
    written = outcome(write_texts(blank, asked_of(blank, ENGLISH, back=False)))
    assert sum(one == other for one, other in zip(written, CHINESE, strict=True)) > 8


def test_a_model_keeps_nothing_that_does_not_help(blank: Loaded) -> None:
    true = outcome(write_texts(blank, asked_of(blank, ENGLISH, back=False)))  # what the net says is right

    (told,) = notes(blank, (ENGLISH, CHINESE), (ENGLISH * 2, true * 2))

    assert blank.kept is None and NEEDED not in blank.facts and told.code == "pairs-left"


@pytest.mark.parametrize("held", [1, 0])
def test_of_few_held_out_texts_like_a_learnt_one_nothing_is_told_and_pairs_count_with_caution(
    blank: Loaded, held: int
) -> None:
    (told,) = notes(blank, (ENGLISH, CHINESE), (ENGLISH * held, CHINESE * held))

    assert isinstance(blank.kept, KnownPairs) and blank.facts[NEEDED] == [[UNTOLD.needed, UNTOLD.doubted], None]
    assert told.code == "pairs-kept" and "Too few" in told.message


def test_what_a_model_knew_before_stays_known_where_new_pairs_do_not_say_otherwise(blank: Loaded) -> None:
    blank.kept = KnownPairs(["he sees cats", "he sings", "held out"], ["旧的", "他唱歌", "留出"])

    notes(blank, (ENGLISH, CHINESE), (["held out"], ["留出"]))

    assert isinstance(blank.kept, KnownPairs)
    assert blank.kept.pairs == [*zip(ENGLISH, CHINESE, strict=True), ("he sings", "他唱歌")]


@pytest.mark.parametrize(
    ("former", "stays"), [((["他唱歌"] * 9, ["he sings"] * 9), True), ((["he sings"] * 9, ["il chante"] * 9), False)]
)
def test_former_pairs_are_turned_round_or_left_as_their_languages_say(
    blank: Loaded, former: Sides, stays: bool
) -> None:
    blank.kept = KnownPairs(*former)

    notes(blank, (ENGLISH, CHINESE), ([], []))

    assert isinstance(blank.kept, KnownPairs)
    assert (("he sings", "他唱歌") in blank.kept.pairs) is stays and len(blank.kept.pairs) == 12 + 9 * stays


def test_no_known_answer_is_longer_than_was_asked_for(blank: Loaded) -> None:
    asked = asked_of(blank, ["he sees cats"], back=False)
    pairs = KnownPairs(["he sees cats"], ["他看见猫"])
    ids = outcome(known_answers(blank, pairs, asked, [True], 99))[0][0].ids

    assert outcome(known_answers(blank, pairs, asked, [True], len(ids)))[0][0].ids == ids
    assert outcome(known_answers(blank, pairs, asked, [True], len(ids) - 1)) == [[]]


def test_an_answer_of_so_many_tokens_is_no_beginning_of_a_known_one(blank: Loaded) -> None:
    notes(blank, (ENGLISH, CHINESE), (ENGLISH, CHINESE))
    asked = asked_of(blank, ["he sees cats"], back=False)

    whole, short = (outcome(write_all(blank, asked, RewritingOptions(max_new_tokens=most)))[0][0] for most in (40, 1))

    assert whole.known is not None and short.known is None
