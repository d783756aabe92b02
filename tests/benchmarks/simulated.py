"""Simulated: lists of hypotheses as a recogniser could have made them of sentences, by words that sound alike and by slips.

No sound is heard. Of each sentence variants are made: words (in Chinese characters) become others that sound the same or
nearly the same, and now and then one is lost, doubled or put in. A made-up acoustic score knows what sounds different and
nothing of what makes sense: the same sound costs little, a near one more, a slip most, and luck is added to all. The
ten best by that score are the list; in about one of ten the right sentence is not among them.

`python -m tests.benchmarks.simulated en|zh OUT` writes train.jsonl (right texts alone), dev.jsonl and test.jsonl (lists).
"""

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from tests.benchmarks.sheet import DATA

LISTS = {"dev": 500, "test": 2000}
BEST, VARIANTS, LOST = 10, 20, 0.1  # of a list; that are made; share of lists without the right sentence
LUCK = 0.6  # spread of the part of a score that means nothing
SAME, NEAR, SLIP = 0.4, 1.0, 1.8  # what another word of the same sound, of a near one, and a slip cost
LANGUAGES = {"en": 0, "zh": 1}  # columns of the file
MUTE = re.compile(r"(?<!^)[aeiouyhw]")
SOUNDS = (
    ("ght", "t"), ("kn", "n"), ("wr", "r"), ("wh", "w"), ("ph", "f"), ("ck", "k"), ("mb$", "m"), ("gn$", "n"), ("sch", "sk"), ("tch", "ch"),
    ("c(?=[eiy])", "s"), ("c", "k"), ("q", "k"), ("x", "ks"), ("z", "s"), ("dge", "j"), ("g(?=[ei])", "j"), ("ea|ee|ie|ei|ey$", "i"),
    ("oa|ow|oe", "o"), ("ai|ay", "e"), ("oo|ou|ew|ue", "u"), ("(.)\\1", "\\1"), ("e$", ""), ("o$", "u"),
)  # fmt: skip
CONFUSED = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("n", "l"),
    ("h", "f"),
    ("ng", "n"),
)  # sounds that many speakers do not part
_SIGN = re.compile(r"[^\w\s']|_")


@dataclass(frozen=True)
class Sounds:
    """What each unit may be taken for, with what the change costs; and units that are put in by mistake."""

    alike: Mapping[str, Sequence[tuple[str, float]]]
    small: Sequence[str]
    join: str
    cut: bool = field(default=False)  # a unit is a character

    def units(self, text: str) -> list[str]:
        """Return the units of a text."""
        return list(text.replace(" ", "")) if self.cut else text.split()


def plain(text: str, language: str) -> str:
    """Return a sentence as recognisers write it: without case and punctuation."""
    bare = " ".join(_SIGN.sub(" ", text.lower().replace("’", "'")).split())
    return bare.replace(" ", "") if language == "zh" else bare


def sound_of(word: str) -> str:
    """Return about how an English word sounds: alike for their and there, night and knight, two and too."""
    for written, said in SOUNDS:
        word = re.sub(written, said, word)
    return word[:1] + MUTE.sub("", word[1:]) + (word[-1:] if word[-1:] in "aiou" else "")


def english(sentences: Sequence[str]) -> Sounds:
    """Return words of these sentences that sound alike, and those that are written nearly alike."""
    counts = Counter(word for text in sentences for word in text.split())
    known = [word for word, count in counts.items() if count > 1]
    by_sound: dict[str, list[str]] = defaultdict(list)
    for word in known:
        by_sound[sound_of(word)].append(word)
    alike: dict[str, list[tuple[str, float]]] = {}
    for word in known:
        same = sorted((each for each in by_sound[sound_of(word)] if each != word), key=lambda each: -counts[each])[:4]
        near = [each for each, *_ in process.extract(word, known, scorer=Levenshtein.distance, score_cutoff=1, limit=6)]
        alike[word] = [(each, SAME) for each in same] + [(each, NEAR) for each in near if each not in (word, *same)]
    return Sounds(alike, [word for word, _ in counts.most_common(12)], " ")


