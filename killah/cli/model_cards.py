"""Bases and speech encoders as rows and lines of text."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from killah.cli.output import print_json

if TYPE_CHECKING:
    from killah.audio.catalog import Encoder
    from killah.gemma.catalog import Installed
    from killah.gemma.manifest import Manifest


def base_row(model: "Installed", chosen: str) -> dict[str, Any]:
    """What `list` tells of a base."""
    about = model.manifest
    return {
        "name": model.name,
        "kind": "base",
        "in_use": chosen in (model.name, str(model.folder)),
        "parameters": about.parameters if about else None,
        "precision": about.precision if about else None,
        "bytes": about.bytes if about else None,
        "licence": about.licence if about else None,
        "folder": str(model.folder),
        "shipped": model.shipped,
        "problem": model.problem,
    }


def encoder_row(encoder: "Encoder", chosen: str) -> dict[str, Any]:
    """What `list` tells of a speech encoder."""
    return {
        "name": encoder.name,
        "kind": "encoder",
        "in_use": chosen in (encoder.name, str(encoder.folder)),
        "parameters": encoder.parameters or None,
        "precision": encoder.precision or None,
        "bytes": encoder.bytes or None,
        "licence": encoder.licence or None,
        "folder": str(encoder.folder),
        "shipped": encoder.shipped,
        "problem": encoder.problem,
    }


def cells(row: dict[str, Any]) -> list[str]:
    """A row of the table: model, kind, parameters, precision, size, where."""
    return [
        f"{row['name']}{' *' if row['in_use'] else ''}",
        row["kind"],
        _count(row["parameters"]),
        row["precision"] or "-",
        size(row["bytes"]),
        row["problem"] or ("shipped" if row["shipped"] else row["folder"]),
    ]


def print_base(about: "Manifest", folder: Path, as_json: bool) -> None:
    """A base's manifest."""
    if as_json:
        print_json(about.model_dump() | {"folder": str(folder), "bytes": about.bytes})
        return
    _print(
        {
            "name": about.name,
            "parameters": _count(about.parameters),
            "precision": about.precision,
            "size": size(about.bytes),
            "source": about.source,
            "licence": about.licence,
            "fingerprint": about.fingerprint[:16],
            "folder": folder,
        }
    )


def print_encoder(encoder: "Encoder", as_json: bool) -> None:
    """What the files of a speech encoder say."""
    if as_json:
        print_json(asdict(encoder))
        return
    _print(
        {
            "name": encoder.name,
            "kind": f"speech encoder ({encoder.kind})",
            "parameters": _count(encoder.parameters),
            "precision": encoder.precision,
            "size": size(encoder.bytes),
            "letters": encoder.letters or "none: it hears, but does not spell",
            "licence": encoder.licence or "unknown",
            "folder": encoder.folder,
        }
    )


def size(number: int | None) -> str:
    """Bytes as MB or GB."""
    if number is None:
        return "-"
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


def _count(number: int | None) -> str:
    if number is None:
        return "-"
    return f"{number / 1e9:.2f} B" if number >= 1e9 else f"{number / 1e6:.1f} M"


def _print(facts: dict[str, Any]) -> None:
    for key, value in facts.items():
        typer.echo(f"{key:<12} {value}")
