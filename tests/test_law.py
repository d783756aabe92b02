"""A task brings its own: nobody else spells a task's key or the name of one of its roles.

Read from the syntax tree. A string counts as a role where it stands as one: as a key of `roles`, `prompt`, `row` or
`rows`, in a test of membership in them, or in a table that is given as roles or as a prompt.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from slm_studio.core.tasks import all_tasks

SOURCE = Path(__file__).parents[1] / "slm_studio"
ROOMS = ("engine", "host", "serve", "ui", "cli")
OWN = ("engine/tasks/", "ui/tasks/", "engine/data/checks/")  # below these, the file of a task's name is its own
KEYS = {info.key for info in all_tasks()}
ROLES = {role.name for info in all_tasks() for role in info.roles}
HOLDERS = ("roles", "prompt", "row", "rows")  # ends of names of what maps a role to something
ASKED = ("get", "pop", "column", "setdefault")  # methods whose first argument is then a role

# Where a string is equal to a key or a role and means something else: file → why.
ALLOWED = {
    "engine/data/names.py": "what people call their columns",
    "engine/data/conll.py": "what people call their columns",
    "engine/data/annotated.py": "what annotation tools call their fields",
    **dict.fromkeys(
        (
            "engine/data/cleaning.py",
            "engine/data/column_kinds.py",
            "engine/data/editing.py",
            "engine/data/keeping.py",
            "engine/data/readers/conll.py",
            "engine/data/roles.py",
            "engine/models/vectors/asking.py",
            "engine/models/vectors/cutting.py",
            "ui/parts/marked_rows.py",
        ),
        "“words” is the kind of a cell that holds a list of them",
    ),
    "engine/data/questioned.py": "what data sets of questions call their fields",
    "cli/search.py": "a JSON key of CLI.md",
    "ui/widgets/fields.py": "“search” is the picture of a magnifier",
    "ui/playground/inside_sheet.py": "the title of a column",
    "engine/retrieval/judging.py": "“rank” is where among others the right passage was found",
    "engine/measuring/baselines.py": "“words” are features beside parts of words",
}


@cache
def modules() -> dict[str, ast.Module]:
    found = {}
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            name = path.relative_to(SOURCE).as_posix()
            if not name.startswith(OWN) or path.name == "__init__.py":
                found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def spelled_keys(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings that are a task's key. What a sentence for a person says of a task stands in a longer string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in KEYS:
            yield node


def spelled_roles(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the strings that stand as a role."""
    for node in ast.walk(tree):
        found: list[ast.expr | None] = []
        if isinstance(node, ast.Subscript) and _holds_roles(node.value):
            found = [node.slice]
        elif (
            isinstance(node, ast.Compare)
            and isinstance(node.ops[0], ast.In | ast.NotIn)
            and _holds_roles(node.comparators[0])
        ):
            found = [node.left]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ASKED
            and _holds_roles(node.func.value)
        ):
            found = [*node.args[:1]]
        elif isinstance(node, ast.keyword) and node.arg in HOLDERS and isinstance(node.value, ast.Dict):
            found = [*node.value.keys]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = [*node.value.keys] if any(map(_holds_roles, targets)) else []
        yield from (each for each in found if isinstance(each, ast.Constant) and each.value in ROLES)


def _holds_roles(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.rpartition("_")[2] in HOLDERS


@pytest.mark.parametrize("spelled", [spelled_keys, spelled_roles])
def test_nobody_spells_a_task_or_a_role_but_the_task_itself(spelled) -> None:
    problems = [
        f"slm_studio/{name}:{node.lineno} “{node.value}”"
        for name, tree in modules().items()
        if name not in ALLOWED
        for node in spelled(tree)
    ]

    assert not problems, "\n" + "\n".join(problems)


def test_the_list_of_exceptions_holds_no_dead_ones() -> None:
    trees = modules()
    for name in ALLOWED:
        assert any([*spelled_keys(trees[name]), *spelled_roles(trees[name])]), name


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('x = task == "classify"', 1),
        ('rows.column("text")', 1),
        ('recipe.roles["label"]', 1),
        ('"text" in look.roles', 1),
        ('f(roles={"text": "a", "other": "b"})', 1),
        ('table.column("text")', 0),
        ('style = "text"', 0),
    ],
)
def test_it_finds_what_it_looks_for(code: str, count: int) -> None:
    tree = ast.parse(code)

    assert len([*spelled_keys(tree), *spelled_roles(tree)]) == count
