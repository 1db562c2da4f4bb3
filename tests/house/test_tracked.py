"""What is in the repository: no package registry's address, nothing that is installed or built."""

from __future__ import annotations

import subprocess

from tests.house.source import TOP

# Put together here, so that this file does not name them either.
REGISTRIES = [
    "pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "registry." + "yarnpkg",
    "npm" + "mirror", "registry." + "hub",
]  # fmt: skip
OURS = ("src", "tests", "tools", "docs", ".ci")


def tracked() -> list[str]:
    """Paths of what git keeps or would keep; without git, of what is in our folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=TOP, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode == 0 and listed.stdout:
        return listed.stdout.splitlines()
    inside = [path for folder in OURS for path in (TOP / folder).rglob("*")]
    return [
        str(path.relative_to(TOP))
        for path in [*TOP.iterdir(), *inside]
        if path.is_file() and "node_modules" not in path.parts and "vendor" not in path.parts
    ]


def test_no_registry_is_named() -> None:
    wrong = []
    for path in tracked():
        content = (TOP / path).read_bytes() if (TOP / path).is_file() else b""
        wrong += [f"{path}: {host}" for host in REGISTRIES if host.encode() in content.lower()]
    assert wrong == []


def test_nothing_installed_is_tracked() -> None:
    folders = {part for path in tracked() for part in path.split("/")[:-1]}
    assert folders & {".venv", "node_modules", "vendor", ".qianbao", ".cache", "dist"} == set()
