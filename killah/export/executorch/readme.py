"""A bundle's README: what it is and how it is run, in ten lines."""

from killah.export.executorch.manifest import Manifest


def text(about: Manifest) -> str:
    """Markdown."""
    loras = about.merged or about.adapters.get(about.adapter)
    parts = [f"{each.name} ({each.weight:g})" for each in loras.members] if loras else []
    licences = dict.fromkeys(card.licence for card in about.cards)
    files = [name for name in (about.program, about.base_data, loras.file if loras else "") if name]
    if about.parity:
        checked = (
            f"Checked against MLX: {about.parity.equal_tokens} of {about.parity.tokens} greedy tokens equal."
        )
    else:
        checked = f"Not checked: {about.unchecked}."
    return f"""# {about.composition or about.base}: {about.base} for ExecuTorch

Made by Killah {about.versions["killah"]} with ExecuTorch {about.versions["executorch"]}, backend
{about.backend}, {about.precision}. LoRAs: {", ".join(parts) or "none"}.

- Methods: {", ".join(about.methods)}; context {about.context} tokens, {about.chunk} at once.
- Files a host loads together: {", ".join(dict.fromkeys(files))}; `tokenizer.json`; how: `manifest.json`.
- Kernels beyond ATen's: {", ".join(about.operators) or "none"}. Leave XNNPACK's weight_cache_enabled off.
- {checked} Again: `killah export check DIR`. Try it: `killah export run DIR --prompt "It was"`.
- Another adapter for the same program: `killah export adapter DIR --composition NAME`.
- Licences: {"; ".join(licences) or "that of the base"}.
"""
