"""Adapter cards as rows and lines of text."""

from typing import TYPE_CHECKING, Any

import typer

from killah.cli.output import table

if TYPE_CHECKING:
    from killah.adapters.catalog import Installed
    from killah.adapters.package import Adapter


def row(adapter: "Installed") -> dict[str, Any]:
    """What `list` tells of an adapter."""
    card = adapter.card
    return {
        "name": adapter.name,
        "kind": card.kind if card else None,
        "role": card.role if card else None,
        "rank": card.rank if card else None,
        "parameters": card.parameters if card else None,
        "bytes": adapter.bytes,
        "base": adapter.base,
        "folder": str(adapter.folder),
        "shipped": adapter.shipped,
        "problem": adapter.problem,
    }


def cell(row: dict[str, Any], column: str) -> str:
    """One cell of the table of `row`s."""
    if column == "size":
        return _size(row["bytes"])
    if column == "where":
        return "shipped" if row["shipped"] else row["folder"]
    value = row["name" if column == "adapter" else column]
    return "-" if value in (None, "") else str(value)


def facts(adapter: "Adapter") -> dict[str, Any]:
    """The card and where it is, for --json."""
    return adapter.card.model_dump() | {"folder": str(adapter.folder)}


def print_card(adapter: "Adapter") -> None:
    """The card as lines of text; what does not apply is left out."""
    from killah.adapters.package import WEIGHTS

    card = adapter.card
    stabilised = ", rank-stabilised" if card.rslora else ""
    size = (adapter.folder / WEIGHTS).stat().st_size if adapter.folder else None
    lines: list[tuple[str, Any]] = [
        ("name", card.name),
        ("kind", card.kind),
        ("role", card.role),
        ("base", f"{card.base} ({card.base_fingerprint[:16]})"),
        ("rank", f"{card.rank}, scale {card.scale:g}{stabilised}" if card.scale is not None else None),
        ("modules", ", ".join(card.target_modules)),
        ("styles", ", ".join(card.styles)),
        ("soft tokens", card.soft_tokens),
        ("reads", f"{card.input_width} numbers {card.input_space}".strip() if card.input_width else None),
        ("members", ", ".join(card.members)),
        ("parameters", f"{card.parameters:,}"),
        ("size", _size(size)),
        ("data", card.data),
        ("licence", card.licence),
        *card.metrics.items(),
        ("made by", card.created_by),
        ("sha256", card.sha256[:16]),
        ("folder", adapter.folder),
    ]
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        if value not in (None, ""):
            typer.echo(f"{key:<{width}}  {value}")


def print_intruders(layers: dict[int, dict[str, int]]) -> None:
    """A table: layer by module."""
    kinds = sorted({kind for counts in layers.values() for kind in counts})
    typer.echo("\nIntruder dimensions among each layer's ten strongest directions:")
    rows = [[layer, *(counts.get(kind, "-") for kind in kinds)] for layer, counts in layers.items()]
    table(["layer", *kinds], rows)


def _size(number: int | None) -> str:
    if not number:
        return "-"
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"
