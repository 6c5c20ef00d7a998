"""`killah` and `python -m killah`: the command line, quiet about Ctrl-C from its first import on."""

import os

INTERRUPTED = 130  # 128 + SIGINT, as a shell counts

try:
    import signal  # brings enum with it, which takes its time
except KeyboardInterrupt:
    raise SystemExit(INTERRUPTED) from None


def main() -> None:
    """Run the command line. Ctrl-C while it is still being imported ends the process there and then.

    There is nothing to tidy up yet, and an exception would not do: Python drops those that come in the
    callbacks of its own import system, and goes on.
    """
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # in the background Ctrl-C may be ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from killah.cli import main as run

    signal.signal(signal.SIGINT, usual)
    run()


if __name__ == "__main__":
    main()
