"""Chat templates: how the messages of a dialogue are written down for one model.

A model's own template is used, filled in under limits (sandbox.py). One without gets a plain one: ChatML where its vocabulary has
those marks, else headings in words, closed by the end token.
"""

from collections.abc import Mapping, Sequence

from transformers import PreTrainedTokenizerBase

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER, Message, messages_to_plain
from slm_studio.core.texts import mark
from slm_studio.engine.writing.sandbox import ENDLESS, FAILURES, Program, Refused

LONGEST = 200_000  # characters of a template
CHATML_TOKENS = ("<|im_start|>", "<|im_end|>")
CHATML = """\
{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
"""
HEADINGS = """\
{% set names = {'system': 'System', 'user': 'User', 'assistant': 'Assistant'} %}
{% for message in messages %}
{{ '### ' + names[message['role']] + ':\\n' + message['content'] }}
{%- if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '### Assistant:\\n' }}{% endif %}
"""
SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
_WHERE = mark("Write {{ message['content'] }} where it belongs.")
_ASKED, _TOLD = "What is asked, 7q?", "What is told, 3s."  # words of a trial


class ChatTemplate:
    """One model's way to write messages down."""

    def __init__(self, text: str, tokens: Mapping[str, str], *, is_own: bool = True) -> None:
        """Read a template. Raises StudioError where it is none. `tokens` are the names of special tokens and how they are spelled."""
        self.text = text
        self.tokens = dict(tokens)
        self.is_own = is_own  # the model brought it, or a person wrote it
        if len(text) > LONGEST:
            raise StudioError(
                "template-too-long",
                "The chat template has {length} characters, which is more than the {most} of the longest that make sense.",
                "Use another template.",
                length=len(text),
                most=LONGEST,
            )
        try:
            self._program = Program(text)
        except ENDLESS as error:
            raise _endless() from error
        except FAILURES as error:
            raise _fails(error) from error
        self.takes_system = self._takes_system()

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = False) -> str:
        """Return the text that the model reads; with `add_generation_prompt` it ends where the answer begins.

        A template that knows no system prompt finds it at the beginning of the first question. Raises StudioError.
        """
        if not self.takes_system and messages and messages[0].role == SYSTEM:
            messages = _moved(messages)
        try:
            return self._filled(messages, add_generation_prompt)
        except Refused as error:
            raise StudioError(
                "template-refuses",
                "The chat template does not take these messages: {reason}",
                "Change the messages, or use another template.",
                reason=str(error) or "…",
            ) from error
        except ENDLESS as error:
            raise _endless() from error
        except FAILURES as error:
            raise _fails(error) from error

    def own_system(self) -> str:
        """Return the system prompt that the template writes by itself where a dialogue brings none, or ""."""
        asked = Message(USER, _ASKED)
        try:
            before, told, behind = self._filled([Message(SYSTEM, _TOLD), asked], True).partition(_TOLD)
            written = self._filled([asked], True)
        except (Refused, *ENDLESS, *FAILURES):
            return ""  # whoever renders by it is told why
        is_alike = told and written.startswith(before) and written[len(before) :].endswith(behind)
        return written[len(before) : len(written) - len(behind)].strip() if is_alike else ""

    def _filled(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        return self._program.fill_in(
            {
                **self.tokens,
                "messages": messages_to_plain(messages),
                "add_generation_prompt": add_generation_prompt,
                "tools": None,
                "documents": None,
            }
        )

    def _takes_system(self) -> bool:
        """Say whether the template writes a system prompt down: some leave it out without a word, others refuse it."""
        try:
            return _TOLD in self._filled([Message(SYSTEM, _TOLD), Message(USER, _ASKED)], True)
        except ENDLESS as error:
            raise _endless() from error
        except (Refused, *FAILURES):
            return False


def template_of(tokenizer: PreTrainedTokenizerBase, text: str = "") -> ChatTemplate:
    """Return the template of a model: `text` where a person wrote one, else its own, else a plain one. Raises StudioError."""
    tokens = special_tokens(tokenizer)
    own = text or own_template(tokenizer)
    if own:
        return ChatTemplate(own, tokens)
    known = tokenizer.get_vocab()
    if all(token in known for token in CHATML_TOKENS):
        return ChatTemplate(CHATML, tokens, is_own=False)
    if not tokens.get("eos_token"):
        raise StudioError(
            "no-end-token",
            "This model has no chat template, and its vocabulary has no token that ends a text.",
            "Choose another model: this one could never stop by itself.",
        )
    return ChatTemplate(HEADINGS, tokens, is_own=False)


def give_chatml(tokenizer: PreTrainedTokenizerBase) -> None:
    """Add ChatML's two marks to a fresh vocabulary, and its template: each mark is one token, and the second ends an answer.

    The net needs a row for each of them: count the vocabulary afterwards. Saved, it is read alike by transformers.
    """
    opening, closing = CHATML_TOKENS
    tokenizer.add_special_tokens({"extra_special_tokens": [opening, closing], "eos_token": closing})
    tokenizer.chat_template = CHATML
    tokenizer.split_special_tokens = False  # or transformers would spell the marks of the template out


def own_template(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the template that a tokenizer brings, or ""; of several the one for plain chats."""
    found = tokenizer.chat_template
    if isinstance(found, Mapping):
        found = found.get("default") or next(iter(found.values()), "")
    return found or ""


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """Return what templates may name: bos_token → “<s>”."""
    named = {name: getattr(tokenizer, name, None) for name in SPECIAL_NAMES}
    return {name: str(token) for name, token in named.items() if token is not None}


def validate_template(text: str, tokens: Mapping[str, str]) -> ChatTemplate:
    """Return a template that a person wrote. Raises StudioError unless a short dialogue comes out of it whole.

    What was asked and answered must be there, in order, and the question must read alike with and without the answer behind it.
    """
    template = ChatTemplate(text, tokens)
    asked = [Message(USER, _ASKED)]
    question = template.render(asked, add_generation_prompt=True)
    whole = template.render([*asked, Message(ASSISTANT, _TOLD)])
    if _ASKED not in question:
        raise StudioError("template-loses", "The chat template leaves the question out.", _WHERE)
    if _TOLD not in whole:
        raise StudioError("template-loses", "The chat template leaves the answer out.", _WHERE)
    if not whole.startswith(question):
        raise unsteady()
    return template


def unsteady() -> StudioError:
    """Return the error of a template that writes a question in two ways."""
    return StudioError(
        "template-unsteady",
        "The chat template writes a question otherwise when its answer stands behind it, so no answer can be learnt from it.",
        "Let add_generation_prompt write just what comes before the words of an answer.",
    )


def _moved(messages: Sequence[Message]) -> list[Message]:
    """Return messages with the system prompt at the beginning of the first question."""
    system, *rest = messages
    if not rest or rest[0].role != USER:
        return [Message(USER, system.content), *rest]
    return [Message(USER, f"{system.content}\n\n{rest[0].content}"), *rest[1:]]


def _endless() -> StudioError:
    return StudioError(
        "template-endless",
        "The chat template does not come to an end, or writes far too much. It was stopped.",
        "Look for a loop in it, or use another template.",
    )


def _fails(error: BaseException) -> StudioError:
    line = getattr(error, "lineno", None)
    values = {"reason": str(error)[:300] or type(error).__name__}
    hint = "Mend it, or use another template."
    if line:
        return StudioError(
            "template-broken", "The chat template cannot be used, line {line}: {reason}", hint, line=int(line), **values
        )
    return StudioError("template-broken", "The chat template cannot be used: {reason}", hint, **values)
