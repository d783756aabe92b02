"""From a text to the ids of its features: words, word pairs and parts of words, hashed.

Scripts that write no spaces between words (Chinese, Japanese, Thai …) give every run of up to three characters instead,
punctuation included. The hash is CRC-32 of UTF-8, so the same text gives the same ids on every machine.

Only features that stood in the texts to learn from have an id; the others are left out. That lowered the held-out loss
on five of six datasets (by a sixth on a thousand short Chinese texts), and a model is an eighth to a half as large.
"""

import json
import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import torch
from transformers import BatchEncoding

from slm_studio.engine.models.pair_features import paired_hashes

FILE = "bag_tokenizer.json"
HASHES = 1 << 22  # of 150,000 features, one in thirty shares its hash with another
MOST_FEATURES = {"nano": 1 << 14, "micro": 1 << 16, "small": 1 << 18, "base": 1 << 19}
# What a word, or a pair of words, weighs beside a part of one: between a few labels (good or bad) words decide, among
# many (topics, intents) their parts as well. Up to 0.4 and 1.4 points on six datasets at 500 rows.
FEW_OUTPUTS, WORD_WEIGHT, WORD_WEIGHT_OF_MANY = 3, 3.0, 1.5
MOST_NUMBERS = 1 << 26  # of a table that speaks directly: 268 MB
MOST_TEXTS = 100_000  # from which features are learnt: a dozen seconds
SAMPLE = 1000  # texts from which the number of features is foretold
WORDS = re.compile(r"\w+|[^\w\s]")
# Thai and Lao, Tibetan, Burmese, Khmer, kana, Chinese characters and their rarer planes
UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
LONGEST_KEPT = 24  # characters of a piece of text whose features are remembered
MOST_KEPT = 100_000  # pieces remembered at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class BagSettings:
    """Say how features are made; that must not change once a model has learnt with them."""

    hashes: int = HASHES
    lowercase: bool = True
    shortest_part: int = 2
    longest_part: int = 5  # characters, the blank on either side included
    longest_run: int = 3  # characters, in scripts without spaces
    repeated: bool = True  # a feature that a text holds often is told more than once; so it was in older models


