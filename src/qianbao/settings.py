"""Every setting, in one place, each read from the environment as `QIANBAO_<NAME>`.

Secrets may also be read from a file named by `QIANBAO_<NAME>_FILE`. A house test checks that each
setting here is described in `docs/settings.md`, which `qianbao settings` prints from this file.
"""

from __future__ import annotations

import base64
import difflib
import os
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

SECRET = ("database_url", "sandbox_database_url", "bank_token", "master_key")
"""Settings that are never printed; an address of a database may hold its password."""


MASTER_KEY_BYTES = 32
LAST_PORT = 65535
POSTGRESQL = "postgresql://qianbao:password@127.0.0.1/qianbao"
"""What the address of a database looks like."""

Need = Literal["database", "keys", "banks"]
"""What a process may not be able to do without: a PostgreSQL, a master key, a bank gateway."""

_WANTED = {
    "`int`, got `str`": "it must be a whole number",
    "`float`, got `str`": "it must be a number",
    "`bool`, got `str`": "it must be true or false",
    "`int` >= ": "it must be at least ",
    "`int` <= ": "it must be at most ",
    "`float` > ": "it must be more than ",
}
"""What the reader of values expected, and how people say so."""


class SettingsWrong(ValueError):
    """Nothing can start with these settings; `problems` says why, a sentence for each, and repeats
    nothing secret."""

    def __init__(self, problems: Collection[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator decides. Units are in the names."""

    database_url: Annotated[
        str, Meta(description="PostgreSQL to use; empty starts the embedded server.")
    ] = ""
    data_folder: Annotated[
        str, Meta(description="Where the embedded server and generated keys live.")
    ] = ".qianbao"
    host: Annotated[str, Meta(description="Address the app listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port the app listens on.", ge=1, le=LAST_PORT)] = 8420
    public_url: Annotated[
        str, Meta(description="Address holders reach the app at; empty: http://host:port.")
    ] = ""
    sandbox: Annotated[
        bool,
        Meta(description="Simulated banks, a phone page, a clock that can be moved. Never in use."),
    ] = False
    sandbox_port: Annotated[
        int,
        Meta(
            description="Port of the sandbox banks; 0: the app's port plus 1.", ge=0, le=LAST_PORT
        ),
    ] = 0
    sandbox_database_url: Annotated[
        str, Meta(description="The sandbox banks' own database; empty: beside the app's.")
    ] = ""
    bank_url: Annotated[
        str, Meta(description="Where the bank gateway is reached; empty: the sandbox.")
    ] = ""
    bank_token: Annotated[
        str, Meta(description="Secret the wallet shows the bank gateway (secret).")
    ] = ""
    bank_timeout_seconds: Annotated[
        float, Meta(description="How long a bank's answer is waited for; then it is unknown.", gt=0)
    ] = 5.0
    bank_card_checks_per_day: Annotated[
        int, Meta(description="Checks of one card in 24 h before we stop asking (banks allow 4-5).")
    ] = 4
    bank_card_checks_kept: Annotated[
        int,
        Meta(
            description="Of these, checks that newcomers leave to whom a bank has confirmed, or "
            "whose name, document and phone it has found right for that card."
        ),
    ] = 1
    master_key: Annotated[
        str,
        Meta(
            description="Key material, base64 of 32 bytes or more (secret). Empty: generated once "
            "in the data folder, sandbox only."
        ),
    ] = ""
    bank_codes_per_card: Annotated[
        int, Meta(description="Codes a bank is asked to send for one linking of a card.")
    ] = 5
    pin_attempts: Annotated[
        int, Meta(description="Wrong payment PINs in a row before it locks.")
    ] = 5
    pin_lock_minutes: Annotated[int, Meta(description="How long a locked PIN stays locked.")] = 30
    pin_resets_per_day: Annotated[
        int, Meta(description="Failed attempts at a new PIN without the old one, in 24 hours.")
    ] = 5
    records_proofs_per_day: Annotated[
        int,
        Meta(
            description="Failed attempts at the records of a phone's closed wallets, in 24 hours."
        ),
    ] = 5
    code_attempts: Annotated[
        int, Meta(description="Wrong SMS codes before a new one is needed.")
    ] = 5
    code_valid_minutes: Annotated[int, Meta(description="How long an SMS code is good for.")] = 10
    step_up_minutes: Annotated[
        int, Meta(description="How long a request waits for the proof that rules ask for it.")
    ] = 15
    codes_per_phone_per_hour: Annotated[
        int, Meta(description="Codes one phone is sent in an hour.")
    ] = 10
    codes_per_phone_per_day: Annotated[
        int, Meta(description="Codes one phone is sent in 24 hours.")
    ] = 20
    codes_per_address_per_hour: Annotated[
        int, Meta(description="Codes one network (an IPv4 address, an IPv6 /64) may ask for.")
    ] = 100
    codes_per_hour: Annotated[
        int, Meta(description="Codes that are sent in an hour, to all phones together.")
    ] = 10_000
    proxies: Annotated[
        int,
        Meta(description="Proxies in front; as many last entries of X-Forwarded-For are believed."),
    ] = 0
    code_wait_seconds: Annotated[
        int, Meta(description="How long after a code another can be asked for, ours or a bank's.")
    ] = 60
    notice_texts_per_day: Annotated[
        int,
        Meta(description="Notices that one wallet is texted in 24 hours; all are in its inbox."),
    ] = 4
    receiver_lookups_per_day: Annotated[
        int, Meta(description="Phones whose holder's masked name one wallet is shown in a day.")
    ] = 20
    name_change_days: Annotated[
        int,
        Meta(
            description="Days for which an allowed change of name waits for the document, the day "
            "it is approved included.",
            ge=1,
            le=366,
        ),
    ] = 30
    session_days: Annotated[
        int, Meta(description="Days without use after which a session ends.")
    ] = 90
    withdrawal_free_minor: Annotated[
        int, Meta(description="Withdrawals free of fee, for life, per identity (minor units).")
    ] = 100_000
    withdrawal_fee_per_mille: Annotated[
        int, Meta(description="Withdrawal fee beyond the free amount, in thousandths.")
    ] = 1
    withdrawal_fee_least_minor: Annotated[
        int, Meta(description="Smallest withdrawal fee once one is due (minor units).")
    ] = 10
    withdrawal_unfeed_balance_minor: Annotated[
        int, Meta(description="Balances up to this leave free of fee (minor units).")
    ] = 10
    mandate_per_charge_minor: Annotated[
        int, Meta(description="Most that one charge under a mandate may take (minor units).")
    ] = 50_000
    mandate_per_day_minor: Annotated[
        int, Meta(description="Most that one mandate may take in a day (minor units).")
    ] = 250_000
    webhook_secret_grace_hours: Annotated[
        int, Meta(description="How long a webhook secret stays good after a newer one was made.")
    ] = 24
    idempotency_days: Annotated[
        int, Meta(description="Days for which a repeated request finds its first answer.")
    ] = 30
    permit_sample_per_mille: Annotated[
        int, Meta(description="How many of 1,000 permits the decision log keeps; refusals all.")
    ] = 10
    notice_days: Annotated[
        int,
        Meta(
            description="Least days from a policy's announcement to the day it first blocks; "
            "a version with less, by which somebody could lose, is not published.",
            ge=1,
        ),
    ] = 7
    tripwire_percent: Annotated[
        int,
        Meta(
            description="Wallets refused under a policy, in percent of the forecast of its "
            "simulation, beyond which its enforcement stops by itself.",
            ge=100,
        ),
    ] = 150
    tripwire_least_wallets: Annotated[
        int,
        Meta(description="So many refused wallets never stop an enforcement by themselves.", ge=1),
    ] = 20
    tripwire_days: Annotated[
        int,
        Meta(description="Days after a rollout's last step that refusals are watched.", ge=1),
    ] = 30
    decision_log_days: Annotated[
        int, Meta(description="Days for which the decision log is kept.", ge=1)
    ] = 3_650
    database_pool_size: Annotated[
        int, Meta(description="Connections one process keeps to PostgreSQL.", ge=1)
    ] = 10
    clearing_batch: Annotated[
        int, Meta(description="Most requests that one clearing transaction settles.")
    ] = 1000
    clearing_queue: Annotated[
        int, Meta(description="Most requests that wait for clearing; more are told to come back.")
    ] = 20_000
    clearing_known_wallets: Annotated[
        int,
        Meta(description="Wallets whose facts one process remembers between batches (3 kB each)."),
    ] = 50_000

    def __repr__(self) -> str:
        """Without what is secret: a settings object turns up in tracebacks and logs."""
        told = [
            f"{name}={getattr(self, name)!r}"
            for name in self.__struct_fields__
            if name not in SECRET
        ]
        return f"Settings({', '.join(told)})"

    @property
    def base_url(self) -> str:
        """Where holders reach the app."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox banks and the phone page are."""
        return f"http://{self.host}:{self.sandbox_port or self.port + 1}"

    @property
    def gateway_url(self) -> str:
        """Where the bank gateway is reached."""
        return self.bank_url or self.sandbox_url

    @property
    def folder(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.data_folder).expanduser().resolve()


def load(
    environ: Mapping[str, str] = os.environ, *, needs: Collection[Need] = (), **overrides: Any
) -> Settings:
    """Settings from the environment; `overrides` win, and an empty value is no value. `needs` is
    what the caller cannot do without. Raises `SettingsWrong` with all that is wrong at once."""
    given, wrong = dict(overrides), []
    for name, kind in typing.get_type_hints(Settings, include_extras=True).items():
        if name in overrides:
            continue
        try:
            found = _find(name, environ)
            if found:
                given[name] = msgspec.convert(found, kind, strict=False)
        except OSError as error:
            wrong.append(f"{_variable(name)}_FILE: {error.strerror}: {error.filename}")
        except msgspec.ValidationError as error:
            shown = "" if name in SECRET else f" is “{found[:40]}”"
            wrong.append(f"{_variable(name)}{shown}: {_wanted(str(error))}")
    settings = Settings(**given)
    wrong += [one for one in missing(settings, needs) if not _same_setting(one, wrong)]
    if wrong:
        raise SettingsWrong((*wrong, *_look_alikes(environ)))
    return settings


def missing(settings: Settings, needs: Collection[Need]) -> list[str]:
    """What of `needs` is not there, as sentences that name the setting."""
    found = []
    if "database" in needs and not settings.database_url:
        found.append(
            f"QIANBAO_DATABASE_URL is not set: the PostgreSQL to use, such as {POSTGRESQL}"
        )
    if "keys" in needs and settings.master_key:
        found += _wrong_key(settings.master_key)
    elif "keys" in needs and not settings.sandbox:
        found.append(
            "QIANBAO_MASTER_KEY_FILE is not set: a file that holds the key which `qianbao new-key` "
            "prints"
        )
    for name in ("bank_url", "bank_token"):
        # Outside the sandbox nobody may stand where the banks do by chance: card numbers go there.
        if "banks" in needs and not settings.sandbox and not getattr(settings, name):
            found.append(f"{_variable(name)} is not set: {_described(name)}")
    return found


def _wanted(said: str) -> str:
    """What the reader of values said, for people."""
    expected = said.removeprefix("Expected ")
    for theirs, ours in _WANTED.items():
        if expected.startswith(theirs):
            return ours + expected.removeprefix(theirs).removesuffix(".0")
    return said


def _same_setting(problem: str, others: list[str]) -> bool:
    """Whether one of `others` is about the same setting, or the file of it."""
    name = problem.split()[0].removesuffix("_FILE")
    return any(other.startswith(name) for other in others)


def _find(name: str, environ: Mapping[str, str]) -> str:
    variable = _variable(name)
    if path := environ.get(f"{variable}_FILE"):
        return Path(path).read_text("utf-8").strip()
    return environ.get(variable, "")


def _variable(name: str) -> str:
    return f"QIANBAO_{name.upper()}"


def _described(name: str) -> str:
    kind = typing.get_type_hints(Settings, include_extras=True)[name]
    return str(typing.get_args(kind)[1].description).rstrip(".")


def _wrong_key(text: str) -> list[str]:
    try:
        length = len(base64.b64decode(text, validate=True))
    except ValueError:
        length = 0
    if length >= MASTER_KEY_BYTES:
        return []
    return [
        f"QIANBAO_MASTER_KEY is not base64 of {MASTER_KEY_BYTES} bytes or more; "
        "`qianbao new-key` prints such a key"
    ]


def _look_alikes(environ: Mapping[str, str]) -> list[str]:
    """Variables that no setting reads and that look like one: slips of the pen."""
    known = [_variable(field.name) for field in msgspec.structs.fields(Settings)]
    found = []
    for name in sorted(environ):
        plain = name.removesuffix("_FILE")
        if plain.startswith("QIANBAO_") and plain not in known:
            near = difflib.get_close_matches(plain, known, 1, 0.8)
            found += [f"{name} is no setting; {near[0]} is"] if near else []
    return found
