"""What a network is called and how it is measured there and here: one entry an architecture, names of tables included.

Source: gguf/constants.py and gguf/tensor_mapping.py of llama.cpp; convert_hf_to_gguf.py for what is done to the numbers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.header import Header, Table, damaged
from slm_studio.engine.models.gguf.rope import rope_of

Names = Mapping[str, str]

_OUTSIDE: Names = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_LAYER: Names = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_HEAD_NORMS: Names = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_FOUR_NORMS: Names = {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_GPT2_OUTSIDE: Names = {
    "token_embd": "transformer.wte",
    "position_embd": "transformer.wpe",
    "output_norm": "transformer.ln_f",
    "output": "lm_head",
}
_GPT2_LAYER: Names = {
    "attn_norm": "ln_1",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One architecture of GGUF, as Transformers knows it."""

    model_type: str
    network: str
    layer: Names
    outside: Names = field(default_factory=lambda: _OUTSIDE)
    layers: str = "model.layers"
    turned: frozenset[str] = frozenset()  # tables whose rows are columns here
    paired: frozenset[str] = frozenset()  # tables whose rows were put in another order, head by head
    raised: bool = False  # norms are kept as 1 + weight


SHAPES: Mapping[str, Shape] = {
    "llama": Shape("llama", "LlamaForCausalLM", _LAYER, paired=frozenset({"attn_q", "attn_k"})),
    "qwen2": Shape("qwen2", "Qwen2ForCausalLM", _LAYER),
    "qwen3": Shape("qwen3", "Qwen3ForCausalLM", {**_LAYER, **_HEAD_NORMS}),
    "gemma": Shape("gemma", "GemmaForCausalLM", _LAYER, raised=True),
    "gemma2": Shape("gemma2", "Gemma2ForCausalLM", {**_LAYER, **_FOUR_NORMS}, raised=True),
    "gemma3": Shape("gemma3_text", "Gemma3ForCausalLM", {**_LAYER, **_HEAD_NORMS, **_FOUR_NORMS}, raised=True),
    "gpt2": Shape(
        "gpt2", "GPT2LMHeadModel", _GPT2_LAYER, _GPT2_OUTSIDE, "transformer.h",
        turned=frozenset({"attn_qkv", "attn_output", "ffn_up", "ffn_down"}),
    ),
}  # fmt: skip
MOST_LAYERS = 512
_IN_LAYER = re.compile(r"blk\.(\d{1,4})\.(\w+)\.(weight|bias)")
_OUTSIDE_LAYERS = re.compile(r"(\w+)\.(weight|bias)")
# Made from the config here: rotations and masks.
_DERIVED = re.compile(r"rope_freqs\.weight|blk\.\d+\.(attn_rot_embd\.weight|attn\.masked_bias|attn\.bias)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table goes: its name here, and its short name there."""

    name: str
    short: str


def shape_of(header: Header) -> Shape:
    """Return the architecture of a file. Raises StudioError where it is none that is known here."""
    name = header.text("general.architecture")
    if header.text("general.type") == "adapter":
        raise StudioError(
            "model-adapter",
            "This folder holds an adapter, which is only the difference to another model.",
            "Take a version in which the adapter is merged into the whole model.",
        )
    if name not in SHAPES:
        raise StudioError(
            "gguf-architecture",
            "“{file}” is a network of the kind “{kind}”, which cannot be opened here.",
            "Choose a model of one of these kinds: {kinds}.",
            file=header.file.name,
            kind=name[:80],
            kinds=", ".join(SHAPES),
        )
    return SHAPES[name]


def places_of(header: Header, shape: Shape, tied: bool) -> dict[str, Place]:
    """Return where each table goes; `tied`: the table of words is the last layer too. One that has no place is refused: without it the network would answer something else."""
    found: dict[str, Place] = {}
    for name in header.tables:
        if _DERIVED.fullmatch(name):
            continue
        place = _place(name, shape)
        if place is None:
            raise StudioError(
                "gguf-table",
                "“{file}” holds “{name}”, for which a network of the kind “{kind}” has no place.",
                "It is probably a variant with parts of its own. Choose another version of the model.",
                file=header.file.name,
                name=name[:80],
                kind=header.text("general.architecture"),
            )
        found[name] = place
    if tied:
        found.pop("output.weight", None)
    return found


def config_of(header: Header, shape: Shape, tied: bool) -> dict[str, object]:
    """Return the fields of config.json: what the file says, and what its tables show."""
    embedding = header.tables.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise damaged(header.file, "it has no table of words")
    common = {
        "architectures": [shape.network],
        "vocab_size": embedding.shape[0],
        "tie_word_embeddings": tied,
        **{
            f"{name}_token_id": header.whole(f"tokenizer.ggml.{field}_token_id")
            for name, field in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"))
        },
    }
    own = _gpt2(header) if shape.model_type == "gpt2" else _llama_like(header, shape)
    return {name: value for name, value in {**common, **own}.items() if value is not None}


def _llama_like(header: Header, shape: Shape) -> dict[str, object]:
    key = header.text("general.architecture")
    width, heads, layers = (
        _needed(header, f"{key}.{name}") for name in ("embedding_length", "attention.head_count", "block_count")
    )
    if layers > MOST_LAYERS:
        raise damaged(header.file, f"it claims {layers:,} layers")
    head = header.whole(f"{key}.attention.key_length") or width // heads
    if (header.whole(f"{key}.rope.dimension_count") or head) != head:
        raise damaged(header.file, "only a part of each head is turned, which such a network does not do")
    plain: dict[str, object] = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": header.whole(f"{key}.attention.head_count_kv") or heads,
        "head_dim": head,
        "intermediate_size": _needed(header, f"{key}.feed_forward_length"),
        "max_position_embeddings": _needed(header, f"{key}.context_length"),
        "rms_norm_eps": _rounded(header.number(f"{key}.attention.layer_norm_rms_epsilon"), 1e-6),
        "rope_parameters": rope_of(header, key, head),
    }
    if shape.model_type in ("llama", "qwen3"):
        plain["attention_bias"] = "blk.0.attn_q.bias" in header.tables
    if shape.model_type == "llama":
        plain["mlp_bias"] = "blk.0.ffn_up.bias" in header.tables
    if shape.model_type == "qwen2":
        plain["use_sliding_window"] = False
    return plain | (_gemma(header, key, width, heads, head, layers) if shape.raised else {})


