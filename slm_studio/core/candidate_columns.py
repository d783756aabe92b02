"""Candidate columns: which columns hold lists of texts to choose from, their own scores, and the right text."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from slm_studio.core.dataset import Column
from slm_studio.core.numerals import plain_numbers
from slm_studio.core.prompt import Cell

LISTED, OWN, BEFORE, RIGHT = "candidates", "scores", "context", "reference"  # the roles that such columns play
FURTHER = (
    "scores2",
    "scores3",
    "scores4",
)  # … where a recogniser gives more than one number: of its language model, in all
OWNS = (OWN, *FURTHER)
SCORE_NAMES = "score_names"  # a model's fact: what the columns of own scores were called, by their roles
OWN_NAMED = "own: "  # before the name of a further score among the numbers of a report

CANDIDATES = (
    "candidates", "candidate", "nbest", "n_best", "n-best", "nbest_list", "hypotheses", "hypothesis", "hyps", "hypos", "alternatives",
    "suggestions", "replies", "候选", "候选列表", "候选句", "备选", "假设", "識別結果", "识别结果",
)  # fmt: skip
SCORES = (
    "scores", "score", "own_scores", "am_scores", "am_score", "acoustic_scores", "acoustic_score", "acoustic", "confidences", "confidence",
    "logprobs", "log_probs", "costs", "得分", "分数", "置信度", "ac_scores", "ac_score", "am_costs", "am_cost", "acoustic_costs",
    "acoustic_cost", "attention_scores", "attention_score", "att_scores", "att_score", "decoder_scores", "decoder_score", "声学得分",
    "声学分数", "lm_scores", "lm_score", "lm", "language_scores", "language_score", "language_model_scores", "language_model_score",
    "lm_costs", "lm_cost", "graph_costs", "graph_cost", "ngram_scores", "ngram_score", "ctc_scores", "ctc_score", "语言得分", "语言分数",
    "语言模型得分", "语言模型分数", "total_scores", "total_score", "total_costs", "total_cost", "总分",
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
    Of several columns of scores each has a role, in the order in which their names stand above.
    """
    held = [column for column in columns if column.filled]
    lists = [column for column in held if column.kind in LISTS]
    found = {
        LISTED: _first(lists, CANDIDATES),
        **dict(zip(OWNS, _named(lists, SCORES), strict=False)),
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


def candidates_prompt(texts: Sequence[str], scores: Mapping[str, Sequence[float]], context: str) -> dict[str, Cell]:
    """Return the question which of some texts is the best, with their scores by role; what is not known stays out of it."""
    found: dict[str, Cell] = {LISTED: tuple(texts)}
    found |= {role: tuple(each) for role, each in scores.items() if each}
    return found | ({BEFORE: context} if context.strip() else {})


def written_candidates(text: str) -> tuple[tuple[str, ...], tuple[tuple[float, ...], ...]]:
    """Return the candidates that stand a line each, and the kinds of scores that every line has, parted from it by tabs.

    Example: written_candidates("-3.5\\tit rains\\n-4\\tit reigns") == (("it rains", "it reigns"), ((-3.5, -4.0),))
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    pairs = [_scored(line) for line in lines]
    kinds = min((len(scores) for _, scores in pairs), default=0)
    if not kinds:
        return tuple(lines), ()
    columns = tuple(zip(*(scores[:kinds] for _, scores in pairs), strict=True))
    return tuple(words for words, _ in pairs), columns


def lines_of(texts: Sequence[str], scores: Sequence[Sequence[float]]) -> str:
    """Return candidates as a person would write them: a line each, and a tab before each of its scores.

    Kinds of scores are told by their places, so none is written behind one that is missing.
    """
    whole = [*takewhile(lambda kind: len(kind) == len(texts), scores)]
    return "\n".join("\t".join([text, *(f"{kind[at]:g}" for kind in whole)]) for at, text in enumerate(texts))


def _scored(line: str) -> tuple[str, list[float]]:
    """Return the words of a line and the numbers behind or before them, as many as a recogniser may give."""
    parts = [part.strip() for part in line.split("\t")]
    for places in (range(len(parts) - 1, 0, -1), range(len(parts) - 1)):
        numbers = [*takewhile(_is_number, (parts[at] for at in places))][: len(OWNS)]
        words = parts[: -len(numbers)] if places.step < 0 else parts[len(numbers) :]
        if numbers and any(words):
            return "\t".join(words).strip(), [float(plain_numbers(number)) for number in numbers][:: places.step]
    return line, []


def _is_number(part: str) -> bool:
    try:
        return math.isfinite(float(plain_numbers(part)))
    except ValueError:
        return False


def _first(columns: Sequence[Column], names: Sequence[str]) -> str:
    """Return the column with the first of some names, or ""."""
    return next(_named(columns, names), "")


def _named(columns: Sequence[Column], names: Sequence[str]) -> Iterator[str]:
    """Yield the columns with some names, in the order of the names."""
    known = {folded(column.name): column.name for column in reversed(columns)}
    yield from (known[name] for name in names if name in known)


def folded(name: str) -> str:
    """Return a column's name as names are compared. Example: folded("asr.N best") == "n_best\""""
    return name.strip().rpartition(".")[2].casefold().replace(" ", "_")
