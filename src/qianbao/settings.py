"""Every setting, in one place, each read from the environment as `QIANBAO_<NAME>`.

Secrets may also be read from a file named by `QIANBAO_<NAME>_FILE`. A house test checks that each
setting here is described in `docs/settings.md`, which `qianbao settings` prints from this file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

SECRET = ("database_url", "sandbox_database_url", "bank_token", "master_key")
"""Settings that are never printed; an address of a database may hold its password."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator decides. Units are in the names."""

    database_url: Annotated[
        str, Meta(description="PostgreSQL to use; empty starts the embedded server.")
    ] = ""
    data_folder: Annotated[
        str, Meta(description="Where the embedded server and generated keys live.")
    ] = ".qianbao"
    host: Annotated[str, Meta(description="Address the app listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port the app listens on.")] = 8420
    public_url: Annotated[
        str, Meta(description="Address holders reach the app at; empty: http://host:port.")
    ] = ""
    sandbox: Annotated[
        bool,
        Meta(description="Simulated banks, a phone page, a clock that can be moved. Never in use."),
    ] = False
    sandbox_port: Annotated[
        int, Meta(description="Port of the sandbox banks; 0: the app's port plus 1.")
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
        float, Meta(description="How long a bank's answer is waited for; then it is unknown.")
    ] = 5.0
    bank_card_checks_per_day: Annotated[
        int, Meta(description="Checks of one card in 24 h before we stop asking (banks allow 4-5).")
    ] = 4
    master_key: Annotated[
        str,
        Meta(
            description="Key material, base64 of 32 bytes or more (secret). Empty: generated once "
            "in the data folder, sandbox only."
        ),
    ] = ""
    pin_attempts: Annotated[
        int, Meta(description="Wrong payment PINs in a row before it locks.")
    ] = 5
    pin_lock_minutes: Annotated[int, Meta(description="How long a locked PIN stays locked.")] = 30
    code_attempts: Annotated[
        int, Meta(description="Wrong SMS codes before a new one is needed.")
    ] = 5
    code_valid_minutes: Annotated[int, Meta(description="How long an SMS code is good for.")] = 10
    codes_per_phone_per_hour: Annotated[
        int, Meta(description="Sign-up codes one phone is sent in an hour.")
    ] = 10
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
    idempotency_days: Annotated[
        int, Meta(description="Days for which a repeated request finds its first answer.")
    ] = 30
    permit_sample_per_mille: Annotated[
        int, Meta(description="How many of 1,000 permits the decision log keeps; refusals all.")
    ] = 10
    database_pool_size: Annotated[
        int, Meta(description="Connections one process keeps to PostgreSQL.")
    ] = 10
    clearing_batch: Annotated[
        int, Meta(description="Most requests that one clearing transaction settles.")
    ] = 1000
    clearing_queue: Annotated[
        int, Meta(description="Most requests that wait for clearing; more are told to come back.")
    ] = 20_000

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


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Settings from the environment; `overrides` win. Raises `msgspec.ValidationError` with the
    setting's name when a value has the wrong type."""
    given: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        name = f"QIANBAO_{field.name.upper()}"
        if f"{name}_FILE" in environ:
            given[field.name] = Path(environ[f"{name}_FILE"]).read_text().strip()
        elif name in environ:
            given[field.name] = environ[name]
    return msgspec.convert(given | overrides, Settings, strict=False)
