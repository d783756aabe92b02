"""What stands in front of questions and passages in encoders that were taught so; known by their names.

Without its prefixes such an encoder finds less: they are a part of what it learnt. Sources: the cards of these models.
"""

import re

INSTRUCTION = "Represent this sentence for searching relevant passages: "
# A word in the model's name → what stands before a question, and before a passage
KNOWN: tuple[tuple[str, tuple[str, str]], ...] = (
    (r"(^|[-_/ ])e5($|[-_/ ])", ("query: ", "passage: ")),
    (r"bge-(small|base|large)-en", (INSTRUCTION, "")),
    (r"bge-(small|base|large)-zh", ("为这个句子生成表示以用于检索相关文章：", "")),
    (r"nomic-embed|modernbert-embed", ("search_query: ", "search_document: ")),
    (r"mxbai-embed|snowflake-arctic-embed-(xs|s|m|l)$", (INSTRUCTION, "")),
    (r"snowflake-arctic-embed-.*v2", ("query: ", "")),
)


def known_prefixes(name: str) -> tuple[str, str]:
    """Return what a model of this name expects before questions and passages.

    Example: known_prefixes("multilingual-e5-small") == ("query: ", "passage: ")
    """
    for pattern, prefixes in KNOWN:
        if re.search(pattern, name.casefold()):
            return prefixes
    return "", ""
