"""Sandbox: a template that somebody else wrote is filled in with nothing at hand but its values, and under limits.

Chat templates come with models and are programs: they can loop for ever, or make a text that fills the memory. Jinja's sandbox
keeps them from the system but not from that. So every round of a loop, every call and every text that is made is counted here, and
only such filters, tests and methods are known as cannot make much out of little.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from jinja2 import TemplateError, nodes
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

SECONDS = 2.0
ROUNDS = 200_000  # of all loops together, and calls
CHARACTERS = 20_000_000  # of all texts that are made on the way
RANGE = 10_000
DIGITS = 64  # bits of a whole number
FILTERS = (
    "abs", "capitalize", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length", "count", "list", "lower", "map",
    "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort", "string", "title", "trim", "unique", "upper",
)  # fmt: skip
TESTS = (
    "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "==", "even", "false", "float", "ge", "gt", "greaterthan", "integer",
    "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "!=", "none", "number", "odd", "sameas", "sequence", "string", "true",
    "undefined", "upper",
)  # fmt: skip
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset((
        "capitalize", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdigit", "islower", "isspace", "isupper",
        "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rpartition",
        "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
    )),
    dict: frozenset(("get", "items", "keys", "values")),
    list: frozenset(("count", "index")),
    tuple: frozenset(("count", "index")),
}  # fmt: skip


class OverLimit(Exception):
    """A template took more than a chat could need."""


ENDLESS = (OverLimit, RecursionError, MemoryError)
# What a program of jinja raises when it goes wrong.
FAILURES = (TemplateError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class Refused(Exception):
    """A template said that it cannot take these values; the text is its own."""


class Program:
    """A template, ready to be filled in."""

    def __init__(self, text: str) -> None:
        """Read a template. Raises one of FAILURES where it is none, of ENDLESS where even reading it takes too much."""
        self._environment = _Environment()
        self._environment.budget.begin(len(text))
        self._template = self._environment.from_string(text)

    def fill_in(self, values: Mapping[str, object]) -> str:
        """Return the text. Raises Refused, or one of ENDLESS or FAILURES."""
        budget = self._environment.budget
        budget.begin()
        written = []
        for piece in self._template.generate(**values):
            budget.spend(rounds=1, characters=len(piece))
            written.append(piece)
        return "".join(written)


class _Budget:
    """What one filling-in may still take."""

    def begin(self, size: int | None = None) -> None:
        self.size = getattr(self, "size", 0) if size is None else size  # characters of the template
        self.rounds = ROUNDS
        self.characters = CHARACTERS
        self.end = time.monotonic() + SECONDS

    def spend(self, *, rounds: int = 0, characters: int = 0) -> None:
        """Take from the budget. Raises OverLimit where nothing is left."""
        self.rounds -= rounds
        self.characters -= characters
        if self.rounds < 0 or self.characters < 0 or time.monotonic() > self.end:
            raise OverLimit

    def counted(self, values: Iterable[object], weight: int = 0) -> Iterator[object]:
        """Yield the values of a loop whose every round writes `weight` characters of the template."""
        for value in values:
            self.spend(rounds=1, characters=weight)
            yield value

    def joined(self, parts: Iterable[object], between: object = "") -> str:
        texts = [str(part) for part in self.counted(parts)]
        between = str(between)
        self.spend(characters=sum(map(len, texts)) + len(between) * len(texts))
        return between.join(texts)

    def replaced(self, text: object, old: object, new: object, *most: int) -> str:
        whole, old, new = str(text), str(old), str(new)
        self.spend(rounds=1, characters=len(whole) + (whole.count(old) + 1) * len(new))
        return whole.replace(old, new, *most)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with a budget."""

    intercepted_binops = frozenset(("+", "*", "**", "%", "//", "/"))

    def __init__(self) -> None:
        self.budget = budget = _Budget()
        super().__init__(
            trim_blocks=True, lstrip_blocks=True, optimized=False, extensions=[_Generation, loopcontrols],
            finalize=self._printed,
        )  # fmt: skip
        self.filters = {name: DEFAULT_FILTERS[name] for name in FILTERS} | {
            "counted": budget.counted,
            "join": budget.joined,
            "replace": budget.replaced,
            "tojson": self._json,
            "safe": str,
        }
        self.tests = {name: DEFAULT_TESTS[name] for name in TESTS}
        self.globals = {
            "namespace": self.globals["namespace"],
            "dict": dict,
            "range": _short_range,
            "raise_exception": _refuse,
            "strftime_now": lambda form: datetime.now().astimezone().strftime(str(form)[:100]),
        }

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _Counting().visit(super()._parse(source, name, filename))

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Say whether a template may use an attribute: of texts and lists only methods that make no more of them."""
        for kind, methods in METHODS.items():
            if isinstance(obj, kind):
                return attr in methods
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: object) -> None:
        """Let no text be formatted: {:1000000000} makes a thousand million blanks."""
        return

    def call(self, context: object, obj: object, /, *arguments: object, **named: object) -> object:
        """Call what a template calls, and count it."""
        self.budget.spend(rounds=1, characters=self.budget.size if isinstance(obj, Macro) else 0)
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        if isinstance(owner, str) and name in ("replace", "join"):
            if name == "join":
                return self.budget.joined(*arguments, between=owner)  # type: ignore[arg-type]
            return self.budget.replaced(owner, *arguments)  # type: ignore[arg-type]
        return super().call(context, obj, *arguments, **named)  # type: ignore[arg-type]

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        """Reckon, with numbers and texts that stay small."""
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise TemplateError(f"“{operator}” is not taken here")
        if operator == "*" and not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise TemplateError("“*” is taken for numbers only")
        if operator == "+" and isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
            self.budget.spend(rounds=1, characters=len(left) + len(right))
        found = self.binop_table[operator](left, right)
        if isinstance(found, int) and found.bit_length() > DIGITS:
            raise TemplateError("a number has too many digits")
        return found

    def _printed(self, value: object) -> str:
        text = "" if isinstance(value, Undefined) else str(value)
        self.budget.spend(characters=len(text))
        return text

    def _json(
        self, value: object, ensure_ascii: bool = False, indent: int | None = None, separators: object = None,
        sort_keys: bool = False,
    ) -> str:  # fmt: skip
        text = json.dumps(
            value, ensure_ascii=ensure_ascii, indent=None if indent is None else min(8, int(indent)), sort_keys=sort_keys
        )  # fmt: skip
        self.budget.spend(characters=len(text))
        return text


class _Counting(NodeTransformer):
    """Puts a counter around whatever a template loops over, and around what it joins with ~."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  (jinja's own name)
        weight = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        self.generic_visit(node)
        if node.recursive:
            raise TemplateError("a loop that calls itself is not taken here")
        node.iter = nodes.Filter(node.iter, "counted", [nodes.Const(weight)], [], None, None)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes), "join", [], [], None, None)


class _Generation(Extension):
    """Lets {% generation %} … {% endgeneration %} be, with which some templates mark the answers."""

    tags = {"generation"}  # noqa: RUF012  (jinja's own way)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return what stands between the two."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _short_range(*arguments: int) -> range:
    found = range(*arguments)
    if len(found) > RANGE:
        raise OverLimit
    return found


def _refuse(reason: object = "") -> None:
    raise Refused(str(reason)[:300])
