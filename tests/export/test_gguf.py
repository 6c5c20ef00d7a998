"""A GGUF file computes what the composition computes, also in llama.cpp, and reads text alike."""

import json
from itertools import pairwise

import checkpoints
import loras
import numpy as np
import pieces
import pytest
from tokenizers import Tokenizer

from killah.adapters.package import Adapter
from killah.errors import KillahError
from killah.export import checking
from killah.export.composed import Composed, Weighted
from killah.export.gguf import reading, tokens, writing
from killah.gemma.convert import convert

pytest.importorskip("gguf", reason="pip install 'killah[export]'")

TEXT = "It was — as ever — 3 o'clock;\n\n\the said: «Пора.» 🙂  Then  naught, don't.\n"


def composed(folder, config=checkpoints.CONFIG):
    source = checkpoints.write(folder.with_name("source"), checkpoints.tensors(config), config)
    joining(source / "tokenizer.json")
    about = convert(source, folder, bits=None)
    adapter = Adapter(loras.card(about), loras.tensors(folder))
    return Composed(folder, about, "terse", (Weighted(adapter),))


def joining(path):
    """Give a tokenizer something to join: " t" and "he" become tokens."""
    told = json.loads(path.read_text())
    for pair in (["Ġ", "t"], ["h", "e"]):
        told["model"]["merges"].append(pair)
        told["model"]["vocab"]["".join(pair)] = 259 + len(told["model"]["merges"])
    path.write_text(json.dumps(told))


# Layers that slide in no regular pattern; attention scaled otherwise; what does not divide by 32.
ODD = checkpoints.CONFIG | {
    "layer_types": [checkpoints.GLOBAL, checkpoints.SLIDING, checkpoints.SLIDING],
    "query_pre_attn_scalar": 77,
    "intermediate_size": 80,
}


@pytest.mark.parametrize(
    ("kind", "tolerance"), [("f32", 1e-5), ("f16", 2e-3), ("bf16", 1e-2), ("q8_0", 3e-2)]
)
@pytest.mark.parametrize("config", [checkpoints.CONFIG, ODD], ids=["regular", "odd"])
def test_the_file_alone_computes_the_same(tmp_path, config, kind, tolerance):
    made = composed(tmp_path / "tiny", config)
    path = writing.write(made, tmp_path / "out", kind=kind)
    assert path.name == f"tiny-terse-{kind.upper()}.gguf"
    assert path.stat().st_mode & 0o777 == 0o600
    assert 0 < path.stat().st_size - writing.size(made, kind) < 40_000
    # llama.cpp keeps keys and values in float16, and multiplies rounded weights with rounded activations.
    for logits, most in ((reading.rebuilt, tolerance), (reading.logits, 2e-3 + 1.5 * tolerance)):
        found = checking.check(made, "it", lambda ids, last, run=logits: run(path, ids, last), most)
        assert found.effect > 0.1


def test_llama_cpp_reads_text_alike(tmp_path):
    llama_cpp = pytest.importorskip("llama_cpp", reason="pip install llama-cpp-python")
    made = composed(tmp_path / "tiny")
    path = writing.write(made, tmp_path / "out")
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    ours = Tokenizer.from_file(str(made.folder / "tokenizer.json"))
    assert model.tokenize(TEXT.encode(), add_bos=False) == ours.encode(TEXT, add_special_tokens=False).ids
    assert model.tokenize(b"a")[0] == 2


def test_the_vocabulary_says_what_every_token_is(tmp_path):
    checkpoints.write(tmp_path)
    found = tokens.read(tmp_path, 320)
    assert (found.model, found.pre, found.scores) == ("gpt2", "gpt-2", [])
    assert len(found.tokens) == len(set(found.tokens)) == 320
    assert found.merges  # llama.cpp does not load a file without any
    assert found.kinds[:4] == [tokens.Kind.CONTROL] * 3 + [tokens.Kind.UNKNOWN]
    assert found.kinds[-1] == tokens.Kind.UNUSED


def test_sentencepiece_joins_in_the_same_order(tmp_path):
    made = pieces.write(tmp_path)
    found = tokens.read(tmp_path, 300)
    assert (found.model, found.pre) == ("llama", "default")
    assert found.kinds[4] == tokens.Kind.BYTE
    assert joined("the onis is in the then on", found) == made.encode("the onis is in the then on").ids


def joined(text, vocabulary):
    """llama.cpp's rule (llama-vocab.cpp, llm_tokenizer_spm): the neighbours of the highest score first."""
    ids = {token: i for i, token in enumerate(vocabulary.tokens)}
    pieces = list(text.replace(" ", "▁"))
    while True:
        pairs = [a + b for a, b in pairwise(pieces)]
        known = [(vocabulary.scores[ids[pair]], -i) for i, pair in enumerate(pairs) if pair in ids]
        if not known:
            return [ids[piece] for piece in pieces]
        at = -max(known)[1]
        pieces[at : at + 2] = [pairs[at]]


def test_a_tokenizer_that_llama_cpp_has_no_name_for_is_refused(tmp_path):
    checkpoints.write(tmp_path)
    told = json.loads((tmp_path / "tokenizer.json").read_text())
    told["normalizer"] = {"type": "Lowercase"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(told))
    with pytest.raises(KillahError, match=r"no form in GGUF\. Export with `killah export hf`"):
        tokens.read(tmp_path, 320)


def test_what_computes_something_else_is_told_apart(tmp_path):
    made = composed(tmp_path / "tiny")
    path = writing.write(Composed(made.folder, made.about), tmp_path / "out", kind="f32")
    with pytest.raises(KillahError, match="computes something else"):
        checking.check(made, "it", lambda ids, last: reading.logits(path, ids, last), 1e-3)
    assert np.isfinite(reading.logits(path, [2, 5, 6], 1)).all()
