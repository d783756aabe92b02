"""Questioned: passages with questions below them, as SQuAD nests them, become a row for each question.

{"paragraphs": [{"context": …, "qas": [{"question": …, "answers": [{"text": …, "answer_start": …}]}]}]} in any depth of these,
CMRC and DRCD alike, and {"context": …, "qas": […]} line by line. Places stay as the file has them; whoever learns looks whether
the answer stands there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice

from slm_studio.core.texts import mark
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.records import Number, Record

JUDGED = 100  # records that say whether passages have questions below them
PASSAGE, QUESTIONS, PARAGRAPHS = ("context", "passage", "paragraph"), ("qas", "questions"), "paragraphs"
ASKED, ANSWERS, TEXTS, STARTS = "question", ("answers", "answer"), "text", "answer_start"
KEPT = ("id", "title", "document_id", "topic")  # what of a passage and an article goes along with each question
LEFT = ("is_impossible", "plausible_answers", "detected_answers")  # said by the answers themselves, or no answers
NESTED = mark("Passages with questions below them became a row for each question, {count} in all.")
UNASKED = mark("{count} {count:passage has|passages have} no question and {count:was|were} left out.")


def with_questions(records: Iterator[Record], notes: Notes) -> Iterator[Record]:
    """Yield the records; where questions stand below passages, a row for each of them."""
    first = list(islice(records, JUDGED))
    if not any(isinstance(record, dict) and _is_nested(record) for record in first):
        yield from chain(first, records)
        return
    rows = 0
    for record in chain(first, records):
        for row in _rows_of(record, notes):
            rows += 1
            yield row
    notes.add("questions-nested", NESTED, count=rows)


def _is_nested(record: Record) -> bool:
    paragraphs = record.get(PARAGRAPHS)
    if isinstance(paragraphs, list):
        return any(isinstance(each, dict) and _is_nested(each) for each in paragraphs)
    questions = _first(record, QUESTIONS)
    return isinstance(_first(record, PASSAGE), str) and _are_records(questions) and bool(questions)


def _rows_of(record: Record, notes: Notes) -> Iterator[Record]:
    """Yield a row for each question of an article, or of a passage."""
    paragraphs = record.get(PARAGRAPHS)
    if isinstance(paragraphs, list):
        about = _about(record)
        for each in paragraphs:
            if isinstance(each, dict):
                yield from (about | row for row in _rows_of(each, notes))
        return
    passage, questions = _first(record, PASSAGE), _first(record, QUESTIONS)
    if not isinstance(passage, str) or not _are_records(questions) or not questions:
        notes.add("passages-unasked", UNASKED)
        return
    for asked in questions:  # type: ignore[attr-defined]
        texts, starts = _answers_in(_first(asked, ANSWERS))
        said = {key: value for key, value in asked.items() if key not in (*ANSWERS, *LEFT, ASKED, "query")}
        question = asked.get(ASKED, asked.get("query"))
        yield _about(record) | said | {
            ASKED: question if isinstance(question, str) else "",
            PASSAGE[0]: passage,
            "answer": _cell(texts),
            STARTS: _cell(starts),
        }  # fmt: skip


def _answers_in(value: object) -> tuple[list[str], list[str]]:
    """Return the texts and the places of answers, however they are written; the same one twice counts once."""
    if isinstance(value, Mapping):  # {"text": […], "answer_start": […]}
        texts, starts = value.get(TEXTS), value.get(STARTS)
        listed = starts if isinstance(starts, list) else []
        pairs = [(each, listed[at] if at < len(listed) else "") for at, each in enumerate(texts if isinstance(texts, list) else [texts])]  # fmt: skip
    elif isinstance(value, list):
        pairs = [
            (each.get(TEXTS), each.get(STARTS, "")) if isinstance(each, dict) else (each, "") for each in value
        ]  # fmt: skip
    else:
        pairs = [(value, "")]
    kept = dict.fromkeys((text, str(start) if isinstance(start, Number) else "") for text, start in pairs if isinstance(text, str) and text.strip())  # fmt: skip
    return [text for text, _ in kept], [start for _, start in kept]


def _cell(parts: Sequence[str]) -> str:
    """Return one part as it is, several as a JSON list."""
    if len(parts) == 1 and not parts[0].lstrip().startswith("["):
        return parts[0]
    return json.dumps(list(parts), ensure_ascii=False) if any(parts) else ""


def _about(record: Record) -> Record:
    return {key: record[key] for key in KEPT if isinstance(record.get(key), str)}


def _first(record: Record, keys: Sequence[str]) -> object:
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _are_records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)
