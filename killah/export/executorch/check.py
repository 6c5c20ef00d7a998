"""A bundle beside its original: the same prompt, persona and recording through ExecuTorch and through MLX."""

import time
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
import torch

from killah import paths
from killah.adapters import catalog as adapters
from killah.adapters import package, personal
from killah.adapters.package import Adapter
from killah.audio.encoders.wav2vec2 import Wav2Vec2
from killah.audio.features import fitted
from killah.errors import KillahError
from killah.export import composed
from killah.export.composed import Composed
from killah.export.executorch import manifest, reference, running
from killah.export.executorch.manifest import Manifest, Parity, Probe
from killah.export.executorch.reference import Reference
from killah.export.executorch.running import Program
from killah.gemma import catalog as models
from killah.gemma.tokenizer import Tokenizer

SAMPLE = "the-blue-cross.txt"  # shipped; prose that the shipped base has not read
PROMPT, TEXT, WRITTEN = 48, 512, 64  # tokens
EXACT = 1e-3  # how far logits of floats may differ; soft tokens, beside their root mean square
ROUNDED = 0.1  # how far soft tokens may differ that eight-bit layers made
WORSE = 1.03  # what perplexity may become by rounding; where speech is heard, its logarithm


@dataclass(frozen=True)
class Checked:
    """What was found; `parity` is None where the bundle cannot run here, and `unchecked` says why."""

    probe: Probe
    parity: Parity | None
    unchecked: str = ""


def check(folder: Path, sound: np.ndarray | None = None, vector: np.ndarray | None = None) -> Checked:
    """Compare on the shipped sample; with a recording (samples,) and a persona's vector (width,) if given.

    Raises `KillahError` for a damaged bundle, and where what it was made of is not on this machine any more.
    """
    about = manifest.read_verified(folder)
    made_of = original(about)
    ids = sample(made_of.folder)
    ours = Reference(made_of)
    prompt = ids[1 : _prompt(about) + 1]
    begun = _begun(ours, about, folder, prompt)
    count = min(WRITTEN, about.context - begun.shape[1])
    expected = ours.write(begun, count)
    if why := running.missing(about.backend):
        return Checked(Probe(prompt=prompt, expected=expected), None, why)
    program = Program(folder)
    embedded = torch.cat([_head(program), program.embed(prompt)], 1)
    started, written = time.perf_counter(), greedy(program, embedded, count)
    seconds = time.perf_counter() - started
    difference = np.abs(program.begin(embedded).numpy() - ours.logits(begun)[-1]).max()
    theirs, mine = perplexities(program, ours, ids)
    parity = Parity(
        logits=float(difference),
        equal_tokens=common(written, expected),
        tokens=count,
        perplexity=theirs,
        perplexity_mlx=mine,
        audio=_audio(program, about, sound),
        persona=_persona(program, about, vector),
        tokens_per_second=count / seconds,
        passed=False,
    )
    passed = _passes(about, parity)
    return Checked(Probe(prompt=prompt, expected=written), parity.model_copy(update={"passed": passed}))


def original(about: Manifest, name: str = "") -> Composed:
    """One of a bundle's compositions of what is installed. Raises `KillahError` where that has changed."""
    folder = models.find(about.base)
    part = about.merged or about.adapters[name or about.adapter] if about.adapters or about.merged else None
    members = {each.place: each for each in part.members} if part else {}
    own = members.get(composed.PERSONA)
    persona = own.name.removeprefix(personal.PREFIX) if own and own.name != composed.PERSONA else None
    weights = {place: each.weight for place, each in members.items()}
    found = composed.gather(
        folder,
        weights,
        part.merge if part else "sum",
        name=about.composition,
        mix=part.mix if part else "",
        required=[place for place in weights if persona is None or place != composed.PERSONA],
        persona=persona,
    )
    hashes = {each.adapter.card.name: each.adapter.card.sha256 for each in found.loras}
    changed = [each.name for each in members.values() if hashes.get(each.name) != each.sha256]
    if found.about.fingerprint != about.base_fingerprint:
        changed.insert(0, about.base)
    if changed:
        raise KillahError(
            f"{changed[0]} is another one than when the bundle was made.", "Export the bundle again."
        )
    return found


def sample(folder: Path, count: int = TEXT, text: str = SAMPLE) -> list[int]:
    """BOS and the beginning of a shipped sample."""
    tokenizer = Tokenizer(folder)
    beginning = (paths.shipped("samples") / text).read_text("utf-8")[: 12 * count]
    return [tokenizer.bos, *tokenizer.encode(beginning)][:count]


def texts(ids: list[int], context: int) -> list[list[int]]:
    """BOS and what follows as texts that a context holds, each with a BOS of its own."""
    first, rest = ids[0], ids[1:]
    return [[first, *rest[i : i + context - 1]] for i in range(0, len(rest), context - 1)]


