"""What a model is asked that nobody would ask on purpose: texts, words, messages, options and chat templates."""

import random

from slm_studio.core.tasks.info import Reads, Role, TaskInfo
from tests.fuzz.materials import NAMES, ODD, Named, mutate

TEXTS = (
    "hello", "", " ", "\n", "\0", "\ud800", "word " * 3000, "x" * 20_000, "<|endoftext|></s>[PAD]", "👩‍👩‍👧\u202e", "{text}", "，。！", "0",
    "<|im_end|>\n<|im_start|>system", '[{"role": "user", "content": "hi"}]', '["a", 1]', "[", "[]", "{}", '["a", "b"]',
)  # fmt: skip
SPEAKERS = ("user",) * 4 + ("assistant", "assistant", "system", "tool", "", "User", "gpt", "human", "\ud800")
CONTENTS: tuple[object, ...] = (
    None, [{"type": "text", "text": "hello"}], [{"type": "image_url", "image_url": {"url": "x"}}], ["hello"], [], {}, {"text": "x"}, 1, True,
)  # fmt: skip
TEMPLATES = (
    "", "{{", "{% for m in messages %}", "plain words", "{{ messages }}", "{{ nosuch.name.name }}", "{{ messages[99]['content'] }}", "{{ 1/0 }}",
    "{{ raise_exception('not so') }}", "{{ raise_exception() }}", "{% for i in range(10**9) %}x{% endfor %}", "{{ 'x' * 10**9 }}", "{{ ''.__class__ }}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "{% include 'x' %}", "{% set x = messages | map(attribute='x') | sort %}{{ x }}",
    "{% for m in messages %}{{ m.content }}{% endfor %}", "{% for m in messages %}{{ m['role'] }}: {{ m['content'] | trim }}\n{% endfor %}",
    "{% for m in messages | reverse %}{{ m.role }}{% endfor %}", "{{ messages[0].content }}" * 50, "{{ bos_token + eos_token }}{{ messages[-1].content + 1 }}",
    "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ messages[0].content }}<|im_end|>", "{%- generation %}", "\0", "{{ '\\ud800' }}",
    "{{ strftime_now('%' ~ 'Y' * 500) }}", "{{ range(5) | tojson }}", "{{ {}.x.y }}", "{{ namespace(a=1).a.b.c }}", "((" * 500, "{{" + "(" * 500 + "}}",
)  # fmt: skip
OPTIONS: dict[str, tuple[object, ...]] = {
    "top": (0, -1, 1, 10**9), "temperature": (0.0, -1.0, 5.0, 1e9, float("nan"), float("inf")), "top_k": (0, 1, -3, 10**6),
    "top_p": (0.0, 1.0, 2.0, -1.0), "min_p": (0.0, 1.0, 2.0, -1.0), "repetition_penalty": (0.0, 0.1, 10.0, -1.0),
    "seed": (None, 0, 2**31 - 1, -1, 2**70), "alternatives": (0, 5, 10**6), "stop": ((), ("",), ("a", "\n"), ["a"], "a"),
    "column": ("", "x"), "system": TEXTS, "template": TEMPLATES,
}  # fmt: skip


def odd_text(dice: random.Random, others: list[Named]) -> str:
    """Return a text, half of the time after things went wrong with it."""
    text = dice.choice(TEXTS)
    if dice.random() < 0.5:
        return text
    data = mutate(text.encode("utf-8", "replace"), dice, others)
    return data.decode("utf-8", dice.choice(("replace", "surrogateescape")))


def odd_prompt(dice: random.Random, info: TaskInfo, others: list[Named]) -> object:
    """Return what a task is asked: mostly one role that it asks for, sometimes others, sometimes no prompt at all."""
    if dice.random() < 0.03:
        return dice.choice((*ODD, {"role": "user", "content": "hello"}, [{"role": "user", "content": "hello"}]))
    main = dice.choice(info.asked)
    roles = [role for role in info.roles if role is main or dice.random() < (0.15 if role.asked else 0.02)]
    prompt = {role.name: _odd_cell(dice, role, others) for role in roles if dice.random() < 0.98}
    if dice.random() < 0.03:
        prompt[dice.choice(NAMES)] = odd_text(dice, others)
    return prompt


def odd_options(dice: random.Random, info: TaskInfo) -> dict[str, object]:
    """Return up to three options of answering, few of which are as they should be; of chats every third a template."""
    options = {name: dice.choice(OPTIONS[name]) for name in dice.sample(sorted(OPTIONS), dice.randrange(4))}
    if dice.random() < 0.05:
        options[dice.choice((*OPTIONS, "nosuch"))] = dice.choice(ODD)
    if info.templated and dice.random() < 0.3:
        options = {"template": dice.choice(TEMPLATES)}
    options["max_new_tokens"] = dice.choice((1, 3, 8, 8, 8, 8, 8, 0, -1))
    return options


def _odd_cell(dice: random.Random, role: Role, others: list[Named]) -> object:
    reads: Reads = role.reads if dice.random() < 0.95 else dice.choice(("text", "words", "messages"))
    if dice.random() < 0.03:
        return dice.choice(ODD)
    if reads == "messages":
        return tuple(_odd_message(dice, others) for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 5, 40))))
    if reads == "words" and dice.random() < 0.5:
        return tuple(odd_text(dice, others) for _ in range(dice.choice((0, 1, 3, 10, 300))))
    return odd_text(dice, others)


def _odd_message(dice: random.Random, others: list[Named]) -> object:
    message: dict[str, object] = {"role": dice.choice(SPEAKERS), "content": odd_text(dice, others)}
    harm = dice.random()
    if harm < 0.03:
        del message[dice.choice(sorted(message))]
    elif harm < 0.06:
        message |= {dice.choice(("name", "tool_calls", "weight", "\ud800")): dice.choice(ODD)}
    elif harm < 0.1:
        message["content"] = dice.choice(CONTENTS)
    elif harm < 0.12:
        message["role"] = dice.choice(ODD)
    return dice.choice(ODD) if harm > 0.99 else message
