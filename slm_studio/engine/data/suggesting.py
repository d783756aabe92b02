"""Suggesting: from columns to a task with its roles, with the reason in words, and with what else would fit."""

from collections.abc import Iterator, Mapping, Sequence

from slm_studio.core.dataset import Column, Dataset, Remark
from slm_studio.core.errors import Value
from slm_studio.core.events import Event, Finished
from slm_studio.core.results import Evidence, RunnerUp, Suggestion
from slm_studio.core.tasks import TaskInfo, all_tasks, task_info
from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.evidence import Told, weigh
from slm_studio.engine.data.hopeless import is_no_label
from slm_studio.engine.data.roles import LABEL_KINDS, TEXT_KINDS, label_columns, name_tier, text_columns
from slm_studio.engine.data.sampling import sample_rows
from slm_studio.engine.data.several import joined_labels, mark_columns
from slm_studio.engine.data.shapes import CODE, WHOLE

LOOKED_AT = 500  # rows by which columns are judged
WEIGHED = 10_000  # rows among which contradictions are counted
MOST_NUMBERS = 100  # different ones that might be labels after all
MOST_WEIGHED = 24  # columns that compete
SHOWN = 3  # runners-up
NAME_BONUS = 0.15  # of explained variance that a name like “rating” is worth
EVEN = 0.05  # explained variance that makes no difference
MOST_COLUMNS = 60  # columns whose cells are looked at
MOST_SWAPS = 5  # texts that are tried where the best one leaves no label
REPEATED = 5  # times that a value stands on average, from which on a column is no text to write like
NAMED = 4  # columns that a sentence names


def suggest_task(dataset: Dataset, task: str = "") -> Iterator[Event]:
    """Guess the task (unless it is given), its roles and its base from the columns. Ends in Finished(Suggestion)."""
    if task and task_info(task).suits:
        yield Finished(_asked_for(dataset, task_info(task)))
        return
    if not task and (found := next(filter(None, (_suited(dataset, info) for info in all_tasks())), None)):
        yield Finished(found)
        return
    sorting, writing = tasks_of_texts(task)
    possible = [each.name for each in dataset.columns if each.filled and each.kind in {*TEXT_KINDS, *LABEL_KINDS}]
    cells = sample_rows(dataset, possible[:MOST_COLUMNS], LOOKED_AT)
    texts = text_columns(dataset, cells)
    text = texts[0] if texts else None
    labels = label_columns(dataset, cells, text) if task != writing.key else []
    if text is not None and not labels and task != writing.key:
        text, labels = _swapped(dataset, cells, texts)
    if not labels and task != writing.key and (measured := _measured(dataset, text, sorting)):
        yield Finished(measured)
        return
    if task == writing.key or (not task and (text is None or not labels)):
        yield Finished(_written(dataset, cells, writing, is_asked=bool(task)))
        return
    yield Finished(_classified(dataset, cells, text, labels, task_info(task) if task else sorting))


def tasks_of_texts(asked: str = "") -> tuple[TaskInfo, TaskInfo]:
    """Return the task that sorts texts by a label and one that needs nothing but texts: the one asked for, else the first."""
    plain = [info for info in all_tasks() if info.suits is None]
    sorting = next(info for info in plain if info.answer and info.answer.reads == "label")
    without = [info for info in plain if not info.answer]
    return sorting, next((info for info in without if info.key == asked), without[0])


def _suited(dataset: Dataset, info: TaskInfo) -> Suggestion | None:
    found = info.suits(dataset.columns) if info.suits else None
    if found is None:
        return None
    return Suggestion(task=info.key, roles=dict(found.roles), base=info.default_base, reason=found.reason)


def _asked_for(dataset: Dataset, info: TaskInfo) -> Suggestion:
    """Return what a file is to a task that somebody chose: it may be there to score with."""
    found = info.scored(dataset.columns) if info.scored else None
    if found is not None:
        return Suggestion(task=info.key, roles=dict(found.roles), base=info.default_base, reason=found.reason)
    return _suited(dataset, info) or _unsuited(dataset, info)


