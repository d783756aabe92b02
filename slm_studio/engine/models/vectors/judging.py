"""How vectors fared: on questions that people wrote, and on neighbours in text that they have not seen."""

# N questions or pairs, V words, D numbers of a vector, M candidates

from collections.abc import Iterator, Sequence

import numpy as np

from slm_studio.core.dataset import EXAMPLES, Remark
from slm_studio.core.intervals import wilson
from slm_studio.core.results import Baseline, Metric
from slm_studio.core.texts import mark
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.examples import Packed
from slm_studio.engine.measuring import word_vectors as scoring
from slm_studio.engine.measuring.compare import verdict
from slm_studio.engine.models.vectors.cutting import Cutting, dictionary_cutter
from slm_studio.engine.models.vectors.questions import Questions, packed_questions
from slm_studio.engine.models.vectors.space import Space
from slm_studio.engine.models.vectors.vocabulary import WordVocabulary

RESTRICTED = 300_000  # most frequent words among which the answer to an analogy is looked for, as gensim does it
MOST_CASES = 300
ANALOGY, PAIR, NEIGHBOUR = "{} : {} = {} : ?", "{} ~ {}", "{} + ?"
LITTLE = 1_000_000  # words of text below which vectors say little of rare words

KNOWN = mark("These vectors know all words of {known} of the {asked} questions; the others were left out. Answers were looked for among the {most} most frequent words.")  # fmt: skip
KNOWN_PAIRS = mark("These vectors know both words of {known} of the {asked} pairs; the others were left out.")
SMALL = mark(
    "They learnt from {count} words. From so little text, vectors of rare words are mostly chance: trust frequent ones, and look at neighbours yourself."
)
NO_CUTTER = mark("Chinese was cut by characters: the dictionary (rjieba) is not there for this computer.")

Case = tuple[object, ...]
CASES = ("row", "question", "expected", "predicted", "score", "right")


def answers_to(space: Space, ids_NK: np.ndarray) -> dict[str, np.ndarray]:
    """Return the answer [N] to each analogy of four words and its likeness [N], or the likeness of each two words."""
    if ids_NK.shape[1] == 2:
        likeness_N = (space.unit(ids_NK[:, 0]) * space.unit(ids_NK[:, 1])).sum(1)
        return {"predicted": ids_NK[:, 1], "score": likeness_N}
    predicted_N, score_N = space.solve(ids_NK[:, :3], RESTRICTED)
    return {"predicted": predicted_N, "score": score_N}


def metrics_of(
    asked: Questions, examples: Packed, predicted_N: np.ndarray, score_N: np.ndarray
) -> tuple[Metric, np.ndarray]:
    """Return the score with its interval, and what a paired test needs of each question [N]."""
    if asked.size == 2:
        alike_N = np.array([asked.alike[row] for row in examples.rows_N])
        return scoring.spearman_metric(score_N, alike_N), score_N
    right_N = predicted_N == _truth(examples)
    low, high = wilson(int(right_N.sum()), len(right_N))
    return Metric(key="analogy_accuracy", value=float(right_N.mean()), low=low, high=high), right_N


def question_cases(
    asked: Questions, examples: Packed, predicted_N: np.ndarray, score_N: np.ndarray, names: Sequence[str]
) -> list[Case]:
    """Return the questions with their answers, wrong ones first; of pairs those whose ranks differ most."""
    rows_N = examples.rows_N
    words = [asked.words[row] for row in rows_N]
    if asked.size == 2:
        alike_N = np.array([asked.alike[row] for row in rows_N])
        gaps_N = np.abs(np.argsort(np.argsort(alike_N)) - np.argsort(np.argsort(score_N)))
        return [
            (int(rows_N[at]), PAIR.format(*words[at]), f"{alike_N[at]:g}", f"{score_N[at]:.3f}", round(float(score_N[at]), 4), None)
            for at in np.argsort(-gaps_N, kind="stable")[:MOST_CASES]
        ]  # fmt: skip
    right_N = predicted_N == _truth(examples)
    order = np.concatenate([_spread(np.flatnonzero(~right_N)), _spread(np.flatnonzero(right_N))])
    return [
        (int(rows_N[at]), ANALOGY.format(*words[at][:3]), words[at][3], names[predicted_N[at]], round(float(score_N[at]), 4), bool(right_N[at]))
        for at in order
    ]  # fmt: skip


