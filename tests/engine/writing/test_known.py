"""Known answers: as likely as the net says, and best where their sources are as like as held-out pairs ask for."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from slm_studio.core.work import done
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.known_pairs import Known, KnownPairs
from slm_studio.engine.models.rewriters import make_rewriter
from slm_studio.engine.models.vocabulary import train_shared_pieces
from slm_studio.engine.writing import known as known_answers
from slm_studio.engine.writing.beams import Hypothesis
from slm_studio.engine.writing.known import candidates, learn_needed, weighed
from slm_studio.engine.writing.pairs import start_id
from slm_studio.engine.writing.remembering import remember
from slm_studio.engine.writing.rewriting import NEEDED, asked_of, write_texts

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
    pairs = [[Known("a", "b", 0.5)] * 2, [Known("c", "d", 0.5)]]

    together = done(candidates(loaded.net, sources, targets, pairs))
    monkeypatch.setattr(known_answers, "TOGETHER", 1)
    alone = done(candidates(loaded.net, sources, targets, pairs))

    for source, several, found, again in zip(sources, targets, together, alone, strict=True):
        assert [each.ids for each in found] == [tuple(target) for target in several]
        for target, one, other in zip(several, found, again, strict=True):
            assert one.chances == pytest.approx(forced(loaded.net, source, target), rel=1e-4)
            assert one.chances == pytest.approx(other.chances, rel=1e-4)


def test_a_known_answer_wins_by_likeness_and_by_what_the_net_says_of_it() -> None:
    own, other = hypothesis(0.5, name=1), hypothesis(0.4, name=2)
    like, unlike, unlikely = hypothesis(0.3, 0.9, 3), hypothesis(0.3, 0.2, 4), hypothesis(1e-6, 0.9, 5)
    # ln 0.5 = -0.69; ln 0.3 / 2 + 2 · (0.9 - 0.6) = -0.002; ln 0.3 / 2 + 2 · (0.2 - 0.6) = -1.4; ln 1e-6 / 2 + 0.6 = -6.3

    assert weighed([own, other], [unlike, unlikely], 0.6) == [own, other]
    assert weighed([own, other], [unlike, like], 0.6) == [like, own]
    assert weighed([own, other], [like], None) == [own, other] and weighed([own], [], 0.6) == [own]


def test_an_answer_that_is_known_and_written_stands_there_once() -> None:
    own, other, same = hypothesis(0.5, name=1), hypothesis(0.4, name=2), hypothesis(0.5, 1.0, 1)

    assert weighed([own, other], [same], 0.5) == [same, other]


def test_held_out_answers_tell_how_like_a_source_must_be() -> None:
    """Known answers are right where the likeness is above one half, and wrong below it."""
    likenesses = np.linspace(0.1, 1.0, 40)
    own = [
        [hypothesis(math.exp(-0.5))] for _ in likenesses
    ]  # worth as much as a known one of chance 1/e at what is needed
    known = [[hypothesis(math.exp(-1.0), likeness)] for likeness in likenesses]

    def right(answers: Sequence[Hypothesis]) -> np.ndarray:
        return np.array([0.5 if each.known is None else float(each.known.likeness > 0.5) for each in answers])

    assert learn_needed(own, known, right) == 0.5
    assert learn_needed(own, known, lambda answers: np.array([float(each.known is None) for each in answers])) is None
    assert learn_needed(own[:19], known[:19], right) is None and learn_needed(own, [[]] * 40, right) is None


def test_a_model_remembers_where_that_helps_and_answers_so(loaded: Loaded) -> None:
    loaded.facts.pop(NEEDED, None)
    held = (ENGLISH * 2, CHINESE * 2)  # an untrained net knows none of them, and its pairs know them all

    done(remember(loaded, (ENGLISH, CHINESE), held, "chrf"))

    assert isinstance(loaded.kept, KnownPairs) and loaded.facts[NEEDED] == [0.8, None]
    written = done(write_texts(loaded, asked_of(loaded, ENGLISH, back=False)))
    assert sum(one == other for one, other in zip(written, CHINESE, strict=True)) > 8


def test_a_model_keeps_nothing_that_does_not_help(loaded: Loaded) -> None:
    loaded.facts.pop(NEEDED, None)

    done(remember(loaded, (["a b c", "c d e"], ["一二", "三四"]), (ENGLISH * 2, CHINESE * 2), "chrf"))

    assert loaded.kept is None and NEEDED not in loaded.facts
