"""`python -m tools.emotion fit|rows|projected`: emotion from speech, shipped and as rows for a projector.

python -m tools.emotion fit                       # after every training of ear-nano; prints all figures
python -m tools.emotion rows                      # of the audio projector's second stage
python -m tools.emotion projected                 # how well a projector so trained tells emotions
"""

import argparse
import sys
from pathlib import Path

from killah import devices
from killah.errors import KillahError


def main() -> int:
    """Parse and do it; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("fit", "rows", "projected"))
    parser.add_argument("--manifest", type=Path, default=Path(".data/speech/manifest.jsonl"))
    parser.add_argument("--encoder", type=Path, default=Path("models/ear-nano"))
    parser.add_argument("--shards", type=Path, default=Path(".data/ear"), help="English clips, for rows")
    parser.add_argument("--out", type=Path, help="models/emotion, or .data/adapters/audio-emotion for rows")
    options = parser.parse_args()
    devices.prepare()
    try:
        if options.what == "fit":
            from .shipped import ship

            ship(options.manifest, options.encoder, options.out or Path("models/emotion"))
        elif options.what == "projected":
            from .projected import show

            show(options.manifest, str(options.encoder))
        else:
            from .rows import save_rows

            out = options.out or Path(".data/adapters/audio-emotion")
            save_rows(options.manifest, options.shards, options.encoder, out)
    except KillahError as error:
        print(f"emotion: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
