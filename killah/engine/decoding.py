"""The decode loops: greedy and gated for ghost text, sampled for continuations.

Each is a generator that yields what is ready, and None between tokens, where it may be interrupted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import mlx.core as mx
import numpy as np

from killah.engine.gate import Gate
from killah.engine.habits import Habits
from killah.engine.healing import Healing
from killah.engine.prompt import Prompt
from killah.engine.sampling import Sampler
from killah.engine.session import Session
from killah.gemma.stack import NOTHING, Blend
from killah.gemma.tokenizer import Decoder, Tokenizer

LONGEST_WORD = 12  # tokens; a longer "word" is noise
LINES = 8 * "\n"  # what no suggestion that was asked for begins with


@dataclass(frozen=True)
class Ghost:
    """Text to insert at the caret, whole words; `probability` that its first word is right."""

    text: str
    probability: float


def ghost(
    session: Session,
    tokenizer: Tokenizer,
    prompt: Prompt,
    gate: Gate,
    *,
    words: int,
    precision: float,
    blend: Blend = NOTHING,
    habits: Habits | None = None,
    beside: Sequence[str] | None = None,
) -> Iterator[Ghost | None]:
    """Greedy suggestion, growing word by word while P(all of it is right) is at least `precision`.

    Yields nothing where not even the first word is sure enough. Ends at a line's end or `words` words. With
    `beside` somebody asked for one that begins otherwise than each of these: its first word comes in any
    case, and only what follows it must be sure enough.
    """
    yield from session.prefill(prompt.slots, blend)
    habits = habits.over(prompt.text) if habits else None
    asked = beside is not None
    apart = [text.encode() for text in (*beside, LINES)] if beside is not None else []
    healing = Healing(tokenizer, session.vocabulary, prompt.required, beside=apart)
    decoder = Decoder()
    goes_on = mx.array(tokenizer.word_inner)
    text, logprob, shown, first = "", 0.0, 0, 0.0
    for _ in range(LONGEST_WORD * words):
        token, step, end = _best(healing.mask(_expected(session, habits)), goes_on)
        if not isfinite(step):  # no other word begins with what is typed
            return
        new = decoder.push(healing.take(token))
        if text.strip() and not _same_word(text[-1], new):
            probability = gate.probability(logprob + (end if text[-1].isalnum() else 0.0))
            if probability < precision and not asked:
                return
            first = first or probability
            shown += 1
            yield Ghost(text, first)
            if shown == words:
                return
            logprob, asked = (0.0 if asked else logprob), False
        logprob += step
        if "\n" in new or (gate.probability(logprob) < precision and not asked):
            return
        text += new
        session.step(token)
        yield None


def continuation(
    session: Session,
    tokenizer: Tokenizer,
    prompt: Prompt,
    sampler: Sampler,
    *,
    max_tokens: int,
    ends: list[int],
    blend: Blend = NOTHING,
    habits: Habits | None = None,
) -> Iterator[str | None]:
    """Sampled text, piece by piece, up to `max_tokens` tokens or one of the `ends` ids.

    The next token is under way while this one's text is handed out.
    """
    yield from session.prefill(prompt.slots, blend)
    habits = habits.over(prompt.text) if habits else None
    healing, decoder = Healing(tokenizer, session.vocabulary, prompt.required, ends), Decoder()
    history = [slot for slot in prompt.slots if isinstance(slot, int)]
    for left in range(max_tokens - 1, -1, -1):
        sampled = sampler(healing.mask(_expected(session, habits)), history)
        if left:
            session.feed(sampled)
        token = int(np.array(sampled))
        if left:
            session.commit(token)
        if token in ends:
            return
        history.append(token)
        yield decoder.push(healing.take(token)) or None


def _expected(session: Session, habits: Habits | None) -> mx.array:
    """What follows, (vocabulary,): the model's logits, or those with a writer's habits mixed in."""
    return session.logits if habits is None else habits.mix(session.logits, session.slots)


def _best(logits: mx.array, goes_on: mx.array) -> tuple[int, float, float]:
    """Likeliest token of masked logits (vocabulary,), its log-probability, and that of a word's end here."""
    logprobs = logits - mx.logsumexp(logits)
    best = mx.argmax(logprobs)
    inside = mx.sum(mx.exp(mx.take(logprobs, goes_on)))
    end = mx.log(mx.maximum(1.0 - inside, 1e-9))
    token, step, ends = np.array(mx.stack([best.astype(mx.float32), logprobs[best], end])).tolist()
    return int(token), step, ends


def _same_word(last: str, new: str) -> bool:
    """Whether `new` goes on the word (or run of punctuation) that `last` ends."""
    if not new:
        return True
    if last.isalnum():
        return new[0].isalnum() or new[0] in "'’-"
    return not new[0].isspace() and (last in "'’-" or not new[0].isalnum())
