"""`qianbao policy`: what an operator does with policies from the command line. Doors only."""

from __future__ import annotations

import typer

from qianbao import lint_command

app = typer.Typer(help="Write, check and run policies.", no_args_is_help=True)

app.command(name="schema", epilog=lint_command.SCHEMA_EXAMPLE)(lint_command.schema)
app.command(name="lint", epilog=lint_command.LINT_EXAMPLE)(lint_command.lint)
