"""The laws of the house, read from the code; only what the packaging names is imported."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "slm_studio").rglob("*.py"))
FACES = ("ui", "cli", "serve")

# Which rooms and which libraries a room may import, also inside functions. None = any library.
ROOMS = {
    "core": ({"core"}, {"platformdirs"}),
    "engine": ({"core", "engine"}, None),
    "host": (
        {"core", "host"},
        {"keyring", "send2trash", "psutil"},
    ),  # in secrets.py, trash.py and machine.py: for both faces
    "face": ({"core", "host", "face"}, set()),  # the Python face: what `import slm_studio` gives
    "cli": ({"core", "host", "serve", "cli"}, {"typer", "click", "rich", "keyring"}),
    "serve": ({"core", "host", "serve"}, {"starlette", "uvicorn", "h11"}),
    "ui": ({"core", "host", "serve", "ui"}, {"PySide6", "shiboken6", "pyqtgraph", "pyarrow", "numpy", "keyring"}),
}
# The rooms and loose files of the engine, each of which may import those before it and nothing else of the engine.
ENGINE = (
    "libraries", "proxies", "advice", "watched", "device", "loaded", "examples", "data", "measuring", "models", "writing", "inside", "task", "targets", "retrieval", "ordering", "tasks",
    "inference", "sharing", "evaluation", "training", "warming",
)  # fmt: skip
# The same of the window: what every part of it may use, in order. Above it stand the places and the shell around them,
# none of which knows another: they meet in the session, and the shell knows the places by their names in strings.
WINDOW = (
    "widgets", "shell.undo", "shell.language", "shell.session", "shell.jobs", "shell.training", "shell.leaving", "parts", "tasks",
)  # fmt: skip
PLACES = ("data", "train", "evaluate", "playground", "hub", "settings", "shell")
QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt6", "qtpy"}
NETWORK = {
    "huggingface_hub": {
        "slm_studio/engine/sharing/client.py",
        "slm_studio/engine/sharing/hub.py",
        "slm_studio/engine/sharing/repository.py",
        "slm_studio/engine/advice.py",
    }
}
HEAVY = {"torch", "transformers", "PySide6", "typer", "sklearn", "pyarrow", "numpy", "tokenizers"}
DOOR = {"slm_studio/host/server.py", "slm_studio/host/job.py"}
THREADS = {"slm_studio/ui/shell/jobs.py", "slm_studio/ui/shell/training.py"}
NEVER_IMPORTED = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
NEVER_CALLED = {"processEvents", "extractall", "fork", "forkpty"}
LINES, FUNCTION_LINES = 400, 60


@cache
def tree_of(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if parts[0] == "slm_studio" and len(parts) > 1 else ""


MODULES = {module_of(path): path for path in FILES}


def names_in(node: ast.AST, path: str) -> list[str]:
    """Return the modules an import statement names; `from a import b` names a.b where that is a module of ours."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        package = module_of(path).split(".")
        package = package if path.endswith("__init__.py") else package[:-1]
        base = ".".join(package[: len(package) - node.level + 1] + ([base] if base else []))
    inside = [f"{base}.{alias.name}" for alias in node.names]
    return [name if name in MODULES else base for name in inside]


@cache
def nodes_of(path: str) -> list[ast.AST]:
    return list(ast.walk(tree_of(path)))


@cache
def imports(path: str) -> list[tuple[int, str]]:
    return [(node.lineno, name) for node in nodes_of(path) for name in names_in(node, path)]


def imports_at_load(path: str) -> Iterator[tuple[int, str]]:
    """Yield the imports that run when the module is loaded: not those in functions or under TYPE_CHECKING."""
    waiting: list[ast.AST] = list(tree_of(path).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
            continue
        for name in names_in(node, path):
            yield node.lineno, name
        waiting.extend(ast.iter_child_nodes(node))


@cache
def calls(path: str) -> list[tuple[int, str, ast.Call]]:
    return [(node.lineno, ast.unparse(node.func), node) for node in nodes_of(path) if isinstance(node, ast.Call)]


def fail_with(problems: list[str]) -> None:
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room):
    rooms, libraries = ROOMS[room]
    problems = []
    for path in FILES:
        if room_of(module_of(path)) != room:
            continue
        for line, name in imports(path):
            top = name.partition(".")[0]
            if top == "slm_studio":
                allowed = room_of(name) in rooms | {""} or (path in DOOR and room_of(name) == "engine")
            else:
                allowed = top in sys.stdlib_module_names or (top not in QT if libraries is None else top in libraries)
            if not allowed:
                problems.append(f"{path}:{line} imports {name}")
    fail_with(problems)


