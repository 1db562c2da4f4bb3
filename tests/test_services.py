"""Outside the sandbox nothing starts with what only the sandbox may make up; and no secret is
printed."""

from __future__ import annotations

import base64
import gc

import pytest

from qianbao.services import calm_collector, open_services
from qianbao.settings import Settings, SettingsWrong

KEY = base64.b64encode(bytes(32)).decode()


PLACE = {"database_url": "postgresql://nowhere.test/qianbao"}
KEYS = {"master_key": KEY}
BANKS = {"bank_url": "https://gateway.test", "bank_token": "shared"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (KEYS | BANKS, ["QIANBAO_DATABASE_URL"]),
        (PLACE | BANKS, ["QIANBAO_MASTER_KEY_FILE"]),
        (PLACE | BANKS | {"master_key": "c2hvcnQ="}, ["QIANBAO_MASTER_KEY"]),
        (PLACE | BANKS | {"master_key": "no base64!"}, ["QIANBAO_MASTER_KEY"]),
        # Else card numbers would go to whoever listens on the sandbox's port.
        (PLACE | KEYS, ["QIANBAO_BANK_URL", "QIANBAO_BANK_TOKEN"]),
        (PLACE | KEYS | {"bank_url": "https://gateway.test"}, ["QIANBAO_BANK_TOKEN"]),
        ({}, ["QIANBAO_DATABASE_URL", "QIANBAO_MASTER_KEY_FILE", "QIANBAO_BANK_URL",
              "QIANBAO_BANK_TOKEN"]),
    ],
)  # fmt: skip
async def test_outside_the_sandbox_nothing_starts_without(given, wrong):
    with pytest.raises(SettingsWrong) as refused:
        async with open_services(Settings(**given)):
            pass
    assert [problem.split()[0] for problem in refused.value.problems] == wrong
    assert "c2hvcnQ=" not in str(refused.value)


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


def test_what_a_process_keeps_is_set_aside_once():
    """Tests open many apps in one process: what the later ones leave must still be freed."""
    usual = gc.get_threshold()
    gc.unfreeze()
    try:
        calm_collector()
        kept = gc.get_freeze_count()
        assert kept > 0
        assert gc.get_threshold() == (100_000, 50, 100)
        later = [[number] for number in range(100_000)]
        calm_collector()
        assert gc.get_freeze_count() < kept + len(later)
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)
