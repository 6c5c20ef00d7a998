"""Long work in named steps, shown on the standard error while libraries may be silenced there."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Tell it what is done next: a line that counts its seconds on a terminal, else a line for each step."""
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1, encoding="utf-8") as shown:
        if not shown.isatty():
            yield lambda what: print(what, file=shown)
            return
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=shown), transient=True) as bar:

            def step(what: str) -> None:
                for task in bar.task_ids:
                    bar.remove_task(task)
                bar.add_task(what)

            yield step
