"""Which tensors an adapter has to hold: checked by names, dtypes and shapes, before any value is read."""

import re
from collections.abc import Iterable
from pathlib import Path

from killah.adapters.card import AdapterCard
from killah.gemma.checkpoint import TextConfig
from killah.gemma.shards import Spec

FLOATS = ("F32", "F16", "BF16")
_LORA = re.compile(r"(model\.layers\.\d+\.(?:self_attn|mlp)\.(\w+))\.lora_([ab])")


def linears(base_folder: Path) -> dict[str, tuple[int, int]]:
    """(in, out) of every linear layer of a converted model, by module name (`model.layers.0.mlp.up_proj`).

    Raises `KillahError` for an unreadable configuration.
    """
    return {
        name.removesuffix(".weight"): (shape[1], shape[0])
        for name, shape in TextConfig.of(base_folder).shapes()
        if len(shape) == 2 and name.startswith("model.layers.")
    }


def modules(names: Iterable[str]) -> dict[str, set[str]]:
    """Module name -> which of its LoRA halves, "a" and "b", are there. Raises `ValueError` otherwise."""
    found: dict[str, set[str]] = {}
    for name in names:
        match = _LORA.fullmatch(name)
        if match is None:
            raise ValueError(f"{name} is not a LoRA tensor")
        found.setdefault(match[1], set()).add(match[3])
    return found


def check(card: AdapterCard, specs: list[Spec]) -> None:
    """Raise `ValueError`, with the first thing wrong in words, unless the tensors fit the card."""
    if not specs:
        raise ValueError("it holds no tensors")
    for spec in specs:
        if spec.dtype not in FLOATS:
            raise ValueError(f"{spec.name} is stored as {spec.dtype}")
    if card.kind == "lora":
        _check_lora(card, {spec.name: spec.shape for spec in specs})
    elif card.kind == "projector":
        _check_projector(card, {spec.name: spec.shape for spec in specs})
    elif card.kind == "codes":
        _check_codes(card, {spec.name: spec.shape for spec in specs})
    elif any(len(card.members) not in spec.shape for spec in specs):
        raise ValueError(f"it does not weigh {len(card.members)} adapters")


def check_base(
    card: AdapterCard, shapes: dict[str, tuple[int, ...]], base: dict[str, tuple[int, int]]
) -> None:
    """Raise `ValueError` unless what an adapter writes fits the base's linear layers (`linears`)."""
    if card.kind in ("projector", "codes"):
        hidden = next(iter(base.values()))[0]
        wide = shapes["norm_out.weight" if card.kind == "projector" else card.codes[0]][-1]
        if wide != hidden:
            raise ValueError(f"its soft tokens are {wide} wide, the base {hidden}")
    if card.kind != "lora":
        return
    for module in modules(shapes):
        if module not in base:
            raise ValueError(f"the base has no {module}")
        reads, writes = shapes[f"{module}.lora_a"][0], shapes[f"{module}.lora_b"][1]
        if (reads, writes) != base[module]:
            own = "{} -> {}".format(*base[module])
            raise ValueError(f"{module} is {reads} -> {writes}, in the base {own}")


def _check_lora(card: AdapterCard, shapes: dict[str, tuple[int, ...]]) -> None:
    found = modules(shapes)
    for module, halves in found.items():
        if missing := {"a", "b"} - halves:
            raise ValueError(f"{module}.lora_{missing.pop()} is missing")
        a, b = shapes[f"{module}.lora_a"], shapes[f"{module}.lora_b"]
        if len(a) != 2 or len(b) != 2 or a[1] != card.rank or b[0] != card.rank:
            raise ValueError(f"{module} has {list(a)} and {list(b)}, not rank {card.rank}")
    targets = {module.rpartition(".")[2] for module in found}
    if wrong := targets ^ set(card.target_modules):
        raise ValueError(f"its card and its tensors disagree about {min(wrong)}")


def _check_projector(card: AdapterCard, shapes: dict[str, tuple[int, ...]]) -> None:
    """The tensors of `killah.gemma.projector.Projector`, and a persona's sharpness of attention."""
    hidden = shapes.get("norm_out.weight", (0,))[0]
    width, soft = card.input_width or 0, card.soft_tokens or 0
    layers = {
        "norm_in": (width,),
        "up": (2 * hidden, width),
        "down": (soft * hidden, 2 * hidden),
        "norm_out": (hidden,),
    }
    optional: dict[str, tuple[int, ...]] = {"scale": (), "sharpness": (2,)}
    expected = dict(optional)
    for layer, shape in layers.items():
        expected |= {f"{layer}.weight": shape, f"{layer}.bias": shape[:1]}
    if missing := expected.keys() - shapes.keys() - optional.keys():
        raise ValueError(f"{min(missing)} is missing")
    for name, shape in shapes.items():
        if name not in expected:
            raise ValueError(f"{name} is not a projector's tensor")
        if shape != expected[name]:
            raise ValueError(f"{name} is {list(shape)} instead of {list(expected[name])}")


def _check_codes(card: AdapterCard, shapes: dict[str, tuple[int, ...]]) -> None:
    """Soft tokens (k, hidden) of every control code."""
    if wrong := shapes.keys() ^ set(card.codes):
        raise ValueError(f"its card and its tensors disagree about {min(wrong)}")
    if len(set(shapes.values())) > 1 or any(
        len(shape) != 2 or shape[0] != card.soft_tokens for shape in shapes.values()
    ):
        raise ValueError(f"its codes have not {card.soft_tokens} soft tokens each")
