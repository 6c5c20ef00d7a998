"""`python -m tools.style [--data DIR]`: measure the reference population and write it into the package."""

import argparse
import json
import sys
from pathlib import Path

from killah.errors import KillahError
from killah.persona.style import REFERENCE
from tools.style import reference


def main(arguments: list[str]) -> int:
    """Measure and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.style", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data"), help="folder with text-en and text-ru")
    parser.add_argument("--out", type=Path, default=REFERENCE)
    options = parser.parse_args(arguments)
    try:
        built = reference.build(options.data)
    except (KillahError, OSError) as error:
        print(f"style: {error}", file=sys.stderr)
        return 1
    options.out.write_text(json.dumps(built, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(f"{options.out}: {options.out.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
