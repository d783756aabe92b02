"""Several labels a row: “billing#urgent”, lists, a column of 0 and 1 for each label."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slm_studio.core.label_sets import items_in
from slm_studio.core.results import LIST

SEPARATORS = ("#", "|", ";", ",", "；", "，", "、", "/", " ")
CAUTIOUS = ("/", " ")  # these stand in plain labels too: every part must also stand alone
YES = frozenset({"1", "true", "yes", "y", "t", "1.0", "是", "x"})
LONGEST_ITEM = 60  # characters
MOST_ITEMS = 300
LONGEST_CELL = 200  # characters, on average
BOOLEANS = ({"0", "1"}, {"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"0.0", "1.0"}, {"是", "否"}, {"x"})


@dataclass(frozen=True, slots=True)
class Joined:
    """A column whose cells hold several labels."""

    separator: str  # LIST where the cell is one
    labels: int  # different ones
    rows: int  # of those looked at, that have more than one


def joined_labels(cells: Sequence[str]) -> Joined | None:
    """Return how a column's cells join several labels, or None where each holds one."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if sum(map(len, filled)) > LONGEST_CELL * len(filled):
        return None
    lists = [items_in(cell) for cell in filled]
    if _are_lists(lists) or sum(_is_choices(cell) for cell in filled):
        return _of_lists([[cell] if items is None else items for cell, items in zip(filled, lists, strict=True)])
    return next((found for separator in SEPARATORS if (found := _by_separator(filled, separator))), None)


def are_lists_of_one(cells: Sequence[str]) -> bool:
    """Say whether a column's cells are lists of which none holds more than one item: ["billing"], [3]."""
    lists = [items_in(cell.strip()) for cell in cells if cell.strip()]
    return _are_lists(lists) and all(len(items) <= 1 for items in lists if items is not None)


def mark_columns(columns: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that hold nothing but yes and no, in one way of writing it; [] where fewer than two do."""
    found: dict[int, list[str]] = defaultdict(list)
    for name, cells in columns.items():
        values = {cell.strip().casefold() for cell in cells if cell.strip()}
        for number, pair in enumerate(BOOLEANS):
            if values and values <= pair:
                found[number].append(name)
    best = max(found.values(), key=len, default=[])
    return best if len(best) > 1 else []


def _are_lists(lists: Sequence[Sequence[str] | None]) -> bool:
    known = sum(items is not None for items in lists)
    return known > 0 and known >= 0.9 * len(lists)


def _of_lists(lists: Sequence[Sequence[str]]) -> Joined | None:
    several = sum(len(items) > 1 for items in lists)
    if sum(len(set(items)) < len(items) for items in lists) > 0.5 * several:
        return None  # [0, 1, 0]: one mark for each of several things
    items = {item for each in lists for item in each}
    if not several or not 2 <= len(items) <= MOST_ITEMS or any(len(item) > LONGEST_ITEM for item in items):
        return None
    return Joined(LIST, len(items), several) if _repeat(item for each in lists for item in each) else None


def _by_separator(filled: Sequence[str], separator: str) -> Joined | None:
    parted = {cell: [part.strip() for part in cell.split(separator)] for cell in set(filled)}
    several = {cell: parts for cell, parts in parted.items() if len(parts) > 1}
    if len(several) < 2 or any(not part or len(part) > LONGEST_ITEM for parts in several.values() for part in parts):
        return None
    items = {part for parts in parted.values() for part in parts}
    if not 2 <= len(items) <= min(MOST_ITEMS, max(4, len(filled) // 2)):
        return None
    in_cells = Counter(part for parts in parted.values() for part in set(parts))
    alone = {parts[0] for parts in parted.values() if len(parts) == 1}
    parts = {part for found in several.values() for part in found}
    known = sum(part in alone or in_cells[part] > 1 for part in parts) / len(parts)
    if known < 0.9 or (separator in CAUTIOUS and not parts <= alone):
        return None
    rows = sum(cell in several for cell in filled)
    if separator == "," and rows > 0.5 * len(filled) and _are_decimals(several.values()):
        return None
    return Joined(separator, len(items), rows)


def _are_decimals(several: Iterable[Sequence[str]]) -> bool:
    """Say whether “3,12” may be a number with a decimal comma."""
    return all(len(parts) == 2 and all(part.isdigit() for part in parts) for parts in several)


def _repeat(items: Iterable[str]) -> bool:
    """Say whether items stand again and again, as labels do."""
    counts = Counter(items)
    return sum(counts.values()) >= 2 * len(counts)


def _is_choices(cell: str) -> bool:
    return cell.startswith("{") and items_in(cell) is not None
