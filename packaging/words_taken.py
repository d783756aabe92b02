"""Which calls take sentences: whatever is declared with a parameter or field of the type `Words` (slm_studio/ui/widgets/words.py)."""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

Place = int | str  # of an argument: where it stands, or its name
Function = (ast.FunctionDef, ast.AsyncFunctionDef)


@lru_cache(maxsize=1)  # one tree is looked through several times in a row
def nodes_of(tree: ast.Module) -> list[ast.AST]:
    """Return all nodes of a tree."""
    return list(ast.walk(tree))


def takers(trees: Iterable[ast.Module]) -> dict[str, set[Place]]:
    """Return what is called → which of its arguments are sentences. Classes without an own __init__ take what their base takes."""
    found: dict[str, set[Place]] = {}
    bases: dict[str, list[str]] = {}
    trees = list(trees)
    types = {"Words"} | {alias for tree in trees for alias in _aliases(tree)}
    for tree in trees:
        for node in nodes_of(tree):
            if isinstance(node, Function):
                _add(found, node.name, _of_function(node, types))
            elif isinstance(node, ast.ClassDef):
                bases[node.name] = [name_of(base) for base in node.bases]
                inits = [each for each in node.body if isinstance(each, Function) and each.name == "__init__"]
                _add(found, node.name, _of_function(inits[0], types) if inits else _of_fields(node, types))
                if inits:
                    bases[node.name] = []
    found.pop("__init__", None)  # of every class at once: see base_of()
    for name in bases:
        for base in _ancestors(name, bases):
            _add(found, name, found.get(base, set()))
    return found


def defaults(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what parameters of the type `Words` hold where nothing is given."""
    for node in nodes_of(tree):
        if isinstance(node, Function):
            arguments = [*node.args.posonlyargs, *node.args.args]
            given = zip(arguments[len(arguments) - len(node.args.defaults) :], node.args.defaults, strict=True)
            for argument, default in [*given, *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]:
                if default is not None and _is_words(argument.annotation, {"Words"}):
                    yield default


def supers(tree: ast.Module) -> dict[ast.Call, str]:
    """Return each call of super().__init__ → the class it builds."""
    return {
        call: name_of(node.bases[0])
        for node in nodes_of(tree)
        if isinstance(node, ast.ClassDef) and node.bases
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
    }


def bindings(tree: ast.Module) -> dict[ast.Call, dict[str, list[ast.expr]]]:
    """Return each call → the values that names have around it: assigned in the same function, or counted off in its loops."""
    around: dict[ast.Call, dict[str, list[ast.expr]]] = {}
    for function in nodes_of(tree):
        if isinstance(function, Function):
            names: dict[str, list[ast.expr]] = {}
            inside = list(ast.walk(function))
            for node in inside:
                if isinstance(node, ast.Assign) and len(node.targets) == 1:
                    _bind(names, node.targets[0], node.value)
                elif isinstance(node, ast.For | ast.comprehension):
                    for each in _items(node.iter, names):
                        _bind(names, node.target, each)
            around.update({node: names for node in inside if isinstance(node, ast.Call)})
    return around


def name_of(node: ast.expr) -> str:
    """Return the last name of what is called or inherited."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _of_function(node: ast.FunctionDef | ast.AsyncFunctionDef, types: set[str]) -> set[Place]:
    arguments = [*node.args.posonlyargs, *node.args.args]
    if arguments and arguments[0].arg in ("self", "cls"):
        arguments = arguments[1:]
    found: set[Place] = set()
    for at, argument in enumerate(arguments):
        if _is_words(argument.annotation, types):
            found |= {at, argument.arg}
    return found | {each.arg for each in node.args.kwonlyargs if _is_words(each.annotation, types)}


def _of_fields(node: ast.ClassDef, types: set[str]) -> set[Place]:
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
    found: set[Place] = set()
    for at, field in enumerate(fields):
        if _is_words(field.annotation, types):
            found |= {at, field.target.id}  # type: ignore[attr-defined]
    return found


def _is_words(annotation: ast.expr | None, types: set[str]) -> bool:
    return annotation is not None and any(
        isinstance(each, ast.Name) and each.id in types for each in ast.walk(annotation)
    )


def _aliases(tree: ast.Module) -> Iterator[str]:
    """Yield types made of Words. Example: Option = tuple[str, Words]"""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and _is_words(node.value, {"Words"}):
            yield from (name_of(target) for target in node.targets)


def _ancestors(name: str, bases: dict[str, list[str]]) -> Iterator[str]:
    for base in bases.get(name, ()):
        yield base
        yield from _ancestors(base, bases)


def _items(node: ast.expr, names: dict[str, list[ast.expr]]) -> list[ast.expr]:
    """Return the items of a literal sequence, also behind a name or enumerate()."""
    if isinstance(node, ast.Call) and name_of(node.func) == "enumerate":
        return [ast.Tuple([ast.Constant(0), each]) for each in _items(node.args[0], names)]
    if isinstance(node, ast.Name):
        return [
            each for value in names.get(node.id, ()) if not isinstance(value, ast.Name) for each in _items(value, {})
        ]
    return list(node.elts) if isinstance(node, ast.Tuple | ast.List) else []


def _bind(names: dict[str, list[ast.expr]], target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, ast.Name):
        names.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for inner, part in zip(target.elts, value.elts, strict=True):
            _bind(names, inner, part)


def _add(found: dict[str, set[Place]], name: str, places: set[Place]) -> None:
    if places:
        found.setdefault(name, set()).update(places)
