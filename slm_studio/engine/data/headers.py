"""Column names: mended where a header is missing, doubled or padded, and invented where there is none."""

from collections.abc import Sequence

from slm_studio.core.texts import mark
from slm_studio.engine.data.notes import Notes

FEW = 0.5  # a label column repeats its values: at most this share of its cells is different


def settled_names(header: Sequence[str], notes: Notes) -> list[str]:
    """Return the names of a header: trimmed, none empty, none twice. What was changed is noted."""
    names: dict[str, int] = {}  # → the number that the next one of that name is tried with
    for place, cell in enumerate(header):
        name = cell.strip().lstrip("\ufeff")
        if cell and name != cell:
            notes.add("header-trimmed", mark("{count} column {count:name|names} had spaces around {count:it|them}."))
        if not name:
            name = f"column_{place + 1}"
            notes.add(
                "header-missing", mark("{count} {count:column had|columns had} no name and {count:was|were} numbered.")
            )
        if name in names:
            notes.add(
                "header-twice", mark("{count} column names stood twice and were numbered, such as “{name}”."), name=name
            )
        free, number = name, names.get(name, 1)
        while free in names:
            number += 1
            free = f"{name}_{number}"
        names[name], names[free] = number, names.get(free, 1)
    return list(names)


def note_titles(titles: Sequence[str], notes: Notes) -> None:
    """Say which rows above the header were taken for a title."""
    notes.add(
        "title-rows",
        mark("{count} {count:row|rows} above the header {count:is|are} a title: {text}."),
        count=len(titles),
        text=" · ".join(titles)[:200],
    )


def free_name(name: str, names: Sequence[str]) -> str:
    """Return `name`, or `name_2`, `name_3` … whichever is not in `names` yet."""
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{name}_{number}"
    return free


def invented_names(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return names for columns without a header: “label” and “text” where that is plain to see, else column_1 …"""
    if width == 1:
        return ["text"]
    columns = [[row[place] for row in rows if len(row) > place] for place in range(width)]
    lengths = [sum(map(len, column)) / max(1, len(column)) for column in columns]
    different = [len(set(column)) / max(1, len(column)) for column in columns]
    names = [f"column_{place + 1}" for place in range(width)]
    text = max(range(width), key=lambda place: (not all(map(str.isdigit, columns[place])), lengths[place]))
    labels = [place for place in range(width) if different[place] <= FEW and lengths[place] <= 40 and place != text]
    if len(rows) >= 4 and different[text] > FEW and (alike := _plain_group(columns, labels)):
        label = max(alike, key=lambda place: (not columns[place][0].isdigit(), -place))
        names[label], names[text] = "label", "text"
    return names


def _plain_group(columns: Sequence[Sequence[str]], labels: Sequence[int]) -> list[int]:
    """Return the columns that are plainly the label: the only one, or those that name one thing twice, by number and word."""
    groups: list[list[int]] = []
    for place in labels:
        group = next((each for each in groups if _say_the_same(columns[each[0]], columns[place])), None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    told_twice = [group for group in groups if len(group) > 1]
    plain = groups if len(groups) == 1 else told_twice
    return plain[0] if len(plain) == 1 else []


def _say_the_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether two columns differ only in how they name things, as a label and its number do."""
    return len(set(one)) == len(set(other)) == len(set(zip(one, other, strict=False))) > 1