def _unsuited(dataset: Dataset, info: TaskInfo) -> Suggestion:
    """Return what is there of what a task needs: the texts, where it asks for nothing else."""
    asked = [role for role in info.asked if role.needed] or list(info.asked[:1])
    column = dataset.column(text_column(dataset))
    if len(asked) == 1 and column.filled and column.kind in asked[0].kinds and not info.lacking([asked[0].name]):
        return Suggestion(
            task=info.key,
            roles={asked[0].name: column.name},
            base=info.default_base,
            reason=mark("“{column}” holds texts, and they are all that this task needs."),
            values={"column": column.name},
        )
    if len(asked) == 1 and column.filled and column.kind in asked[0].kinds:
        return Suggestion(
            task=info.key,
            roles={asked[0].name: column.name},
            base=info.default_base,
            reason=mark(
                "“{column}” holds texts, but no column says what is to be learnt of them. Choose it, or fill a new one by hand."
            ),
            values={"column": column.name},
        )
    return Suggestion(
        task=info.key,
        roles={},
        base=info.default_base,
        reason=mark("No columns look like what this task needs. Choose them yourself."),
    )


def text_column(dataset: Dataset) -> str:
    """Return the name of the column that most likely holds the texts, else of the first one."""
    possible = [each.name for each in dataset.columns if each.filled and each.kind in TEXT_KINDS]
    found = text_columns(dataset, sample_rows(dataset, possible[:MOST_COLUMNS], LOOKED_AT))
    return found[0].name if found else dataset.columns[0].name


def _swapped(
    dataset: Dataset, cells: Mapping[str, Sequence[str]], texts: Sequence[Column]
) -> tuple[Column | None, list[Column]]:
    """Try the other texts: the best one may be the only column that could be a label."""
    for text in texts[1:MOST_SWAPS]:
        if labels := label_columns(dataset, cells, text):
            return text, labels
    return texts[0], []


def _written(dataset: Dataset, cells: Mapping[str, Sequence[str]], info: TaskInfo, *, is_asked: bool) -> Suggestion:
    texts = [each for each in text_columns(dataset, cells, answers=True) if not _says_little(each, dataset)]
    task, base = (info.key, info.default_base) if is_asked else ("", "")
    if not texts or (not is_asked and _is_one_record(dataset)):
        return Suggestion(task=task, roles={}, base=base, reason=_nothing(bool(texts)))
    reason, values = mark("“{text}” holds texts, and no other column repeats a few values that could be labels."), {}
    if numbers := next((each.name for each in dataset.columns if _repeats_numbers(each)), ""):
        reason = mark("“{text}” holds texts. The numbers of “{numbers}” repeat, but seem to measure something; if they are labels, choose that column yourself.")  # fmt: skip
        values = {"numbers": numbers}
    roles = {info.asked[0].name: texts[0].name}
    roles |= _called(dataset, info, roles)
    return Suggestion(task=info.key, roles=roles, base=info.default_base, reason=reason, values=values)


