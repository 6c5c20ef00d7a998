"""What can be pulled is known by names that are safe as folders."""

import pytest

from killah.errors import KillahError
from killah.hub import catalog


def test_known_models_are_complete():
    assert {"gemma-3-1b", "gemma-3-4b", "wav2vec2-xls-r-300m", "whisper-medium"} <= catalog.known().keys()
    assert catalog.entry("gemma-3-4b").repository == "google/gemma-3-4b-pt"
    for name in catalog.known():
        assert catalog.check_name(name) == name


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../up", "a b"])
def test_names_cannot_leave_the_models_folder(name):
    with pytest.raises(KillahError, match="cannot be a model's name"):
        catalog.check_name(name)