def test_the_rooms_of_the_engine_stand_in_their_order():
    """Also inside functions: what is only loaded late is needed all the same."""
    problems = []
    for module, path in MODULES.items():
        here = module.split(".")[2] if module.startswith("slm_studio.engine.") else ""
        for line, name in imports(path):
            there = name.split(".")[2] if here and name.startswith("slm_studio.engine.") else here
            if ENGINE.index(there or ENGINE[0]) > ENGINE.index(here or ENGINE[0]):
                problems.append(f"{path}:{line} in “{here}” imports {name}")
    fail_with(problems)


def room_of_window(module: str) -> str:
    """Return the room of the window that a module stands in: a folder, or one of the files of shell that all may use."""
    inside = module.removeprefix("slm_studio.ui").removeprefix(".")
    return inside if inside in WINDOW else inside.partition(".")[0]


def test_the_rooms_of_the_window_stand_in_their_order():
    """A place imports what stands below the places, and never another place; no file lies loose beside the rooms."""
    order = (*WINDOW, *PLACES)
    problems = []
    for module, path in MODULES.items():
        here = room_of_window(module) if module.startswith("slm_studio.ui.") else ""
        if here and here not in order:
            problems.append(f"{path} lies in no room")
            continue
        for line, name in imports(path):
            there = room_of_window(name) if here and name.startswith("slm_studio.ui") else here
            is_below = there in WINDOW and order.index(there) < order.index(here)
            if there != here and not is_below:
                problems.append(f"{path}:{line} in “{here}” imports {name}")
    fail_with(problems)


def test_the_hosts_way_to_the_engine_is_taken_late():
    fail_with(
        [
            f"{path}:{line} imports {name} at load"
            for path in DOOR
            for line, name in imports_at_load(path)
            if "engine" in name
        ]
    )


def test_the_door_and_the_start_load_nothing_heavy():
    """Importing slm_studio.engine, slm_studio.host or slm_studio.__main__ must not import torch or Qt."""
    for start in ("slm_studio.engine", "slm_studio.engine.advice", "slm_studio.host.server", "slm_studio.__main__"):
        seen, waiting = set(), [start]
        while waiting:
            module = waiting.pop()
            if module in seen or module not in MODULES:
                continue
            seen.add(module)
            for line, name in imports_at_load(MODULES[module]):
                assert name.partition(".")[0] not in HEAVY, f"{start} loads {name} ({MODULES[module]}:{line})"
                waiting.append(name)


def test_the_hubs_library_stays_in_its_file():
    fail_with(
        [
            f"{path}:{line} imports {name}"
            for path in FILES
            for line, name in imports(path)
            if name.partition(".")[0] in NETWORK and path not in NETWORK[name.partition(".")[0]]
        ]
    )


def own_of(module: str, package: str) -> str:
    """Return the member of a package that a module is, or stands in: a view may be a folder."""
    return module.removeprefix(f"{package}.").partition(".")[0]


def test_siblings_do_not_know_each_other():
    """Tasks never import tasks, nor do their views; verbs of the command line are free to share."""
    problems = []
    for family, common in (
        ("core.tasks", {"info"}),
        ("engine.tasks", set()),
        ("ui.tasks", {"view"}),
    ):
        package = f"slm_studio.{family}"
        members = {
            module for module in MODULES if module.startswith(package + ".") and module.split(".")[-1] not in common
        }
        for module in members:
            problems += [
                f"{MODULES[module]}:{line} imports {name}"
                for line, name in imports(MODULES[module])
                if name in members and own_of(name, package) != own_of(module, package)
            ]
    fail_with(problems)


