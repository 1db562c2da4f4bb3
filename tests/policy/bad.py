"""Policies with something wrong, as short as can be."""

from __future__ import annotations

from qianbao.policy.policies import Policy, load_policy


def rule(
    name: str, requires: str, blocks: str = "pay", applies_to: str = "TRUE", kept_open: bool = True
) -> Policy:
    """A policy with a condition or two; `requires` may be a `limit: {…}` line."""
    required = requires if requires.startswith("limit:") else f"requires: {requires}"
    return load_policy(
        f"policy: {name}\nversion: 1\ntitle: {{en: A rule, zh: 一条规则}}\nbasis: a test\n"
        f"applies_to: {applies_to}\n{required}\notherwise: {{block: [{blocks}]}}\n",
        kept_open=kept_open,
    )
