"""`python -m tools.evaluate NAME [--data DIR] [--json]`: quality figures of one kind.

NAME is a module of this package. It has `add_options(parser)` and `run(options)`, which returns plainly
named numbers, estimates and lists of these; its first line of documentation is its help.
"""

import argparse
import importlib
import json
import signal
import sys

from killah import devices
from killah.errors import KillahError
from tools.evaluate.report import as_json, as_text

NAMES = (
    "base",
    "gate",
    "quantisation",
    "adapters",
    "persona",
    "likeness",
    "speech",
    "commands",
    "vocabulary",
    "marks",
    "answers",
)


def main(arguments: list[str]) -> int:
    """Measure and print; the exit code."""
    try:
        measure(arguments)
    except KillahError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def measure(arguments: list[str]) -> None:
    """Run what `arguments` name. Raises `KillahError` for an unknown name or what a user can mend."""
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(f"usage: python -m tools.evaluate NAME [options]\n\nNAME is one of: {', '.join(NAMES)}")
        return
    if name not in NAMES:
        raise KillahError(
            f"There is nothing to evaluate by the name {name!r}.", f"Known: {', '.join(NAMES)}."
        )
    devices.prepare()  # before a module imports MLX
    module = importlib.import_module(f"tools.evaluate.{name}")
    parser = argparse.ArgumentParser(
        prog=f"python -m tools.evaluate {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    module.add_options(parser)
    options = parser.parse_args(arguments[1:])
    result = module.run(options)
    print(json.dumps(as_json(result), ensure_ascii=False, indent=2) if options.json else as_text(result))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
