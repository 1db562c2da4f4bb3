"""A refused form that money hangs on, as a page with an address: back there, saying why.

Going back onto a page that answers a form, or reloading it, sends the form again, or has the
browser put up a page of its own that asks whether to. So what was refused, and what was typed,
waits sealed in the address of the form itself. Refusals that carry more than words (a rule's ways
out) stay pages that answer a form.
"""

from __future__ import annotations

import msgspec
from litestar.response import Redirect

from qianbao.errors import TABLE, QianbaoError
from qianbao.web import forms, sealed
from qianbao.web.forms import Form
from qianbao.web.visit import Asked

QUERY = "refused"


class _Refused(msgspec.Struct, frozen=True):
    code: str
    detail: dict[str, str | int]


def back_to(request: Asked, path: str, form: Form, refusal: QianbaoError) -> Redirect | None:
    """The way back to the form at `path`; None where the refusal does not fit into an address."""
    plain = type(refusal).__init__ is QianbaoError.__init__
    if not plain or not all(isinstance(one, str | int) for one in refusal.detail.values()):
        return None
    said = msgspec.json.encode(_Refused(refusal.code, refusal.detail)).decode()
    words = {**forms.kept(form), QUERY: said}
    again = sealed.seal(request, words, "page")
    return Redirect(forms.address(path, **{QUERY: again}), status_code=303)


def refused(request: Asked) -> tuple[Form, QianbaoError | None]:
    """What was typed and why it was refused; for an address without it, nothing and None."""
    words = sealed.unseal(request, request.query_params.get(QUERY, ""), "page")
    if words is None or QUERY not in words:
        return {}, None
    said = msgspec.json.decode(words[QUERY], type=_Refused)
    form = {name: value for name, value in words.items() if name != QUERY}
    error = TABLE.get(said.code)
    return form, error(**said.detail) if error else None
