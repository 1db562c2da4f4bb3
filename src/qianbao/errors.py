"""Every refusal's common shape: a stable code, a sentence in two languages, what to do next.

Here belongs the base class and the one table of all errors. An error itself lives beside the verb
that raises it. Doors turn an error into an RFC 9457 problem document or an exit code through
`QianbaoError.status`; nothing else decides a status.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

Language = Literal["en", "zh"]

TABLE: dict[str, type[QianbaoError]] = {}
"""Every error by its code. A house test visits each."""


class QianbaoError(Exception):
    """One named reason why nothing happened.

    Subclasses set `code` (snake_case, never changed once published), `status` (HTTP), `retry`
    (True when the same request may succeed later without the holder changing anything), and two
    sentences in each language: what is wrong, and what to do next. Sentences are `str.format`
    templates over the keyword arguments given when the error is raised; those arguments are also
    sent to the client as `detail`, so they hold no secret and no document or card number.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 409
    retry: ClassVar[bool] = False
    en: ClassVar[str] = ""
    zh: ClassVar[str] = ""
    next_en: ClassVar[str] = ""
    next_zh: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.code:
            return  # an abstract parent, such as InvalidInput
        if cls.code in TABLE and TABLE[cls.code].__qualname__ != cls.__qualname__:
            raise TypeError(f"two errors share the code {cls.code!r}")
        TABLE[cls.code] = cls

    def __init__(self, **detail: Any) -> None:
        self.detail = detail
        super().__init__(self.sentence("en"))

    def sentence(self, language: Language) -> str:
        """What is wrong, for a person."""
        return (self.zh if language == "zh" else self.en).format(**self.detail)

    def next_step(self, language: Language) -> str:
        """What the person can do about it."""
        return (self.next_zh if language == "zh" else self.next_en).format(**self.detail)


class InvalidInput(QianbaoError):
    """Parent of errors in what was typed or sent (422): nothing was looked up, nothing changed."""

    status = 422


class NotFound(QianbaoError):
    """Parent of errors about things that are not there, or not this holder's (404)."""

    status = 404
