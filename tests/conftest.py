"""What every test may ask for. The fixtures themselves are in `tests/kit/`."""

pytest_plugins = ["tests.kit.databases", "tests.kit.stack", "tests.kit.browser"]
