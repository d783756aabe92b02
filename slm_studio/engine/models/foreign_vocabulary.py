"""Check a foreign vocabulary without loading it: no number beyond the model's table, no rule that makes much of little.

A tokenizer.json is a small program: rules replace, split and join text before and after the model. A few bytes of rules can
turn a sentence into gigabytes, so what each part may add is bounded here; what no bound catches runs on trial (trial.py).
"""

import base64
import binascii
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.fitting import first_number
from slm_studio.engine.models.weights import check_size, read_json

BAG_TOKENIZER, WORD_TOKENIZER = "bag_tokenizer.json", "word_features.json"  # the studio's own
VECTOR_WORDS, TEXT_WORDS = (
    "word_vocabulary.json",
    "text_words.json",
)  # of word vectors, and of nets that began with some
TOKENIZER, PLAIN = "tokenizer.json", "vocab.txt"
MAX_TABLE = 16 * 1024 * 1024  # bytes of a small JSON file
MAX_PLAIN = 64 * 1024 * 1024
MAX_PART = 32  # characters of a hashed part
MAX_HASHES = 1 << 26
MAX_SLOTS = 256  # features of one word
MAX_WORDS = 256 * 1024 * 1024  # bytes of the words of vectors: four million fit
MAX_TOKEN = 4096  # characters of one token: real ones have up to 256, of blanks
MAX_CONTENT = 64  # characters that one rule may put in
MAX_GROWTH = 64  # times that all rules of a chain together may lengthen a text
MAX_MAPPED = 256  # bytes that a character map may put in place of a character: NFKC needs 33
MAX_PIECES = 64  # parts of a chain, or control tokens around a text
MAX_WORD = 1000  # characters of a word that WordPiece may try to take apart, in squared time
_FILES = (
    (TOKENIZER,),
    (PLAIN,),
    ("vocab.json", "merges.txt"),
    (BAG_TOKENIZER,),
    (WORD_TOKENIZER,),
    (VECTOR_WORDS,),
    (TEXT_WORDS,),
)

_OWN = {
    "slm-bag": BAG_TOKENIZER,
    "slm-words": VECTOR_WORDS,
}  # the type of a net → the one file that can be its vocabulary


def check_vocabulary(folder: Path, config: Mapping[str, object], rows: int) -> None:
    """Refuse a vocabulary that is missing, damaged, a bomb, or of another model. `rows` is the length of the word table."""
    if not any(all((folder / name).is_file() for name in names) for names in _FILES):
        raise StudioError(
            "model-no-tokenizer",
            "The model's vocabulary is missing: there is no {file}.",
            "Copy the tokenizer's files beside the weights, or choose another model.",
            file=_OWN.get(str(config.get("model_type")), TOKENIZER),
        )
    if (folder / BAG_TOKENIZER).is_file():
        numbers = [_highest_feature(folder)]
    elif (folder / WORD_TOKENIZER).is_file():
        numbers = [_highest_word_feature(folder, config)]
    elif (folder / VECTOR_WORDS).is_file():
        numbers = [_highest_word(folder / VECTOR_WORDS, ("names", "counts"))]
    elif (folder / TEXT_WORDS).is_file():
        numbers = [_highest_word(folder / TEXT_WORDS, ("names",)) + 2]  # 0 pads and 1 is unknown
    else:
        numbers = [*_pipeline_ids(folder), *_plain_ids(folder)]
    highest = max([*numbers, first_number(config, "pad_token_id") or 0], default=0)
    if rows and highest >= rows:
        raise StudioError(
            "model-vocabulary",
            "The vocabulary goes up to number {highest}, but the model knows only {rows} tokens.",
            "The tokenizer belongs to another model. Fetch both from the same place.",
            highest=highest,
            rows=rows,
        )


