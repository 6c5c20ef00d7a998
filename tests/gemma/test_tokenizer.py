"""Text and tokens agree, whatever the writer is in the middle of."""

import pytest

from killah import paths
from killah.errors import KillahError
from killah.gemma.tokenizer import Decoder, Tokenizer

TEXTS = [
    "It was the best of times, it was the worst of times.",
    "“Don’t,” said Saki — naïve café 😀",
    "Привет, мир!\n\nA new   paragraph\twith tabs.\n",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(paths.shipped("models") / "pushkin-nano")


@pytest.mark.parametrize("text", TEXTS)
def test_decoding_gives_the_text_back(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_streaming_never_shows_half_a_character(tokenizer, text):
    decoder = Decoder()
    pieces = [decoder.push(tokenizer.token_bytes[i]) for i in tokenizer.encode(text)]
    assert "".join(pieces) == text
    assert "�" not in "".join(pieces)


@pytest.mark.parametrize("text", TEXTS)
def test_kept_tokens_stay_the_same_while_a_word_is_typed(tokenizer, text):
    for end in range(1, len(text)):
        ids, required = tokenizer.condition(text[:end])
        assert b"".join(tokenizer.token_bytes[i] for i in ids) + required == text[:end].encode()
        if required.strip():  # the word is unfinished: what stands before it is as in the whole text
            assert tokenizer.encode(text[:end])[: len(ids)] == ids


def test_an_unfinished_word_is_required_with_its_space(tokenizer):
    ids, required = tokenizer.condition("The quick bro")
    assert (tokenizer.decode(ids), required) == ("The quick", b" bro")
    fitting = {tokenizer.token_bytes[i] for i in tokenizer.beginning_with(required).tolist()}
    assert {b" bro", b" brown", b" brother"} <= fitting
    assert all(token.startswith(b" bro") for token in fitting)


def test_a_word_no_token_begins_with_keeps_its_first_tokens(tokenizer):
    ids, required = tokenizer.condition("He met Zxqvthorpe")
    assert tokenizer.decode(ids).startswith("He met")
    assert 0 < len(required) < len(" Zxqvthorpe")


def test_special_tokens_of_the_design_exist_and_are_silent(tokenizer):
    for name in ("<sil>", "<audio>", "<persona>", "<story>", "<unused0>"):
        assert tokenizer.token_bytes[tokenizer.id(name)] == b""


def test_a_broken_file_is_one_sentence(tmp_path):
    with pytest.raises(KillahError, match="missing"):
        Tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(KillahError, match="not a tokenizer"):
        Tokenizer(tmp_path)
