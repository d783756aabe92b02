"""TaskInfo, Role, Family and Size: the words and defaults that describe a task."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from slm_studio.core.dataset import Column
from slm_studio.core.errors import StudioError
from slm_studio.core.generation import DecodingOptions

Reads = Literal[
    "text",
    "lines",
    "sentence",
    "words",
    "label",
    "labels",
    "number",
    "numbers",
    "tags",
    "spans",
    "messages",
    "candidates",
]  # lines, sentence: a text that is kept as a list of its lines, or of its words
Answers = Literal[
    "labels", "several", "number", "tokens", "spans", "quotes", "hits", "gaps", "order"
]  # several: a set of labels, perhaps none; quotes: stretches of a passage, or that none is; order: of what was given
Split = Literal["stratified", "shuffled", "in order", "grouped"]
Style = Literal[
    "text", "prose", "chip", "outline", "bar", "number", "perplexity", "spans", "changes"
]  # perplexity: of a loss; changes: prose, with what is other than in the column before
CONTINUED = "continued"  # the family of every recipe that goes on from an existing model


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A part that a column plays in a task."""

    name: str
    title: str
    help: str
    needed: bool = True
    asked: bool = True  # part of the question; False: the answer, which only training and scoring need
    weighs: bool = False  # neither: how much a row counts while learning
    may_be_blank: bool = False  # whether a prompt without a word is one; of an answer: whether none is one, too
    reads: Reads = "text"  # how cleaning, checks, lengths, language and the table treat its cells
    kinds: tuple[str, ...] = ("text",)  # column kinds that can play it, best first
    takes_lists: bool = (
        False  # reads a list in its own way; to others a list of texts is one text (see core.listed_texts)
    )
    called: tuple[str, ...] = ()  # where it may be left out: names of columns of labels that are meant for it


