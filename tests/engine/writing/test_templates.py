"""Templates: what they write, what a model without one gets, and that none of them can hang, fill the memory or look around."""

import time

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import Message
from slm_studio.engine.writing.templates import CHATML, HEADINGS, ChatTemplate, template_of, validate_template
from tests.engine.writing.chats import ALPACA, GEMMA, LLAMA2, dialogue, tokenizer_of

BY_ITSELF = "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are Smol.<|im_end|>\\n' }}{% endif %}"
TOKENS = {"eos_token": "</s>", "bos_token": "<s>"}
ASKED = dialogue("What is a cat?", system="Be brief.")
NAMESPACE = "{% set n = namespace(x='aaaaaaaaaaaaaaaa') %}"
ENDLESS = {
    "loops": "{% for a in range(9999) %}{% for b in range(9999) %}{% set x = a %}{% endfor %}{% endfor %}",
    "long range": "{% for a in range(1000000000) %}{% endfor %}",
    "doubles": NAMESPACE + "{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "adds": NAMESPACE + "{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "adds lists": "{% set n = namespace(x=[1]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "replaces": NAMESPACE + "{% for a in range(99) %}{% set n.x = n.x.replace('a', n.x) %}{% endfor %}",
    "replaces by filter": NAMESPACE + "{% for a in range(99) %}{% set n.x = n.x | replace('a', n.x) %}{% endfor %}",
    "joins": NAMESPACE + "{% for a in range(99) %}{% set n.x = n.x.join(n.x | list) %}{% endfor %}",
    "calls itself": "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(5) }}",
    "calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(90) }}",
    "keeps all": "{% set x %}{% for a in range(9999) %}{% for b in range(9999) %}" + "a" * 9999 + "{% endfor %}{% endfor %}{% endset %}",
    "keeps much": "{% set x %}{% for a in range(9999) %}" + "a" * 99_999 + "{% endfor %}{% endset %}",
    "writes": "{% for a in range(9999) %}{% for b in range(9999) %}abc{% endfor %}{% endfor %}",
    "sorts": "{% for x in range(9999) %}{% set y = (range(9999) | reverse | sort | unique | list) %}{% endfor %}",
    "nests": "{{ " + "(" * 50_000 + "1" + ")" * 50_000 + " }}",
}  # fmt: skip
BROKEN = {
    "multiplies": "{{ 'a' * 1000000000 }}",
    "raises": "{{ 9 ** 999999999 }}",
    "squares": "{% set n = namespace(x=99999) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "formats": "{{ '%1000000000d' % 1 }}",
    "formats by method": "{{ '{:1000000000}'.format(1) }}",
    "centres": "{{ 'a'.center(1000000000) }}",
    "centres by filter": "{{ 'a' | center(1000000000) }}",
    "indents": "{{ 'a' | indent(1000000000) }}",
    "classes": "{{ ''.__class__.__mro__ }}",
    "globals": "{{ raise_exception.__globals__.x }}",
    "changes": "{{ messages.append(1) }}",
    "lorem": "{{ lipsum(n=100000) }}",
    "includes": "{% include '/etc/passwd' %}",
    "recursive": "{% for a in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "syntax": "{% for %}",
    "no such value": "{{ messages.foo.bar }}",
    "divides": "{{ 1 // 0 }}",
}  # fmt: skip


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_a_template_that_does_not_end_is_stopped(text):
    began = time.process_time()

    with pytest.raises(StudioError) as caught:
        ChatTemplate(text, TOKENS).render(ASKED)

    assert caught.value.code == "template-endless"
    assert time.process_time() - began < 10


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_template_that_reaches_too_far_is_said(text):
    with pytest.raises(StudioError) as caught:
        ChatTemplate(text, TOKENS).render(ASKED)

    assert caught.value.code == "template-broken" and caught.value.values["reason"]


def test_the_line_of_a_mistake_is_named():
    with pytest.raises(StudioError) as caught:
        ChatTemplate("one\ntwo\n{% for %}", TOKENS)

    assert "line 3" in str(caught.value)


def test_a_text_without_end_is_no_template():
    with pytest.raises(StudioError) as caught:
        ChatTemplate("a" * 200_001, TOKENS)

    assert caught.value.code == "template-too-long"


@pytest.mark.parametrize("name", ["chatml", "llama2", "zephyr", "alpaca", "forgetful"])
def test_templates_read_as_transformers_reads_them(name):
    tokenizer = tokenizer_of(name)
    said = dialogue(" What is a cat? ", "A small animal.", "狗 & <b>?", system="Be brief.")
    plain = [{"role": message.role, "content": message.content} for message in said]

    theirs = tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True)

    assert template_of(tokenizer).render(said, add_generation_prompt=True) == theirs


