"""Which versions the studio is installed with, and whether others would do.

    python packaging/versions.py pin              write packaging/constraints.txt: the newest allowed version of everything
    python packaging/versions.py check newest     install the newest allowed versions in a fresh environment, run the tests
    python packaging/versions.py check oldest     … and the oldest allowed version of each direct dependency

An application is installed with what it was tested with: README's commands, CI and the frozen app take the constraints.
The ranges in pyproject.toml are for people who bring packages of their own. After `pin`, run the tests before committing.
Needs uv (pip install -e ".[package]"): it resolves for every system and Python at once.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
OLDEST_PYTHON = "3.11"
RESOLUTIONS = {"newest": "highest", "oldest": "lowest-direct"}
# torch's builds for CUDA pin these to the last digit, and its builds for a CPU have none of them.
LEFT_TO_TORCH = re.compile(r"^(nvidia|cuda|triton)\b")
HEAD = """\
# The tested versions of everything, for every system and Python that pyproject.toml allows.
# Written on {day} by `python packaging/versions.py pin`; after it the tests ran. Do not edit.
"""


def resolve(resolution: str, *arguments: str) -> list[str]:
    """Return one pin a line, “name==version ; marker”, of all that pyproject.toml asks for, extras included."""
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--all-extras",
        "--resolution", resolution, "--python-version", OLDEST_PYTHON, *arguments, str(ROOT / "pyproject.toml"),
    ]  # fmt: skip
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line for line in printed.splitlines() if line and not LEFT_TO_TORCH.match(line)]


def pin() -> None:
    """Write the constraints. `fewest`: the same versions for every Python, so that the tests speak for all of them."""
    pins = resolve("highest", "--universal", "--fork-strategy", "fewest")
    CONSTRAINTS.write_text(HEAD.format(day=date.today()) + "\n".join(pins) + "\n", encoding="utf-8")
    print(f"{len(pins)} versions stand in {CONSTRAINTS.relative_to(ROOT)}")


def check(which: str) -> int:
    """Install in a fresh environment and run the tests; print a table of the direct dependencies and the outcome."""
    with tempfile.TemporaryDirectory(prefix="versions-") as folder:
        pins, environment = Path(folder) / "pins.txt", Path(folder) / "environment"
        pins.write_text("\n".join(resolve(RESOLUTIONS[which])) + "\n", encoding="utf-8")
        python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        _run(sys.executable, "-m", "venv", str(environment))
        _run(str(python), "-m", "pip", "install", "--quiet", "-c", str(pins), "-e", f"{ROOT}[test]")
        site = next(environment.glob("[Ll]ib/**/site-packages"))
        outcome = subprocess.run(
            [str(python), "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"], cwd=ROOT
        ).returncode
        print(f"\n{which} allowed versions: {'passed' if outcome == 0 else f'FAILED ({outcome})'}")
        for name, version in _direct(site):
            print(f"  {name:24} {version}")
    return outcome


def _direct(site: Path) -> list[tuple[str, str]]:
    installed = {_folded(found.name): found for found in distributions(path=[str(site)])}
    wanted = (installed["slm_studio"].requires or []) if "slm_studio" in installed else []
    names = {_folded(re.split(r"[^\w.-]", each, maxsplit=1)[0]) for each in wanted}
    return sorted((name, installed[name].version) for name in names if name in installed)


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def main(arguments: Sequence[str]) -> int:
    """Do what the first word says."""
    match arguments:
        case ["pin"]:
            pin()
            return 0
        case ["check", which] if which in RESOLUTIONS:
            return check(which)
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
