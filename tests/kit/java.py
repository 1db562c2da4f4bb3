"""A Java for the tests that ask Spark."""

from __future__ import annotations

import os
from shutil import which

import pytest


@pytest.fixture(scope="session")
def java() -> None:
    """What Spark needs besides itself; nothing from the package index brings a whole Java. It
    compiles in a hurry: what runs for ten seconds never earns back the better code."""
    pytest.importorskip("pyspark", reason="the extra spark is not installed: make spark")
    if which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs a Java 17 or newer, and there is none on this machine")
    os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