def test_real_templates_use_more_of_jinja():
    text = """\
{%- set ns = namespace(found=false, last=messages|length - 1) -%}
{%- for message in messages[::-1] if message.role == 'user' and not ns.found -%}
{%- set ns.found = true -%}{%- set ns.last = (messages|length - 1) - loop.index0 -%}
{%- endfor -%}
{%- macro show(m) -%}[{{ m.role|upper }}{{ ' ' ~ m.content|trim }}]{%- endmacro -%}
{%- for message in messages %}{% if loop.index0 > 5 %}{% break %}{% endif %}
{%- generation %}{{ show(message) }}{% endgeneration %}{% endfor -%}
{{ ns.found }} {{ 'x' if tools is none else tools }} {{ {'a': [1, '猫']}|tojson }} {{ messages|map(attribute='role')|join(',') }}"""

    written = ChatTemplate(text, TOKENS).render(dialogue(" q ", "a"))

    assert written == '[USER q][ASSISTANT a]True x {"a": [1, "猫"]} user,assistant'


@pytest.mark.parametrize(
    "text", [GEMMA, "{% for m in messages if m['role'] != 'system' %}{{ m['content'] }}|{% endfor %}"]
)
def test_a_template_without_system_prompts_finds_it_in_the_question(text):
    template = ChatTemplate(text, {"bos_token": "<bos>"})

    assert not template.takes_system
    assert "Be brief.\n\nWhat is a cat?" in template.render(ASKED)


def test_a_template_that_refuses_gives_its_reason():
    with pytest.raises(StudioError) as caught:
        ChatTemplate(LLAMA2, TOKENS).render([Message("user", "a"), Message("user", "b")])

    assert caught.value.code == "template-refuses" and "Roles must alternate" in str(caught.value)


def test_a_model_without_a_template_gets_one_that_its_vocabulary_knows():
    marked, plain = tokenizer_of("chatml"), tokenizer_of("plain")
    own = template_of(marked)
    marked.chat_template = None

    assert (own.is_own, template_of(marked).is_own, template_of(plain).is_own) == (True, False, False)
    assert (template_of(marked).text, template_of(plain).text) == (CHATML, HEADINGS)
    assert template_of(marked).render(ASKED) == own.render(ASKED)
    assert template_of(plain).render(dialogue("q", "a"), add_generation_prompt=True) == (
        "### User:\nq\n\n### Assistant:\na</s>\n\n### Assistant:\n"
    )
    assert template_of(plain, "{{ 'mine' }}").render(ASKED) == "mine"


def test_of_several_templates_the_one_for_plain_chats_is_taken():
    tokenizer = tokenizer_of("chatml")
    tokenizer.chat_template = {"tool_use": "tools", "default": "plain"}

    assert template_of(tokenizer).render(ASKED) == "plain"


def test_a_model_that_could_never_stop_is_refused():
    with pytest.raises(StudioError) as caught:
        template_of(tokenizer_of("endless"))

    assert caught.value.code == "no-end-token"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (CHATML, ""),
        (HEADINGS, ""),
        ("{% for m in messages %}{{ m['role'] }}{% endfor %}", "template-loses"),
        ("{{ messages[0]['content'] }}", "template-loses"),
        ("{% for m in messages %}{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}!{% endif %}", "template-unsteady"),
        ("{% for %}", "template-broken"),
    ],
)  # fmt: skip
def test_an_edited_template_is_tried(text, code):
    if not code:
        assert validate_template(text, TOKENS).text == text
        return
    with pytest.raises(StudioError) as caught:
        validate_template(text, TOKENS)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "own"),
    [(BY_ITSELF + CHATML, "You are Smol."), (CHATML, ""), (HEADINGS, ""), (LLAMA2, ""), (GEMMA, ""), (ALPACA, "")],
)
def test_the_system_prompt_that_a_template_writes_by_itself_is_known(text, own):
    template = ChatTemplate(text, TOKENS)

    assert template.own_system() == own
    assert own in template.render(dialogue("What is a cat?"))
    assert not own or own not in template.render(ASKED)
