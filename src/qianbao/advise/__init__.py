"""The advisor: the same rules, planner and name engine for somebody who has no account here.

Here belongs asking what somebody's situation is (`asked`), what is known of other wallets, with
sources (`known.yaml`), and the page. Nothing that is typed is stored; the address holds everything
but the name, so that it can be shared.
"""

from __future__ import annotations

from litestar import Router

from qianbao.advise.pages import advice, advice_with_name


def routes() -> list[Router]:
    """The advisor's one address."""
    return [
        Router(
            path="/advise",
            route_handlers=[advice, advice_with_name],
            opt={"page": True},
            include_in_schema=False,
            request_max_body_size=16_000,
        )
    ]
