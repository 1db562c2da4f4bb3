"""What every test may ask for. The fixtures themselves are in `tests/kit/`."""

import atexit
import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.kit.databases", "tests.kit.stack", "tests.kit.browser", "tests.kit.hashing",
    "tests.kit.java",
]  # fmt: skip

# The same examples each time, however slow the machine: a change is to blame for what fails, never
# chance. To look for more: pytest --hypothesis-profile=search.
settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    """Names the kinds of tests that can be chosen with `-m`; a worker ends quietly."""
    config.addinivalue_line("markers", "stack: runs app, worker and sandbox banks as processes")
    if hasattr(config, "workerinput"):
        atexit.register(_say_no_more)


def _say_no_more() -> None:
    """What DuckDB's binding lists when a worker of xdist ends, all that still lives in it, is no
    news."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
