"""`python -m tools.bench [NAME...] [--json]`: run benchmarks; one module a name, each with `run() -> dict`.

Figures are flat and plainly named. Without a name, all but the ones that take many minutes.
"""

import argparse
import importlib
import json
import sys

QUICK = ("generation", "editor", "index")
LONG = ("base4b", "adapters", "training", "vectors", "hostile", "habits", "dictation", "export")


def main() -> None:
    """Run what was asked for; print a table, or one JSON object keyed by benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(QUICK + LONG)}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in QUICK + LONG]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; known: {', '.join(QUICK + LONG)}")

    results = {}
    for name in options.names or QUICK:
        print(f"{name} ...", file=sys.stderr, flush=True)
        results[name] = importlib.import_module(f"tools.bench.{name}").run()
        if not options.json:
            print(f"\n{name}")
            for key, value in results[name].items():
                print(f"  {key:<52} {f'{value:,.4g}' if isinstance(value, float) else value}")
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
