"""Learn a vocabulary from texts: word pieces, byte pairs or single characters.

Each function reads the texts once, gives the same vocabulary for the same texts on every machine, and returns a
`PreTrainedTokenizerFast` that saves with `save_pretrained` and opens anywhere with `AutoTokenizer.from_pretrained`.
"""

import math
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from slm_studio.engine.data.languages import is_han

BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
END_OF_TEXT = "<|endoftext|>"
UNKNOWN = "<unk>"
PADDING, END = "<pad>", "</s>"


def train_word_pieces(texts: Iterable[str], size: int, lowercase: bool) -> PreTrainedTokenizerFast:
    """Learn a WordPiece vocabulary of at most `size` entries, with BERT's special tokens at ids 0–4.

    Chinese characters are words of their own. At most half of the entries are single characters (the most frequent);
    texts with rarer ones get [UNK]. Accents stay, `lowercase` or not.
    """
    normalizer = _bert_normalizer(lowercase)
    with tempfile.TemporaryDirectory(prefix="slm-vocabulary-") as folder:
        spool = Path(folder) / "texts.txt"
        starts, continuations = _spool(texts, normalizer, spool, limit=max(1, size // 2))
        vocabulary = _learn_pieces(spool, size, normalizer, starts, continuations)
    return _bert_tokenizer(_word_piece_tokenizer(vocabulary, normalizer))


def train_words(texts: Iterable[str], size: int, lowercase: bool, *, framed: bool) -> PreTrainedTokenizerFast:
    """Take the `size` most frequent words of the texts as a vocabulary, after BERT's special tokens; all others are [UNK].

    Words are what blanks and punctuation part, punctuation marks and Chinese characters too; of equally frequent ones
    the first by the alphabet is taken. `framed` puts [CLS] and [SEP] around a text.
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = _bert_normalizer(lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordLevelTrainer(
        vocab_size=size + len(BERT_SPECIALS), special_tokens=list(BERT_SPECIALS), show_progress=False
    )
    tokenizer.train_from_iterator(iter(texts), trainer)
    if framed:
        tokenizer.post_processor = _bert_frame(tokenizer.token_to_id)
    return _bert_tokenizer(tokenizer)


def _bert_tokenizer(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Wrap a vocabulary with BERT's special tokens for Transformers."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        split_special_tokens=True,  # what looks like a control token in a text is text, in other hands too
    )


def told_apart(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """Let control tokens in a text count as such: in other hands [MASK] has to be a gap, where a model fills them."""
    tokenizer.split_special_tokens = False
    tokenizer.init_kwargs["split_special_tokens"] = False
    return tokenizer


def train_byte_pairs(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Learn a byte-level BPE vocabulary of at most `size` entries (257 at least); no text is unknown to it.

    <|endoftext|> has id 0 and begins, ends and pads, so a batch must hide padding by its attention mask, not by id.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(size, 257),
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(iter(texts), trainer)
    return _writer_tokenizer(tokenizer, unknown=None)


def train_shared_pieces(texts: Iterable[str], size: int, tags: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """Learn one byte-level BPE vocabulary for texts and what they become, at most `size` entries; no text is unknown to it.

    Chinese characters stay apart: what is translated word by word must not be glued together by what often stands beside it.
    <pad> is 0 and </s>, which ends every text, 1. `tags` are pieces of their own, which are recognised in a text, too: they
    say in front of it what shall become of it.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(size - len(tags), 258),
        special_tokens=[PADDING, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(iter(texts), trainer)
    tokenizer.add_tokens([AddedToken(tag, normalized=False, special=False) for tag in tags])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PADDING,
        eos_token=END,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        split_special_tokens=True,
    )


def character_vocabulary(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Make every character of the texts one token: <unk> 0, <|endoftext|> 1, then by code point.

    decode(encode(text)) == text for every text of these characters, spaces and line breaks included.
    """
    characters: set[str] = set()
    for text in texts:
        characters.update(text)
    tokens = [UNKNOWN, END_OF_TEXT, *sorted(characters)]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    # Byte pairs without a single merge: characters. Three times as fast as splitting by a pattern.
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token=UNKNOWN, fuse_unk=False))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([UNKNOWN, END_OF_TEXT])
    return _writer_tokenizer(tokenizer, unknown=UNKNOWN)


def suited_tokens(texts: Sequence[str]) -> str:
    """Return “characters” or “pieces”, whichever suits a text: small alphabets and short Chinese texts need no pieces.

    Measured on Shakespeare (65 characters, 1.1 M long: characters) and 三国演义 (3,500 of 0.3 M: 4.41 nats a character
    against 5.02 with 2,000 pieces).
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    total, han = counts.total(), sum(count for character, count in counts.items() if is_han(character))
    if len(counts) <= 200:
        return "characters" if total < 2_000_000 else "pieces"
    is_chinese = han > 0.3 * total
    return "characters" if is_chinese and len(counts) <= 8_000 and total < 5_000_000 else "pieces"


def suited_size(texts: Sequence[str], size: str) -> int:
    """Return how many pieces suit a text and a size of network: about 4 · √bytes, a power of two, at most 4,096 for nano."""
    most = {"nano": 4096, "micro": 8192, "small": 16384}.get(size, 32768)
    wished = 4 * math.sqrt(max(1, sum(len(text.encode("utf-8")) for text in texts)))
    return max(512, min(most, 2 ** round(math.log2(wished))))


def plain_vocabulary(texts: Sequence[str], size: str, most: int | None = None) -> PreTrainedTokenizerFast:
    """Learn the vocabulary that suits texts: characters, or pieces as many as suit a network of a size (or `most`)."""
    if suited_tokens(texts) == "characters":
        return character_vocabulary(texts)
    return train_byte_pairs(texts, most or suited_size(texts, size))


def count_vocabulary(texts: Sequence[str], size: str, most: int | None = None) -> int:
    """Return about how many tokens `plain_vocabulary` would learn, without learning it."""
    if suited_tokens(texts) == "characters":
        return len(set().union(*texts)) + 2
    return most or suited_size(texts, size)


def _writer_tokenizer(tokenizer: Tokenizer, unknown: str | None) -> PreTrainedTokenizerFast:
    """Wrap a vocabulary for a model that writes: one token begins, ends and pads."""
    named = {"unk_token": unknown} if unknown else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        split_special_tokens=True,
        **named,
    )


def _bert_normalizer(lowercase: bool) -> normalizers.Normalizer:
    """Return BERT's clean-up (spaces around Chinese characters), after composing accents."""
    bert = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=lowercase
    )
    return normalizers.Sequence([normalizers.NFC(), bert])


def _spool(
    texts: Iterable[str], normalizer: normalizers.Normalizer, spool: Path, limit: int
) -> tuple[list[str], list[str]]:
    """Write the normalised texts to `spool`; return the characters that may start a piece, and continue one."""
    counts: Counter[str] = Counter()
    neighbours: set[tuple[str, str]] = set()
    with spool.open("w", encoding="utf-8", newline="\n") as file:
        for line in _normalised(texts, normalizer):
            counts.update(line)
            neighbours.update(pairwise(line))
            file.write(line + "\n")
    counts.pop(" ", None)
    by_count = sorted(counts, key=lambda character: (-counts[character], character))
    starts = sorted(by_count[:limit])
    inside = {second for first, second in neighbours if _is_inside_word(first) and _is_inside_word(second)}
    return starts, [character for character in starts if character in inside]


def _normalised(texts: Iterable[str], normalizer: normalizers.Normalizer) -> Iterator[str]:
    """Yield every text as one line (the clean-up has made blanks of its line breaks)."""
    for text in texts:
        yield " ".join(normalizer.normalize_str(text).split())


def _is_inside_word(character: str) -> bool:
    """Tell whether BERT's pre-tokenizer leaves the character joined to its neighbours."""
    if character.isspace():
        return False
    is_ascii_sign = character.isascii() and not character.isalnum()
    return not is_ascii_sign and not unicodedata.category(character).startswith("P")


def _learn_pieces(
    spool: Path, size: int, normalizer: normalizers.Normalizer, starts: list[str], continuations: list[str]
) -> list[str]:
    """Return the pieces in order of their ids.

    The trainer numbers “##x” in the order of a randomly seeded hash table, and breaks ties by number: two trainings
    on the same texts differ. Naming all single-character pieces beforehand leaves it nothing to number.
    """
    pieces = [*BERT_SPECIALS, *starts, *(f"##{character}" for character in continuations)]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(size, len(pieces)),
        special_tokens=pieces,
        initial_alphabet=starts,
        limit_alphabet=len(starts),
        show_progress=False,
    )
    tokenizer.train([str(spool)], trainer)
    learnt = tokenizer.get_vocab(with_added_tokens=True)
    return sorted(learnt, key=learnt.__getitem__)


def _word_piece_tokenizer(pieces: list[str], normalizer: normalizers.Normalizer) -> Tokenizer:
    """Build BERT's tokenizer around the pieces."""
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.add_special_tokens(list(BERT_SPECIALS))
    tokenizer.post_processor = _bert_frame(vocabulary.__getitem__)
    return tokenizer


def _bert_frame(id_of: Callable[[str], int]) -> processors.TemplateProcessing:
    """Return what puts [CLS] and [SEP] around a text."""
    return processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, id_of(token)) for token in ("[CLS]", "[SEP]")],
    )
