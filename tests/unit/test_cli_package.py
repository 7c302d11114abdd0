"""What is installed is whole: every file of the package and the written data are in the wheel, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import xundan
from xundan.understand.train.data import written

ROOT = Path(__file__).parents[2]
WRITTEN = ROOT / "data" / "written"


def build(source: Path, kind: str, out: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    build(ROOT, "wheel", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        entry_points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert b"xundan = xundan.cli:main" in archive.read(entry_points)
    source = ROOT / "src"
    files = {path for path in (source / "xundan").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    data = {f"xundan/data/written/{path.name}" for path in WRITTEN.iterdir()}
    assert {"xundan/data/written/README.md"} < data
    assert {path.relative_to(source).as_posix() for path in files} | data == packed
    assert {".sql", ".json"} <= {path.suffix for path in files}


def test_a_wheel_made_from_the_source_distribution_holds_the_data(tmp_path: Path) -> None:
    build(ROOT, "sdist", tmp_path)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    build(tmp_path / archive.name.removesuffix(".tar.gz"), "wheel", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as unpacked:
        for path in WRITTEN.iterdir():
            assert unpacked.read(f"xundan/data/written/{path.name}") == path.read_bytes()


def test_the_data_are_found_where_they_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written() == WRITTEN
    installed = tmp_path / "xundan" / "data" / "written"
    installed.mkdir(parents=True)
    monkeypatch.setattr(xundan, "__file__", str(tmp_path / "xundan" / "__init__.py"))
    assert written() == installed
