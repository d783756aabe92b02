"""Vocabularies of pieces with scores (“llama”, SentencePiece): the pair whose union has the best score is joined first.

A fast tokenizer wants the pairs in order instead, so every way to cut a piece into two pieces is a pair, best piece first.
"""

from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer, decoders, models, normalizers

from slm_studio.engine.models.gguf.header import Header, damaged
from slm_studio.engine.models.gguf.kinds import BYTE, CONTROL, UNKNOWN, UNUSED, USER_DEFINED

_BLANK = "▁"
_MOST_WORK = 400_000_000  # characters looked at while pairs are found; 260,000 pieces take 20 million
_APART = {UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE}  # never joined out of others


def piece_tokenizer(header: Header, texts: Sequence[str], kinds: Sequence[int], unknown: int | None) -> Tokenizer:
    """Return the tokenizer. Raises StudioError where scores are missing."""
    scores = header.fields.get("tokenizer.ggml.scores")
    scores = getattr(scores, "tolist", list)()
    if len(scores) != len(texts):
        raise damaged(header.file, f"it has {len(texts)} words, but the scores of {len(scores)}")
    if sum(len(text) ** 2 for text in texts) > _MOST_WORK:
        raise damaged(header.file, "its vocabulary holds words that no vocabulary has")
    vocabulary = {text: number for number, text in enumerate(texts)}
    joined = {text: scores[number] for text, number in vocabulary.items() if kinds[number] not in _APART}
    model = models.BPE(
        vocabulary,
        list(_merges(joined, vocabulary)),
        unk_token=None if unknown is None else texts[unknown],
        fuse_unk=True,
        byte_fallback=BYTE in kinds,
    )
    backend = Tokenizer(model)
    spaced = header.flag("tokenizer.ggml.add_space_prefix", True)
    swap = normalizers.Replace(" ", _BLANK)
    backend.normalizer = normalizers.Sequence([normalizers.Prepend(_BLANK), swap]) if spaced else swap
    back = [decoders.Replace(_BLANK, " "), decoders.ByteFallback(), decoders.Fuse()]
    backend.decoder = decoders.Sequence([*back, *([decoders.Strip(" ", 1, 0)] if spaced else [])])
    return backend


def _merges(joined: dict[str, float], vocabulary: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Yield the pairs, best piece first; of one piece the pair with the earlier pieces first."""
    for piece in sorted(joined, key=lambda text: -joined[text]):  # stable: equals stay in the vocabulary's order
        pairs = [(piece[:at], piece[at:]) for at in range(1, len(piece))]
        known = [pair for pair in pairs if pair[0] in joined and pair[1] in joined]
        yield from sorted(known, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
