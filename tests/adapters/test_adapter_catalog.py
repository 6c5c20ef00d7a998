"""A name finds the user's own adapter first; what is broken is listed with its reason."""

import shutil

import loras
import pytest

from killah import paths
from killah.adapters import catalog, package
from killah.errors import KillahError


@pytest.fixture
def base(home):
    """A base among the user's models, so that the catalog can look it up."""
    return loras.base(paths.models_dir() / "tiny")


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "shipped", lambda kind: tmp_path / "shipped" / kind)
    return tmp_path / "shipped" / "adapters"


def put(root, base, name="terse", **changes):
    package.write(root / base[1].name / name, loras.card(base[1], name, **changes), loras.tensors(base[0]))
    return root / base[1].name / name


def test_the_users_own_adapter_hides_a_shipped_one(base, shipped):
    theirs = put(shipped, base)
    assert catalog.find("terse", "tiny") == theirs
    assert [(each.name, each.shipped) for each in catalog.installed()] == [("terse", True)]
    own = put(paths.adapters_dir(), base, role="mine")
    assert catalog.find("terse", "tiny") == own
    (listed,) = catalog.installed("tiny")
    assert (listed.folder, listed.shipped, listed.problem) == (own, False, "")
    assert listed.card is not None
    assert listed.card.role == "mine"
    assert listed.bytes == (own / package.WEIGHTS).stat().st_size > 0


def test_names_belong_to_their_base(base, shipped):
    put(paths.adapters_dir(), base)
    assert catalog.installed("other") == []
    with pytest.raises(KillahError, match=r"no adapter 'terse' for other\. Installed: none\."):
        catalog.find("terse", "other")
    with pytest.raises(KillahError, match=r"no adapter 'loud' for tiny\. Installed: terse\."):
        catalog.find("loud", "tiny")


def test_a_folder_is_found_as_a_path(base, tmp_path, shipped):
    folder = put(tmp_path, base)
    assert catalog.find(folder, "tiny") == folder
    assert catalog.find(str(folder), "tiny") == folder


@pytest.mark.parametrize("name", ["../x", "", ".", "..", "a/b", ".hidden", "a b", "/etc"])
def test_a_path_is_no_name(name):
    with pytest.raises(KillahError, match="cannot be an adapter's name"):
        catalog.own_folder(name, "tiny")
    with pytest.raises(KillahError, match="cannot be an adapter's name"):
        catalog.remove(name, "tiny")


@pytest.mark.parametrize("base_name", ["..", ".", "", "a/b", "/etc"])
def test_a_path_is_no_base(base_name):
    with pytest.raises(KillahError, match="cannot be a model's name"):
        catalog.own_folder("terse", base_name)
    with pytest.raises(KillahError, match="cannot be a model's name"):
        catalog.installed(base_name)


def test_problems_are_listed(base, shipped):
    whole = put(paths.adapters_dir(), base, "whole")
    for name in ("card", "weights", "other"):
        shutil.copytree(whole, whole.with_name(name))
    (whole.with_name("card") / package.NAME).write_text("{")
    (whole.with_name("weights") / package.WEIGHTS).unlink()
    text = (whole / package.NAME).read_text().replace(base[1].fingerprint, "0" * 64)
    (whole.with_name("other") / package.NAME).write_text(text)
    problems = {each.name: each.problem for each in catalog.installed()}
    assert problems["whole"] == ""
    assert "is damaged" in problems["card"]
    assert "adapter.safetensors is missing" in problems["weights"]
    assert "made for other weights of tiny" in problems["other"]


def test_a_base_that_is_not_installed_is_no_fault_of_its_adapters(base, shipped):
    put(paths.adapters_dir(), base)
    shutil.rmtree(base[0])
    assert [each.problem for each in catalog.installed()] == [""]


def test_only_the_users_own_are_removed(base, shipped):
    theirs = put(shipped, base)
    with pytest.raises(KillahError, match="shipped with Killah and stays"):
        catalog.remove("terse", "tiny")
    own = put(paths.adapters_dir(), base)
    catalog.remove("terse", "tiny")
    assert not own.exists()
    assert catalog.find("terse", "tiny") == theirs
    with pytest.raises(KillahError, match="You have no adapter 'loud'"):
        catalog.remove("loud", "tiny")
