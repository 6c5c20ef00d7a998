"""Text as the engine writes it, told to a widget on the UI thread piece by piece."""

from collections.abc import Callable
from threading import Thread

from textual.widget import Widget

from killah.app.protocol import Job
from killah.errors import KillahError

Arrived = Callable[[Job[str], str], None]
Ended = Callable[[Job[str], KillahError | None], None]


def listen(job: Job[str], widget: Widget, arrived: Arrived, ended: Ended) -> None:
    """Call `arrived` for every piece of `job`, then `ended`, where the widget's own calls are made."""

    def run() -> None:
        error = None
        try:
            for piece in job:
                widget.call_later(arrived, job, piece)
        except KillahError as failure:
            error = failure
        finally:
            widget.call_later(ended, job, error)

    Thread(target=run, name="listening", daemon=True).start()
