"""Prints the path of a Chromium for the tests, getting one where the machine has none.

In this order: QIANBAO_BROWSER; one that is installed; as root, Debian's or Ubuntu's package; else
the npm package `@sparticuz/chromium`, which needs no rights, unpacked into `.cache/browser`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tools"))

from node import environment, install_locked  # noqa: E402

UNPACKED = TOP / ".cache" / "browser"
NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)  # fmt: skip

ARCHIVES = {"al2023": "libraries", "swiftshader": "", "fonts": ""}
"""Archives in the package, and the folder under `UNPACKED` that each goes to."""

UNPACK = """
const fs = require("fs"), zlib = require("zlib");
const [source, target] = process.argv.slice(1);
fs.createReadStream(source).pipe(zlib.createBrotliDecompress()).pipe(fs.createWriteStream(target));
"""

LAUNCHER = """#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_PATH="$here"
export LD_LIBRARY_PATH="$here/libraries/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/chromium" "$@"
"""


def find() -> str:
    """The path of a browser that runs; exits with what to do when there is none to be had."""
    named = os.environ.get("QIANBAO_BROWSER")
    if named:
        return named if runs(named) else sys.exit(f"QIANBAO_BROWSER={named} does not run")
    launcher = str(UNPACKED / "launch")
    found = installed() or (launcher if runs(launcher) else "")
    found = found or (install_with_apt() and installed()) or unpack_from_npm()
    if not found:
        sys.exit("The browser tests need Chromium: install one, or name it in QIANBAO_BROWSER.")
    return found


def runs(browser: str) -> bool:
    """Whether `browser` starts at all: some systems have a stub that only says what to install."""
    try:
        done = subprocess.run([browser, "--version"], check=False, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def installed() -> str:
    """The first known browser on this machine that runs; empty when there is none."""
    paths = (shutil.which(name) for name in NAMES)
    return next((path for path in paths if path and runs(path)), "")


def install_with_apt() -> bool:
    """Installs Chromium and a Chinese font with apt-get; root only. False when it could not."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing chromium with apt-get", file=sys.stderr, flush=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    apt = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = ["chromium", "fonts-noto-cjk"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", "-q", *command], check=False, env=apt, **quiet).returncode:
            return False
    return True


def unpack_from_npm() -> str:
    """Gets `@sparticuz/chromium` and unpacks it with its libraries; empty when it does not run."""
    print("Getting Chromium from npm", file=sys.stderr, flush=True)
    package = TOP / "tools" / "chromium"
    install_locked(package)
    packed = package / "node_modules" / "@sparticuz" / "chromium" / "bin"
    shutil.rmtree(UNPACKED, ignore_errors=True)
    (UNPACKED / "libraries").mkdir(parents=True)
    _unpack(packed / "chromium.br", UNPACKED / "chromium")
    for name, folder in ARCHIVES.items():
        archive = UNPACKED / f"{name}.tar"
        _unpack(packed / f"{name}.tar.br", archive)
        with tarfile.open(archive) as tar:
            for member in tar:
                member.uid, member.gid, member.uname, member.gname = (
                    os.getuid(),
                    os.getgid(),
                    "",
                    "",
                )
                tar.extract(member, UNPACKED / folder)
        archive.unlink()
    fonts = f"<dir>{UNPACKED}/fonts</dir><cachedir>{UNPACKED}/fonts-cache</cachedir>"
    (UNPACKED / "fonts.conf").write_text(f"<fontconfig>{fonts}</fontconfig>\n")
    launcher = UNPACKED / "launch"
    launcher.write_text(LAUNCHER)
    for program in (UNPACKED / "chromium", launcher):
        program.chmod(0o755)
    return str(launcher) if runs(str(launcher)) else ""


def _unpack(source: Path, target: Path) -> None:
    subprocess.run(["node", "-e", UNPACK, source, target], check=True, env=environment())


if __name__ == "__main__":
    print(find())
