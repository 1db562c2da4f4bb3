"""The operators' door: policies with their dates, wallets looked up, cases, legal holds, the audit.

Pages for a desk, drawn on the server; the one script only says that a form is under way. It holds
no SQL and no rules: a route translates, calls one verb of a room, and renders.
"""

from __future__ import annotations

from qianbao.console.routes import no_such_page, routes

__all__ = ["no_such_page", "routes"]
