"""Conversation: a model that chats, its template, and what it is asked with."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from transformers import PreTrainedTokenizerBase

from slm_studio.core.events import Progress
from slm_studio.core.generation import AnsweringOptions, DecodingOptions, count_of
from slm_studio.core.messages import SYSTEM, Dialogue, Message, messages_from_plain
from slm_studio.core.prompt import Prompt
from slm_studio.core.results import Token
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.dialogues import Written, asked_in
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.lengths import length_of, positions
from slm_studio.engine.models.piece_texts import piece_texts
from slm_studio.engine.writing.chat_tokens import ChatTokens
from slm_studio.engine.writing.context import Sent, answers_in, fit
from slm_studio.engine.writing.decoding import decoding_of, end_ids, stream
from slm_studio.engine.writing.held_out import Question
from slm_studio.engine.writing.several import write_several
from slm_studio.engine.writing.templates import special_tokens, template_of, validate_template

LIVELY = 0.25  # seconds between two signs of life, at most


def chat_of(loaded: Loaded, template: str = "") -> ChatTokens:
    """Return a model's template (or another, which is tried first) and vocabulary. Raises StudioError."""
    tokenizer = cast(PreTrainedTokenizerBase, loaded.tokenizer)
    if template:
        return ChatTokens(tokenizer, validate_template(template, special_tokens(tokenizer)))
    return ChatTokens(tokenizer, template_of(tokenizer))


def settle_chat(loaded: Loaded, template: str = "") -> Loaded:
    """Give a model the template that it will be asked by, and let it stop where that ends an answer.

    Both are saved with it, so that it chats alike in other hands.
    """
    chat = chat_of(loaded, template)
    chat.tokenizer.chat_template = chat.template.text
    let_stop(loaded, chat)
    return loaded


def let_stop(loaded: Loaded, chat: ChatTokens) -> None:
    """Let the token that ends an answer end what is written: it may be another than the one that ends a text."""
    ends = end_ids(loaded.net, chat.tokenizer)
    if chat.end_id not in ends and loaded.net.generation_config is not None:
        loaded.net.generation_config.eos_token_id = [chat.end_id, *sorted(ends)]


def system_of(loaded: Loaded) -> str:
    """Return the system prompt that stands before dialogues that bring none."""
    return str(loaded.facts.get("system", ""))


def room_of(loaded: Loaded, decoding: DecodingOptions) -> int:
    """Return how many tokens there are before an answer: the answer has at most half of the context."""
    limit = limit_of(loaded)
    return limit - min(decoding.max_new_tokens, limit // 2)


def limit_of(loaded: Loaded) -> int:
    """Return how many tokens the model can see at once."""
    return positions(loaded.net) or length_of(loaded)


def dialogue_of(loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> Dialogue:
    """Return the dialogue that a prompt is: its messages, or its question with what belongs to it. Raises StudioError."""
    system = str(options.get("system") or system_of(loaded)).strip()
    written = Written(**{role: cell for role, cell in prompt.items() if isinstance(cell, str)})
    messages = next((cell for cell in prompt.values() if not isinstance(cell, str)), None)
    if messages is None:
        return asked_in(written, system)
    dialogue = messages_from_plain(list(messages))
    own = written.system.strip() or system
    has_system = bool(dialogue) and dialogue[0].role == SYSTEM
    return dialogue if has_system or not own else (Message(SYSTEM, own), *dialogue)


def sent(loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> tuple[ChatTokens, Sent]:
    """Return what of a prompt the model receives, and in which tokens."""
    chat = chat_of(loaded, str(options.get("template") or ""))
    whole = options.get("whole") is True  # nothing may be left out: the answer has what room there is
    room = limit_of(loaded) - 1 if whole else room_of(loaded, decoding_of(options, AnsweringOptions))
    return chat, fit(chat, dialogue_of(loaded, prompt, options), room, whole=whole)


def speak(loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> Iterator[Token | Progress]:
    """Yield the answer to a prompt, token by token, the one that ends it included; before it Progress, where it is long to read.

    Of several answers (`count`) the tokens come by turns.
    """
    chat, received = sent(loaded, prompt, options)
    let_stop(loaded, chat)
    decoding, count = decoding_of(options, AnsweringOptions), count_of(options)
    yield from write_several(loaded.net, chat.tokenizer, received.ids, decoding, count, continues=False)


def answers_to(
    loaded: Loaded, questions: Sequence[Question], doing: str = mark("Answering held-out questions")
) -> Work[tuple[list[str], list[bool]]]:
    """Yield Progress; return the likeliest answer to each question, and whether it ended by itself."""
    chat = chat_of(loaded)
    ends = end_ids(loaded.net, chat.tokenizer)
    answers, ended, told = [], [], 0.0
    for done, question in enumerate(questions):
        decoding = AnsweringOptions(temperature=0.0, max_new_tokens=question.most)
        written, last = "", -1
        ids = fit(chat, question.asked, room_of(loaded, decoding)).ids
        for token in stream(loaded.net, chat.tokenizer, ids, decoding):
            if isinstance(token, Token):
                written, last = written + token.text, token.id
            if time.perf_counter() - told > LIVELY:
                told = time.perf_counter()
                yield Progress(doing, done, len(questions))
        answers.append(written)
        ended.append(last in ends)
    return answers, ended


def gauge(loaded: Loaded, received: Sent) -> dict[str, object]:
    """Return how full the context is, and what was left out."""
    return {
        "used": len(received.ids),
        "limit": limit_of(loaded),
        **({"left": limit_of(loaded) - len(received.ids)} if received.is_whole else {}),
        "not_sent": received.not_sent,
        "cut": received.cut,
    }


def rendered(loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
    """Return the exact text and tokens that the model receives, and which of the tokens training would learn."""
    chat, received = sent(loaded, prompt, options)
    text = chat.shown(chat.render(received.messages, add_generation_prompt=True))
    marked = zip(piece_texts(chat.tokenizer, received.ids), answers_in(chat, received), strict=True)
    return {
        "text": text,
        "tokens": [[piece, learnt] for piece, learnt in marked],
        "template": chat.template.text,
        "system": system_of(loaded) or chat.template.own_system(),  # what is said where the dialogue brings none
    } | gauge(loaded, received)
