"""Elements: values of a file become records. Objects are; lists have numbered or known columns, bare texts the column “text”."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from slm_studio.engine.data.headers import invented_names
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.records import Record, spell
from slm_studio.engine.data.values import no_record

JUDGED = 200  # values that settle what a record is here
MOST_COLUMNS = 100  # of a list that is a row


def as_records(values: Iterable[object], notes: Notes) -> Iterator[Record]:
    """Yield the values as records; what has another shape than most is no row: it is counted.

    Example: [["Hi there", "greeting"], ["Bye", "parting"], …] → {"text": "Hi there", "label": "greeting"}, …
    """
    values = iter(values)
    first = list(islice(values, JUDGED))
    if any(isinstance(value, dict) for value in first):
        yield from _objects(chain(first, values), notes)
    elif any(isinstance(value, list) and value and isinstance(value[0], dict) for value in first):
        for value in chain(first, values):
            if isinstance(value, list) and value:
                yield {"messages": value}
            else:
                no_record(notes)
    elif any(isinstance(value, list) and value for value in first):
        yield from _lists(first, values, notes)
    else:
        for value in chain(first, values):
            if value in (None, [], {}):
                no_record(notes)
            else:
                yield {"text": value}


def _objects(values: Iterable[object], notes: Notes) -> Iterator[Record]:
    for value in values:
        if isinstance(value, dict) and value:
            yield value
        else:
            no_record(notes)


def _lists(first: Sequence[object], rest: Iterator[object], notes: Notes) -> Iterator[Record]:
    lists = [value for value in first if isinstance(value, list) and value]
    width = Counter(map(len, lists)).most_common(1)[0][0]
    texts = [[cell if isinstance(cell, str) else spell(cell) for cell in row] for row in lists]
    if all(is_known_name(cell) for cell in texts[0]) and len(set(texts[0])) == width > 1:
        names = texts[0]
        first = first[first.index(lists[0]) + 1 :]
    else:
        names = invented_names(texts, width) if width > 1 else ["text"]
    for value in chain(first, rest):
        if not isinstance(value, list) or not value:
            no_record(notes)
            continue
        names += [f"column_{number + 1}" for number in range(len(names), min(len(value), MOST_COLUMNS))]
        yield dict(zip(names, value, strict=False))
