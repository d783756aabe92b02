"""Asked columns: which columns of a file hold what a model is asked, for whoever answers all of its rows."""

from collections.abc import Collection, Mapping, Sequence

from slm_studio.core.dataset import Column, Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks.info import Role, TaskInfo

UNSAID = ("id", "number")  # kinds of columns that count rows: no text is looked for in them unasked


def asked_columns(model: SavedModel, info: TaskInfo, dataset: Dataset, options: Mapping[str, object]) -> dict[str, str]:
    """Return role → column of the asked roles: the one named, the one of the training, or the only one that can be it.

    `options` may name “columns” by role ("" leaves a role out), and “column”, that of the main one. Raises StudioError
    where the one named is not there: another column would be an answer to another question; and where none is found that
    must be there.
    """
    main = main_role(model, info, options)
    found = _found(model, info, dataset, options, main)
    if not is_enough(found, info):
        raise _unclear(info, dataset, found, main)
    return found


def _unclear(info: TaskInfo, dataset: Dataset, found: Collection[str], main: str) -> StudioError:
    """Return what is said where nothing tells which columns hold what must be asked."""
    needed = [role.name for role in info.asked if role.needed]
    missing = [name for name in needed if name not in found]
    flags = ["--column COLUMN" if name == main else f"--role {name}=COLUMN" for name in missing or [main]]
    message = "“{dataset}” has several columns; which holds the text?"
    if len(needed) > 1:
        message = (
            "It is not clear which {count:column|columns} of “{dataset}” {count:holds|hold} what is asked for: {roles}."
        )
    return StudioError(
        "which-column",
        message,
        "Name it: {flags}. The columns are: {columns}.",
        dataset=dataset.name,
        count=len(missing),
        roles=", ".join(missing),
        flags=" ".join(flags),
        columns=", ".join(column.name for column in dataset.columns),
    )


def likely_columns(model: SavedModel, info: TaskInfo, dataset: Dataset) -> dict[str, str]:
    """Return role → column as far as the names and kinds of the columns tell it."""
    return _found(model, info, dataset, {}, info.asked[0].name)


def learnt_columns(model: SavedModel, info: TaskInfo) -> dict[str, str]:
    """Return asked role → the column that played it in training, as far as the model knows."""
    roles = model.recipe.get("roles")
    known = roles if isinstance(roles, dict) else {}
    return {role.name: str(known[role.name]) for role in info.asked if known.get(role.name)}


def needed_roles(model: SavedModel, info: TaskInfo) -> tuple[Role, ...]:
    """Return the roles for which a file has a column: those that must be asked, and those that the model learnt from."""
    learnt = learnt_columns(model, info)
    found = tuple(role for role in info.asked if role.needed or role.name in learnt)
    return found if is_enough([role.name for role in found], info) else (info.asked[0], *found)


def is_enough(found: Collection[str], info: TaskInfo) -> bool:
    """Say whether these roles ask something; see `is_blank`."""
    needed = [role.name for role in info.asked if role.needed]
    return all(name in found for name in needed) if needed else any(role.name in found for role in info.asking)


def main_role(model: SavedModel, info: TaskInfo, options: Mapping[str, object]) -> str:
    """Return the role that the option “column” names a column for: the one that learnt from a column of this name, or the first."""
    named, learnt = options.get("column"), learnt_columns(model, info)
    return next((role for role, column in learnt.items() if named and column == named), info.asked[0].name)


def named_column(role: str, options: Mapping[str, object], *, is_main: bool) -> str:
    """Return the column that was named for a role; “column” alone is that of the main one."""
    columns = options.get("columns")
    named = str(columns.get(role, "")) if isinstance(columns, Mapping) else ""
    return named or (str(options.get("column", "")) if is_main else "")


def is_left_out(role: str, options: Mapping[str, object]) -> bool:
    """Say whether somebody wants no column for a role."""
    columns = options.get("columns")
    return isinstance(columns, Mapping) and columns.get(role) == ""


def wished_names(role: str, model: SavedModel, info: TaskInfo) -> tuple[str, ...]:
    """Return the names that the column of a role may have, the surest first."""
    return (learnt_columns(model, info).get(role, ""), role)


def _found(
    model: SavedModel, info: TaskInfo, dataset: Dataset, options: Mapping[str, object], main: str
) -> dict[str, str]:
    names, found = [column.name for column in dataset.columns], dict[str, str]()
    for role in (role.name for role in info.asked if not is_left_out(role.name, options)):
        named = named_column(role, options, is_main=role == main)
        column = dataset.column(named).name if named else ""
        column = column or next((wish for wish in wished_names(role, model, info) if wish in names), "")
        if column:
            found[role] = column
    first, columns = info.asked[0].name, _asking(model, info, dataset)
    if not is_enough(found, info) and first not in found and (column := _only_column(info, columns)):
        found[first] = column
    return found | _left_over(found, info, columns)


def _asking(model: SavedModel, info: TaskInfo, dataset: Dataset) -> list[Column]:
    """Return the columns that may ask something: not those by which the model learnt its answers, nor weights."""
    roles, asked = model.recipe.get("roles"), {role.name for role in info.asked}
    told = {column for role, column in roles.items() if role not in asked} if isinstance(roles, dict) else set()
    return [column for column in dataset.columns if column.name not in told] or list(dataset.columns)


def _only_column(info: TaskInfo, columns: Sequence[Column]) -> str:
    """Return the only column, or the only one of the kind that suits the question best; a plain text is a question, too."""
    if len(columns) == 1:
        return columns[0].name
    for kind in dict.fromkeys((*info.asked[0].kinds, "text")):
        if fitting := [column.name for column in columns if column.kind == kind]:
            return fitting[0] if len(fitting) == 1 else ""
    return ""


def _left_over(found: Mapping[str, str], info: TaskInfo, columns: Sequence[Column]) -> dict[str, str]:
    """Return the columns of what a pair still lacks, in the order of the file: where nothing else is left for it."""
    missing = [role.name for role in info.asked if role.needed and role.name not in found]
    free = [each.name for each in columns if each.name not in found.values() and each.kind not in UNSAID]
    is_pair = sum(role.needed for role in info.asked) > 1
    return dict(zip(missing, free, strict=True)) if is_pair and len(missing) == len(free) else {}
