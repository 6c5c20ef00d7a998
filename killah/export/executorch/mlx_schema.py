"""The MLX delegate's serialisation code, made of the schema in ExecuTorch's own wheel.

macOS wheels hold the code, Linux wheels lack it. It is written where it belongs, into the installed
package, once.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from killah.errors import KillahError


def prepare() -> None:
    """Generate the code where it is missing. Raises `KillahError` where that cannot be done."""
    spec = importlib.util.find_spec("executorch")
    assert spec is not None and spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations)))
    folder = root / "backends" / "mlx" / "serialization"
    if (folder / "mlx_graph_schema.py").exists():
        return
    try:
        _generate(_module(folder / "generate.py"), root / "data" / "bin" / "flatc")
    except (OSError, AttributeError, AssertionError) as error:
        raise KillahError(
            "This ExecuTorch cannot serialise for MLX: its schema could not be turned into code.",
            "Export on a Mac, or install executorch 1.5.1 into a folder you can write to.",
        ) from error


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("killah_mlx_generate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def _generate(wheel: ModuleType, flatc: Path) -> None:
    """What the wheel's own generator does, without its C++ parts."""
    schema = wheel.parse_fbs(wheel.SCHEMA_FBS)
    assert wheel.run_flatc(str(flatc))
    wheel._fixup_flatc_imports()
    kinds = (schema.tables, schema.enums, schema.structs, schema.unions)
    names = sorted(each.name for kind in kinds for each in kind)
    own = "executorch.backends.mlx.serialization._generated.mlx_delegate"
    lines = [f"from {own}.{name} import {name}" for name in names]
    (wheel.GENERATED_DIR / "__init__.py").write_text("\n".join([*lines, f"__all__ = {names!r}", ""]))
    wheel.GENERATED_INSPECTOR.write_text(wheel.generate_inspector(schema))
    wheel.GENERATED_SERIALIZERS.write_text(wheel.generate_python_serializers(schema))
    wheel.GENERATED_SCHEMA_PY.write_text(
        wheel.generate_python_schema(schema)
    )  # last: it says that all is there
