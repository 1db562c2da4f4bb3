"""What every test may ask for. The fixtures themselves are in `tests/kit/`."""

import pytest

pytest_plugins = ["tests.kit.databases", "tests.kit.stack", "tests.kit.browser"]


def pytest_configure(config: pytest.Config) -> None:
    """Names the kinds of tests that can be chosen with `-m`."""
    config.addinivalue_line("markers", "stack: runs app, worker and sandbox banks as processes")
