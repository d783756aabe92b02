"""What vectors answer: the nearest words, analogies, the odd one out, and a map."""

# V words, D numbers of a vector, Q questions, K words of one question

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.vectors.net import SLMForWordVectors
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary

HELD = 1 << 26  # likenesses that stand in memory at once
DRAWN = 500  # rounds in which a map by neighbours is drawn
MOST_BY_NEIGHBOURS = 2000  # words of a map that is drawn by who is near whom


@dataclass(frozen=True, slots=True)
class Space:
    """Words as directions. The vectors are those of the net itself: of three million words there is no second copy."""

    vocabulary: WordVocabulary
    vectors_VD: np.ndarray
    shrink_V: np.ndarray  # 1 / the length of each vector

    def unit(self, places: Sequence[int] | np.ndarray | slice) -> np.ndarray:
        """Return vectors of length 1 of some words."""
        found_ND: np.ndarray = self.vectors_VD[places] * self.shrink_V[places, None]
        return found_ND

    def places(self, words: Sequence[str]) -> list[int]:
        """Return the ids of words. Raises StudioError for the first that has no vector."""
        return [self.place(word) for word in words]

    def place(self, word: str) -> int:
        """Return the id of a word. Raises StudioError where it has no vector."""
        found = self.vocabulary.place(word)
        if found == UNKNOWN:
            raise unknown(word, self.vocabulary)
        return found

    def nearest(self, target_D: np.ndarray, most: int, without: Sequence[int] = ()) -> Iterator[tuple[int, float]]:
        """Yield the words nearest to a direction, best first, with their likeness (cosine, -1…1)."""
        likeness_V = (self.vectors_VD @ direction(target_D)) * self.shrink_V
        likeness_V[list(without)] = -np.inf
        most = min(most, len(likeness_V) - len(set(without)))
        if most <= 0:
            return
        top_N = np.argpartition(-likeness_V, most - 1)[:most]
        for place in top_N[np.argsort(-likeness_V[top_N], kind="stable")]:
            yield int(place), float(likeness_V[place])

    def analogy(self, places: Sequence[int]) -> np.ndarray:
        """Return where the word should be that is to the third as the second is to the first (3CosAdd)."""
        first, second, third = self.unit(list(places))
        return cast(np.ndarray, second - first + third)

    def odd(self, places: Sequence[int]) -> list[tuple[int, float]]:
        """Return the words, the one least like the others first, each with its mean likeness to the others."""
        unit_KD = self.unit(list(places))
        likeness_KK = unit_KD @ unit_KD.T
        means_K = (likeness_KK.sum(1) - likeness_KK.diagonal()) / max(1, len(places) - 1)
        return [(places[place], float(means_K[place])) for place in np.argsort(means_K, kind="stable")]

    def solve(self, questions_Q3: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the best answers [Q] to analogies among the `most` most frequent words, and their likeness."""
        known_VD, shrink_V = self.vectors_VD[:most], self.shrink_V[:most]
        answers, scores = [], []
        step = max(1, HELD // max(1, len(known_VD)))
        for start in range(0, len(questions_Q3), step):
            part_Q3 = questions_Q3[start : start + step]
            first_QD, second_QD, third_QD = (self.unit(part_Q3[:, place]) for place in range(3))
            target_QD = directions(second_QD - first_QD + third_QD)
            likeness_QV = target_QD @ known_VD.T * shrink_V
            for place in range(3):
                inside = part_Q3[:, place] < len(known_VD)
                likeness_QV[np.flatnonzero(inside), part_Q3[inside, place]] = -np.inf
            answers.append(likeness_QV.argmax(1))
            scores.append(likeness_QV.max(1))
        return np.concatenate([np.zeros(0, np.int64), *answers]), np.concatenate([np.zeros(0), *scores])


_SPACES: WeakKeyDictionary[SLMForWordVectors, tuple[tuple[int, ...], Space]] = WeakKeyDictionary()


def space_of(loaded: Loaded) -> Space:
    """Return the words of a net as directions; kept until the net learns on."""
    net = cast(SLMForWordVectors, loaded.net)
    version = tuple(parameter._version for parameter in net.parameters())
    known = _SPACES.get(net)
    if known is None or known[0] != version:
        vectors_VD = net.whole().float().cpu().numpy()
        shrink_V = 1 / np.maximum(np.linalg.norm(vectors_VD, axis=1), 1e-12)
        known = _SPACES[net] = version, Space(cast(WordVocabulary, loaded.tokenizer), vectors_VD, shrink_V)
    return known[1]


def directions(vectors_ND: np.ndarray) -> np.ndarray:
    """Return vectors of length 1; a vector of 0 stays one."""
    lengths_N1 = np.linalg.norm(vectors_ND, axis=1, keepdims=True)
    return cast(np.ndarray, vectors_ND / np.maximum(lengths_N1, 1e-12))


def direction(vector_D: np.ndarray) -> np.ndarray:
    """Return one vector of length 1."""
    return cast(np.ndarray, directions(vector_D[None])[0])


def spread(unit_ND: np.ndarray, method: str) -> np.ndarray:
    """Return a place on a map for each word [N, 2], in -1…1: by the two directions in which they differ most, or by who is near whom."""
    if len(unit_ND) < 3:
        return np.stack([np.linspace(-1, 1, len(unit_ND)), np.zeros(len(unit_ND))], axis=1)
    if method == "neighbours":
        from sklearn.manifold import TSNE

        perplexity = min(30.0, (len(unit_ND) - 1) / 3)
        found_N2 = TSNE(2, perplexity=perplexity, max_iter=DRAWN, random_state=0).fit_transform(unit_ND)
    else:
        centred_ND = unit_ND - unit_ND.mean(0)
        _, _, axes_DD = np.linalg.svd(centred_ND, full_matrices=False)
        axes_2D = axes_DD[:2] * np.sign(axes_DD[:2].sum(1, keepdims=True) + 1e-12)  # the same way up each time
        found_N2 = centred_ND @ axes_2D.T
    if found_N2.shape[1] < 2:
        found_N2 = np.pad(found_N2, ((0, 0), (0, 1)))
    return cast(np.ndarray, found_N2 / np.maximum(np.abs(found_N2).max(0), 1e-12))  # each axis fills the map


def unknown(word: str, vocabulary: WordVocabulary) -> StudioError:
    """Return what is said of a word without a vector, with words that are written like it."""
    like = vocabulary.like(word)
    return StudioError(
        "word-unknown",
        "“{word}” is not among the {count} words of these vectors.",
        "Written alike: {like}." if like else "Ask for a word that stands in the texts.",
        word=word,
        count=len(vocabulary),
        like=", ".join(f"“{each}”" for each in like),
    )
