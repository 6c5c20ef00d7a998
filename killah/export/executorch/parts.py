"""The modules of a bundle, quantised, each as a method to lower."""

import numpy as np
import torch
from torch import Tensor

from killah.export import weights
from killah.export.composed import Composed
from killah.export.executorch import encoder, lowering, projectors, quantising
from killah.export.executorch.check import sample, texts
from killah.export.executorch.decoder import TextDecoder, TokenEmbedding
from killah.export.executorch.lowering import Method
from killah.export.executorch.manifest import Audio, Persona
from killah.export.executorch.quiet import quiet
from killah.export.executorch.wish import Parts, Wish
from killah.gemma.checkpoint import TextConfig
from killah.gemma.gemma3 import Config
from killah.gemma.shards import Spec

SOFT = "persona.f32"
WHOLE = 2_000_000  # bytes of a bundle besides its weights
LONGEST = 30  # seconds that `audio_encoder` hears at once


def text(composed: Composed, wish: Wish) -> tuple[TextDecoder, TokenEmbedding, int]:
    """Decoder and embedding, quantised, and in how many bits the embedding is."""
    values = _dense(composed if wish.merges else Composed(composed.folder, composed.about))
    torch.manual_seed(0)
    decoder = TextDecoder(Config.of(composed.folder), values, wish.context, wish.attention).eval()
    embedding = TokenEmbedding(values["model.embed_tokens.weight"]).eval()
    if wish.quantisation == "none":
        return decoder, embedding, 32
    read = texts(sample(composed.folder, 256), wish.context)
    with quiet():
        before = quantising.perplexity(decoder, embedding, read)
        quantising.quantise(decoder, wish.quantisation, wish.backend)
        bits = 8
        if wish.quantisation == "int4":
            bits = quantising.embedding_bits(decoder, embedding, wish.backend, read, before)
        quantising.quantise_embedding(embedding, bits, wish.backend)
    return decoder, embedding, bits


def _dense(composed: Composed) -> dict[str, Tensor]:
    source = weights.Dense(composed)
    specs = [Spec(name, "F32", shape) for name, shape in TextConfig.of(composed.folder).shapes()]
    return {
        spec.name: torch.from_numpy(np.concatenate([np.array(each) for each in source.blocks(spec)]))
        for spec in specs
    }


def hearing(methods: dict[str, Method], parts: Parts, wish: Wish) -> Audio | None:
    """Add `audio_encoder` to `methods`, if there is one."""
    if parts.ear is None or parts.audio_projector is None:
        return None
    module = encoder.AudioEncoder(parts.ear, projectors.read(parts.audio_projector)).eval()
    quantising.quantise_linears(module, wish.quantisation, wish.backend)
    per_token, extra = encoder.samples(parts.ear, module.stack)
    longest = LONGEST * 16_000 // per_token
    methods["audio_encoder"] = lowering.audio_encoder(module, per_token, extra, longest)
    return Audio(encoder=parts.ear.name, samples_per_token=per_token, extra_samples=extra, longest=longest)


def persona(methods: dict[str, Method], parts: Parts, wish: Wish) -> tuple[Persona, np.ndarray | None] | None:
    """Add `persona_projector` to `methods`, if there is one; with the soft tokens of a named persona."""
    if parts.persona_projector is None:
        return None
    module = projectors.PersonaProjector(projectors.read(parts.persona_projector)).eval()
    soft = None
    if parts.vector is not None:
        with torch.no_grad():
            soft = module(torch.from_numpy(parts.vector)[None])[0].numpy()
    quantising.quantise_linears(module, wish.quantisation, wish.backend)
    own = module.projector
    methods["persona_projector"] = lowering.persona_projector(module, own.width)
    named = soft is not None
    about = Persona(
        width=own.width,
        tokens=own.tokens,
        space=parts.persona_projector.card.input_space,
        name=parts.persona if named else "",
        file=SOFT if named else "",
    )
    return about, soft


def size(composed: Composed, wish: Wish) -> int:
    """Bytes that a bundle will take, roughly: the embedding twice, once as the output layer."""
    counts = [int(np.prod(shape)) for _, shape in TextConfig.of(composed.folder).shapes()]
    share = {"none": 4.0, "int8": 1.1, "int4": 0.7}[wish.quantisation]
    return int(share * (sum(counts) + counts[0])) + WHOLE
