"""Candidate columns: which columns hold lists of texts to choose from, their own scores, and the right text."""

import math
from collections.abc import Sequence

from slm_studio.core.dataset import Column
from slm_studio.core.prompt import Cell

LISTED, OWN, BEFORE, RIGHT = "candidates", "scores", "context", "reference"  # the roles that such columns play

CANDIDATES = (
    "candidates", "candidate", "nbest", "n_best", "n-best", "nbest_list", "hypotheses", "hypothesis", "hyps", "hypos", "alternatives",
    "suggestions", "replies", "候选", "候选列表", "候选句", "备选", "假设", "識別結果", "识别结果",
)  # fmt: skip
SCORES = (
    "scores", "score", "own_scores", "am_scores", "am_score", "acoustic_scores", "acoustic_score", "acoustic", "confidences", "confidence",
    "logprobs", "log_probs", "costs", "得分", "分数", "置信度",
)  # fmt: skip
REFERENCES = (
    "reference", "ref", "truth", "ground_truth", "gold", "transcript", "transcription", "correct", "correction", "right", "target",
    "answer", "response", "text", "sentence", "参考", "参考文本", "标准", "正确", "正确文本", "原文", "文本", "答案",
)  # fmt: skip
CONTEXTS = ("context", "question", "query", "prompt", "before", "previous", "history", "上文", "语境", "问题", "上下文")
RANKS = (
    "rank",
    "nbest_rank",
    "hyp_rank",
    "place",
    "n",
    "index",
    "排名",
    "名次",
    "序号",
)  # where in its list a candidate of a row of its own stands
WORDS, CHARACTERS = "words", "characters"  # in which errors of a text are counted
UNSPACED = 0.3  # share of letters of a script without blanks from which on characters are counted
LISTS = ("list", "tags", "words")  # kinds of columns whose cells are lists
TEXTS = ("text", "label", "id", "number")


def list_roles(columns: Sequence[Column]) -> dict[str, str]:
    """Return role → column of lists of candidates, as far as their names say it; {} where there are no lists.

    Example: of columns nbest, am_scores and truth: {"candidates": "nbest", "scores": "am_scores", "reference": "truth"}
    """
    held = [column for column in columns if column.filled]
    lists = [column for column in held if column.kind in LISTS]
    found = {
        LISTED: _first(lists, CANDIDATES),
        OWN: _first(lists, SCORES),
        BEFORE: _first([column for column in held if column.kind in ("text", "label")], CONTEXTS),
        RIGHT: _first([column for column in held if column.kind in TEXTS], REFERENCES),
    }
    return {role: column for role, column in found.items() if column} if found[LISTED] else {}


def unit_of(texts: Sequence[str]) -> str:
    """Return in what errors of such texts are counted: characters where most of them have no blanks between words."""
    letters = [character for text in texts for character in text if character.isalpha()]
    return CHARACTERS if sum(map(_is_unspaced, letters)) > UNSPACED * len(letters) else WORDS


def _is_unspaced(letter: str) -> bool:
    """Say whether a letter is Chinese, Japanese or Korean."""
    return any(
        low <= letter <= high
        for low, high in (
            ("\u3400", "\u9fff"),
            ("\u3040", "\u30ff"),
            ("\uac00", "\ud7a3"),
            ("\U00020000", "\U0003134f"),
        )
    )


def candidates_prompt(texts: Sequence[str], scores: Sequence[float], context: str) -> dict[str, Cell]:
    """Return the question which of some texts is the best; what is not known stays out of it."""
    found: dict[str, Cell] = {LISTED: tuple(texts)}
    if scores:
        found[OWN] = tuple(scores)
    return found | ({BEFORE: context} if context.strip() else {})


def written_candidates(text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the candidates that stand a line each, and their scores where every line has one, parted from it by a tab.

    Example: written_candidates("-3.5\\tit rains\\n-4\\tit reigns") == (("it rains", "it reigns"), (-3.5, -4.0))
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = [_scored(line) for line in lines]
    if not pairs or any(score is None for _, score in pairs):
        return tuple(lines), ()
    return tuple(words for words, _ in pairs), tuple(score for _, score in pairs if score is not None)


def lines_of(texts: Sequence[str], scores: Sequence[float]) -> str:
    """Return candidates as a person would write them: a line each, and a tab before the score of each."""
    if len(scores) != len(texts):
        return "\n".join(texts)
    return "\n".join(f"{text}\t{score:g}" for text, score in zip(texts, scores, strict=True))


def _scored(line: str) -> tuple[str, float | None]:
    """Return the words of a line and the number before or behind them; None where there is none."""
    for words, _, number in (line.rpartition("\t"), line.partition("\t")[::-1]):
        try:
            score = float(number)
        except ValueError:
            continue
        if words.strip() and math.isfinite(score):
            return words.strip(), score
    return line, None


def _first(columns: Sequence[Column], names: Sequence[str]) -> str:
    """Return the column with the first of some names, or ""."""
    known = {folded(column.name): column.name for column in reversed(columns)}
    return next((known[name] for name in names if name in known), "")


def folded(name: str) -> str:
    """Return a column's name as names are compared. Example: folded("asr.N best") == "n_best\""""
    return name.strip().rpartition(".")[2].casefold().replace(" ", "_")