def chinese(sentences: Sequence[str]) -> Sounds:
    """Return characters of these sentences that sound alike, by pinyin without tones, and nearly so."""
    from pypinyin import Style, lazy_pinyin

    counts = Counter(character for text in sentences for character in text)
    sound = {each: lazy_pinyin(each, style=Style.NORMAL)[0] for each in counts}
    by_sound: dict[str, list[str]] = defaultdict(list)
    for character, _ in counts.most_common():
        by_sound[sound[character]].append(character)
    alike: dict[str, list[tuple[str, float]]] = {}
    for character in counts:
        same = [each for each in by_sound[sound[character]] if each != character][:6]
        near = [each for other in _near(sound[character]) for each in by_sound.get(other, [])[:2]]
        alike[character] = [(each, SAME) for each in same] + [(each, NEAR) for each in near]
    return Sounds(alike, [each for each, _ in counts.most_common(12)], "", cut=True)


def _near(sound: str) -> list[str]:
    found = []
    for one, other in CONFUSED:
        for here, there in ((one, other), (other, one)):
            if sound.startswith(here) and here not in ("ng", "n" if there == "ng" else ""):
                found.append(there + sound[len(here) :])
            if here in ("ng", "n") and there in ("ng", "n") and sound.endswith(here):
                found.append(sound[: -len(here)] + there)
    return [each for each in dict.fromkeys(found) if each != sound]


def variant(units: Sequence[str], sounds: Sounds, generator: random.Random) -> tuple[list[str], float]:
    """Return a sentence with one to three changes, and what they cost."""
    found, cost = list(units), 0.0
    for _ in range(generator.choice((1, 1, 2, 2, 3))):
        at = generator.randrange(len(found))
        choices = sounds.alike.get(found[at], ())
        if choices and generator.random() < 0.8:
            found[at], price = generator.choice(choices)
            cost += price
            continue
        cost += SLIP
        kind = generator.randrange(3)
        if kind == 0 and len(found) > 1:
            del found[at]
        elif kind == 1:
            found.insert(at, generator.choice(sounds.small))
        else:
            found.insert(at, found[at])
    return found, cost


def make_list(right: str, sounds: Sounds, generator: random.Random) -> dict[str, object]:
    """Return the ten best variants of a sentence by a score that hears and does not understand."""
    units = sounds.units(right)
    scored: dict[str, float] = {right: generator.gauss(0, LUCK)}
    for _ in range(VARIANTS):
        changed, cost = variant(units, sounds, generator)
        text = sounds.join.join(changed)
        if text and text not in scored:
            scored[text] = generator.gauss(0, LUCK) - cost
    if generator.random() < LOST and len(scored) > 2:
        del scored[right]
    best = sorted(scored, key=lambda text: -scored[text])[:BEST]
    base = -3.1 * len(units)  # longer sentences score lower, as they do
    return {"candidates": best, "scores": [round(base + scored[text], 3) for text in best], "reference": right}


def sentences_in(part: str, language: str) -> list[str]:
    """Return the different sentences of a part of the pairs."""
    lines = (DATA / "tatoeba_en_zh" / f"{part}.tsv").read_text("utf-8").splitlines()
    texts = (plain(line.split("\t")[LANGUAGES[language]], language) for line in lines if "\t" in line)
    return list(dict.fromkeys(text for text in texts if text))


def make_files(language: str, folder: Path, share: float = 1.0) -> tuple[Path, Path, Path]:
    """Write the right texts to learn from, and lists to choose and to score by, in no part what stands in another."""
    train, known = sentences_in("train", language), set[str]()
    sounds = (english if language == "en" else chinese)(train)
    generator = random.Random(f"{language} simulated")  # the same lists everywhere
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in LISTS.items():
        fresh = [text for text in sentences_in(part, language) if text not in known and len(sounds.units(text)) > 2]
        chosen = generator.sample(fresh, min(len(fresh), round(count * share)))
        known.update(chosen)
        _write(folder / f"{part}.jsonl", [make_list(text, sounds, generator) for text in chosen])
    texts = [text for text in train if text not in known][: round(len(train) * share)]
    _write(folder / "train.jsonl", [{"candidates": [], "scores": [], "reference": text} for text in texts])
    return folder / "train.jsonl", folder / "dev.jsonl", folder / "test.jsonl"


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    for each in make_files(sys.argv[1], Path(sys.argv[2]), float((sys.argv[3:] or ["1"])[0])):
        print(each, sum(1 for _ in each.open("rb")))
