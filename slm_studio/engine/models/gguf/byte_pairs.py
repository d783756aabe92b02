"""Vocabularies of byte pairs (“gpt2”): bytes as letters, pairs that are joined in order, and a rule that cuts words first.

A file names the rule (`tokenizer.ggml.pre`) and does not hold it, so the known ones stand here. One that is not known is
refused: cut otherwise, the same text gets other numbers than those the model has learnt.
Source of the rules: the tokenizer.json of the models named, and llama-vocab.cpp.
"""

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Split

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.header import Header, damaged

_WORD = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GPT2, LLAMA3, QWEN2, SMOLLM, TEKKEN = "gpt-2", "llama-bpe", "qwen2", "smollm", "tekken"
_SAME = {  # other names of the same rule
    **dict.fromkeys(("gpt-2", "phi-2", "mpt", "olmo", "jina-en"), GPT2),
    **dict.fromkeys(("llama3", "llama-v3", "llama-bpe", "falcon3", "dbrx", "smaug-bpe"), LLAMA3),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez"), QWEN2),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r"), SMOLLM),
    "tekken": TEKKEN,
}
# Files from before rules were named, where the architecture leaves no choice.
_UNNAMED = {"gpt2": GPT2, "qwen2": QWEN2, "qwen3": QWEN2}


def byte_pair_tokenizer(header: Header, texts: Sequence[str]) -> Tokenizer:
    """Return the tokenizer. Raises StudioError where its rule is unknown or its pairs are none."""
    rule = _rule(header)
    merges = [_pair(header, merge) for merge in header.texts("tokenizer.ggml.merges")]
    whole_words = rule in (LLAMA3, TEKKEN)  # a word that is in the vocabulary is taken as it stands
    model = models.BPE({text: number for number, text in enumerate(texts)}, merges, ignore_merges=whole_words)
    backend = Tokenizer(model)
    if rule == QWEN2:
        backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = _cutter(rule, header.flag("tokenizer.ggml.add_space_prefix", False))
    backend.decoder = decoders.ByteLevel()
    return backend


def puts_start(header: Header) -> bool:
    """Say whether a text begins with the start token where the file does not say."""
    return _rule(header) in (LLAMA3, TEKKEN)


def _rule(header: Header) -> str:
    named = header.text("tokenizer.ggml.pre")
    if named in ("", "default"):
        named = _UNNAMED.get(header.text("general.architecture"), named)
    if named not in _SAME:
        raise StudioError(
            "gguf-rule",
            "The vocabulary of “{file}” cuts texts by a rule that is not known here (“{rule}”).",
            "Choose another version of the model, or the same one as a Transformers folder.",
            file=header.file.name,
            rule=named[:80],
        )
    return _SAME[named]


def _cutter(rule: str, spaced: bool) -> PreTokenizer:
    if rule == GPT2:
        return ByteLevel(add_prefix_space=spaced)
    if rule == SMOLLM:
        return pre_tokenizers.Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=spaced)])
    pattern = {LLAMA3: _WORD % "{1,3}", QWEN2: _WORD % "", TEKKEN: _TEKKEN}[rule]
    split = Split(Regex(pattern), behavior="isolated", invert=False)
    return pre_tokenizers.Sequence([split, ByteLevel(add_prefix_space=spaced, use_regex=False)])


def _pair(header: Header, merge: str) -> tuple[str, str]:
    left, _, right = merge.partition(" ")
    if not left or not right or " " in right:
        raise damaged(header.file, f"“{merge[:80]}” joins no two words")
    return left, right
