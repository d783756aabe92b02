"""slm-studio chat MODEL: a conversation in the terminal, line by line."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from slm_studio.cli.command import Command, Stopped, absolute, file_out, model_folder, saved_model
from slm_studio.cli.flags import add_knobs, settings_of
from slm_studio.core import files
from slm_studio.core.answers import left_out
from slm_studio.core.chat import Chat, to_markdown
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Predicted
from slm_studio.core.generation import AnsweringOptions
from slm_studio.core.knobs import problems
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER, messages_to_json, messages_to_plain
from slm_studio.core.results import Token
from slm_studio.core.tasks import TaskInfo, all_tasks, task_info

COMMANDS = "/system TEXT changes who answers, /again asks once more, /save FILE keeps the chat (.md or .jsonl), /help shows this, /quit leaves."
HELP = f"{COMMANDS} A text that begins with a slash is written with two. Ctrl-C stops an answer."
QUIT, SLASH = "/quit", "/"


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    verb = next(info.verb for info in all_tasks() if talks(info))
    parser = verbs.add_parser(verb, help="talk with a model, line by line", epilog=HELP)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--system", default="", metavar="TEXT", help="who answers, and how (default: as in training)")
    parser.add_argument("--prompt", metavar="TEXT", help="ask this one question and leave")
    parser.add_argument(
        "--stop", action="append", default=[], metavar="TEXT", help="an answer ends before this; may be repeated"
    )
    parser.add_argument("--device")
    add_knobs(parser, [AnsweringOptions], "how to answer")
    parser.set_defaults(run=run)


def talks(info: TaskInfo) -> bool:
    """Say whether a task is asked with the messages of a dialogue."""
    return any(role.reads == "messages" for role in info.asked)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Answer a question, or line after line until the person leaves; return the answer, or the whole conversation."""
    settings = settings_of(arguments, [AnsweringOptions])
    for problem in problems(AnsweringOptions(**settings)):  # type: ignore[arg-type]
        raise problem
    opened = work.open(arguments.model, arguments.device)
    if not talks(task_info(opened.task)):
        raise StudioError(
            "not-a-chat",
            "“{model}” does the task “{task}” and does not chat.",
            "Ask it with: slm-studio {verb} {folder} --help",
            model=model_folder(arguments.model).name,
            task=opened.task,
            verb=task_info(opened.task).verb,
            folder=arguments.model,
        )
    asked = next(role.name for role in task_info(opened.task).asked if role.reads == "messages")
    names = {SYSTEM: "System", USER: "You", ASSISTANT: saved_model(arguments.model).name}
    options = settings | {"stop": arguments.stop}
    talk = Conversation(work, opened.handle, asked, options, Chat(system=arguments.system), names)
    if arguments.prompt is not None:
        turn = talk.ask(arguments.prompt)
        return turn if work.screen.as_json else None
    for line in lines(work):
        if not talk.take(line):
            break
    return {"messages": messages_to_plain(talk.chat.messages())} if work.screen.as_json else None


def lines(work: Command) -> Iterator[str]:
    """Yield what is written, line by line, to the end of the input. In a terminal Ctrl-C throws a line away."""
    if not sys.stdin.isatty():
        yield from (line.rstrip("\r\n") for line in sys.stdin)
        return
    work.screen.say(f"{HELP} Ctrl-D leaves.")
    while True:
        try:
            work.screen.quiet()
            work.was_interrupted = False  # whoever is asked again has not left
            yield input("> ")
        except EOFError:
            work.screen.write("\n")
            return
        except KeyboardInterrupt:
            work.screen.write("\n")


