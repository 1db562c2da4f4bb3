"""What all commands do alike: settings or an exit that says what is wrong, and tables.

Exit codes: 0 done, 1 this machine or a service stands in the way, 2 the command or its settings are
wrong, 3 refused for a named reason (docs/errors.md).
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterable
from typing import NoReturn

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from qianbao.errors import Language, QianbaoError
from qianbao.settings import Need, Settings, SettingsWrong, load

IN_THE_WAY, WRONG, REFUSED = 1, 2, 3


def settings_for(*needs: Need) -> Settings:
    """Settings from the environment, or an exit that names all that is wrong with them."""
    try:
        return load(needs=needs)
    except SettingsWrong as wrong:
        leave(*wrong.problems, "Every setting: `qianbao settings`.", code=WRONG)


def ready_for(*needs: Need) -> Settings:
    """The same, with a database that is reached and up to date."""
    from qianbao.db.ready import DatabaseUnready, check_migrated

    settings = settings_for("database", *needs)
    try:
        check_migrated(settings.database_url)
    except DatabaseUnready as unready:
        leave(str(unready), code=IN_THE_WAY)
    return settings


def leave(*lines: str, code: int) -> NoReturn:
    """Says why on standard error, and ends."""
    for line in lines:
        sys.stderr.write(f"{line}\n")
    raise SystemExit(code)


def refused(error: QianbaoError) -> NoReturn:
    """A named reason, in one line in the language of this terminal."""
    language = spoken()
    gap = "" if language == "zh" else " "
    leave(f"{error.sentence(language)}{gap}{error.next_step(language)}", code=REFUSED)


def spoken() -> Language:
    """The language the terminal is set to; English unless that is Chinese."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG")
                  if os.environ.get(name)), "")  # fmt: skip
    return "zh" if locale.normalize(named).lower().startswith("zh") else "en"


def read_secret(what: str, *, twice: bool = True) -> str:
    """A secret typed without showing it, a new one `twice`; from a pipe, its first line. Never an
    argument: those can be read by everybody on the machine."""
    import typer

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed: str = typer.prompt(what, hide_input=True, confirmation_prompt=twice)
    return typed


def show_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A plain table on standard output. Nothing in it is cut: other commands want the names whole,
    and what is wider than the terminal wraps there."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*row)
    console = Console()
    whole = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
    Console(width=max(console.width, whole)).print(table, highlight=False)