def _gemma(header: Header, key: str, width: int, heads: int, head: int, layers: int) -> dict[str, object]:
    if key == "gemma":
        return {"hidden_activation": "gelu_pytorch_tanh"}
    # The 27 B of both generations divides by another width than a head's; the file does not say so.
    largest, period = {"gemma2": (46, 2), "gemma3": (62, 6)}[key]
    plain: dict[str, object] = {
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": width // heads if layers == largest else head,
        "sliding_window": header.whole(f"{key}.attention.sliding_window"),
        "layer_types": _sights(header, f"{key}.attention.sliding_window_pattern", layers, period),
    }
    if key == "gemma2":
        plain["attn_logit_softcapping"] = header.number(f"{key}.attn_logit_softcapping") or 50.0
        plain["final_logit_softcapping"] = header.number(f"{key}.final_logit_softcapping") or 30.0
    return plain


def _sights(header: Header, name: str, layers: int, period: int) -> list[str]:
    """Return how far each layer sees: the last of each period the whole text, the others what is near."""
    said = header.fields.get(name)
    if isinstance(said, np.ndarray) and said.dtype == bool and len(said) == layers:
        near = said.tolist()
    else:
        period = max(1, header.whole(name) or period)
        near = [(number + 1) % period != 0 for number in range(layers)]
    return ["sliding_attention" if each else "full_attention" for each in near]


def _gpt2(header: Header) -> dict[str, object]:
    return {
        "n_embd": _needed(header, "gpt2.embedding_length"),
        "n_layer": _needed(header, "gpt2.block_count"),
        "n_head": _needed(header, "gpt2.attention.head_count"),
        "n_inner": header.whole("gpt2.feed_forward_length"),
        "n_positions": _needed(header, "gpt2.context_length"),
        "layer_norm_epsilon": _rounded(header.number("gpt2.attention.layer_norm_epsilon"), 1e-5),
    }


def _place(name: str, shape: Shape) -> Place | None:
    if match := _IN_LAYER.fullmatch(name):
        number, short, what = match.groups()
        here = shape.layer.get(short)
        return Place(f"{shape.layers}.{int(number)}.{here}.{what}", short) if here else None
    match = _OUTSIDE_LAYERS.fullmatch(name)
    here = shape.outside.get(match[1]) if match else None
    # A position or a word is looked up: Transformers keeps the table's name without more.
    return Place(f"{here}.{match[2]}", match[1]) if match and here else None


def is_tied(header: Header) -> bool:
    """Say whether the last layer is the table of words, or a copy of it, as old converters wrote it."""
    one, other = header.tables.get("token_embd.weight"), header.tables.get("output.weight")
    if one is None or other is None:
        return other is None
    if (one.kind, one.shape) != (other.kind, other.shape):
        return False
    return _content(one) == _content(other)


def _content(table: Table) -> bytes:
    seen = sha256()
    with table.file.open("rb") as stream:
        stream.seek(table.start)
        left = table.end - table.start
        while left and (block := stream.read(min(left, 1 << 20))):
            seen.update(block)
            left -= len(block)
    return seen.digest()


def _needed(header: Header, name: str) -> int:
    found = header.whole(name)
    if found is None or found < 1:
        raise damaged(header.file, f"it does not say {name}")
    return found


def _rounded(number: float | None, otherwise: float) -> float:
    """Return a float32 as the decimal that was meant.

    Example: _rounded(9.999999747378752e-06, 0) == 1e-05
    """
    return otherwise if number is None else float(f"{number:.7g}")
