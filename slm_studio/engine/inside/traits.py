"""Traits: in what one Transformer's layers differ from another's, read off its modules, and the formulas that follow."""

from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedConfig
from transformers.pytorch_utils import Conv1D

# Where the normalisation of a layer stands
BEFORE, BEHIND, AROUND, ON_TOP, ABREAST = "before", "behind", "around", "on top", "abreast"
_WIRING = {
    **dict.fromkeys(
        ("bert", "distilbert", "roberta", "xlm-roberta", "camembert", "albert", "electra", "mpnet", "deberta-v2"), BEHIND
    ),
    **dict.fromkeys(("gemma2", "gemma3_text"), AROUND),
    "olmo2": ON_TOP,
}  # fmt: skip
_RELATIVE = ("mpnet", "deberta-v2")  # where tokens stand counts in their scores
_ACTIVATIONS = {"gelu": "GELU", "silu": "SiLU", "swish": "SiLU", "relu": "ReLU", "tanh": "tanh"}
LINEAR = (nn.Linear, Conv1D)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """In what a layer differs from those of other nets."""

    wiring: str
    norm: str  # LayerNorm | RMSNorm
    activation: str
    is_gated: bool
    has_bias: bool
    is_causal: bool
    is_rotary: bool
    is_relative: bool
    scales_queries: bool  # queries and keys are normalised themselves
    scale: int  # by whose root scores are divided

    def attention(self) -> str:
        """Return the formulas of attention, a line each."""
        query, key = (
            self._placed(f"<i>W</i><sub>{name}</sub> <i>x</i><sub>{at}</sub>", at)
            for name, at in (("Q", "i"), ("K", "j"))
        )
        place = " + <i>b</i><sub>ij</sub>" if self.is_relative else ""
        only = ", &nbsp; j ≤ i" if self.is_causal else ""
        lines = (
            f"<i>q</i><sub>i</sub> = {query}, &nbsp; <i>k</i><sub>j</sub> = {key}, &nbsp; "
            "<i>v</i><sub>j</sub> = <i>W</i><sub>V</sub> <i>x</i><sub>j</sub>",
            f"<i>α</i><sub>ij</sub> = softmax<sub>j</sub>(<i>q</i><sub>i</sub> · <i>k</i><sub>j</sub> / √{self.scale}{place}){only}",
            "attention(<i>x</i>)<sub>i</sub> = <i>W</i><sub>O</sub> [ Σ<sub>j</sub> <i>α</i><sub>ij</sub> <i>v</i><sub>j</sub> ]"
            "<sub>heads</sub>",
            self._wired("attention"),
        )
        return "\n".join(lines)

    def mlp(self) -> str:
        """Return the formulas of the part that thinks about each token alone, a line each."""
        if self.is_gated:
            own = (
                f"mlp(<i>x</i>) = <i>W</i><sub>3</sub> ( {self.activation}(<i>W</i><sub>1</sub> <i>x</i>) ⊙ "
                "<i>W</i><sub>2</sub> <i>x</i> )"
            )
        else:
            one, two = (f" + <i>b</i><sub>{at}</sub>" if self.has_bias else "" for at in (1, 2))
            own = f"mlp(<i>x</i>) = <i>W</i><sub>2</sub> {self.activation}(<i>W</i><sub>1</sub> <i>x</i>{one}){two}"
        return f"{own}\n{self._wired('mlp')}"

    def _placed(self, projected: str, at: str) -> str:
        if self.scales_queries:
            projected = f"{self.norm}({projected})"
        return f"<i>R</i><sub>{at}</sub> {projected}" if self.is_rotary else projected

    def _wired(self, part: str) -> str:
        """Return how what a part computes comes to the stream of vectors."""
        whole = {
            BEFORE: f"<i>x</i> + {part}({self.norm}(<i>x</i>))",
            BEHIND: f"{self.norm}(<i>x</i> + {part}(<i>x</i>))",
            AROUND: f"<i>x</i> + {self.norm}({part}({self.norm}(<i>x</i>)))",
            ON_TOP: f"<i>x</i> + {self.norm}({part}(<i>x</i>))",
            ABREAST: f"<i>x</i> + attention({self.norm}<sub>1</sub>(<i>x</i>)) + mlp({self.norm}<sub>2</sub>(<i>x</i>))",
        }[self.wiring]
        return f"<i>x</i> ← {whole}"


def traits_of(config: PreTrainedConfig, block: nn.Module, attention: nn.Module, *, is_causal: bool) -> Traits:
    """Read off a layer in what it differs. `attention` is the module in it that weighs tokens."""
    kinds = [type(module).__name__ for module in block.modules()]
    names = [name for name, _ in block.named_modules()]
    linears = outer_linears(block)
    is_parallel = config.model_type == "gpt_neox" and config.use_parallel_residual
    rotary = config.model_type not in _WIRING or _WIRING[config.model_type] != BEHIND
    return Traits(
        wiring=ABREAST if is_parallel else _WIRING.get(config.model_type, BEFORE),
        norm="RMSNorm" if any("RMSNorm" in kind for kind in kinds) else "LayerNorm",
        activation=_activation(config),
        is_gated=any(name.endswith(("gate_proj", "gate_up_proj", "mlp.Wi")) for name in names),
        has_bias=getattr(linears[-1], "bias", None) is not None,
        is_causal=is_causal,
        is_rotary=rotary and config.model_type != "gpt2" and bool(getattr(attention, "use_rope", True)),
        is_relative=config.model_type in _RELATIVE,
        scales_queries=any(name.endswith(("q_norm", "query_norm")) for name in names),
        scale=_scale(config, attention),
    )


def outer_linears(block: nn.Module) -> list[nn.Module]:
    """Return the linear layers of a layer that are no part of its attention, in their order."""
    inside = {
        id(part)
        for module in block.modules()
        if type(module).__name__.endswith("Attention")
        for part in module.modules()
    }
    return [module for module in block.modules() if isinstance(module, LINEAR) and id(module) not in inside]


def _activation(config: PreTrainedConfig) -> str:
    found = next(
        (
            str(getattr(config, name))
            for name in ("hidden_activation", "hidden_act", "activation_function", "activation")
            if getattr(config, name, None)
        ),
        "gelu",
    )
    return next((shown for name, shown in _ACTIVATIONS.items() if found.startswith(name)), found)


def _scale(config: PreTrainedConfig, attention: nn.Module) -> int:
    """Return the number by whose root the scores of queries and keys are divided."""
    factor = getattr(attention, "scaling", None)
    if isinstance(factor, float) and factor > 0:
        return round(factor**-2)
    width: int = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return width * (1 + len(getattr(config, "pos_att_type", None) or ()))
