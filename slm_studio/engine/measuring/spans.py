"""Scores of spans, pure: entities found, missed and half found, with intervals and two simple methods for scale.

An entity counts as found where its words and its type are exactly the gold ones (CoNLL's rule), by BIO2 read strictly, as
seqeval's `mode="strict", scheme=IOB2` reads it: an entity begins at “B-x” and goes on over “I-x” of its own type. An “I-x”
that follows nothing of its type belongs to no entity (seqeval's default mode would let it begin one). Our own decoding
never writes such a tag; files and other models may.
Sources: Tjong Kim Sang & De Meulder 2003; Nadeau & Sekine 2007; Chinchor & Sundheim 1993 (MUC-5) for partial matches.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from slm_studio.core.results import Baseline, ClassScore, Metric
from slm_studio.engine.measuring.compare import SIGNIFICANT
from slm_studio.engine.measuring.scoring import bootstrap

Tags = Sequence[str]
SHUFFLES = 1000


class Entity(NamedTuple):
    """Words start…end (end excluded) that bear a type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Entities of each sentence: those in both, in the answer and in the gold [sentences]."""

    both_N: np.ndarray
    answered_N: np.ndarray
    gold_N: np.ndarray

    def f1(self, rows: np.ndarray | slice = slice(None)) -> float:
        """Return the F1 of all entities of some sentences; 0 where there is none at all."""
        return _f1(self.both_N[rows].sum(), self.answered_N[rows].sum(), self.gold_N[rows].sum())


def entities_of(tags: Tags) -> list[Entity]:
    """Return the entities of one sentence, strictly. Example: entities_of(["B-x", "I-x", "I-y", "O"]) → [(0, 2, "x")]"""
    found: list[Entity] = []
    start, type_ = -1, ""
    for place, tag in enumerate([*tags, "O"]):
        if start >= 0 and tag != f"I-{type_}":
            found.append(Entity(start, place, type_))
            start = -1
        if tag.startswith("B-"):
            start, type_ = place, tag[2:]
    return found


def count_broken(sentences: Iterable[Tags]) -> int:
    """Return how many “I-x” tags follow nothing of their type, and so belong to no entity."""
    broken = 0
    for tags in sentences:
        inside = sum(end - start - 1 for start, end, _ in entities_of(tags))
        broken += sum(tag.startswith("I-") for tag in tags) - inside
    return broken


def count_entities(gold: Sequence[Tags], answered: Sequence[Tags]) -> Counts:
    """Return the counts of each sentence. Both say as many sentences; of a shorter answer the rest is “O”."""
    numbers = np.zeros((3, len(gold)), dtype=np.int64)
    for row, (true, mine) in enumerate(zip(gold, answered, strict=True)):
        one, other = set(entities_of(true)), set(entities_of(mine))
        numbers[:, row] = len(one & other), len(other), len(one)
    return Counts(*numbers)


def entity_metrics(gold: Sequence[Tags], answered: Sequence[Tags], seed: int = 0) -> tuple[Metric, ...]:
    """Return entity_f1, entity_precision and entity_recall with 95 % intervals: bootstrap over the sentences."""
    counts = count_entities(gold, answered)
    both_N, answered_N, gold_N = counts.both_N, counts.answered_N, counts.gold_N
    return (
        _metric("entity_f1", counts.f1, len(gold), seed),
        _metric("entity_precision", lambda rows: _share(both_N[rows].sum(), answered_N[rows].sum()), len(gold), seed),
        _metric("entity_recall", lambda rows: _share(both_N[rows].sum(), gold_N[rows].sum()), len(gold), seed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeScore:
    """How one type of entity fared, and the 95 % interval of its F1."""

    score: ClassScore
    low: float
    high: float


def per_type(gold: Sequence[Tags], answered: Sequence[Tags], seed: int = 0) -> tuple[TypeScore, ...]:
    """Return the scores of each type that stands in the gold or in the answers, by name; support counts gold entities."""
    numbers: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((3, len(gold)), dtype=np.int64))
    for row, (true, mine) in enumerate(zip(gold, answered, strict=True)):
        one, other = set(entities_of(true)), set(entities_of(mine))
        for column, entities in enumerate((one & other, other, one)):
            for entity in entities:
                numbers[entity.type][column, row] += 1
    found = []
    for type_ in sorted(numbers):
        counts = Counts(*numbers[type_])
        both, mine, true = (int(each.sum()) for each in (counts.both_N, counts.answered_N, counts.gold_N))
        score = ClassScore(
            label=type_, precision=_share(both, mine), recall=_share(both, true), f1=counts.f1(), support=true
        )
        low, high = bootstrap(counts.f1, len(gold), seed)
        found.append(TypeScore(score=score, low=min(low, score.f1), high=max(high, score.f1)))
    return tuple(found)


# Half found


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """What became of the entities of one type. MUC's names: correct, incorrect, partial, missing, spurious.

    Each gold entity and each answer is in one pair at most: first those alike, then those of the same words, then those
    that overlap most. `spurious` counts under the type that was answered, all others under the gold type.
    """

    correct: int = 0
    wrong_type: int = 0  # the right words under another type
    boundary: int = 0  # the right type, other words that overlap
    both_wrong: int = 0  # another type, other words that overlap
    missed: int = 0
    spurious: int = 0


KINDS = ("correct", "wrong_type", "boundary", "both_wrong", "missed", "spurious")


def error_table(gold: Sequence[Tags], answered: Sequence[Tags]) -> dict[str, Errors]:
    """Return for each type, by name, what became of its entities."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for true, mine in zip(gold, answered, strict=True):
        for type_, kind in _kinds(entities_of(true), entities_of(mine)):
            counts[type_][kind] += 1
    return {type_: Errors(**counts[type_]) for type_ in sorted(counts)}


