"""Write small .gguf files as llama.cpp's converter would, from tiny Transformers networks and vocabularies."""

import copy
import re
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

CORPUS = [
    "The quick brown fox jumps over the lazy dog.", "We'll see 1234 cafés, won't we?", "我们去公园吧，今天天气很好。",
    "🙂 smile 👩‍👩‍👧", "  two  spaces\n\n\tand a tab ", "def f(x):\n    return x + 1\n", "Ünïcödé ÀÉÎ ①②③",
]  # fmt: skip
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
_SIZES = {
    "vocab_size": 320, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
    "intermediate_size": 96, "max_position_embeddings": 128, "pad_token_id": None, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
CONFIGS: Mapping[str, PreTrainedConfig] = {
    "llama": LlamaConfig(**_SIZES),
    "llama-tied-biased": LlamaConfig(**_SIZES, tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
    "qwen2": Qwen2Config(**_SIZES),
    "qwen3": Qwen3Config(**_SIZES, tie_word_embeddings=True),
    "gemma": GemmaConfig(**_SIZES),
    "gemma2": Gemma2Config(**_SIZES, sliding_window=8, query_pre_attn_scalar=16),
    "gemma3": Gemma3TextConfig(**_SIZES | {"num_hidden_layers": 6}, sliding_window=8, query_pre_attn_scalar=16, _sliding_window_pattern=6),
    "gpt2": GPT2Config(vocab_size=320, n_embd=64, n_layer=2, n_head=4, n_positions=128, bos_token_id=1, eos_token_id=2),
}  # fmt: skip
_RULES = (  # a name of Transformers → one of GGUF
    (r"model\.embed_tokens|transformer\.wte", "token_embd"), (r"transformer\.wpe", "position_embd"),
    (r"model\.norm|transformer\.ln_f", "output_norm"), (r"lm_head", "output"),
    (r"(?:model\.layers|transformer\.h)\.(\d+)\.", r"blk.\1."), (r"self_attn\.([qkv])_proj", r"attn_\1"),
    (r"self_attn\.o_proj|attn\.c_proj", "attn_output"), (r"self_attn\.([qk])_norm", r"attn_\1_norm"),
    (r"attn\.c_attn", "attn_qkv"), (r"mlp\.c_fc", "ffn_up"), (r"mlp\.c_proj", "ffn_down"),
    (r"mlp\.(gate|up|down)_proj", r"ffn_\1"), (r"input_layernorm|ln_1", "attn_norm"), (r"ln_2", "ffn_norm"),
    (r"pre_feedforward_layernorm", "ffn_norm"), (r"post_feedforward_layernorm", "post_ffw_norm"),
)  # fmt: skip


def make_net(name: str, words: int = _SIZES["vocab_size"]) -> PreTrainedModel:
    """Return a tiny network with random numbers, norms and biases included."""
    torch.manual_seed(7)
    config = copy.deepcopy(CONFIGS[name])
    config.vocab_size = words
    net = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return net


def write_gguf(
    path: Path, net: PreTrainedModel, vocabulary: Mapping[str, object], kind: str = "F32", **fields: object
) -> Path:
    """Write network and vocabulary; `fields` are added, or left out where they are None."""
    architecture = {"gemma3_text": "gemma3"}.get(net.config.model_type, net.config.model_type)
    writer = gguf.GGUFWriter(str(path), architecture)
    for key, value in {**measures(net.config, architecture), **vocabulary, **fields}.items():
        if value is not None:
            writer.add_key_value(key, value, *_kinds(value))
    for name, tensor in net.state_dict().items():
        if name == "lm_head.weight" and net.config.tie_word_embeddings:
            continue
        numbers = _converted(name, tensor.float().numpy(), net.config, architecture)
        _add(writer, _renamed(name, architecture), numbers, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_whole(source: Path, target: Path) -> None:
    """Write a .gguf file again with all of its weights in float32."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    about = ("general.architecture", "general.file_type", "general.quantization_version")
    for name, each in reader.fields.items():
        if not name.startswith("GGUF.") and name not in about:
            inner = each.types[-1] if each.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, each.contents(), each.types[0], sub_type=inner)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def round_through(net: PreTrainedModel, kind: str) -> PreTrainedModel:
    """Shorten the network's own numbers and make them whole again, so that it says what a file of that kind can say."""
    architecture = {"gemma3_text": "gemma3"}.get(net.config.model_type, net.config.model_type)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            numbers = parameter.numpy()
            turned = architecture == "gpt2" and re.search(r"c_(attn|proj|fc)\.weight", name) is not None
            numbers = numbers.T.copy() if turned else numbers
            stored, which = _stored(numbers, kind)
            whole = quants.dequantize(stored, which).reshape(numbers.shape)
            parameter.copy_(torch.from_numpy(np.array(whole.T if turned else whole)))
    return net


def measures(config: PreTrainedConfig, key: str) -> dict[str, object]:
    if key == "gpt2":
        return {
            "gpt2.embedding_length": config.n_embd, "gpt2.block_count": config.n_layer, "gpt2.context_length": config.n_positions,
            "gpt2.attention.head_count": config.n_head, "gpt2.feed_forward_length": 4 * config.n_embd,
            "gpt2.attention.layer_norm_epsilon": config.layer_norm_epsilon,
        }  # fmt: skip
    rope = config.rope_parameters.get("full_attention", config.rope_parameters)
    found = {
        f"{key}.embedding_length": config.hidden_size, f"{key}.block_count": config.num_hidden_layers,
        f"{key}.context_length": config.max_position_embeddings, f"{key}.feed_forward_length": config.intermediate_size,
        f"{key}.attention.head_count": config.num_attention_heads, f"{key}.attention.head_count_kv": config.num_key_value_heads,
        f"{key}.attention.key_length": config.head_dim, f"{key}.attention.layer_norm_rms_epsilon": config.rms_norm_eps,
        f"{key}.rope.freq_base": float(rope["rope_theta"]),
    }  # fmt: skip
    if key in ("gemma2", "gemma3"):
        found[f"{key}.attention.sliding_window"] = config.sliding_window
    if key == "gemma2":
        found["gemma2.attn_logit_softcapping"] = config.attn_logit_softcapping
        found["gemma2.final_logit_softcapping"] = config.final_logit_softcapping
    return found


def _renamed(name: str, architecture: str) -> str:
    own = "post_attention_norm" if architecture in ("gemma2", "gemma3") else "ffn_norm"
    for pattern, there in (*_RULES, (r"post_attention_layernorm", own)):
        name = re.sub(pattern, there, name, count=1)
    return name


def _converted(name: str, numbers: np.ndarray, config: PreTrainedConfig, architecture: str) -> np.ndarray:
    """Do what the converter does: pair the halves of heads, turn GPT-2's tables, raise Gemma's norms."""
    if architecture == "llama" and (match := re.search(r"self_attn\.([qk])_proj", name)):
        heads = config.num_attention_heads if match[1] == "q" else config.num_key_value_heads
        return (
            numbers.reshape(heads, 2, len(numbers) // heads // 2, *numbers.shape[1:])
            .swapaxes(1, 2)
            .reshape(numbers.shape)
        )
    if architecture == "gpt2" and re.search(r"c_(attn|proj|fc)\.weight", name):
        return numbers.T
    return numbers + 1 if architecture.startswith("gemma") and "norm" in name else numbers


def _add(writer: gguf.GGUFWriter, name: str, numbers: np.ndarray, kind: str) -> None:
    stored, which = _stored(np.ascontiguousarray(numbers), kind)
    writer.add_tensor(name, stored, raw_dtype=which)


def _stored(numbers: np.ndarray, kind: str) -> tuple[np.ndarray, GGMLQuantizationType]:
    """Lists stay float32, as converters keep them; so do rows that are no multiple of a block."""
    which = GGMLQuantizationType[kind]
    if numbers.ndim < 2 or numbers.shape[-1] % GGML_QUANT_SIZES[which][0]:
        which = GGMLQuantizationType.F32
    return quants.quantize(numbers.astype(np.float32), which), which


def _kinds(value: object) -> tuple[gguf.GGUFValueType, ...]:
    kinds = gguf.GGUFValueType
    if isinstance(value, list):
        inner = {str: kinds.STRING, float: kinds.FLOAT32, int: kinds.INT32}[type(value[0])]
        return kinds.ARRAY, inner
    return ({bool: kinds.BOOL, int: kinds.UINT32, float: kinds.FLOAT32, str: kinds.STRING}[type(value)],)


def byte_pairs(pre_tokenizer: pre_tokenizers.PreTokenizer | None = None, size: int = 320) -> Tokenizer:
    """Return a small vocabulary of byte pairs with the tokens of a chat."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizer or pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(CORPUS, trainer)
    backend.add_tokens([AddedToken(text, normalized=False) for text in special[:0]])
    return backend


def fields_of(backend: Tokenizer, rule: str, **more: object) -> dict[str, object]:
    """Return what a file says of a vocabulary of byte pairs."""
    import json

    plain = json.loads(backend.to_str())["model"]
    words = sorted(plain["vocab"], key=plain["vocab"].get)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": rule,
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [3 if word.startswith("<|") and len(word) > 2 else 1 for word in words],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in plain["merges"]],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": TEMPLATE,
        **more,
    }


def pieces(spaced: bool) -> tuple[Tokenizer, dict[str, object]]:
    """Return a small SentencePiece vocabulary as Transformers has it (Llama 2, or Gemma), and as a file has it."""
    special = ["<unk>", "<s>", "</s>"]
    tokens = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), "<turn>"]
    kinds = [2, 3, 3, *[6] * 256, 4]
    merges = [
        "▁t",
        "he",
        "▁the",
        "er",
        "in",
        "▁▁",
        "▁a",
        "qu",
        "ick",
        "ck",
        "ic",
        "▁qu",
        "▁quick",
        "天气",
        "我们",
        "no",
        "now",
        "ow",
        "wn",
    ]
    letters = sorted({*"▁", *"".join(merges), *"The quick brown fox lazy dog .,é我们去公园吧今天气很好"} - {" "})
    tokens += [*merges, *letters]
    kinds += [1] * (len(merges) + len(letters))
    scores = [0.0] * 260 + [-float(rank) for rank in range(len(merges) + len(letters))]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    pairs = [
        (piece[:at], piece[at:])
        for piece in merges
        for at in range(1, len(piece))
        if piece[:at] in vocabulary and piece[at:] in vocabulary
    ]
    own = Tokenizer(models.BPE(vocabulary, pairs, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    swap = normalizers.Replace(" ", "▁")
    own.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), swap]) if spaced else swap
    strip = [decoders.Strip(" ", 1, 0)] if spaced else []
    own.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    own.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in special])
    own.add_tokens([AddedToken("<turn>", normalized=False)])
    own.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    return own, {
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": kinds, "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_space_prefix": spaced,
    }  # fmt: skip
