"""Pair columns: which two columns of a dataset hold a text and what it shall become: its translation, summary or correction."""

from collections.abc import Sequence

from slm_studio.core.dataset import Column, is_capped

TRANSLATION, SUMMARY, CORRECTION = "translation", "summary", "correction"

# (source, target) → what the one is of the other; "" is told by the rows.
NAMED: dict[tuple[str, str], str] = {
    ("source", "target"): "", ("src", "tgt"): "", ("src", "trg"): "", ("source_text", "target_text"): "",
    **dict.fromkeys(
        (
            ("document", "summary"), ("article", "summary"), ("article", "highlights"), ("text", "summary"), ("dialogue", "summary"),
            ("content", "summary"), ("body", "summary"), ("report", "summary"), ("document", "headline"), ("article", "headline"),
            ("text", "headline"), ("正文", "摘要"), ("原文", "摘要"), ("文章", "摘要"), ("内容", "摘要"), ("正文", "标题"), ("文章", "标题"),
        ),
        SUMMARY,
    ),
    **dict.fromkeys(
        (
            ("wrong", "right"), ("wrong", "correct"), ("incorrect", "correct"), ("original", "corrected"), ("error", "correction"),
            ("text", "corrected"), ("text", "correction"), ("informal", "formal"), ("rude", "polite"), ("complex", "simple"), ("raw", "clean"),
            ("错误", "正确"), ("错句", "正句"), ("原句", "改正"), ("原文", "改正"), ("原句", "修改"), ("随便", "礼貌"), ("口语", "书面"),
        ),
        CORRECTION,
    ),
    **dict.fromkeys((("原文", "译文"), ("original", "translation"), ("text", "translation")), TRANSLATION),
}  # fmt: skip
LANGUAGES = frozenset(
    {
        "ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro",
        "ru", "sv", "th", "tr", "uk", "vi", "zh", "eng", "zho", "chi", "cmn", "deu", "fra", "spa", "jpn", "rus",
        "english", "chinese", "german", "french", "spanish", "japanese", "russian", "中文", "英文", "英语", "汉语", "日文", "日语",
    }
)  # fmt: skip
KINDS = ("text", "label", "id", "list")
REPEATED = 0.3  # share of different cells below which a column repeats labels rather than holds texts
STRAY = 0.1  # share of filled cells up to which a column beside two others is no part of the table
CHINESE = 0.3  # share of Chinese characters from which a text is Chinese


def pair_roles(columns: Sequence[Column]) -> tuple[str, str, str] | None:
    """Return source, target and what the target is ("" where the names do not say), or None where no two columns are such a pair.

    Names decide; two columns without names are a pair where one is Chinese and the other is not. Columns that repeat
    labels are none, nor are pairs that are compared.
    Example: of columns en and zh: ("en", "zh", "translation")
    """
    held = [column for column in columns if column.filled and column.kind in KINDS]
    if any(column.filled and column.kind in ("messages", "words", "tags", "spans") for column in columns):
        return None
    named = {_folded(column.name): column for column in reversed(held) if is_varied(column)}
    for (source, target), kind in NAMED.items():
        if source in named and target in named:
            return named[source].name, named[target].name, kind
    told = [column for column in held if column.kind != "id"]  # id is a language, too
    tongues = [column for column in told if language_in(column.name) and is_varied(column)]
    if len(tongues) == 2:
        return tongues[0].name, tongues[1].name, TRANSLATION
    most = max((column.filled for column in columns), default=0)
    texts = [column for column in columns if column.filled > STRAY * most]  # others are of a few lines with more fields
    bare = len(texts) == 2 and all(column.kind == "text" and is_varied(column) for column in texts)
    if bare and len({is_chinese(column.examples) for column in texts}) == 2 and _have_no_names(texts):
        return texts[0].name, texts[1].name, TRANSLATION
    return None


def is_varied(column: Column) -> bool:
    """Say whether a column holds texts, each of its own, rather than a few that repeat."""
    return is_capped(column.distinct) or column.distinct > REPEATED * column.filled


def is_chinese(texts: Sequence[str]) -> bool:
    """Say whether texts are Chinese more than anything else."""
    letters = [character for text in texts for character in text if character.isalpha()]
    return sum("\u4e00" <= character <= "\u9fff" for character in letters) > CHINESE * len(letters)


def language_in(name: str) -> str:
    """Return the language that a column is named after, or "". Example: language_in("translation.zh-CN") == "zh\""""
    first = _folded(name).replace("_", "-").partition("-")[0]
    return first if first in LANGUAGES else ""


def _have_no_names(columns: Sequence[Column]) -> bool:
    return all(
        _folded(column.name).rstrip("0123456789") in ("column_", "column", "text", "text_") for column in columns
    )


def _folded(name: str) -> str:
    return name.strip().rpartition(".")[2].casefold().replace(" ", "_")
