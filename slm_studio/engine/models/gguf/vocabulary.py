"""Rebuild the vocabulary of a .gguf file as a fast tokenizer, and look whether it is what the file says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, processors
from transformers import PreTrainedTokenizerFast

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.byte_pairs import byte_pair_tokenizer, puts_start
from slm_studio.engine.models.gguf.header import Header, damaged
from slm_studio.engine.models.gguf.kinds import BYTE, CONTROL, LONGEST, UNKNOWN, USER_DEFINED
from slm_studio.engine.models.gguf.pieces import piece_tokenizer

MOST_ADDED = 50_000  # words that are looked for before any other rule; Gemma 3 has 6,400
# Ends of a turn, which some files name nowhere: a chat would go on for ever. (llama.cpp knows them by these texts too.)
_TURN_ENDS = ("<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>")
_PROBES = (
    "The 3 cafés cost 1,200.50 € — “cheap”!",
    "我们去公园吧，今天天气很好。",
    "🙂👩‍👩‍👧 zażółć",
    "  two  spaces\n\n\tand a tab ",
)


@dataclass(frozen=True, slots=True)
class Words:
    """The list of words, and of what kind each is."""

    texts: list[str]
    kinds: list[int]


def read_words(header: Header) -> Words:
    """Return the vocabulary's list. Raises StudioError where it is missing, or none."""
    texts = header.texts("tokenizer.ggml.tokens")
    kinds = header.fields.get("tokenizer.ggml.token_type")
    if not texts:
        raise StudioError(
            "model-no-tokenizer",
            "The model's vocabulary is missing: there is no {file}.",
            "Copy the tokenizer's files beside the weights, or choose another model.",
            file="tokenizer.ggml.tokens",
        )
    if len(set(texts)) != len(texts):
        raise damaged(header.file, "a word stands in its vocabulary twice")
    if max(map(len, texts)) > LONGEST or "" in texts:
        raise damaged(header.file, "its vocabulary holds words that no vocabulary has")
    numbers = [1] * len(texts) if kinds is None else list(getattr(kinds, "tolist", list)())
    if len(numbers) != len(texts):
        raise damaged(header.file, f"it has {len(texts)} words, but the kinds of {len(numbers)}")
    if sum(kind in (CONTROL, USER_DEFINED, UNKNOWN) for kind in numbers) > MOST_ADDED:
        raise damaged(header.file, "too many of its words are no words")
    return Words(texts, numbers)


def write_vocabulary(header: Header, rows: int, place: Path) -> None:
    """Write tokenizer.json, its config with the chat template, and the tokens that end a text. `rows`: words the net knows."""
    words = read_words(header)
    if len(words.texts) > rows:
        raise StudioError(
            "model-vocabulary",
            "The vocabulary goes up to number {highest}, but the model knows only {rows} tokens.",
            "The tokenizer belongs to another model. Fetch both from the same place.",
            highest=len(words.texts) - 1,
            rows=rows,
        )
    backend = _backend(header, words)
    _check(header, backend, words)
    template = _template(header)
    special = {name: token for name, field in _SPECIAL.items() if (token := _token(header, words, field))}
    found = PreTrainedTokenizerFast(tokenizer_object=backend, clean_up_tokenization_spaces=False, **special)
    if template:
        found.chat_template = template
    found.save_pretrained(str(place))
    _write_ends(header, words, template, place)


_SPECIAL: Mapping[str, str] = {
    "bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding",
}  # fmt: skip