def lenient_f1(table: Mapping[str, Errors]) -> dict[str, float]:
    """Return SemEval-2013's looser scores: `exact` asks for the right words, `type` for the right type on overlapping words.

    `partial` gives half a point to words that only overlap, whatever their type.
    Source: Segura-Bedmar et al. 2013, task 9.1, https://aclanthology.org/S13-2056
    """
    total = {kind: sum(getattr(errors, kind) for errors in table.values()) for kind in KINDS}
    paired = sum(total[kind] for kind in KINDS[:4])
    possible, actual = paired + total["missed"], paired + total["spurious"]
    exact = total["correct"] + total["wrong_type"]
    return {
        "exact": _f1(exact, actual, possible),
        "type": _f1(total["correct"] + total["boundary"], actual, possible),
        "partial": _f1(exact + 0.5 * (total["boundary"] + total["both_wrong"]), actual, possible),
    }


def _kinds(gold: Sequence[Entity], answered: Sequence[Entity]) -> Iterable[tuple[str, str]]:
    """Yield a type and what happened, for each gold entity and for each answer without a partner."""
    pairs = sorted(
        (-(true == mine), -(true[:2] == mine[:2]), -_overlap(true, mine), true.type != mine.type, place, other)
        for place, true in enumerate(gold)
        for other, mine in enumerate(answered)
        if _overlap(true, mine)
    )
    taken: set[int] = set()
    used: set[int] = set()
    for same, same_words, _, other_type, place, other in pairs:
        if place in taken or other in used:
            continue
        taken.add(place)
        used.add(other)
        kind = "wrong_type" if same_words else "both_wrong" if other_type else "boundary"
        yield gold[place].type, "correct" if same else kind
    yield from ((entity.type, "missed") for place, entity in enumerate(gold) if place not in taken)
    yield from ((entity.type, "spurious") for place, entity in enumerate(answered) if place not in used)


def _overlap(one: Entity, other: Entity) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))


# One system against another


