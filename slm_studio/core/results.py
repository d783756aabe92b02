"""What models answer, and what an evaluation says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slm_studio.core.dataset import Remark, Split, counted
from slm_studio.core.errors import Value
from slm_studio.core.gaps import filled
from slm_studio.core.tasks import TaskInfo, info_of
from slm_studio.core.tasks.info import Answers
from slm_studio.core.texts import mark

SOME_LEARNT = mark(
    "The model learnt from {learnt} {learnt:row|rows} of this file. The scores are of the other {rows} {rows:row|rows}."
)
ONLY_LEARNT = mark(
    "The model learnt from all {rows} {rows:row|rows} that were scored: this says what it remembers, not how well it does."
)
LIST = "list"  # how several labels stand in a cell, where no sign joins them


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of written text. `score` is its probability (0…1)."""

    text: str
    score: float
    id: int
    alternatives: tuple[tuple[str, float], ...] = ()  # other tokens the model weighed, with their probabilities
    place: int = 0  # which of several continuations it is of


@dataclass(frozen=True, slots=True)
class Label:
    """One possible answer. `score` is its probability (0…1)."""

    label: str
    score: float
    chosen: bool | None = None  # of several labels: whether it is above its threshold, and so part of the answer


@dataclass(frozen=True, slots=True)
class Number:
    """An amount in the file's own unit. Held-out rows lay between `low` and `high` in nine of ten cases, where that is known."""

    value: float
    low: float | None = None
    high: float | None = None
    written: str = ""  # as the file would write it: “3.5”, “40 %”


@dataclass(frozen=True, slots=True)
class Span:
    """A marked piece of the prompt: characters start…end (end excluded)."""

    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Quote:
    """One possible answer: characters start…end of the passage. Without a text: that nothing in it is one.

    `score` is the share (0…1) that it has of all that was weighed, "nothing" among it.
    """

    text: str
    score: float
    start: int = 0
    end: int = 0
    chosen: bool = False  # whether it is the answer


@dataclass(frozen=True, slots=True)
class Hit:
    """One found passage. `row` is its place in the searched file, from 0."""

    text: str
    score: float
    row: int
    meaning: float | None = None  # how alike question and passage are (-1 … 1)
    words: float | None = None  # how well the words fit (BM25)
    chosen: bool | None = None  # whether it is near enough to answer the question, where that is known
    source: str = ""  # the file or column it stands in …
    line: int = 0  # … and the line or row there, from 1; 0: not known
    heading: str = ""  # what stands above it
    page: int = 0  # on which it begins, from 1, of a file that has pages
    last_page: int = 0  # on which it ends, where that is another


