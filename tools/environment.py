"""Makes `.venv` from `requirements.lock` and puts `src` on its path. Run through `make`.

Runs on the system's Python with nothing installed, so it imports the standard library only. The
project is not built: a `.pth` file points at `src`, and its commands are `python -m qianbao`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
VENV = TOP / ".venv"
LOCK = TOP / "requirements.lock"
LOG = TOP / ".cache" / "pip.log"


def make_venv(folder: Path) -> Path:
    """The Python of a virtual environment in `folder`, made when it is missing or broken."""
    python = folder / "bin" / "python"
    if works(python):
        return python
    print(f"Creating {folder.name} with Python {sys.version.split()[0]}", file=sys.stderr)
    try:
        venv.create(folder, clear=True, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "This Python cannot make a virtual environment with pip in it. On Debian and Ubuntu "
            "that is the package python3-venv; install it and run make again."
        )
    return python


def works(python: Path) -> bool:
    """Whether `python` runs, is new enough and has pip."""
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", test], check=False).returncode == 0


def install(python: Path, lock: Path, log: Path = LOG) -> None:
    """Installs what `lock` names, with its hashes checked, showing how far it is."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        python, "-m", "pip", "install", "--require-hashes", "--no-input", "--progress-bar", "off",
        "--disable-pip-version-check", "--no-deps", "-r", lock,
    ]  # fmt: skip
    total = len(re.findall(r"^[A-Za-z0-9]", lock.read_text(), re.MULTILINE))
    with subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as pip:
        lines = list(show_progress(pip.stdout or iter(()), total))
    log.write_text("".join(lines))
    if pip.returncode:
        print("".join(lines[-20:]), file=sys.stderr)
        sys.exit(f"pip could not install the packages; its whole output is in {log}")


def show_progress(lines: Iterator[str], total: int) -> Iterator[str]:
    """Passes pip's lines on, counting the packages it has come to in one line on stderr."""
    seen, live = 0, sys.stderr.isatty()
    for line in lines:
        yield line
        if re.match(r"(Collecting|Requirement already satisfied|Ignoring) ?", line):
            seen += 1
            note = f"Installing packages: {min(seen, total)} of {total}"
            if live:
                print(f"\r{note}", end="", file=sys.stderr, flush=True)
            elif seen % 25 == 0:
                print(note, file=sys.stderr, flush=True)
        elif line.startswith("Installing collected") and live:
            print("\rInstalling packages: unpacking        ", end="", file=sys.stderr, flush=True)
    print("\r" if live else "", "Packages installed                     ", sep="", file=sys.stderr)


def main() -> None:
    """Makes the environment, and leaves the stamp that tells make so."""
    python = make_venv(VENV)
    install(python, LOCK)
    site = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    (Path(site.strip()) / "qianbao.pth").write_text(f"{TOP / 'src'}\n")
    (VENV / ".installed").touch()


if __name__ == "__main__":
    main()
