"""Results as JSON or as a table a person reads. Any module's result prints the same way."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from killah.metrics.intervals import Estimate

COLUMNS = ("", "value", "low", "high", "n")


def progress(line: str) -> None:
    """Say on stderr what is being measured: stdout holds the figures only."""
    print(line, file=sys.stderr, flush=True)


def as_json(value: Any) -> Any:
    """`value` with every `Estimate` as an object of value, low, high and n."""
    if isinstance(value, Estimate):
        return asdict(value)
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def as_text(result: dict[str, Any]) -> str:
    """One aligned line a figure; figures of a nested group are indented under its name."""
    rows = [COLUMNS, *_rows(result, "")]
    width = max(len(row[0]) for row in rows)
    return "\n".join(
        (f"{name:<{width}}" + "".join(f"  {cell:>10}" for cell in cells)).rstrip() for name, *cells in rows
    )


def _rows(result: dict[str, Any], indent: str) -> Iterator[tuple[str, ...]]:
    for name, value in result.items():
        label = indent + name.replace("_", " ")
        if isinstance(value, dict):
            yield (label,)
            yield from _rows(value, indent + "  ")
        elif isinstance(value, Estimate):
            yield (label, f"{value.value:.4f}", f"{value.low:.4f}", f"{value.high:.4f}", f"{value.n:,}")
        else:
            yield (label, _plain(value))


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
