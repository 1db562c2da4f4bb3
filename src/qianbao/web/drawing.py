"""How a template becomes a page: the Jinja environment that all doors with pages share.

Here belong the filters and globals that templates may use. Not here: any screen, any data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from qianbao import ids, kept_page, money
from qianbao.errors import Language
from qianbao.web import i18n
from qianbao.web.standing import shown, whole
from qianbao.web.visit import SESSION_COOKIE, Asked, Visit, of, services_of

FOLDER = Path(__file__).parent / "templates"


def draw(template: str, *, status: int = 200, **context: Any) -> Response[Any]:
    """A page from `templates/`; everything the template needs comes by name."""
    return Template(template_name=template, context=context, status_code=status)


def environment(*folders: Path) -> Environment:
    """Jinja over our templates and the given folders of other doors: escaped, and a name that is
    not there is an error rather than nothing."""
    jinja = Environment(
        loader=FileSystemLoader([FOLDER, *folders]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    jinja.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    jinja.globals |= {"visit": _visit, "new_id": _new_id, "kept_page": _kept_page}
    jinja.filters |= {
        "money": money.show,
        "say": _say,
        "day": _day,
        "short_day": _short_day,
        "moment": _moment,
        "laid_out": whole,
        "shown": shown,
    }
    return jinja


def template_config(*folders: Path) -> TemplateConfig[JinjaTemplateEngine]:
    """What `app.py` gives Litestar: our templates and those in `folders`."""
    return TemplateConfig(instance=JinjaTemplateEngine(engine_instance=environment(*folders)))


def _language(context: Context) -> Language:
    return _visit(context).language


@pass_context
def _visit(context: Context) -> Visit:
    request: Asked = context["request"]
    spoken = context.get("spoken")
    return msgspec.structs.replace(of(request), language=spoken) if spoken else of(request)


@pass_context
def _kept_page(context: Context) -> str:
    """What the language switch of a page that answers a form hands back; "" on a page that has an
    address. The page is drawn anew for it, in both languages, with all that it was given."""
    request: Asked = context["request"]
    if request.method in ("GET", "HEAD"):
        return ""
    if "kept" in context:
        return str(context["kept"])
    template = context.environment.get_template(str(context.name))

    def draw_in(language: Language, kept: str) -> str:
        return template.render({**context.parent, "spoken": language, "kept": kept})

    reader = request.cookies.get(SESSION_COOKIE, "")
    return kept_page.sealed(services_of(request).keys, draw_in, reader=reader)


@pass_context
def _gettext(context: Context, message: str) -> str:
    return i18n.translate(message, _language(context))


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    language = _language(context)
    if language == "zh":
        return i18n.translate(one, language)
    return one if count == 1 else many


@pass_context
def _say(context: Context, text: str | Mapping[str, str] | None) -> str:
    return i18n.pick(text, _language(context))


@pass_context
def _day(context: Context, day: date | datetime) -> str:
    return i18n.show_date(day, _language(context))


@pass_context
def _short_day(context: Context, day: date | datetime) -> str:
    return i18n.show_date(day, _language(context), length="medium")


@pass_context
def _moment(context: Context, moment: datetime) -> str:
    return i18n.show_moment(moment, _language(context))


@pass_context
def _new_id(context: Context, prefix: str) -> str:
    """An id made by the screen: the same form sent twice names the same thing twice."""
    return ids.new_id(prefix, _visit(context).now)