def _backend(header: Header, words: Words) -> Tokenizer:
    kind = header.text("tokenizer.ggml.model")
    if kind == "gpt2":
        backend, starts = byte_pair_tokenizer(header, words.texts), puts_start(header)
    elif kind == "llama":
        unknown = header.whole("tokenizer.ggml.unknown_token_id")
        if unknown is None:
            unknown = words.kinds.index(UNKNOWN) if UNKNOWN in words.kinds else None
        if unknown is not None and not 0 <= unknown < len(words.texts):
            raise damaged(header.file, f"its token for what is unknown has the number {unknown}")
        backend, starts = piece_tokenizer(header, words.texts, words.kinds, unknown), True
    else:
        raise StudioError(
            "gguf-vocabulary",
            "The vocabulary of “{file}” is of a kind that cannot be rebuilt here ({kind}).",
            "Choose another model, or the same one as a Transformers folder.",
            file=header.file.name,
            kind=kind[:80] or "?",
        )
    pairs = list(zip(words.texts, words.kinds, strict=True))
    controls = [text for text, kind in pairs if kind in (CONTROL, UNKNOWN)]
    backend.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in controls])
    backend.add_tokens([AddedToken(text, normalized=False) for text, kind in pairs if kind == USER_DEFINED])
    _frame(header, words, backend, starts)
    return backend


def _frame(header: Header, words: Words, backend: Tokenizer, starts: bool) -> None:
    """Put around each text what the model has always seen there."""
    begin = _token(header, words, "bos") if header.flag("tokenizer.ggml.add_bos_token", starts) else ""
    end = _token(header, words, "eos") if header.flag("tokenizer.ggml.add_eos_token", False) else ""
    tokens = [(text, words.texts.index(text)) for text in dict.fromkeys((begin, end)) if text]
    if tokens:
        before, after = [f"{begin}:0"] if begin else [], [f"{end}:0"] if end else []
        one, two = [*before, "$A:0", *after], [*before, "$B:1", *after]
        backend.post_processor = processors.TemplateProcessing(single=one, pair=[*one, *two], special_tokens=tokens)


def _check(header: Header, backend: Tokenizer, words: Words) -> None:
    """Refuse a vocabulary that was not rebuilt right: another number for a word, or texts that do not come back."""
    wrong = [text for number, text in enumerate(words.texts) if backend.token_to_id(text) != number]
    unknown = header.whole("tokenizer.ggml.unknown_token_id")
    if not wrong and _knows_bytes(words):
        for probe in _PROBES:
            ids = backend.encode(probe, add_special_tokens=False).ids
            if unknown not in ids and backend.decode(ids, skip_special_tokens=False) != probe:
                wrong.append(probe)
    if wrong:
        raise StudioError(
            "gguf-vocabulary-differs",
            "The vocabulary of “{file}” could not be rebuilt so that “{text}” stays what it is.",
            "Choose another version of the model, or the same one as a Transformers folder.",
            file=header.file.name,
            text=wrong[0][:80],
        )


def _knows_bytes(words: Words) -> bool:
    """Say whether every text can be written in this vocabulary."""
    from tokenizers.pre_tokenizers import ByteLevel

    return words.kinds.count(BYTE) == 256 or set(ByteLevel.alphabet()) <= set(words.texts)


def _token(header: Header, words: Words, field: str) -> str:
    number = header.whole(f"tokenizer.ggml.{field}_token_id")
    return words.texts[number] if number is not None and 0 <= number < len(words.texts) else ""


def _template(header: Header) -> str:
    return header.text("tokenizer.chat_template")


def _write_ends(header: Header, words: Words, template: str, place: Path) -> None:
    """Write generation_config.json: the tokens after which nothing comes."""
    numbers = [header.whole(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")]
    if template:
        where = {
            text: number for number, text in enumerate(words.texts) if words.kinds[number] in (CONTROL, USER_DEFINED)
        }
        numbers += [where.get(text) for text in _TURN_ENDS]
    ends = [number for number in dict.fromkeys(numbers) if number is not None and 0 <= number < len(words.texts)]
    plain = {"eos_token_id": ends, "bos_token_id": header.whole("tokenizer.ggml.bos_token_id")}
    if ends:
        text = json.dumps({name: value for name, value in plain.items() if value is not None}, indent=2)
        (place / "generation_config.json").write_text(text + "\n", encoding="utf-8")
