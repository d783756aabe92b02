"""From the words of a sentence to the ids of their features: what a tagger from scratch sees.

A word is itself, its shape (“Xx”, “9”), its beginning and end, and its parts. In scripts that write no spaces between words
its characters, pairs and triples of them count instead, also those that reach into its neighbours, so that the same
tokenizer reads Chinese words and Chinese characters one a line.

A feature has an id where it stood in enough of the words to learn from; ids are the places in a plain list of names, so a
saved folder can be read without us. Words that stood once become the unknown word while learning, which is how the
network knows what to make of words it meets later.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import torch
from transformers import BatchEncoding

from slm_studio.engine.models.features import UNSPACED

FILE = "word_features.json"
PADDING, UNKNOWN = 0, 1
SPREAD = 0.3  # of fresh features of words: sums of few, of which each must tell
EDGE = "\n"  # what stands before the first word and after the last
LONGEST_KEPT = 24
MOST_KEPT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSettings:
    """Say how features are made; that must not change once a model has learnt with them."""

    slots: int = 32  # ids of one word, the word itself first; further features are left out
    fewest: int = 2  # words of the training rows in which a feature must stand
    shortest_part: int = 2
    longest_part: int = 4  # characters, the edge on either side included


class WordTokenizer:
    """Turn a sentence's words into `slots` feature ids each; 0 fills empty slots, 1 is a word that is not known."""

    pad_token_id = PADDING
    model_input_names = ("input_ids", "attention_mask")

    def __init__(self, settings: WordSettings, names: Iterable[str] = ()) -> None:
        """Take how features are made, and the names of those that have an id, from 2 on."""
        self.settings = settings
        self.names = list(names)
        self._ids = {name: place for place, name in enumerate(self.names, start=2)}
        self._remembered: dict[str, list[str]] = {}

    @classmethod
    def learn(cls, sentences: Iterable[Sequence[str]], *, most: int, settings: WordSettings | None = None) -> Self:
        """Return the tokenizer that knows the features in most words of these sentences, at most `most` of them."""
        tokenizer = cls(settings or WordSettings())
        counts: Counter[str] = Counter()
        for words in sentences:
            for names in tokenizer.features(words):
                counts.update(names)
        met = [name for name, count in counts.items() if count >= tokenizer.settings.fewest]
        return cls(tokenizer.settings, sorted(met, key=lambda name: (-counts[name], name))[:most])

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self.names) + 2

    def __call__(self, sentences: Sequence[Sequence[str]], *, return_tensors: str | None = None) -> BatchEncoding:
        """Return input_ids (`slots` a word, flat) and attention_mask (one a word); return_tensors="pt" pads."""
        ids = [self.encode(words) for words in sentences]
        mask = [[1] * len(words) for words in sentences]
        if return_tensors == "pt":
            longest = max((1, *(len(each) for each in mask)))  # a network reads at least one place
            ids = [each + [PADDING] * (longest * self.settings.slots - len(each)) for each in ids]
            mask = [each + [0] * (longest - len(each)) for each in mask]
            return BatchEncoding({"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)})
        return BatchEncoding({"input_ids": ids, "attention_mask": mask})

    def encode(self, words: Sequence[str]) -> list[int]:
        """Return the ids of a sentence, `slots` a word, one word after the other."""
        slots, known = self.settings.slots, self._ids
        found: list[int] = []
        for word, *others in self.features(words):
            ids = [known.get(word, UNKNOWN), *(id_ for name in others if (id_ := known.get(name)))][:slots]
            found += ids
            found += [PADDING] * (slots - len(ids))
        return found

    def features(self, words: Sequence[str]) -> Iterator[list[str]]:
        """Yield for each word the names of its features, known or not; the word itself comes first."""
        plain = [unicodedata.normalize("NFKC", word) for word in words]
        for place, word in enumerate(plain):
            names = self._look_up(word)
            if UNSPACED.search(word):
                before = plain[place - 1][-1:] if place else EDGE
                after = plain[place + 1][:1] if place + 1 < len(plain) else EDGE
                names = names + _around(before, word, after)
            yield names

    def place(self, name: str) -> int | None:
        """Return the id of a feature, where it has one."""
        return self._ids.get(name)

    def save_pretrained(self, folder: str | Path, **_: object) -> tuple[str]:
        """Write settings and names into `folder`."""
        path = Path(folder) / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = json.dumps(asdict(self.settings) | {"names": self.names}, ensure_ascii=False)
        path.write_text(plain + "\n", encoding="utf-8")
        return (str(path),)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: object) -> Self:
        """Open what `save_pretrained` wrote."""
        plain = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
        names = plain.pop("names")
        return cls(WordSettings(**plain), names)

    def _look_up(self, word: str) -> list[str]:
        """Return the features that a word has wherever it stands. Words repeat, so most are remembered."""
        known = self._remembered.get(word)
        if known is None:
            known = list(dict.fromkeys(_inside(word, self.settings)))
            if len(word) <= LONGEST_KEPT:
                if len(self._remembered) >= MOST_KEPT:
                    self._remembered.clear()
                self._remembered[word] = known
        return known


def _inside(word: str, settings: WordSettings) -> Iterator[str]:
    """Yield the word, its shape and its parts, the telling ones first: a long word has more than there are slots."""
    lower = word.lower()
    yield f"w{lower}"
    yield f"s{shape_of(word)}"
    if UNSPACED.search(word):
        yield f"n{min(len(word), 5)}"
        yield f"f{word[0]}"
        yield f"l{word[-1]}"
        yield from (f"c{character}" for character in word)
        yield from (f"b{word[at : at + 2]}" for at in range(len(word) - 1))
        return
    padded = f"^{lower}$"
    yield from (f"p{lower[:length]}" for length in range(1, 5) if length < len(lower))
    yield from (f"e{lower[-length:]}" for length in range(1, 5) if length < len(lower))
    for length in range(settings.shortest_part, settings.longest_part + 1):
        yield from (f"c{padded[at : at + length]}" for at in range(len(padded) - length + 1))


def _around(before: str, word: str, after: str) -> list[str]:
    """Return what a word of a script without spaces shares with its neighbours."""
    return [f"<{before}", f">{after}", f"<{before}{word[0]}", f">{word[-1]}{after}", f"={before}{word[-1]}{after}"]


def shape_of(word: str) -> str:
    """Return what kinds of characters a word has, runs drawn together. Example: shape_of("McDonald's") == "XxXx'x" """
    found: list[str] = []
    for character in word:
        kind = _kind(character)
        if not found or found[-1] != kind:
            found.append(kind)
    return "".join(found[:8])


def _kind(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isupper():
        return "X"
    if UNSPACED.match(character):
        return "字"
    return "x" if character.isalpha() else character
