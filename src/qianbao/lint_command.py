"""`qianbao policy schema` and `qianbao policy lint`: help with writing policies.

A door: it reads files, calls `policy`, prints.
"""

from __future__ import annotations

import json

import typer

SCHEMA_EXAMPLE = "Example: qianbao policy schema > policy.schema.json"


def schema() -> None:
    """Print the JSON Schema of a policy file, for editors."""
    from qianbao.policy.policies import policy_schema

    typer.echo(json.dumps(policy_schema(), ensure_ascii=False, indent=2))
