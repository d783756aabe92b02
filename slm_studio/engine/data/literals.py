"""Literals: dicts and lists as Python prints them, read as what they mean. Nothing is run, and numbers keep their spelling."""

import ast
import re
import warnings
from collections.abc import Callable

from slm_studio.engine.data.records import Constant, Number

MOST = 16 << 20  # characters of one literal
_PARTS = re.compile(r"""'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*"|[\[\]{}()'"]""", re.DOTALL)
_LINE_END = re.compile(r"[\n\r]")
_CLOSES = {"]": "[", "}": "{", ")": "("}
_SIGNS = ("'", "N", "T", "F", "(", "}", "]")  # what JSON stumbles over where Python goes on

Pairs = Callable[[list[tuple[str, object]]], dict[str, object]]


def may_be_literal(text: str, stumbled_at: int) -> bool:
    """Say whether what JSON could not read is how Python writes it: single quotes, None, a comma too many."""
    return text.startswith(_SIGNS, stumbled_at)


def find_literal(text: str, at: int) -> int:
    """Return where the literal that begins at `at` ends; 0 where none does, -1 where the text is too short to tell."""
    opened: list[str] = []
    for part in _PARTS.finditer(text, at, at + MOST):
        sign = part[0]
        if not opened and part.start() != at:
            return 0  # something stands before the first bracket
        if sign in ("'", '"'):  # nothing closes it on its line, as far as that is there
            return 0 if _LINE_END.search(text, part.end(), at + MOST) else -1
        if sign in _CLOSES and (not opened or opened.pop() != _CLOSES[sign]):
            return 0
        if sign in "[{(":
            opened.append(sign)
        if not opened:
            return part.end()
    return -1 if at + MOST > len(text) else 0


def read_literal(text: str, pairs: Pairs) -> object:
    """Return a Python literal as JSON's values. Raises ValueError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes such as \\d, which mean themselves
            tree = ast.parse(text, mode="eval")
        return _Converter(text, pairs).value(tree.body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from error


class _Converter:
    def __init__(self, text: str, pairs: Pairs) -> None:
        self.lines = text.encode("utf-8").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.pairs = pairs

    def value(self, node: ast.expr) -> object:
        if isinstance(node, ast.Dict):
            if not all(isinstance(key, ast.Constant) for key in node.keys):
                raise ValueError("a key that is no text")
            keys = [str(self.value(key)) for key in node.keys if key is not None]
            return self.pairs(list(zip(keys, map(self.value, node.values), strict=True)))
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [self.value(each) for each in node.elts]
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bool | None):
            return node.value
        if isinstance(node, ast.Name) and node.id in ("nan", "inf", "NaN", "Infinity", "null", "true", "false"):
            return {"null": None, "true": True, "false": False}.get(node.id, Constant(node.id))
        sign = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd)
        number = node.operand if sign and isinstance(node, ast.UnaryOp) else node
        if isinstance(number, ast.Constant) and isinstance(number.value, int | float):
            return Number(self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode())
        raise ValueError(type(node).__name__)
