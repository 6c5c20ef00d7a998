"""Ears of a bundle: speech of any length becomes the soft tokens that Killah makes of it."""

import mlx.core as mx
import numpy as np
import pytest
import torch
from mlx.utils import tree_unflatten

from killah.adapters import catalog as adapters
from killah.adapters import package
from killah.adapters.card import AdapterCard
from killah.adapters.package import Adapter
from killah.audio import features
from killah.audio.encoder import SpeechEncoder
from killah.audio.recognition.recogniser import Recogniser
from killah.engine.hearing.projected import Projected
from killah.engine.members import Members
from killah.errors import KillahError
from killah.export.executorch import encoder, projectors, reference
from killah.gemma import base, catalog
from killah.gemma.projector import Projector
from killah.gemma.trees import flat


@pytest.fixture(scope="module")
def ear():
    return SpeechEncoder.load(SpeechEncoder.find("ear-nano"))


def random_projector(width, tokens=1):
    """Untrained, with an uneven scale."""
    mx.random.seed(0)
    module = Projector(width, 64, tokens=tokens, scale=2.5)
    card = AdapterCard(
        name="audio-projector",
        kind="projector",
        role="audio",
        base="tiny",
        base_fingerprint="none",
        soft_tokens=tokens,
        input_width=width,
        data="noise",
        licence="CC0-1.0",
        created_by="killah tests",
    )
    return Adapter(card, flat(module.parameters()))


@pytest.mark.parametrize("letters", [True, False])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 3.3])
def test_the_encoder_computes_what_mlx_computes(ear, letters, seconds):
    """With the letters that a CTC head hears, or with frames alone; silence fills up the last token."""
    width = 3 * (ear.width + (len(ear.letters) if letters else 0))
    adapter = random_projector(width)
    module = encoder.AudioEncoder(ear, projectors.read(adapter)).eval()
    per_token, extra = encoder.samples(ear, module.stack)
    sound = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)
    whole = features.fitted(sound, per_token, extra)
    tokens = (len(whole) - extra) // per_token
    assert (len(whole) - extra) % per_token == 0 and len(whole) >= len(sound)
    with torch.no_grad():
        theirs = module(torch.from_numpy(whole)[None, None]).numpy()
    ours = reference.hear(ear, adapter, whole)
    assert theirs.shape == ours.shape == (1, tokens, 64)
    assert np.abs(theirs - ours).max() / np.sqrt(np.mean(ours**2)) < 1e-3


def test_a_projector_of_another_encoder_is_refused(ear):
    with pytest.raises(KillahError, match="are no frames of ear-nano"):
        encoder.AudioEncoder(ear, projectors.read(random_projector(1001)))


def test_the_persona_projector_computes_what_mlx_computes():
    adapter = random_projector(10, tokens=4)
    vector = np.random.default_rng(0).standard_normal((1, 10)).astype(np.float32)
    module = Projector(10, 64, tokens=4)
    module.update(tree_unflatten(list(adapter.tensors.items())))
    module.eval()
    with torch.no_grad():
        theirs = projectors.PersonaProjector(projectors.read(adapter))(torch.from_numpy(vector)).numpy()
    assert theirs.shape == (1, 4, 64)
    assert np.abs(theirs - np.array(module(mx.array(vector)))).max() < 1e-5


@pytest.mark.parametrize("samples", [700, 20_011, 52_743])
def test_killah_s_own_soft_tokens_come_out_of_the_torch_encoder(ear, samples):
    """However many samples there are: both fill the last token up in the same way, or transcripts differ."""
    loaded = base.load(catalog.find("pushkin-nano"))
    projected = Projected(loaded, Members(loaded), Recogniser(ear))
    shipped = package.read(adapters.find("audio-projector", "pushkin-nano"))
    module = encoder.AudioEncoder(ear, projectors.read(shipped)).eval()
    sound = np.random.default_rng(1).normal(0, 0.1, samples).astype(np.float32)
    ours = np.array(projected.soft(sound))
    with torch.no_grad():
        whole = features.fitted(sound, *encoder.samples(ear, module.stack))
        theirs = module(torch.from_numpy(whole)[None, None]).numpy()[0]
    assert ours.shape == theirs.shape
    assert np.abs(theirs - ours).max() / np.sqrt(np.mean(ours**2)) < 1e-3