@dataclass(frozen=True, slots=True)
class Point:
    """A word on a map of two dimensions (-1…1). `score` is its likeness to what was asked, `row` its place among the words."""

    text: str
    score: float
    x: float
    y: float
    row: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece that may stand in a gap of the prompt. `score` is its probability there (0…1)."""

    text: str
    score: float
    gap: int  # which gap of the prompt, from 0
    rank: int  # its place among all pieces, from 1
    id: int
    joins: bool = False  # it goes on with the word before it, without a blank


@dataclass(frozen=True, slots=True)
class Ranked:
    """One of the texts that were given to choose from. `score` says how likely it is the best of them (0…1)."""

    text: str
    score: float
    place: int  # where it stood before, from 1
    own: float | None = None  # the score that it came with
    model: float | None = None  # what the model says of it: a log-likelihood in nats, or how alike it is to the context
    further: Mapping[str, float] = field(default_factory=dict)  # other scores that it came with, by their names


@dataclass(frozen=True, slots=True)
class Variant:
    """Another whole answer that was weighed. `score` is the likelihood of one of its tokens (0…1, a geometric mean)."""

    text: str
    score: float


Item = Label | Number | Token | Span | Quote | Hit | Point | Candidate | Ranked | Variant  # one piece of an answer


def spans_of(plain: object) -> tuple[Span, ...]:
    """Return the spans in a JSON value, in the order of their places; what is no span is left out."""
    found = []
    for each in plain if isinstance(plain, list) else ():
        if not isinstance(each, dict):
            continue
        start, end, label = each.get("start"), each.get("end"), each.get("label")
        if isinstance(start, int) and isinstance(end, int) and isinstance(label, str) and 0 <= start < end:
            found.append(Span(start, end, label, 1.0))
    return tuple(sorted(found, key=lambda span: (span.start, span.end)))


def plain_spans(spans: Sequence[Span]) -> list[dict[str, object]]:
    """Return spans as a JSON value, without their scores."""
    return [{"start": span.start, "end": span.end, "label": span.label} for span in spans]


def spans_in_words(text: str, spans: Sequence[Span]) -> str:
    """Return spans as a line that can be read aloud. Example: “Ada Lovelace: PER · London: LOC”"""
    return " · ".join(f"{text[span.start : span.end]}: {span.label}" for span in spans)


def marked(text: str, spans: Sequence[Span]) -> str:
    """Return a text with its spans in it; of spans that overlap the first counts.

    Example: marked("Ada was born.", [Span(0, 3, "PER", 1.0)]) == "[Ada](PER) was born."
    """
    parts, done = [], 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start >= done:
            parts += [text[done : span.start], f"[{text[span.start : span.end]}]({span.label})"]
            done = span.end
    return "".join([*parts, text[done:]])


def in_cells(items: Sequence[Item], answers: Answers, asked: str = "", joined: str = LIST) -> tuple[str, str]:
    """Return a whole answer as the two cells “prediction” and “score” of a table: the best label, the text, the spans.

    Of the text that was asked spans bear their words; several labels are `joined` by a sign, or as a JSON list. An answer without
    items is two empty cells, where spans are the answer no span.
    """
    if answers == "tokens":
        return "".join(each.text for each in items if isinstance(each, Token)), ""
    if answers == "spans":
        found = [each for each in items if isinstance(each, Span)]
        words = [{"text": asked[each.start : each.end]} if asked else {} for each in found]
        spans = [plain | word for plain, word in zip(plain_spans(found), words, strict=True)]
        least = min((each.score for each in found), default=1.0)
        return json.dumps(spans, ensure_ascii=False), f"{least:.4f}"
    if not items:
        return "", ""
    if answers == "gaps":
        likeliest = likeliest_of_gaps(items)
        texts = [each.text for each in likeliest]
        return join_labels(texts, LIST) if len(texts) > 1 else texts[0], f"{min(each.score for each in likeliest):.4f}"
    if answers == "several":
        return join_labels(chosen_labels(items), joined), f"{_least_sure(items):.4f}"
    best = items[0]
    if isinstance(best, Number):
        return best.written or f"{best.value:g}", ""
    return best.label if isinstance(best, Label) else getattr(best, "text", ""), f"{best.score:.4f}"


def chosen_labels(items: Sequence[Item]) -> list[str]:
    """Return the labels that several were chosen to be the answer."""
    return [each.label for each in items if isinstance(each, Label) and each.chosen]


def join_labels(labels: Sequence[str], joined: str) -> str:
    """Return several labels as one cell: joined by a sign, or as a JSON list. Example: (["a", "b"], ";") → a;b"""
    return json.dumps(list(labels), ensure_ascii=False) if joined == LIST else joined.join(labels)


def _least_sure(items: Sequence[Item]) -> float:
    """Return how sure the least sure part of a set of labels is; of an empty one, that none of them is right."""
    chosen = [each.score for each in items if isinstance(each, Label) and each.chosen]
    return min(chosen) if chosen else 1 - max((each.score for each in items if isinstance(each, Label)), default=0.0)


def likeliest_of_gaps(items: Sequence[Item]) -> list[Candidate]:
    """Return the likeliest candidate of each gap, in the order of the gaps."""
    found: dict[int, Candidate] = {}
    for each in items:
        if isinstance(each, Candidate):
            found.setdefault(each.gap, each)
    return [found[gap] for gap in sorted(found)]


def further_cells(text: str, items: Sequence[Item], answers: Answers) -> dict[str, str]:
    """Return what a table of answers has besides: the text with its marks, or its gaps filled, which people read in a spreadsheet.

    Of texts in another order all of them, each with its score.
    """
    if answers == "order":
        ranked = [{"text": each.text, "score": round(each.score, 4)} for each in items if isinstance(each, Ranked)]
        return {"ranking": json.dumps(ranked, ensure_ascii=False) if ranked else ""}
    if answers == "gaps":
        return {"filled": filled(text, [(each.text, each.joins) for each in likeliest_of_gaps(items)])}
    return {"marked": marked(text, [each for each in items if isinstance(each, Span)])} if answers == "spans" else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A score and the interval (95 %) in which it would fall on other rows of the same kind."""

    key: str  # CLI.md lists the keys
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """A simple method, trained and scored on the same rows, for scale."""

    key: str  # majority, tfidf_linear, uniform, unigram
    metrics: tuple[Metric, ...]
    seconds: float
    verdict: str = ""  # better | worse | none (no difference shown): the model against it, by a paired test


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassScore:
    """How one class fared."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """An evaluation. Whatever has rows is a file beside it."""

    task: str
    model: str
    dataset: str
    split: str  # validation | test | train: which rows were scored
    rows: int
    metrics: tuple[Metric, ...]
    per_label: tuple[ClassScore, ...] = ()
    labels: tuple[str, ...] = ()
    # confusion[true][predicted], in the order of `labels`; empty above 200 labels
    confusion: tuple[tuple[int, ...], ...] = ()
    baselines: tuple[Baseline, ...] = ()
    folder: str = ""  # where report.json, confusion.csv and cases.jsonl stand
    cases: str = ""  # a JSONL file: one scored row a line, surest mistakes first
    facts: dict[str, float] = field(default_factory=dict)  # further numbers: calibration error
    remarks: tuple[Remark, ...] = ()  # what the numbers do not say by themselves
    seconds: float = 0.0
    rows_of: str = ""  # the id of the dataset whose rows were scored
    part: Split = "train"  # … and the file of it that holds them
    learnt: int = 0  # rows of the file that the model learnt from: not among `rows`, unless `split` is train
    target: str = ""  # what the answers are, where the task has several kinds of them
    counted: str = (
        ""  # how scores were counted, in the words of the library that did it, for whoever compares them with others
    )

    @property
    def about_learnt(self) -> str:
        """Return a template (of `learnt` and `rows`) that says what the scores leave out, or ""."""
        if not self.learnt:
            return ""
        return ONLY_LEARNT if self.split == "train" else SOME_LEARNT

    def value(self, key: str) -> float | None:
        """Return the score named `key`, or None."""
        return next((metric.value for metric in self.metrics if metric.key == key), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """What a recipe will need, measured or counted before it starts."""

    parameters: int
    memory: int  # bytes at the peak of training, estimated
    seconds_low: float  # the whole run, estimated range
    seconds_high: float
    steps: int
    tokens_per_second: float  # 0 where the steps do not read tokens
    device: str
    precision: str
    rows: dict[str, int]  # train, validation, test
    last_epochs: int = 0  # in which the validation rows are learnt too, at the end
    cut: float = 0.0  # share of the training rows longer than max_length
    length: int = 0  # tokens of a text that are read: as the recipe says, or as its rows decide
    limited: bool = False  # whether those are all that the base can read, though the recipe wishes for more
    unknown: float = 0.0  # share of the characters that the vocabulary of the base does not know
    strangers: tuple[str, ...] = ()  # some of them, the most frequent first
    addable: int = 0  # pieces with which all would be known
    free_memory: int = 0  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """How well texts tell one column apart, found out on some rows."""

    contradictions: int  # texts that stand with two different values
    right: float = 0.0  # share of rows guessed right by a quick fit that had not seen them; 0 where none was made
    usual: float = 0.0  # share of the most frequent value
    rows: int = 0  # of the fit


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerUp:
    """A column that could play a role too."""

    role: str
    column: str
    labels: int
    evidence: Evidence
    message: str  # a template over `values`
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """What we would do with a dataset."""

    task: str  # "" where there is nothing to learn from; the reason says why
    roles: dict[str, str]
    base: str
    reason: str  # a template over roles, labels and `values`
    labels: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    runners_up: tuple[RunnerUp, ...] = ()  # the best first
    remarks: tuple[Remark, ...] = ()  # what should be known of it: several labels a row

    def said(self) -> dict[str, Value]:
        """Return the values of the reason's template."""
        return {**self.roles, "labels": counted(self.labels), **self.values}


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A model that is ready to answer."""

    handle: str
    task: str
    device: str
    seconds: float
    facts: dict[str, object] = field(default_factory=dict)  # what its answers are, and what it asks

    @property
    def info(self) -> TaskInfo:
        """Return its task as this model does it."""
        return info_of(self.task, self.facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResult:
    """A file that was written, and how many rows it holds."""

    rows: int
    out: str
    checked: dict[str, bool | int | float | str] = field(default_factory=dict)
    seconds: float = 0.0
    unanswered: int = 0  # of rows that were asked: those without an answer, which keep their place
    remarks: tuple[Remark, ...] = ()  # why these have none, and which answers are not whole
