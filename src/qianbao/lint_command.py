"""`qianbao policy schema` and `qianbao policy lint`: help with writing policies.

A door: it reads files, calls `policy` and `remedies.lint`, prints.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from qianbao.policy.lint import Finding
from qianbao.policy.policies import Policy, Words
from qianbao.remedies.lint import Tell
from qianbao.terminal import spoken

SCHEMA_EXAMPLE = "Example: qianbao policy schema > policy.schema.json"
LINT_EXAMPLE = "Example: qianbao policy lint my-policies"
TOLD_EVERY = 200
"""Wallets between two movements of the progress bar."""


class Placed(msgspec.Struct, frozen=True):
    """A finding with the file it is in."""

    file: str
    finding: Finding


def schema() -> None:
    """Print the JSON Schema of a policy file, for editors."""
    from qianbao.policy.policies import policy_schema

    typer.echo(json.dumps(policy_schema(), ensure_ascii=False, indent=2))


def lint(
    directory: Annotated[
        Path | None, typer.Argument(help="A folder of policy files; the shipped ones if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove that policies trap no money and leave everybody a way out; exit 1 when they do not."""
    from qianbao.remedies.lint import lint as prove

    folder = directory or _shipped()
    if not folder.is_dir():
        raise typer.BadParameter(f"there is no folder {folder}")
    files = {str(file): file.read_text("utf-8") for file in sorted(folder.glob("*.yaml"))}
    if not files:
        raise typer.BadParameter(f"there is no .yaml file in {folder}")
    read, found = _read(files)
    with _shown_progress() as tell:
        proven = prove(tuple(policy for _, policy in read), tell)
    where = {policy.name: file for file, policy in read}
    found += [Placed(where[finding.policies[0]], finding) for finding in proven]
    is_clean = all(one.finding.severity != "error" for one in found)
    if as_json:
        typer.echo(msgspec.json.encode({"clean": is_clean, "policies": len(read), "found": found}))
    else:
        _print(found, len(read))
    raise typer.Exit(0 if is_clean else 1)


def _shipped() -> Path:
    from importlib.resources import files

    return Path(str(files("qianbao.policy").joinpath("packs", "default")))


def _read(files: dict[str, str]) -> tuple[list[tuple[str, Policy]], list[Placed]]:
    """The policies that can be read, each with its file, and what is wrong with the files. One
    that could keep money in is told of, and goes on to the proof: there may be more to tell."""
    from qianbao.errors import InvalidInput
    from qianbao.policy.lint import in_force
    from qianbao.policy.policies import PolicyTrapsMoney, load_policy, load_written
    from qianbao.remedies.stories import story_of_keeping

    read, found = [], []
    for file, text in files.items():
        try:
            read.append((file, load_written(text)))
        except InvalidInput as error:
            mistake = _mistake(error.detail, error.code, *(
                f"{error.sentence(language)} {error.next_step(language)}"
                for language in ("en", "zh")
            ))  # fmt: skip
            if isinstance(error, PolicyTrapsMoney):
                kept = load_policy(text, kept_open=False)
                read.append((file, kept))
                story = story_of_keeping(in_force((kept,))[0])
                mistake = msgspec.structs.replace(mistake, story=story)
            found.append(Placed(file, mistake))
    return read, found


def _mistake(detail: dict[str, object], code: str, en: str, zh: str) -> Finding:
    line, column = detail["line"], detail["column"]
    assert isinstance(line, int)
    assert isinstance(column, int)
    return Finding(
        code=code, severity="error", policies=(), line=line, column=column, message=Words(en, zh)
    )


@contextmanager
def _shown_progress() -> Iterator[Tell]:
    """A bar on a terminal's standard error, which goes away at the end."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Looking at every kind of wallet", total=None)

        def tell(done: int, total: int) -> None:
            if done % TOLD_EVERY == 0 or done == total:
                bar.update(task, completed=done, total=total)

        yield tell


def _print(found: list[Placed], policies: int) -> None:
    chinese = spoken() == "zh"
    for one in found:
        finding = one.finding
        place = f"{one.file}:{finding.line}:{finding.column}"
        message = finding.message.zh if chinese else finding.message.en
        sys.stdout.write(f"{place}: {finding.severity} {finding.code}\n  {message}\n")
        if finding.story is not None:
            sys.stdout.write(f"  {finding.story.zh if chinese else finding.story.en}\n")
    if not found:
        sys.stdout.write(
            f"{policies} 条规则：资金不会被困，人人都有解决办法。\n" if chinese
            else f"{policies} policies: no money is trapped, and everybody has a way out.\n"
        )  # fmt: skip
