"""A prompt to word vectors → what they answer: near, analogy, similarity, odd, map."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import Cell, as_text, read_cell
from slm_studio.core.results import Hit, Point
from slm_studio.core.texts import mark
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.models.vectors.space import MOST_BY_NEIGHBOURS, Space, spread, unknown
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary

NEAR, TOP = "near", 10
FAVOURITES = ("king", "mother", "winter", "bread", "ship", "国王", "母亲", "冬天", "面包", "北京")
ON_MAP, AROUND = 300, 12  # most frequent words of a map, and neighbours of each word that was asked
LACKING = {
    "analogy": mark("An analogy needs three words, as in man : king = woman : ?; here {count} {count:is|are} given."),
    "similarity": mark("A likeness needs two words; here {count} {count:is|are} given."),
    "odd": mark("To find the odd one out takes three words or more; here {count} {count:is|are} given."),
}
NEEDED = {"analogy": (3, 3), "similarity": (2, 2), "odd": (3, 100)}  # words that an answer takes, fewest and most


def ask(space: Space, cell: Cell, options: Mapping[str, object]) -> Iterator[Hit | Point]:
    """Yield the answer to some words. Raises StudioError where one is unknown, or there are too few or too many."""
    what = str(options.get("ask") or NEAR)
    top = _whole(options.get("top"), ON_MAP if what == "map" else TOP)
    if what == NEAR:
        places = mentioned(space, cell)
        yield from _hits(space, space.nearest(space.unit(places).mean(0), top, without=places))
    elif what == "map":
        yield from _map(space, mentioned(space, cell), top, str(options.get("method") or ""))
    elif what in NEEDED:
        words = words_of(cell)
        _check_number(what, words)
        if what == "similarity":
            yield from _similarity(space, words)
            return
        places = space.places(words)
        found = space.nearest(space.analogy(places), top, without=places) if what == "analogy" else space.odd(places)
        yield from _hits(space, found)
    else:
        raise StudioError(
            "ask-unknown",
            "Word vectors cannot be asked for “{what}”.",
            "Choose one of: {known}.",
            what=what,
            known=", ".join((NEAR, *NEEDED, "map")),
        )


def drawn(space: Space, cell: Cell, options: Mapping[str, object]) -> dict[str, object]:
    """Return a map of words as JSON, those asked for on it where they are known, and words to begin with."""
    common = telling(space.vocabulary, TOP)
    try:
        asked = mentioned(space, cell)
    except StudioError:
        asked = space.places(common[:1])
    top = _whole(options.get("top"), ON_MAP)
    points = _map(space, asked, top, str(options.get("method") or ""))
    shown = [[each.text, round(each.score, 4), round(each.x, 4), round(each.y, 4)] for each in points]
    return {"points": shown, "common": common}


def words_of(cell: Cell) -> list[str]:
    """Return the words that a prompt lists: as they are, or between blanks and commas."""
    meaning = read_cell(cell, "words") if isinstance(cell, str) else cell
    if isinstance(meaning, str):
        return meaning.replace(",", " ").replace("，", " ").replace("、", " ").split()
    return [str(part) for part in meaning]


def mentioned(space: Space, cell: Cell) -> list[int]:
    """Return the ids of the words of a prompt that are known. Raises StudioError for none."""
    vocabulary = space.vocabulary
    places = [place for word in _parts(cell, vocabulary) if (place := vocabulary.place(word)) != UNKNOWN]
    if not places:
        raise unknown(as_text(cell).strip(), vocabulary)
    return places


def unknown_words(vocabulary: WordVocabulary, cell: Cell) -> list[str]:
    """Return the words of a prompt that `mentioned` leaves out; where it knows none it refuses them all, and leaves out none."""
    parts = dict.fromkeys(_parts(cell, vocabulary))
    unknown = [word for word in parts if vocabulary.place(word) == UNKNOWN]
    return unknown if len(unknown) < len(parts) else []


def _parts(cell: Cell, vocabulary: WordVocabulary) -> list[str]:
    """Return what a prompt is made of: all of it as one word where that is known, or word by word."""
    if not isinstance(cell, str):
        return [str(part) for part in cell]
    text = cell.strip()
    return [text] if vocabulary.place(text) != UNKNOWN else vocabulary.cutting.words(cell)


def telling(vocabulary: WordVocabulary, most: int) -> list[str]:
    """Return words to begin with: those that everybody tries first, then frequent ones that are not short.

    Of frequent words the first mean little (the, of, 的), so they are taken from behind these.
    """
    size = len(vocabulary)
    first = min(size // 10, 100)
    names = vocabulary.names[first : max(first + most, first * 8)]
    long = [name for name in names if len(name) > (1 if is_han(name[0]) else 3)] or names
    places = np.unique(np.linspace(0, len(long) - 1, most).astype(int))
    known = [word for word in FAVOURITES if vocabulary.place(word) != UNKNOWN]
    return list(dict.fromkeys([*known, *(long[place] for place in places)]))[:most]


def _similarity(space: Space, words: Sequence[str]) -> Iterator[Hit]:
    one, other = space.places(words)
    unit_KD = space.unit([one, other])
    yield Hit(space.vocabulary.names[other], float(unit_KD[0] @ unit_KD[1]), other)


def _map(space: Space, asked: Sequence[int], top: int, method: str) -> Iterator[Point]:
    """Yield a place for the most frequent words, those asked for and their neighbours, with their likeness to these."""
    centre_D = space.unit(list(asked)).mean(0)
    around = [place for place, _ in space.nearest(centre_D, AROUND, without=asked)]
    most = min(top, MOST_BY_NEIGHBOURS)
    places = list(dict.fromkeys([*asked, *around, *range(min(most, len(space.vocabulary)))]))[: most + 2 * AROUND]
    unit_ND = space.unit(places)
    likeness_N = unit_ND @ (centre_D / max(float(np.linalg.norm(centre_D)), 1e-12))
    for place, likeness, (x, y) in zip(places, likeness_N, spread(unit_ND, method), strict=True):
        yield Point(space.vocabulary.names[place], float(likeness), float(x), float(y), place)


def _hits(space: Space, found: Iterator[tuple[int, float]] | Sequence[tuple[int, float]]) -> Iterator[Hit]:
    for place, likeness in found:
        yield Hit(space.vocabulary.names[place], likeness, place)


def _check_number(what: str, words: Sequence[str]) -> None:
    fewest, most = NEEDED[what]
    if fewest <= len(words) <= most:
        return
    raise StudioError("words-number", LACKING[what], "Write them with blanks between.", count=len(words))


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default
