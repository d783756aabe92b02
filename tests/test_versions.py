"""What is installed is what was tested: the constraints, the ranges of pyproject.toml and the README agree."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CONSTRAINTS = "packaging/constraints.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [*PROJECT["dependencies"], *(each for extra in PROJECT["optional-dependencies"].values() for each in extra)]
PINS = {
    canonicalize_name(pin.name): pin
    for line in (ROOT / CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for pin in [Requirement(line)]
}


@pytest.mark.parametrize("wanted", DIRECT)
def test_direct_dependency_is_pinned_within_its_range(wanted: str) -> None:
    requirement = Requirement(wanted)

    pin = PINS[canonicalize_name(requirement.name)]

    (version,) = pin.specifier
    assert version.operator == "=="
    assert requirement.specifier.contains(version.version)


def test_every_installation_of_the_readme_takes_the_constraints() -> None:
    commands = re.findall(r"pip install [^|`\n]*", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert len(commands) >= 3
    assert [command for command in commands if f"-c {CONSTRAINTS}" not in command] == []


def test_whatever_the_studio_imports_is_asked_for_by_itself() -> None:
    asked = {canonicalize_name(Requirement(each).name) for each in PROJECT["dependencies"]}
    known = packages_distributions()
    imported = {
        name.partition(".")[0]
        for path in (ROOT / "slm_studio").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in ([each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }  # fmt: skip

    lent = {name for name in imported if name in known and not asked & set(map(canonicalize_name, known[name]))}

    assert lent <= {"slm_studio", "shiboken6", "h11"}  # the latter are parts of PySide6 and of uvicorn
