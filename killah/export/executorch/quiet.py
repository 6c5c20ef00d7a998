"""Silence around libraries that talk: their C++ writes to the standard error itself."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing that libraries say on the standard error is seen; what goes wrong is still raised."""
    kept = os.dup(2)
    level = logging.root.manager.disable
    with open(os.devnull, "wb") as hole, warnings.catch_warnings():  # noqa: PTH123
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        os.dup2(hole.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            logging.disable(level)
