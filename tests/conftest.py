"""What some tests need and a machine may lack: the marks `shared`, `browser` and `cluster` skip for one clear reason.

With `XUNDAN_REQUIRE` (a comma list of these names) a missing part is a failure instead. Inside a test or fixture,
`require("shared")` does the same.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(os.environ.get("XUNDAN_SHARED") or Path(__file__).parents[2] / "shared")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


# A busy machine is slow, not wrong.
settings.register_profile("xundan", deadline=None)
settings.load_profile("xundan")


def _no_shared() -> str:
    return "" if (SHARED / "data").is_dir() else f"no folder of real chats at {SHARED} (set XUNDAN_SHARED)"


def _no_browser() -> str:
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    return "" if any(map(shutil.which, BROWSERS)) else "no Chromium on the PATH"


def _no_cluster() -> str:
    return "" if os.environ.get("XUNDAN_CLUSTER") else "no cluster servers (set XUNDAN_CLUSTER)"


def _no_train() -> str:
    return "" if importlib.util.find_spec("torch") else "the train extra is not installed"


LACKS: dict[str, Callable[[], str]] = {
    "shared": _no_shared,
    "browser": _no_browser,
    "cluster": _no_cluster,
    "train": _no_train,
}
"""Per part: why it cannot be used here, "" where it can."""


def require(part: str) -> None:
    """Skip the running test where a part of `LACKS` is absent; fail where XUNDAN_REQUIRE names it."""
    reason = LACKS[part]()
    if not reason:
        return
    if part in os.environ.get("XUNDAN_REQUIRE", "").replace(" ", "").split(","):
        pytest.fail(f"XUNDAN_REQUIRE names {part}, but: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for part in LACKS:
        if item.get_closest_marker(part):
            require(part)


@pytest.fixture
def shared() -> Path:
    """The folder of real chats, `../shared/data` beside the repository or in `XUNDAN_SHARED`."""
    require("shared")
    return SHARED / "data"
