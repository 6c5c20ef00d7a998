"""The projector, computed side by side in torch; soft tokens as large as the base's own."""

import checkpoints
import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from killah.gemma.gemma3 import Config, Gemma3
from killah.gemma.projector import Projector, embedding_scale


@pytest.mark.parametrize("tokens", [1, 4])
def test_it_computes_what_the_same_layers_compute_in_torch(tokens):
    torch = pytest.importorskip("torch")
    width, hidden, scale = 24, 16, 3.0
    ours = Projector(width, hidden, tokens=tokens, scale=scale).eval()
    weights = {name: torch.tensor(np.array(value)) for name, value in tree_flatten(ours.parameters())}
    x = torch.randn(3, width, generator=torch.manual_seed(0))
    y = torch.nn.functional.layer_norm(x, (width,), weights["norm_in.weight"], weights["norm_in.bias"])
    y = torch.nn.functional.gelu(y @ weights["up.weight"].T + weights["up.bias"])
    y = (y @ weights["down.weight"].T + weights["down.bias"]).reshape(3, tokens, hidden)
    y = torch.nn.functional.layer_norm(y, (hidden,), weights["norm_out.weight"], weights["norm_out.bias"])
    np.testing.assert_allclose(np.array(ours(mx.array(x.numpy()))), (y * scale).numpy(), atol=1e-5)


def test_soft_tokens_are_as_large_as_embeddings():
    model = Gemma3(Config.read(checkpoints.CONFIG))
    model.load_weights([(k, v.astype(mx.float32)) for k, v in checkpoints.tensors().items()])
    scale = embedding_scale(model)
    own = np.array(model.embed(mx.arange(320)[None]))
    assert scale == pytest.approx(np.sqrt(np.mean(own**2)), rel=1e-5)
    soft = np.array(Projector(24, 64, tokens=4, scale=scale).eval()(mx.random.normal((5, 24))))
    assert np.sqrt(np.mean(soft**2)) == pytest.approx(scale, rel=0.01)


def test_dropout_only_while_it_learns():
    projector, x = Projector(24, 16), mx.random.normal((1, 24))
    assert not mx.array_equal(projector(x), projector(x))
    projector.eval()
    assert mx.array_equal(projector(x), projector(x))


def test_the_scale_is_not_learned():
    names = [name for name, _ in tree_flatten(Projector(24, 16).trainable_parameters())]
    assert sorted({name.split(".")[0] for name in names}) == ["down", "norm_in", "norm_out", "up"]
