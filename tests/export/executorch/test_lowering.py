"""Methods that lie together in one program, and its weights in data files beside it."""

import torch
from export.executorch.test_encoder import random_projector

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
