"""A card says all that is needed to use the adapter, and nothing that is not understood."""

import loras
import pytest
from pydantic import ValidationError

from killah.gemma.manifest import Manifest

ABOUT = Manifest.model_construct(name="tiny", fingerprint="f" * 64)


@pytest.mark.parametrize(
    "changes",
    [
        {"rank": None},
        {"rank": 0},
        {"scale": None},
        {"scale": float("nan")},
        {"target_modules": []},
        {"kind": "projector"},
        {"kind": "projector", "soft_tokens": 1},
        {"kind": "mix"},
        {"kind": "codes", "codes": ["formal"]},
        {"kind": "codes", "soft_tokens": 4},
        {"kind": "magic"},
        {"name": "../x"},
        {"members": ["a/b"]},
        {"unheard_of": 1},
    ],
)
def test_incomplete_or_unknown_cards_are_refused(changes):
    with pytest.raises(ValidationError):
        loras.card(ABOUT, **changes)


def test_complete_cards_survive_json():
    for changes in (
        {"metrics": {"loss": 3.25, "steps": 100, "data": "x"}, "styles": ["plain"]},
        {"kind": "projector", "soft_tokens": 4, "input_width": 384, "input_space": "all-MiniLM-L6-v2"},
        {"kind": "mix", "members": ["persona", "rephrase"]},
        {"kind": "codes", "codes": ["formal"], "soft_tokens": 4},
        {"scale": 0.0},
    ):
        card = loras.card(ABOUT, **changes)
        assert type(card).model_validate_json(card.model_dump_json()) == card
