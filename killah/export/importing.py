"""Adapters of other programs, or of another Killah, become the user's own, bound to a base they fit."""

from pathlib import Path

from killah import __version__
from killah.adapters import catalog, package
from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import foreign, mlx_lm, peft
from killah.export.foreign import CONFIG, Lora
from killah.gemma import manifest, placing
from killah.gemma.manifest import Manifest
from killah.hub.files import licence, read_json


def bring(
    source: Path,
    base_folder: Path,
    name: str = "",
    *,
    role: str = "",
    licence: str = "",
    data: str = "",
    force: bool = False,
) -> Adapter:
    """Import the adapter folder `source` (PEFT, mlx-lm or Killah) for the base and return what it became.

    It is named after its folder unless `name` is given. Raises `KillahError` for anything that does not fit
    the base, is damaged, or is not a plain LoRA.
    """
    source = source.expanduser()
    if not source.is_dir():
        raise KillahError(f"{source} is not a folder.", "Give the folder that holds the adapter.")
    name = catalog.check_name(name or source.resolve().name)
    base = manifest.read(base_folder)
    target = catalog.own_folder(name, base.name)
    placing.check(target, package.NAME, force=force)
    if (source / package.NAME).is_file():
        found = package.read(source, base, base_folder=base_folder)
        card, tensors = found.card, found.tensors
    else:
        lora = _read_foreign(source)
        card, tensors = _card(lora, source, name, base), lora.tensors
        _check_fits(source, card, lora, base_folder)
    given = {"role": role, "licence": licence, "data": data}
    update = {key: value for key, value in given.items() if value} | {"name": name, "base": base.name}
    done = package.write(target, card.model_copy(update=update), tensors, force=force)
    return Adapter(done, tensors, target)


def _read_foreign(source: Path) -> Lora:
    package.check_no_pickles(source)
    if not (source / CONFIG).is_file():
        raise KillahError(
            f"{source} is not an adapter: it has neither {CONFIG} nor {package.NAME}.",
            "Give the folder of a PEFT, mlx-lm or Killah adapter.",
        )
    config = read_json(source / CONFIG)
    return peft.read(source) if "peft_type" in config else mlx_lm.read(source)


def _card(lora: Lora, source: Path, name: str, base: Manifest) -> AdapterCard:
    kinds = {tensor.split(".")[-2] for tensor in lora.tensors}
    if not kinds:
        raise foreign.refused(source, "it holds no tensors")
    return AdapterCard(
        name=name,
        kind="lora",
        role=name,
        base=base.name,
        base_fingerprint=base.fingerprint,
        rank=lora.rank,
        alpha=lora.alpha,
        scale=lora.scale,
        rslora=lora.rslora,
        target_modules=sorted(kinds),
        data=f"unknown: imported from {lora.origin}",
        licence=licence(source) or "unknown",
        created_by=f"killah {__version__}",
    )


def _check_fits(source: Path, card: AdapterCard, lora: Lora, base_folder: Path) -> None:
    try:
        specs = package.specs(lora.tensors)
        package.check(card, specs, base_folder)
        package.check_finite(lora.tensors)
    except ValueError as error:
        hint = f"Is it made for {card.base}? Another base: --base NAME."
        raise KillahError(f"{source} cannot be imported: {error}.", hint) from error
