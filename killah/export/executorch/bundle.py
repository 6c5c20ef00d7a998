"""Writing a bundle: traced, lowered, described, checked in a fresh process, and only then in its place."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from killah.errors import KillahError
from killah.export import folder
from killah.export.composed import Composed
from killah.export.executorch import describing, lowering, manifest, readme, slot
from killah.export.executorch import parts as modules
from killah.export.executorch.decoder import TextDecoder
from killah.export.executorch.describing import PROGRAM, entry, file_of
from killah.export.executorch.lowering import Lowered, Method, Step
from killah.export.executorch.manifest import Manifest, Parity
from killah.export.executorch.wish import Parts, Wish, allowed
from killah.gemma import placing
from killah.gemma.gemma3 import Config


def export(parts: Parts, wish: Wish, step: Step) -> Manifest:
    """Write the bundle and return its manifest.

    Raises `KillahError` for what cannot be exported, for what the disk does not allow, and where the bundle
    does not compute what MLX does: nothing is left behind then.
    """
    wish = allowed(wish, parts)
    needed = modules.size(parts.composed, wish)
    with folder.new(wish.target, force=wish.force, needed=needed, record=manifest.NAME) as new:
        about = _written(new, parts, wish, step)
        step("comparing with MLX in a fresh process")
        found = _compared(new)
        parity = Parity.model_validate(found["parity"]) if found["parity"] else None
        if parity is not None and not parity.passed:
            raise KillahError(
                f"The bundle differs from the original: {describing.described(about, parity)}.",
                "Nothing was written. Please report this.",
            )
        update = {"parity": parity, "probe": found["probe"], "unchecked": found["unchecked"]}
        about = manifest.write(new, Manifest.model_validate(about.model_dump() | update))
        (new / "README.md").write_text(readme.text(about), "utf-8")
        return manifest.write(new, about)


def _written(new: Path, parts: Parts, wish: Wish, step: Step) -> Manifest:
    composed, hidden = parts.composed, Config.of(parts.composed.folder).hidden_size
    step("reading the base")
    decoder, embedding, bits = modules.text(composed, wish)
    apart = not wish.merges and wish.rank > 0
    if apart:
        slot.make(decoder, wish.layers, wish.rank)
    chunk = None if wish.backend == "coreml" else wish.chunk
    methods: dict[str, Method] = {
        "token_embedding": lowering.token_embedding(embedding, wish.chunk),
        "text_decoder": lowering.text_decoder(decoder, hidden, chunk),
    }
    audio = modules.hearing(methods, parts, wish)
    persona, soft = modules.persona(methods, parts, wish) or (None, None)
    if persona is not None and soft is not None:
        (new / persona.file).write_bytes(soft.astype("<f4").tobytes())
        (new / persona.file).chmod(0o600)
    done = lowering.lower(
        methods,
        describing.constants(parts, wish),
        wish.backend,
        new,
        PROGRAM,
        apart=apart,
        quantised=wish.quantisation != "none",
        step=step,
    )
    step("describing it")
    placing.copy(composed.folder / "tokenizer.json", new / "tokenizer.json")
    about = describing.describe(parts, wish, bits, done, list(methods))
    update: dict[str, Any] = {"audio": audio, "persona": persona}
    update |= _apart(new, parts, decoder, done) if apart else _merged(parts)
    return manifest.write(new, about.model_copy(update=update))


def _merged(parts: Parts) -> dict[str, Any]:
    """What a manifest says of LoRAs that are in the weights."""
    composed = parts.composed
    rank = max((a.shape[1] for a, _ in slot.factors(composed).values()), default=0)
    return {"merged": entry(composed, PROGRAM, rank, parts.mix)} if composed.loras else {}


def _apart(new: Path, parts: Parts, decoder: TextDecoder, done: Lowered) -> dict[str, Any]:
    """What it says of LoRAs in data files; writes the composition's, in place of the template's."""
    composed, template = parts.composed, new / f"{lowering.ADAPTER}.ptd"
    room = slot.describe(decoder, template)
    template.unlink()
    file = file_of(composed.name)
    rank = write_adapter(new / file, room, composed)
    base = f"{lowering.BASE}.ptd"
    return {
        "slot": room,
        "adapter": composed.name or composed.about.name,
        "adapters": {composed.name or composed.about.name: entry(composed, file, rank, parts.mix)},
        "base_data": base if base in done.data else "",
    }


def write_adapter(path: Path, room: manifest.Slot, composed: Composed) -> int:
    """A data file that makes a program the composition; the rank it needs. Raises `KillahError`."""
    found = slot.factors(composed)
    rank = slot.fit(room, found, composed.name or composed.about.name)
    slot.write(path, room, found)
    return rank


def _compared(new: Path) -> dict[str, Any]:
    """`killah export check` of the unfinished bundle. Raises what it says."""
    command = [sys.executable, "-m", "killah", "export", "check", str(new), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        lines = done.stderr.strip().splitlines() or [f"the check ended with code {done.returncode}."]
        raise KillahError(
            f"The bundle could not be checked: {lines[-1].removeprefix('killah: ')}", "Nothing was written."
        ) from error