@dataclass
class Conversation:
    """What was said so far, and with whom."""

    work: Command
    handle: str
    asked: str  # the role that takes the messages
    options: dict[str, object]
    chat: Chat
    names: dict[str, str]  # how the roles are called in what is saved
    _saved: set[str] = field(default_factory=set)  # files that hold this chat already

    def take(self, line: str) -> bool:
        """Do what a line says: a command, or a question. Return False where the person leaves."""
        said = line.strip()
        if said.partition(" ")[0] == QUIT:
            return False
        try:
            if said.startswith(SLASH) and not said.startswith(SLASH * 2):
                self._obey(said)
            elif said:
                self._tell(self.ask(said.removeprefix(SLASH) if said.startswith(SLASH) else line))
        except StudioError as error:
            if not sys.stdin.isatty():
                raise
            self.work.screen.problem(error)  # the conversation goes on
        except Stopped:
            if not sys.stdin.isatty():
                raise
            self.work.screen.say("Stopped before the first word.")
        return True

    def _obey(self, said: str) -> None:
        """Do what a command says. Raises StudioError where there is none of its name: a model would answer anything."""
        word, _, rest = said.partition(" ")
        if word == "/system":
            self.chat = replace(self.chat, system=rest.strip())
        elif word == "/save":
            self._save(rest.strip())
        elif word == "/again":
            self._again()
        elif word == "/help":
            self.work.screen.say(HELP)
        else:
            raise StudioError(
                "no-such-command",
                "There is no command “{word}”.",
                "{commands} A text that begins with a slash is written with two.",
                word=word,
                commands=COMMANDS,
            )

    def ask(self, question: str) -> dict[str, object]:
        """Ask and return the answer with its speed."""
        return self._answer(self.chat.asked(question))

    def _answer(self, chat: Chat) -> dict[str, object]:
        """Answer the last question of a chat, which is ours from then on. Ctrl-C keeps what was said up to then."""
        asked = next(turn.id for turn in reversed(chat.path()) if turn.role == USER)
        pieces: list[str] = []

        def show(event: Event) -> None:
            if isinstance(event, Predicted) and isinstance(event.item, Token):
                pieces.append(event.item.text)
                self.work.screen.write(event.item.text)
            else:
                self.work.screen.event(event)

        prompt = {self.asked: tuple(messages_to_plain(chat.messages(asked)))}
        began = time.perf_counter()
        try:
            done = self.work.do(dict, "predict", on_event=show, handle=self.handle, prompt=prompt, options=self.options)
        except Stopped:
            if not pieces or not sys.stdin.isatty():
                raise
            done = {"count": len(pieces), "seconds": time.perf_counter() - began, "ended": False}
        self.work.screen.write("\n")
        text = "".join(pieces)
        self.chat = chat.answered(text, to=asked, is_cut=not done["ended"])
        return self._turn(text, done)

    def _turn(self, text: str, done: Mapping[str, object]) -> dict[str, object]:
        count, seconds, ended = int(str(done["count"])), float(str(done["seconds"])), done["ended"] is True
        speed = count / max(seconds, 1e-9)
        if ended and not text.strip():
            self.work.screen.say("The model ended its answer at once, without a word.")
        self.work.screen.say(f"{count:,} tokens, {speed:,.0f} a second{'' if ended else self._why_cut(count)}")
        return {"text": text, "tokens": count, "tokens_per_second": speed, "ended": ended} | left_out(done)

    def _why_cut(self, count: int) -> str:
        """Return what people read of an answer that did not end by itself."""
        most = self.options.get("max_new_tokens", AnsweringOptions().max_new_tokens)
        return f"; cut at {count:,}, --max-new-tokens allows more" if count == most else "; stopped"

    def _tell(self, turn: dict[str, object]) -> None:
        """Print a turn on the way, for programs."""
        if self.work.screen.as_json:
            self.work.screen.line({"event": "turn"} | turn)

    def _again(self) -> None:
        """Ask the last question once more."""
        if self.chat.turns:
            self._tell(self._answer(self.chat))

    def _save(self, name: str) -> None:
        if not name:
            raise StudioError("no-file-named", "No file is named for the chat.", "Write: /save chat.md")
        path = Path(file_out(name, overwrite=absolute(name) in self._saved))
        as_lines = path.suffix.lower() == ".jsonl"
        lines = f'{{"messages": {messages_to_json(self.chat.messages())}}}\n'
        files.write_atomic(path, lines if as_lines else to_markdown(self.chat, self.names))
        self._saved.add(str(path))  # the same chat, as it goes on
        self.work.screen.say(f"Saved as {path}")