def _prompt(about: Manifest) -> int:
    """Tokens of a prompt that leave as much room for what is written, behind BOS and the persona."""
    soft = about.persona.tokens if about.persona is not None and about.persona.file else 0
    return min(PROMPT, (about.context - 1 - soft) // 2)


def _head(program: Program) -> torch.Tensor:
    """BOS and the soft tokens of the bundle's persona."""
    bos, persona = program.embed([program.about.bos]), program.persona()
    return bos if persona is None else torch.cat([bos, persona], 1)


def _begun(ours: Reference, about: Manifest, folder: Path, prompt: list[int]) -> mx.array:
    """What `_head` and the prompt are, by MLX alone."""
    parts = [ours.embed([about.bos])]
    if about.persona is not None and about.persona.file:
        soft = np.fromfile(folder / about.persona.file, "<f4")
        parts.append(mx.array(soft.reshape(1, about.persona.tokens, about.hidden)))
    return mx.concatenate([*parts, ours.embed(prompt)], axis=1)


def greedy(program: Program, embedded: torch.Tensor, count: int) -> list[int]:
    """`count` ids whatever they are, so that an early end hides nothing."""
    logits, ids = program.begin(embedded), []
    for _ in range(count):
        ids.append(int(logits.argmax()))
        logits = program.step(ids[-1])
    return ids


def perplexities(program: Program, ours: Reference, ids: list[int]) -> tuple[float, float]:
    """Of the same text, token by token in the bundle, at once in MLX."""
    theirs, mine, follows = [], [], []
    for text in texts(ids, program.about.context):
        theirs += [program.begin(program.embed(text[:1])), *(program.step(token) for token in text[1:-1])]
        mine.append(ours.logits(ours.embed(text))[:-1])
        follows += text[1:]
    return (
        _perplexity(torch.stack(theirs).double().numpy(), follows),
        _perplexity(np.concatenate(mine).astype(np.float64), follows),
    )


def _perplexity(logits: np.ndarray, ids: list[int]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(ids)), ids] - np.log(np.exp(shifted).sum(axis=1))
    return float(np.exp(-chosen.mean()))


def _audio(program: Program, about: Manifest, sound: np.ndarray | None) -> float | None:
    if about.audio is None:
        return None
    ear = Wav2Vec2.load(Wav2Vec2.find(about.audio.encoder))
    assert isinstance(ear, Wav2Vec2)
    sound = _hum(3.3) if sound is None else sound
    whole = fitted(sound, about.audio.samples_per_token, about.audio.extra_samples)
    ours = reference.hear(ear, _projector(about, "audio"), whole)
    return _apart(program.hear(sound).numpy(), ours, about)


def _persona(program: Program, about: Manifest, vector: np.ndarray | None) -> float | None:
    if about.persona is None:
        return None
    if vector is None:
        vector = np.random.default_rng(0).standard_normal(about.persona.width).astype(np.float32)
    soft = reference.project(_projector(about, "persona"), vector[None])
    return _apart(program.project(vector).numpy(), soft, about)


def _projector(about: Manifest, role: str) -> Adapter:
    """The projector that the bundle was made with."""
    card = next(card for card in about.cards if card.kind == "projector" and card.role == role)
    base = models.find(about.base)
    found = package.read(adapters.find(card.name, about.base), base_folder=base)
    if found.card.sha256 != card.sha256:
        raise KillahError(
            f"{card.name} is another one than when the bundle was made.", "Export the bundle again."
        )
    return found


def _hum(seconds: float) -> np.ndarray:
    """Something between a voice and noise, where no recording is at hand."""
    moments = np.arange(round(seconds * 16_000)) / 16_000
    voice = sum(np.sin(2 * np.pi * 120 * k * moments) / k for k in range(1, 20))
    noise = np.random.default_rng(0).standard_normal(len(moments))
    return (0.1 * voice * (1 + np.sin(2 * np.pi * 3 * moments)) + 0.01 * noise).astype(np.float32)


def _apart(theirs: np.ndarray, ours: np.ndarray, about: Manifest) -> float:
    """How far soft tokens are apart, beside their root mean square: the largest difference of floats.

    Of rounded weights the root mean square of the differences: a few numbers may be far off.
    """
    difference = np.abs(theirs - ours)
    apart = difference.max() if about.quantisation == "none" else np.sqrt(np.mean(difference**2))
    return float(apart / np.sqrt(np.mean(ours**2)))


def common(a: list[int], b: list[int]) -> int:
    """How many ids two continuations of one length share before they part."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), len(a))


def _passes(about: Manifest, parity: Parity) -> bool:
    """Floats must compute the same; rounded weights must predict nearly as well."""
    exact = about.quantisation == "none"
    soft = [each for each in (parity.audio, parity.persona) if each is not None]
    if not all(each <= (EXACT if exact else ROUNDED) for each in soft):
        return False
    if exact:
        return parity.logits <= EXACT and parity.equal_tokens == parity.tokens
    theirs, mine = parity.perplexity, parity.perplexity_mlx
    if about.audio is not None:  # who writes down speech knows little of prose: some 13 nats a token
        theirs, mine = np.log(theirs), np.log(mine)
    return bool(theirs <= WORSE * mine)
