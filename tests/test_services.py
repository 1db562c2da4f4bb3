"""Outside the sandbox nothing starts with what only the sandbox may make up; and no secret is
printed."""

from __future__ import annotations

import base64

import pytest

from qianbao.services import BankGatewayMissing, MasterKeyMissing, open_services
from qianbao.settings import Settings

KEY = base64.b64encode(bytes(32)).decode()


async def test_no_master_key_no_start():
    settings = Settings(bank_url="https://gateway.test", bank_token="shared")
    with pytest.raises(MasterKeyMissing):
        async with open_services(settings):
            pass


@pytest.mark.parametrize("given", [{}, {"bank_url": "https://gateway.test"}, {"bank_token": "x"}])
async def test_no_bank_gateway_no_start(given):
    """Else card numbers would go to whoever listens on the sandbox's port."""
    with pytest.raises(BankGatewayMissing):
        async with open_services(Settings(master_key=KEY, **given)):
            pass


def test_settings_never_print_their_secrets():
    settings = Settings(
        master_key=KEY,
        bank_token="shared-with-banks",
        database_url="postgresql://qianbao:hidden@db.test/qianbao",
        port=9000,
    )
    shown = f"{settings!r} {settings}"
    assert "port=9000" in shown
    for secret in (KEY, "shared-with-banks", "hidden"):
        assert secret not in shown
