"""What is installed is what was tested: the constraints, the ranges of pyproject.toml and the README agree."""

import re
import tomllib
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