def _called(dataset: Dataset, info: TaskInfo, roles: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of labels whose names say that they are meant for roles that may be left out."""
    free = [
        each
        for each in dataset.columns
        if each.kind == "label" and each.distinct > 1 and each.name not in roles.values()
    ]
    found = {}
    for role in info.roles:
        named = [each for each in free if names.folded(each.name) in role.called]
        if named:
            found[role.name] = min(named, key=lambda each: role.called.index(names.folded(each.name))).name
    return found


def _repeats_numbers(column: Column) -> bool:
    return column.kind == "number" and 2 <= column.distinct <= min(MOST_NUMBERS, column.filled // 2)


def _nothing(has_text: bool) -> str:
    if has_text:
        return mark("The file became a single row: how its records are nested is not known.")
    return mark("No column holds text to learn from: there are only numbers, dates, codes or a few repeated values.")


def _says_little(column: Column, dataset: Dataset) -> bool:
    """Say whether a column repeats a few short values, of which nothing can be written: Up, Down, Up …"""
    return column.kind == "label" and column.distinct * REPEATED <= dataset.rows


def _is_one_record(dataset: Dataset) -> bool:
    """Say whether nested JSON was read as one row."""
    return dataset.rows == 1 and dataset.report.format in ("json", "jsonl") and len(dataset.columns) > 1


def _classified(
    dataset: Dataset,
    cells: Mapping[str, Sequence[str]],
    text: Column | None,
    labels: Sequence[Column],
    info: TaskInfo,
) -> Suggestion:
    assert info.answer is not None
    told = _weigh(dataset, text, labels)
    ordered = sorted(labels, key=lambda column: (is_no_label(column.distinct, column.filled), _rank(column, told)))
    label = ordered[0] if ordered else None
    pairs = ((info.asked[0].name, text), (info.answer.name, label))
    roles = {role: column.name for role, column in pairs if column is not None}
    roles |= paired(dataset, info, roles)
    reason, values = _reason(text, label, told)
    marks = (
        mark_columns({column.name: cells.get(column.name, []) for column in labels}) if label and label.joins else []
    )
    rivals = [
        column for column in ordered[1:] if column.distinct > 1 and column.name in told and column.name not in marks
    ]
    remarks = tuple(_remarks(label, labels, _looked(dataset, labels, cells))) if label is not None else ()
    several = next((int((each.values or {})["labels"]) for each in remarks if each.code == "several-labels"), 0)
    return Suggestion(
        task=info.key,
        roles=roles,
        base=info.default_base,
        reason=reason,
        labels=several or (label.distinct if label is not None else 0),
        values=values,
        runners_up=tuple(_runner_up(column, told[column.name].evidence, info.answer.name) for column in rivals[:SHOWN]),
        remarks=remarks,
    )


def paired(dataset: Dataset, info: TaskInfo, roles: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of both texts, where their names say that they are a pair: premise and hypothesis."""
    first, *others = [role for role in info.asked if role.reads == "text"]
    known = {names.folded(column.name): column.name for column in dataset.columns if column.kind in ("text", "label")}
    own = names.folded(roles.get(first.name, ""))
    for one, other in names.PAIR_NAMES if others else ():
        if (
            own in (one, other)
            and {one, other} <= known.keys()
            and not {known[one], known[other]} & _played(roles, first.name)
        ):
            return {first.name: known[one], others[0].name: known[other]}
    return {}


def _played(roles: Mapping[str, str], but: str) -> set[str]:
    return {column for role, column in roles.items() if role != but}


def _measured(dataset: Dataset, text: Column | None, info: TaskInfo) -> Suggestion | None:
    """Return what is there where each text has a number, whose column says by its name that it is asked for."""
    found = [
        column
        for column in dataset.columns
        if column.measures and names.folded(column.name) in (*names.SCORE_NAMES, *names.SURE_LABEL_NAMES)
    ]
    if text is None or not found or info.answer is None:
        return None
    number = min(found, key=lambda column: names.rank(column.name, names.LABEL_NAMES))
    roles = {info.asked[0].name: text.name, info.answer.name: number.name}
    return Suggestion(
        task=info.key,
        roles=roles | paired(dataset, info, roles),
        base=info.default_base,
        reason=mark("“{number}” holds a number for each of the texts in “{texts}”."),
        values={"number": number.name, "texts": text.name},
    )


def _looked(
    dataset: Dataset, labels: Sequence[Column], cells: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    """Return cells of all labels, of those too that stand behind the columns that were looked at first."""
    return {**cells, **sample_rows(dataset, [each.name for each in labels if each.name not in cells], LOOKED_AT)}


def _weigh(dataset: Dataset, text: Column | None, labels: Sequence[Column]) -> dict[str, Told]:
    """Return the evidence for each column that competes; nothing where none has a rival."""
    rivals = [column for column in labels if column.distinct > 1][:MOST_WEIGHED]
    if text is None or len(rivals) < 2:
        return {}
    cells = sample_rows(dataset, [text.name, *(column.name for column in rivals)], WEIGHED)
    return weigh(cells.pop(text.name), cells)


def _rank(column: Column, told: Mapping[str, Told]) -> tuple[float, ...]:
    """Return what orders columns that could be the label: a sure name, then what the text tells about them."""
    share = told[column.name].share if column.name in told else 0.0
    share += NAME_BONUS * names.is_label(column.name)
    return (column.distinct < 2, name_tier(column), -round(share / EVEN), _names_things(column))


def _names_things(column: Column) -> bool:
    """Say whether a column repeats codes, such as the numbers of products: P26."""
    return all(CODE.match(cell) and not WHOLE.match(cell) for cell in column.examples)


def _reason(text: Column | None, label: Column | None, told: Mapping[str, Told]) -> tuple[str, dict[str, Value]]:
    """Say why, in a template over the roles, {labels} and the values."""
    if text is None:
        return mark(
            "No column holds text to learn from: there are only numbers, dates, codes or a few repeated values."
        ), {}
    if label is None:
        return mark("No column repeats a few values that could be labels. Choose the label yourself."), {}
    best = max((each.share for each in told.values()), default=0.0)
    if label.name in told and best > 0 and told[label.name].share == best:
        values = _values(told[label.name].evidence)
        return mark("“{label}” repeats {labels} different {labels:value|values}, and of all such columns it fits “{text}” best: {contradictions} {contradictions:contradiction|contradictions}; a quick guess is right in {right} % of the rows, the most frequent value in {usual} %."), values  # fmt: skip
    if label.joins:
        return mark("“{label}” holds the labels of each text in “{text}”, several of them in a cell."), {}
    if told:
        return mark("“{label}” repeats {labels} different {labels:value|values}. So do other columns, and a quick look at the texts does not settle which one is meant."), {}  # fmt: skip
    return mark("“{label}” repeats {labels} different {labels:value|values}, and “{text}” holds the texts to sort."), {}


def _values(evidence: Evidence) -> dict[str, Value]:
    return {
        "contradictions": evidence.contradictions,
        "right": round(100 * evidence.right),
        "usual": round(100 * evidence.usual),
    }


def _runner_up(column: Column, evidence: Evidence, role: str) -> RunnerUp:
    message = mark("“{column}” also fits: {contradictions} {contradictions:contradiction|contradictions}; a quick guess is right in {right} % of the rows, the most frequent value in {usual} %.")  # fmt: skip
    if not evidence.right:
        message = mark("“{column}” also fits: {contradictions} {contradictions:contradiction|contradictions}.")
    values = {"column": column.name} | _values(evidence)
    return RunnerUp(
        role=role, column=column.name, labels=column.distinct, evidence=evidence, message=message, values=values
    )


def _remarks(label: Column, labels: Sequence[Column], cells: Mapping[str, Sequence[str]]) -> Iterator[Remark]:
    """Say where a row may have several labels, or several columns of them, of which one is learnt."""
    if joined := joined_labels(cells[label.name]):
        yield Remark(
            code="several-labels",
            message=mark("“{label}” joins several labels in a cell by “{separator}” ({labels} different ones): a row may have several of them, or none.")
            if joined.separator != "list"
            else mark("“{label}” lists several labels in a cell ({labels} different ones): a row may have several of them, or none."),
            count=joined.rows,
            values={"label": label.name, "separator": joined.separator, "labels": joined.labels},
        )  # fmt: skip
        return
    marks = mark_columns({column.name: cells[column.name] for column in labels})
    grades = [column.name for column in labels if column.name not in marks and _is_grade(cells[column.name])]
    group = marks if label.name in marks else grades if label.name in grades and len(grades) > 1 else []
    if group:
        shown = ", ".join(f"“{name}”" for name in group[:NAMED])
        more = len(group) > NAMED
        yield Remark(
            code="several-columns",
            message=mark("{count} columns each give every row a label of their own: {columns} … Only “{label}” is learnt; choose another one in the sentence.")
            if more
            else mark("{count} columns each give every row a label of their own: {columns}. Only “{label}” is learnt; choose another one in the sentence."),
            count=len(group),
            values={"count": len(group), "columns": shown, "label": label.name, "labels": len(group)},
        )  # fmt: skip


def _is_grade(cells: Sequence[str]) -> bool:
    return all(WHOLE.match(cell) for cell in cells if cell.strip())