def shares(asked: Questions, examples: Packed, right_N: np.ndarray) -> dict[str, float]:
    """Return how many analogies of each kind are right, and how many there are."""
    if asked.size == 2:
        return {}
    kinds = [asked.kinds[row] for row in examples.rows_N]
    found: dict[str, float] = {}
    for kind, right, count in scoring.shares_by_kind(kinds, right_N):
        found |= {f"right:{kind}": float(right), f"asked:{kind}": float(count)}
    return found


def question_baseline(
    key: str,
    asked: Questions,
    evidence_N: np.ndarray,
    vocabulary: WordVocabulary,
    vectors_VD: np.ndarray,
    seconds: float,
) -> Baseline:
    """Return how other vectors of the same words answer the same questions."""
    examples = packed_questions(asked, vocabulary)
    ids_NK = examples.take(range(len(examples)))["input_ids"].numpy()
    shrink_V = 1 / np.maximum(np.linalg.norm(vectors_VD, axis=1), 1e-12)
    theirs = answers_to(Space(vocabulary, vectors_VD, shrink_V), ids_NK)
    metric, other_N = metrics_of(asked, examples, theirs["predicted"], theirs["score"])
    said = verdict(evidence_N.astype(bool), other_N.astype(bool)) if asked.size == 4 else ""
    return Baseline(key=key, metrics=(metric,), seconds=seconds, verdict=said)


def neighbour_cases(
    pairs: scoring.Company, told_N: np.ndarray, tables: tuple[np.ndarray, np.ndarray, np.ndarray], names: Sequence[str]
) -> list[Case]:
    """Return words, one that stands beside each in the text, and which of it and random words the vectors prefer; mistakes first."""
    vectors_VD, contexts_VD, bias_V = tables
    found: list[tuple[bool, Case]] = []
    for at in _spread(np.arange(len(pairs))):
        real = int(pairs.beside_N[at])
        candidates = [real, *pairs.random_NM[at].tolist()]
        scores = contexts_VD[candidates] @ vectors_VD[pairs.words_N[at]] + bias_V[candidates]
        best = candidates[int(scores.argmax())]
        word = names[pairs.words_N[at]]
        case = (int(at), NEIGHBOUR.format(word), names[real], names[best], round(float(told_N[at]), 4), best == real)
        found.append((best == real, case))
    return [case for _, case in sorted(found, key=lambda pair: (pair[0], pair[1][4]))]  # type: ignore[arg-type,return-value]


def coverage(asked: Questions, examples: Packed, vocabulary: WordVocabulary) -> Iterator[Remark]:
    """Yield how many of the questions could be asked."""
    known = set(examples.rows_N.tolist())
    left = [row for row, words in enumerate(asked.words) if words and row not in known]
    values = {"known": len(known), "asked": asked.asked, "most": min(RESTRICTED, len(vocabulary))}
    message = KNOWN if asked.size == 4 else KNOWN_PAIRS
    yield Remark(code="coverage", message=message, count=len(left), rows=tuple(left[:EXAMPLES]), values=values)


def little_text(words: int) -> Iterator[Remark]:
    """Yield what so little text is worth."""
    if 0 < words < LITTLE:
        yield Remark(code="little-text", message=SMALL, count=words, values={"count": words})


def cut_by_characters(texts: Sequence[str], cutting: Cutting) -> Iterator[Remark]:
    """Yield that Chinese was cut by characters although nobody asked for it."""
    if cutting.segmentation != "auto" or dictionary_cutter(()) is not None:
        return
    count = sum(any(map(is_han, text)) for text in texts)
    if count:
        yield Remark(code="cut-by-characters", message=NO_CUTTER, count=count)


def neighbours(space: Space, place: int, most: int) -> list[str]:
    """Return the words nearest to a word."""
    found = space.nearest(space.unit([place])[0], most, without=[place])
    return [space.vocabulary.names[each] for each, _ in found]


def _truth(examples: Packed) -> np.ndarray:
    return np.asarray(examples.take(range(len(examples)))["input_ids"].numpy()[:, 3])


def _spread(places: np.ndarray) -> np.ndarray:
    """Return at most half of MOST_CASES of some places, from all over."""
    if len(places) <= MOST_CASES // 2:
        return places
    return np.asarray(places[np.linspace(0, len(places) - 1, MOST_CASES // 2).astype(int)])