class BagTokenizer:
    """Turn texts into the ids of known features, 1 … len - 1; 0 pads.

    Each stands once, however often a text holds it: presence tells sentiment and topics at least as well as counts do
    (Wang & Manning 2012, https://aclanthology.org/P12-2018). In older models it is repeated 1 + log2(count) times,
    rounded down.
    """

    pad_token_id = 0
    model_input_names = ("input_ids", "attention_mask")

    def __init__(self, settings: BagSettings, known: Iterable[int] = ()) -> None:
        """Take how features are made, and the hashes of those that have an id."""
        self.settings = settings
        self.known = np.unique(np.fromiter(known, dtype=np.int64))
        self.weights_V = np.ones(len(self), np.float32)  # what each id tells, from `learn`; afterwards the net keeps it
        self._remembered: dict[str, tuple[list[int], list[str]]] = {}

    @classmethod
    def learn(
        cls,
        texts: Sequence[str],
        *,
        size: str,
        lowercase: bool = True,
        seconds: Sequence[str] | None = None,
        outputs: int = 0,
    ) -> Self:
        """Return the tokenizer that knows the features of these texts: those in most texts, as many as the size holds.

        `seconds` are the other texts of pairs. Where each feature speaks for itself to many `outputs`, there are fewer of
        them. Of very many texts every second, third … is read. `weights_V` are inverse document frequencies, as
        scikit-learn smooths them; those of words and word pairs count for more: a word has three times as many parts, which
        say it again.
        """
        tokenizer = cls(_settings(lowercase))
        texts_with = np.zeros(tokenizer.settings.hashes, dtype=np.int64)
        is_word = np.zeros(tokenizer.settings.hashes, dtype=bool)
        read = range(0, len(texts), max(1, len(texts) // MOST_TEXTS))
        for place in read:
            second = seconds[place] if seconds is not None else None
            texts_with[np.unique(tokenizer._hashes_of(texts[place], second))] += 1
            for text in (texts[place],) if second is None else (texts[place], second):
                hashes, of_words = tokenizer._hashes(text)
                is_word[hashes[of_words]] = True
        met = np.flatnonzero(texts_with)
        known = tokenizer.known = np.sort(
            met[np.argsort(-texts_with[met], kind="stable")][: most_features(size, outputs) - 1]
        )
        rarity = np.log((1 + len(read)) / (1 + texts_with[known])) + 1
        weight = WORD_WEIGHT if outputs <= FEW_OUTPUTS else WORD_WEIGHT_OF_MANY
        tokenizer.weights_V = np.concatenate([[0], rarity * np.where(is_word[known], weight, 1)]).astype(np.float32)
        return tokenizer

    def __len__(self) -> int:
        """Return the number of ids, padding included."""
        return len(self.known) + 1

    def __call__(
        self,
        text: str | Sequence[str],
        text_pair: str | Sequence[str] | None = None,
        *,
        truncation: bool = False,
        max_length: int | None = None,
        return_tensors: str | None = None,
        **_: object,
    ) -> BatchEncoding:
        """Return input_ids and attention_mask as Transformers' tokenizers do; return_tensors="pt" pads."""
        texts = [text] if isinstance(text, str) else list(text)
        seconds = [None] * len(texts) if text_pair is None else [text_pair] if isinstance(text_pair, str) else text_pair
        limit = max_length if truncation else None
        ids = [self.encode(*pair)[:limit] for pair in zip(texts, seconds, strict=True)]
        if return_tensors == "pt":
            longest = max((len(each) for each in ids), default=0)
            ids_BT = torch.tensor([each + [0] * (longest - len(each)) for each in ids], dtype=torch.long)
            return BatchEncoding({"input_ids": ids_BT, "attention_mask": (ids_BT != 0).long()})
        mask = [[1] * len(each) for each in ids]
        if isinstance(text, str):
            return BatchEncoding({"input_ids": ids[0], "attention_mask": mask[0]})
        return BatchEncoding({"input_ids": ids, "attention_mask": mask})

    def encode(self, text: str, second: str | None = None) -> list[int]:
        """Return the ids of the known features of a text, or a pair of them, in the order of their first appearance."""
        found = self._ids(self._hashes_of(text, second)).tolist()
        counts = Counter(found)
        if not self.settings.repeated:
            return list(counts)
        if len(counts) == len(found):
            return found  # type: ignore[no-any-return]
        return [number for number, count in counts.items() for _ in range(count.bit_length())]

    def features(self, text: str) -> dict[str, int]:
        """Return the text's known features in readable form, with their ids: what an explanation shows."""
        names: list[str] = []
        words: list[str] = []
        for piece in self._pieces(text):
            names += self._names(piece)
            words += self._words(piece)
        names += (f"b{one} {two}" for one, two in pairwise(words))
        named = {name: self._ids(np.array([self._hash(name)])) for name in names}
        return {name: int(ids[0]) for name, ids in named.items() if len(ids)}

    def place(self, name: str) -> int | None:
        """Return the id of a feature, where it has one."""
        found = self._ids(np.array([self._hash(name)]))
        return int(found[0]) if len(found) else None

    def save_pretrained(self, folder: str | Path, **_: object) -> tuple[str]:
        """Write settings and known features into `folder`."""
        path = Path(folder) / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self.settings) | {"known": self.known.tolist()}) + "\n", encoding="utf-8")
        return (str(path),)

    @classmethod
    def from_pretrained(cls, folder: str | Path, **_: object) -> Self:
        """Open what `save_pretrained` wrote."""
        plain = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
        known = plain.pop("known")
        return cls(BagSettings(**plain), known)

    def _hashes_of(self, text: str, second: str | None) -> np.ndarray:
        own = self._hashes(text)[0]
        return own if second is None else paired_hashes(own, self._hashes(second)[0], self.settings.hashes)

    def _hashes(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the hashes of all features of a text, known or not, and which of them are words or pairs of words."""
        found: list[int] = []
        of_words: list[bool] = []
        words: list[str] = []
        for piece in self._pieces(text):
            numbers, inner = self._look_up(piece)
            found += numbers
            of_words += [True] * len(inner) + [False] * (len(numbers) - len(inner))
            words += inner
        pairs = [self._hash(f"b{first} {second}") for first, second in pairwise(words)]
        return np.array(found + pairs, dtype=np.int64), np.array(of_words + [True] * len(pairs), dtype=bool)

    def _ids(self, hashes: np.ndarray) -> np.ndarray:
        """Return the ids of those that are known."""
        if not len(self.known):
            return hashes[:0]
        places = np.searchsorted(self.known, hashes)
        places[places == len(self.known)] = 0
        return places[self.known[places] == hashes] + 1

    def _pieces(self, text: str) -> Iterator[str]:
        text = unicodedata.normalize("NFKC", text)
        yield from (text.lower() if self.settings.lowercase else text).split()

    def _look_up(self, piece: str) -> tuple[list[int], list[str]]:
        """Return hashes and words of a piece between blanks, those of the words first. Words repeat, so most are remembered."""
        known = self._remembered.get(piece)
        if known is None:
            known = [self._hash(name) for name in self._names(piece)], self._words(piece)
            if len(piece) <= LONGEST_KEPT:
                if len(self._remembered) >= MOST_KEPT:
                    self._remembered.clear()
                self._remembered[piece] = known
        return known

    def _names(self, piece: str) -> Iterator[str]:
        """Yield the features of a piece: g runs of characters; w words and c their parts, the blanks around included."""
        settings, padded = self.settings, f" {piece} "
        if UNSPACED.search(piece):
            yield from (f"g{run}" for run in _parts(padded, 1, settings.longest_run) if run != " ")
            return
        yield from (f"w{word}" for word in WORDS.findall(piece))
        yield from (f"c{part}" for part in _parts(padded, settings.shortest_part, settings.longest_part))

    def _words(self, piece: str) -> list[str]:
        return [] if UNSPACED.search(piece) else WORDS.findall(piece)

    def _hash(self, name: str) -> int:
        return zlib.crc32(name.encode("utf-8", "surrogatepass")) % self.settings.hashes


def most_features(size: str, outputs: int = 0) -> int:
    """Return how many features a size holds, padding included, where each has a number for each of some outputs."""
    return min(MOST_FEATURES[size], MOST_NUMBERS // max(1, outputs))


def count_features(texts: Iterable[str]) -> int:
    """Return how many different features a new bag may find in each of some texts, added up."""
    tokenizer = BagTokenizer(_settings())
    return sum(len(np.unique(tokenizer._hashes(text)[0])) for text in texts)


def foretell_features(
    texts: Sequence[str], *, size: str, seconds: Sequence[str] | None = None, outputs: int = 0
) -> int:
    """Return about how many ids `learn` would give, without reading all texts; `seconds` are the other texts of pairs.

    From how the number grows between half of a sample and all of it (Heaps' law).
    """
    step = max(1, -(-len(texts) // SAMPLE))
    sample, others = texts[::step], seconds[::step] if seconds is not None else None
    if not sample:
        return 1
    half = others[::2] if others is not None else None
    all_of_it = len(BagTokenizer.learn(sample, size="base", seconds=others))
    half_of_it = len(BagTokenizer.learn(sample[::2], size="base", seconds=half))
    growth = math.log(all_of_it / half_of_it) / math.log(len(sample) / len(sample[::2])) if len(sample) > 1 else 0.0
    return min(most_features(size, outputs), round(all_of_it * (len(texts) / len(sample)) ** growth))


def _settings(lowercase: bool = True) -> BagSettings:
    return BagSettings(lowercase=lowercase, longest_part=4, repeated=False)


def _parts(text: str, shortest: int, longest: int) -> Iterable[str]:
    """Return all parts of `shortest` to `longest` characters. Example: _parts("abc", 1, 2) → a b c ab bc"""
    return (
        text[start : start + length]
        for length in range(shortest, longest + 1)
        for start in range(len(text) - length + 1)
    )