WEIGHT = Role(
    name="weight",
    title="Weight",
    help="how much each row counts while learning: a number from 0 on; empty is 1",
    needed=False,
    asked=False,
    weighs=True,
    reads="number",
    kinds=("number", "label"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Suit:
    """Why a task suits some columns, and which of them play its roles."""

    roles: Mapping[str, str]  # role → column
    reason: str  # a template over the roles


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of the samples or of the scored rows."""

    key: str  # as in cases.jsonl
    title: str
    style: Style = "text"  # prose: takes what room there is
    may_lack: bool = False  # not every report has it: of a model from nothing no base says anything
    blank: str = ""  # what is read where nothing stands and that means something


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file that travels with the app, to try the task with before one's own is at hand."""

    path: str  # below resources/samples, the language first: en/messages.csv
    title: str
    about: str  # what one would do with it, under which samples are grouped


@dataclass(frozen=True, slots=True)
class Form:
    """A form, beside a folder of the studio, in which models of a task travel to other programs."""

    key: str  # as in `export --to KEY`
    ending: str  # of the file
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """One size of a blank network. `defaults` go over the family's."""

    key: str  # nano | micro | small | base
    defaults: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A shape of network and the knobs with which it learns best (measured, not guessed)."""

    key: str
    title: str
    blurb: str
    sizes: tuple[Size, ...] = ()
    default_size: str = "small"
    defaults: Mapping[str, object] = field(
        default_factory=dict
    )  # Recipe field → value, used where the recipe says None
    unused: tuple[str, ...] = ()  # knobs that mean nothing for this shape

    def size(self, key: str) -> Size:
        """Return the size called `key`. Raises StudioError where there is none."""
        for size in self.sizes:
            if size.key == key:
                return size
        raise StudioError(
            "no-such-size",
            "“{family}” has no size “{size}”.",
            "Choose one of: {sizes}.",
            family=self.key,
            size=key,
            sizes=", ".join(size.key for size in self.sizes),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """Programs that answer a prompt. {model} and {prompt} are filled in as Python writes them, quotes and all."""

    plain: str  # with Transformers alone
    studio: str  # for shapes that only SLM Studio knows
    flag: str = "--text"  # of the command that answers one prompt


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskInfo:
    """A task as a person meets it."""

    key: str
    title: str
    blurb: str
    sentence: str  # a template: {task}, {ROLE} (its column) and {ROLE_values} (how many different ones) are filled in
    roles: tuple[Role, ...]
    enough: tuple[tuple[str, ...], ...] = ()  # where no role is needed by itself: names of roles, each group enough
    families: tuple[Family, ...]  # the first is the default for small data; CONTINUED is last
    metric: str  # drawn beside the loss while a model learns
    chosen_by: str = "loss"  # or the metric, higher is better, by which the best checkpoint and patience are judged
    shown: tuple[str, ...]  # metrics a report leads with
    compared: str  # the one of them in which simple methods and other models stand beside it
    split: Split  # how rows are held out, unless the options decide otherwise for a dataset (`split_of`)
    packs: bool  # rows are joined into blocks, so that nobody counts them by the row
    cuts: bool  # text beyond max_length is lost
    opens_up: bool = False  # the way through its nets can be looked at, step by step
    answers: Answers
    writing: type[DecodingOptions] = (
        DecodingOptions  # how it writes, where nobody says otherwise and tokens are the answer
    )
    goes_on: bool = False  # what it writes goes on with the prompt and has no end of its own; else it stands by itself
    side_by_side: bool = False  # several answers to one prompt can be drawn at a time
    answer_options: tuple[str, ...] = ()  # options of its answers, beside how many there may be
    samples: tuple[Shown, ...]  # columns of what is shown as a model learns
    cases: tuple[Shown, ...]  # columns of scored rows
    files: tuple[SampleFile, ...] = ()  # to try it with
    hub_tag: str
    verb: str  # the command that answers one prompt
    route: str = ""  # the path of the local API that does; "": it is not served
    architectures: tuple[str, ...]  # ends of the names of foreign networks that do this task as they are
    templated: bool = (
        False  # its models bring a template of their own: such a folder is for it rather than for its likes
    )
    pools: bool = (
        False  # networks without a head are its models, too, where their folder says how tokens become one vector
    )
    borrows: bool = False  # its networks are those of the tasks that it goes on from, as these have them
    continues: tuple[str, ...] = ()  # other tasks whose models it may go on from, also some that are still to come
    lends: str = ""  # the knob by which nets of other tasks begin with its models, beside their own base
    unused: tuple[str, ...] = ()  # knobs of Recipe that mean nothing here, whatever the family
    by_rows: tuple[str, ...] = ()  # knobs of Recipe that the task decides by the rows where nobody did
    exports: tuple[Form, ...] = ()  # forms in which other programs read its models
    blank_is: Literal["training", "pre-training"]  # what learning from nothing is called in a lineage
    caution: str = ""  # what a model card warns of
    example: str  # a prompt to begin with
    about: str = ""  # … and what it is about, where a question needs that
    code: Code
    order: int
    suits: Callable[[Sequence[Column]], Suit | None] | None = None  # None: texts, and labels where it has an answer
    shape: Callable[[str, Collection[str] | None], "TaskInfo"] | None = None  # see `shaped`
    targets: tuple[str, ...] = ()  # the kinds of answers that it knows, where these are several
    scored: Callable[[Sequence[Column]], Suit | None] | None = None  # columns of files to score with, not to learn from
    # The prompt by which its models answer a question from passages that were found; None: they cannot.
    cites: Callable[[str, Sequence[str]], Mapping[str, object]] | None = None
    options: type  # a frozen dataclass of the task's own knobs

    @property
    def asked(self) -> tuple[Role, ...]:
        """Return the roles that make a prompt; the first is the one that a text by itself plays."""
        return tuple(role for role in self.roles if role.asked)

    @property
    def asking(self) -> tuple[Role, ...]:
        """Return the roles of a prompt that ask something; what may be blank goes along with them."""
        return tuple(role for role in self.asked if not role.may_be_blank)

    def asked_along(self, name: str) -> bool:
        """Say whether a role goes along with what is asked, so that a question without it is one, too."""
        is_so = any(role.name == name and role.may_be_blank and not role.needed for role in self.asked)
        return is_so and self.answers != "hits"  # of a passage beside the question a search is another question

    @property
    def answer(self) -> Role | None:
        """Return the role that holds the true answers, where there is one."""
        return next((role for role in self.roles if not role.asked and not role.weighs), None)

    @property
    def weight(self) -> Role | None:
        """Return the role that says how much a row counts, where there is one."""
        return next((role for role in self.roles if role.weighs), None)

    def shaped(self, facts: Mapping[str, object]) -> "TaskInfo":
        """Return the task as facts of a model have it: “target” says what its answers are, “asks” which roles a prompt has.

        A task whose answers are always the same is what it is.
        """
        if self.shape is None:
            return self
        target, asks = facts.get("target"), facts.get("asks")
        return self.shape(str(target or ""), asks if isinstance(asks, list | tuple) else None)

    def fitting(self, metrics: Collection[str]) -> "TaskInfo":
        """Return the task with answers of the kind that these metrics are of."""
        forms = (self.shaped({"target": target}) for target in self.targets)
        return next((form for form in forms if form.metric in metrics), self)

    def lacking(self, chosen: Collection[str]) -> tuple[tuple[Role, ...], ...]:
        """Return the roles that each way to do it lacks, where these are chosen; () where one lacks nothing.

        A way that was begun leaves the others out.
        """
        ways = self.enough or (tuple(role.name for role in self.roles if role.needed),)
        begun = [way for way in ways if set(way) & set(chosen)] or ways
        lacks = [set(way) - set(chosen) for way in begun]
        return tuple(tuple(role for role in self.roles if role.name in each) for each in lacks) if all(lacks) else ()

    def missing(self, chosen: Collection[str]) -> tuple[Role, ...]:
        """Return the roles without which it cannot be done, where these are chosen: of several ways the one that lacks least."""
        return min(self.lacking(chosen), key=len, default=())

    def may_continue(self, task: str) -> bool:
        """Say whether it can go on from a model of a task; "" is a base that answers nothing yet."""
        return task in ("", self.key, *self.continues)

    @property
    def default_base(self) -> str:
        """Return the base that a newcomer gets."""
        return f"blank:{self.families[0].key}-{self.families[0].default_size}"

    def family(self, key: str) -> Family:
        """Return the family called `key`. Raises StudioError where there is none."""
        for family in self.families:
            if family.key == key:
                return family
        raise StudioError(
            "no-such-family",
            "The task “{task}” has no model family “{family}”.",
            "Choose one of: {families}.",
            task=self.key,
            family=key,
            families=", ".join(family.key for family in self.families if family.key != CONTINUED),
        )