def _pipeline_ids(folder: Path) -> Iterator[int]:
    """Yield the numbers that tokenizer.json can give, after bounding what its rules do."""
    if not (folder / TOKENIZER).is_file():
        return
    plain = read_json(folder / TOKENIZER)
    if not isinstance(plain, dict):
        raise _damaged(TOKENIZER, "it is no table")
    for chain in ("normalizer", "decoder"):
        _check_growth(list(_parts(plain.get(chain))))
    for _ in _parts(plain.get("pre_tokenizer")):
        pass  # their number is bounded
    model = plain.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if isinstance(model, dict):
        _check_model(model)
    added = [each for each in plain.get("added_tokens") or [] if isinstance(each, dict)]
    yield from _numbers(each.get("id") for each in added)
    _check_tokens(str(each.get("content")) for each in added)
    if isinstance(vocabulary, dict):
        yield from _numbers(vocabulary.values())
        _check_tokens(vocabulary)
    elif isinstance(vocabulary, list):
        yield len(vocabulary) - 1
        _check_tokens(str(each[0]) for each in vocabulary if isinstance(each, list) and each)
    yield from _frame_ids(plain.get("post_processor"))
    padding = plain.get("padding")
    yield from _numbers([padding.get("pad_id")] if isinstance(padding, dict) else [])


def _plain_ids(folder: Path) -> Iterator[int]:
    """Yield the numbers that the other files of a vocabulary can give."""
    if (folder / PLAIN).is_file():
        check_size(folder / PLAIN, MAX_PLAIN)
        lines = (folder / PLAIN).read_bytes().split(b"\n")
        yield len(lines) - (not lines[-1]) - 1
        _check_tokens(map(bytes.decode, lines, ["utf-8"] * len(lines), ["replace"] * len(lines)))
    for name in ("vocab.json", "added_tokens.json"):
        table = read_json(folder / name) if (folder / name).is_file() else None
        if isinstance(table, dict):
            yield from _numbers(table.values())
            _check_tokens(table)
    table = (
        read_json(folder / "tokenizer_config.json", MAX_TABLE) if (folder / "tokenizer_config.json").is_file() else None
    )
    named = table.get("added_tokens_decoder") if isinstance(table, dict) else None
    if isinstance(named, dict):
        yield from (int(number) for number in named if number.isdecimal() and len(number) < 12)


def _frame_ids(processor: object) -> Iterator[int]:
    """Yield the numbers of the control tokens that are put around a text."""
    for part in _parts(processor, "processors"):
        yield from _numbers(
            pair[1] for pair in (part.get("sep"), part.get("cls")) if isinstance(pair, list) and len(pair) == 2
        )
        tokens = part.get("special_tokens")
        lists = (
            [each.get("ids") for each in tokens.values() if isinstance(each, dict)] if isinstance(tokens, dict) else []
        )
        lists = [each for each in lists if isinstance(each, list)]
        frames = [frame for name in ("single", "pair") if isinstance(frame := part.get(name), list)]
        if any(len(each) > MAX_PIECES for each in [*lists, *frames]):
            raise _bomb()
        for each in lists:
            yield from _numbers(each)


def _parts(component: object, inner: str = "") -> Iterator[dict[str, object]]:
    """Yield the parts of a chain, however deep they nest. Raises StudioError where there are more than any tokenizer has."""
    waiting, count = [component], 0
    while waiting:
        part = waiting.pop(0)
        if not isinstance(part, dict):
            continue
        count += 1
        if count > MAX_PIECES:
            raise _bomb()
        yield part
        for name in (inner,) if inner else ("normalizers", "decoders", "pretokenizers"):
            nested = part.get(name)
            waiting += nested if isinstance(nested, list) else []


def _check_growth(chain: list[dict[str, object]]) -> None:
    """Bound what the rules of a chain, one after the other, can make of a text."""
    growth = 1
    for part in chain:
        for name in ("content", "prepend", "prefix", "suffix", "pad_token", "word_delimiter_token"):
            if len(str(part.get(name) or "")) > MAX_CONTENT:
                raise _bomb()
        if part.get("type") == "Replace":
            growth *= _growth(part)
        if part.get("type") == "Precompiled":
            _check_map(str(part.get("precompiled_charsmap") or ""))
    if growth > MAX_GROWTH:
        raise _bomb()


