"""`python -m killah` is `killah`."""

from killah.cli import main

main()
