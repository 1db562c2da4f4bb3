"""The address of a PostgreSQL database: another database on the same server."""

from __future__ import annotations

from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict, make_conninfo


def with_database(url: str, name: str) -> str:
    """`url` with its database replaced by `name`; both the URL and the keyword form are taken."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return make_conninfo(url, dbname=name)
    place, question, parameters = rest.partition("?")
    host = place.partition("/")[0]
    return f"{scheme}://{host}/{quote(name, safe='')}{question}{parameters}"


def database_name(url: str) -> str:
    """The database that `url` names; as for libpq, the user's name when it names none."""
    parts = conninfo_to_dict(url)
    return str(parts.get("dbname") or parts.get("user") or "postgres")
