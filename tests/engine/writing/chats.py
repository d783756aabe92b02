"""Four ways of models to write dialogues down, each with a small vocabulary of its own kind."""

from functools import cache

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from slm_studio.core.messages import Message
from slm_studio.engine.writing.chat_tokens import ChatTokens
from slm_studio.engine.writing.templates import template_of

TEXTS = [
    "Be brief. What is a cat? A small animal. And a dog? A bigger one, says user to assistant.",
    "你好，猫是什么？动物。",
] * 20

CHATML = """\
{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
LLAMA2 = """\
{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set system = messages[0]['content'] %}
{%- else %}{% set rest = messages %}{% set system = false %}{% endif %}
{%- for message in rest %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}
{%- if loop.index0 == 0 and system %}{% set content = '<<SYS>>\n' + system + '\n<</SYS>>\n\n' + message['content'] %}
{%- else %}{% set content = message['content'] %}{% endif %}
{%- if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
{%- else %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""
GEMMA = """\
{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}
{{- '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"""
ZEPHYR = """\
{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token + '\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"""
ALPACA = """\
{% for message in messages %}{% if message['role'] == 'system' %}{{ message['content'] + '\n\n' }}
{%- elif message['role'] == 'user' %}{{ '### Instruction:\n' + message['content'] + '\n\n' }}
{%- else %}{{ '### Response:\n' + message['content'] + '\n\n' }}{% endif %}{% endfor %}
{%- if add_generation_prompt %}{{ '### Response:\n' }}{% endif %}"""
FORGETFUL = """\
{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}
{%- if message['role'] == 'assistant' and not loop.last %}{{ message['content'].split('</think>')[-1] }}
{%- else %}{{ message['content'] }}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""


@cache
def _bytes(*specials: str) -> str:
    """Return the vocabulary of GPT-2, Llama 3 and Qwen: byte pairs."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(specials), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer.to_str()


@cache
def _pieces(*specials: str) -> str:
    """Return the vocabulary of Llama 2 and Gemma: characters and pieces with ▁ for blanks, bytes for what is unknown."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    every = ["<unk>", *specials, *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=every, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    return tokenizer.to_str()


def tokenizer_of(name: str) -> PreTrainedTokenizerFast:
    template, backend, eos = {
        "chatml": (CHATML, _bytes("<|endoftext|>", "<|im_start|>", "<|im_end|>"), "<|im_end|>"),
        "llama2": (LLAMA2, _pieces("<s>", "</s>"), "</s>"),
        "gemma": (GEMMA, _pieces("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"), "<eos>"),
        "zephyr": (ZEPHYR, _bytes("<s>", "</s>"), "</s>"),
        "alpaca": (ALPACA, _bytes("<s>", "</s>"), "</s>"),
        "forgetful": (FORGETFUL, _bytes("<|endoftext|>", "<|im_start|>", "<|im_end|>"), "<|im_end|>"),
        "plain": (None, _bytes("</s>"), "</s>"),
        "endless": (None, _bytes(), None),
    }[name]  # fmt: skip
    bos = {"llama2": "<s>", "gemma": "<bos>"}.get(name)
    named = {key: value for key, value in (("eos_token", eos), ("bos_token", bos)) if value}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(backend), **named)
    if name == "forgetful":
        tokenizer.add_tokens([AddedToken("</think>", special=False)])
    tokenizer.chat_template = template
    return tokenizer


def chat_of(name: str) -> ChatTokens:
    tokenizer = tokenizer_of(name)
    return ChatTokens(tokenizer, template_of(tokenizer))


def dialogue(*texts: str, system: str = "") -> tuple[Message, ...]:
    front = (Message("system", system),) if system else ()
    return front + tuple(Message(("user", "assistant")[place % 2], text) for place, text in enumerate(texts))