def _growth(rule: Mapping[str, object]) -> int:
    """Return how many times longer a rule can make a text: a fixed text by its length, a pattern from a single character."""
    pattern, content = rule.get("pattern"), str(rule.get("content") or "")
    fixed = pattern.get("String") if isinstance(pattern, dict) else None
    if isinstance(fixed, str) and fixed:
        return max(1, -(-len(content) // len(fixed)))
    return max(1, len(content) + (1 if fixed == "" else 0))


def _check_map(encoded: str) -> None:
    """Look into SentencePiece's character map: the length of a trie, the trie, then what characters become, cut by NUL."""
    try:
        raw = base64.b64decode(encoded, validate=True)
        (length,) = struct.unpack_from("<I", raw) if raw else (0,)
    except (binascii.Error, ValueError, struct.error) as error:
        raise _damaged(TOKENIZER, "its character map cannot be read") from error
    if any(len(text) > MAX_MAPPED for text in raw[4 + length :].split(b"\0")):
        raise _bomb()


def _check_model(model: Mapping[str, object]) -> None:
    word = model.get("max_input_chars_per_word")
    affixes = [str(model.get(name) or "") for name in ("continuing_subword_prefix", "end_of_word_suffix", "unk_token")]
    if (type(word) is int and word > MAX_WORD) or max(map(len, affixes)) > MAX_CONTENT:
        raise _bomb()


def _check_tokens(tokens: Iterator[str] | Mapping[str, object]) -> None:
    if max(map(len, tokens), default=0) > MAX_TOKEN:
        raise _bomb()


def _numbers(values: object) -> Iterator[int]:
    return (value for value in values if type(value) is int)  # type: ignore[attr-defined]


def _highest_feature(folder: Path) -> int:
    plain = read_json(folder / BAG_TOKENIZER, MAX_TABLE)
    plain = plain if isinstance(plain, dict) else {}
    hashes, known = plain.get("hashes"), plain.get("known")
    parts = [plain.get(name, 1) for name in ("shortest_part", "longest_part", "longest_run")]
    if (
        type(hashes) is not int
        or not 0 < hashes <= MAX_HASHES
        or not isinstance(known, list)
        or not all(type(number) is int and 0 <= number < hashes for number in known)
        or not all(type(number) is int and 0 < number <= MAX_PART for number in parts)
    ):
        raise _damaged(BAG_TOKENIZER, "its numbers are not what the studio writes")
    return len(known)


def _highest_word_feature(folder: Path, config: Mapping[str, object]) -> int:
    plain = read_json(folder / WORD_TOKENIZER, MAX_TABLE)
    plain = plain if isinstance(plain, dict) else {}
    slots, names = plain.get("slots"), plain.get("names")
    parts = [plain.get(name, 1) for name in ("fewest", "shortest_part", "longest_part")]
    if (
        type(slots) is not int
        or not 0 < slots <= MAX_SLOTS
        or slots != config.get("slots")  # the network counts words by it
        or not isinstance(names, list)
        or not all(type(name) is str for name in names)
        or not all(type(number) is int and 0 < number <= MAX_PART for number in parts)
        or set(plain) - {"slots", "names", "fewest", "shortest_part", "longest_part"}
    ):
        raise _damaged(WORD_TOKENIZER, "its numbers are not what the studio writes")
    return len(names) + 1  # 0 pads and 1 is unknown


def _highest_word(path: Path, lists: tuple[str, ...]) -> int:
    """Return the place of the last word of a list that the studio writes; `lists` are as long as one another."""
    plain = read_json(path, MAX_WORDS)
    plain = plain if isinstance(plain, dict) else {}
    found = [plain.get(name) for name in (*lists, "dictionary")]
    texts = [each for each in found if isinstance(each, list)]
    counts = plain.get("counts", [])
    if (
        len(texts) < len(found)
        or len({len(each) for each in texts[:-1]}) > 1
        or not all(type(name) is str for name in (*texts[0], *texts[-1]))
        or not all(type(count) is int and 0 <= count < 2**62 for count in counts)
        or plain.get("segmentation") not in ("auto", "given", "characters")
        or type(plain.get("lowercase")) is not bool
        or set(plain) - {*lists, "dictionary", "segmentation", "lowercase"}
    ):
        raise _damaged(path.name, "its words are not as the studio writes them")
    _check_tokens(iter((*texts[0], *texts[-1])))
    return len(texts[0]) - 1


def _damaged(name: str, reason: str) -> StudioError:
    return StudioError(
        "model-damaged",
        "“{file}” is damaged: {reason}.",
        "Fetch the model again, or take it from another source.",
        file=name,
        reason=reason,
    )


def _bomb() -> StudioError:
    return StudioError(
        "model-vocabulary-bomb",
        "The model's vocabulary has rules that would make far more of a text than it holds.",
        "Do not use this model: no honest program writes that.",
    )