def randomisation(first: Counts, second: Counts, seed: int = 0) -> float:
    """Return the two-sided p-value that two systems' F1 differ by chance alone: paired approximate randomisation.

    Both answers to a sentence change owners with probability ½, SHUFFLES times; F1 is no mean over rows, so McNemar's
    test and the t-test do not fit it. The smallest p is 1 / (SHUFFLES + 1).
    Sources: Noreen 1989; Yeh 2000, https://aclanthology.org/C00-2137
    """
    difference_N2 = np.stack(
        [second.both_N - first.both_N, second.answered_N - first.answered_N], axis=1
    )  # what the first wins, and the second loses, by a change
    rows = np.flatnonzero(difference_N2.any(1))
    if not len(rows):
        return 1.0
    generator, gold = np.random.Generator(np.random.PCG64(seed)), int(first.gold_N.sum())
    both = first.both_N.sum(), second.both_N.sum()
    answered = first.answered_N.sum(), second.answered_N.sum()
    observed, as_far = abs(first.f1() - second.f1()), 0
    for _ in range(SHUFFLES):
        won_both, won_answered = difference_N2[rows[generator.random(len(rows)) < 0.5]].sum(0)
        one = _f1(both[0] + won_both, answered[0] + won_answered, gold)
        other = _f1(both[1] - won_both, answered[1] - won_answered, gold)
        as_far += abs(one - other) >= observed - 1e-12
    return (as_far + 1) / (SHUFFLES + 1)


def span_verdict(first: Counts, second: Counts) -> str:
    """Return "better" or "worse" (the first against the second), or "none" where no difference is shown."""
    if randomisation(first, second) >= SIGNIFICANT:
        return "none"
    return "better" if first.f1() > second.f1() else "worse"


# Simple methods


def most_frequent_tag(words: Sequence[Tags], tags: Sequence[Tags], asked: Sequence[Tags]) -> list[list[str]]:
    """Give every word the tag it bore most often, “O” to words never met; an “I-x” that follows nothing becomes “B-x”."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence, gold in zip(words, tags, strict=True):
        for word, tag in zip(sentence, gold, strict=True):
            counts[word][tag] += 1
    best = {word: min(found, key=lambda tag: (-found[tag], tag != "O", tag)) for word, found in counts.items()}
    return [_mended([best.get(word, "O") for word in sentence]) for sentence in asked]


def gazetteer(words: Sequence[Tags], tags: Sequence[Tags], asked: Sequence[Tags]) -> list[list[str]]:
    """Mark every name that stood in the training rows, the longest first, under the type it bore most often."""
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence, gold in zip(words, tags, strict=True):
        for start, end, type_ in entities_of(gold):
            counts[tuple(sentence[start:end])][type_] += 1
    names = {name: min(found, key=lambda type_: (-found[type_], type_)) for name, found in counts.items()}
    longest: dict[str, int] = {}  # by first word: few words begin a name
    for name in names:
        longest[name[0]] = max(longest.get(name[0], 0), len(name))
    return [_looked_up(sentence, names, longest) for sentence in asked]


def span_baseline(key: str, gold: Sequence[Tags], answered: Sequence[Tags], model: Counts, began: float) -> Baseline:
    """Return the score of a simple method; `model`: how the model did on the same sentences."""
    return Baseline(
        key=key,
        metrics=entity_metrics(gold, answered),
        seconds=time.perf_counter() - began,
        verdict=span_verdict(model, count_entities(gold, answered)),
    )


def _looked_up(sentence: Tags, names: Mapping[tuple[str, ...], str], longest: Mapping[str, int]) -> list[str]:
    found, place = ["O"] * len(sentence), 0
    while place < len(sentence):
        for length in range(min(longest.get(sentence[place], 0), len(sentence) - place), 0, -1):
            type_ = names.get(tuple(sentence[place : place + length]))
            if type_ is not None:
                found[place : place + length] = [f"B-{type_}"] + [f"I-{type_}"] * (length - 1)
                place += length
                break
        else:
            place += 1
    return found


def _mended(tags: list[str]) -> list[str]:
    for place, tag in enumerate(tags):
        if tag.startswith("I-") and (not place or tags[place - 1][2:] != tag[2:]):
            tags[place] = f"B-{tag[2:]}"
    return tags


def _metric(key: str, score: Callable[[np.ndarray], float], rows: int, seed: int) -> Metric:
    value = score(np.arange(rows))
    low, high = bootstrap(score, rows, seed) if rows else (0.0, 0.0)
    return Metric(key=key, value=value, low=min(low, value), high=max(high, value))


def _f1(both: float, answered: float, gold: float) -> float:
    return float(2 * both / (answered + gold)) if answered + gold else 0.0


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0