def test_threads_of_qt_live_in_two_files():
    problems = []
    for path in FILES:
        if path in THREADS:
            continue
        for node in nodes_of(path):
            if isinstance(node, ast.ImportFrom) and any(
                alias.name in ("QThread", "QThreadPool", "QRunnable") for alias in node.names
            ):
                problems.append(f"{path}:{node.lineno} imports a Qt thread")
            if isinstance(node, ast.Attribute) and node.attr in ("QThread", "QThreadPool", "QRunnable"):
                problems.append(f"{path}:{node.lineno} uses {node.attr}")
    fail_with(problems)


def test_nothing_forbidden_is_imported_or_called():
    problems = []
    for path in FILES:
        problems += [
            f"{path}:{line} imports {name}" for line, name in imports(path) if name.partition(".")[0] in NEVER_IMPORTED
        ]
        for line, function, call in calls(path):
            last = function.rpartition(".")[2]
            if last in NEVER_CALLED or function in ("torch.load", "os.system", "eval", "exec"):
                problems.append(f"{path}:{line} calls {function}")
            if last == "terminate" and room_of(module_of(path)) != "host":
                problems.append(f"{path}:{line} calls {function}: terminating a QThread deadlocks")
            for keyword in call.keywords:
                if (
                    keyword.arg in ("shell", "trust_remote_code", "allow_pickle")
                    and ast.unparse(keyword.value) != "False"
                ):
                    problems.append(f"{path}:{line} passes {keyword.arg}={ast.unparse(keyword.value)}")
    fail_with(problems)


def test_only_the_command_line_prints():
    fail_with(
        [
            f"{path}:{line} prints"
            for path in FILES
            if room_of(module_of(path)) != "cli"
            for line, function, _ in calls(path)
            if function == "print"
        ]
    )


def test_errors_are_not_swallowed():
    """Never `except Exception: pass`."""
    problems = []
    for path in FILES:
        for node in nodes_of(path):
            if isinstance(node, ast.ExceptHandler) and all(isinstance(each, ast.Pass) for each in node.body):
                kind = ast.unparse(node.type) if node.type else "everything"
                if kind in ("everything", "Exception", "BaseException"):
                    problems.append(f"{path}:{node.lineno} swallows {kind}")
    fail_with(problems)


def test_signals_carry_counts_as_objects():
    """A Signal(int) overflows at 2³¹."""
    fail_with(
        [
            f"{path}:{line} declares Signal({ast.unparse(argument)})"
            for path in FILES
            for line, function, call in calls(path)
            if function.rpartition(".")[2] == "Signal"
            for argument in call.args
            if ast.unparse(argument) == "int"
        ]
    )


def test_no_module_needs_itself():
    """Follow the imports at load inside each room: there is no way back."""
    edges = {
        module: {name for _, name in imports_at_load(path) if name in MODULES and name != module}
        for module, path in MODULES.items()
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, "a cycle: " + " → ".join((*way[way.index(module) :], module))
        if module not in done:
            for following in sorted(edges[module]):
                visit(following, (*way, module))
            done.add(module)

    for module in sorted(edges):
        visit(module, ())


def test_files_and_functions_stay_short():
    problems = []
    for path in FILES:
        lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        if lines > LINES:
            problems.append(f"{path} has {lines} lines")
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    problems.append(f"{path}:{node.lineno} {node.name} has {length} lines")
    fail_with(problems)


def test_packaging_does_not_hide_the_library_of_that_name():
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_what_the_packaging_takes_from_the_project_is_there():
    """The app is not built in CI, so a name that moved would be missed until somebody builds it."""
    problems = []
    for path in sorted((ROOT / "packaging").glob("*.py")) + sorted((ROOT / "packaging").glob("*.spec")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("slm_studio"):
                module = import_module(str(node.module))
                problems += [
                    f"{path.name}: {node.module}.{each.name}"
                    for each in node.names
                    if not hasattr(module, each.name)
                    and not (hasattr(module, "__path__") and find_spec(f"{node.module}.{each.name}"))
                ]
    fail_with(problems)
