"""Methods that lie together in one program, and its weights in data files beside it."""

import pytest
import torch
from export.executorch.test_encoder import random_projector

from killah.errors import KillahError
from killah.export.executorch import lowering, projectors


def test_two_projectors_keep_their_own_weights(tmp_path):
    """Their parameters have the same names: in one data file, one would read the other's."""
    from executorch.extension.pybindings.portable_lib import _load_for_executorch

    modules = {
        name: projectors.PersonaProjector(projectors.read(random_projector(width))).eval()
        for name, width in (("audio_encoder", 12), ("persona_projector", 10))
    }
    methods = {
        name: lowering.persona_projector(module, module.projector.width) for name, module in modules.items()
    }
    lowering.lower(
        methods, {}, "portable", tmp_path, "k.pte", apart=True, quantised=False, step=lambda _: None
    )
    assert [path.name for path in tmp_path.iterdir()] == ["k.pte"]
    program = _load_for_executorch(str(tmp_path / "k.pte"))
    for name, method in methods.items():
        found = program.run_method(name, list(method.inputs))[0]
        assert torch.allclose(found, modules[name](*method.inputs), atol=1e-4)


@torch.library.custom_op("killah_tests::odd", mutates_args=())
def odd(x: torch.Tensor) -> torch.Tensor:
    """An operator of which ExecuTorch knows no form that writes into memory given to it."""
    return x + 1


odd.register_fake(torch.empty_like)


class Own(torch.nn.Module):
    """What a function does."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def lowered(function, folder, step=lambda what: None):
    methods = {"token_embedding": lowering.Method(Own(function), (torch.randn(4, 4),), ({},))}
    lowering.lower(methods, {}, "portable", folder, "k.pte", apart=False, quantised=False, step=step)


def test_an_operator_that_is_missing_is_one_sentence(tmp_path):
    with pytest.raises(KillahError, match=r"portable cannot take this model: .*killah_tests::odd") as raised:
        lowered(odd, tmp_path)
    assert "\n" not in str(raised.value)


def test_a_mistake_of_ours_is_not_laid_at_the_backends_door(tmp_path):
    def step(what):
        if what.startswith("lowering"):
            raise RuntimeError("list index out of range")

    with pytest.raises(RuntimeError, match="list index"):
        lowered(torch.relu, tmp_path, step)
