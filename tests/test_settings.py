"""Settings are read from the environment, and all that is wrong with them is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianbao.settings import Settings, SettingsWrong, load


def problems(environ: dict[str, str], *needs: str) -> list[str]:
    """What is wrong with this environment."""
    with pytest.raises(SettingsWrong) as refused:
        load(environ, needs=needs)  # type: ignore[arg-type]
    return list(refused.value.problems)


def test_a_value_comes_from_the_environment_or_a_file_and_an_empty_one_is_none(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "token"
    secret.write_text("shared-with-banks\n")
    found = load({
        "QIANBAO_PORT": "9000", "QIANBAO_SANDBOX": "true", "QIANBAO_BANK_TIMEOUT_SECONDS": "2.5",
        "QIANBAO_BANK_TOKEN_FILE": str(secret), "QIANBAO_SESSION_DAYS": "", "QIANBAO_HOST": "",
    })  # fmt: skip
    assert (found.port, found.sandbox, found.bank_timeout_seconds) == (9000, True, 2.5)
    assert found.bank_token == "shared-with-banks"
    assert (found.session_days, found.host) == (Settings().session_days, "127.0.0.1")


def test_everything_wrong_is_said_at_once() -> None:
    said = problems(
        {
            "QIANBAO_PORT": "eighty",
            "QIANBAO_SANDBOX": "perhaps",
            "QIANBAO_BANK_TIMEOUT_SECONDS": "0",
            "QIANBAO_DATABASE_POOL_SIZE": "0",
            "QIANBAO_SANDBOX_PORT": "70000",
            "QIANBAO_MASTER_KEY_FILE": "/nowhere/master.key",
            "QIANBAO_DATABSE_URL": "postgresql://db.test/qianbao",
        },
        "database",
    )
    assert sorted(said) == sorted([
        "QIANBAO_PORT is “eighty”: it must be a whole number",
        "QIANBAO_SANDBOX is “perhaps”: it must be true or false",
        "QIANBAO_BANK_TIMEOUT_SECONDS is “0”: it must be more than 0",
        "QIANBAO_DATABASE_POOL_SIZE is “0”: it must be at least 1",
        "QIANBAO_SANDBOX_PORT is “70000”: it must be at most 65535",
        "QIANBAO_MASTER_KEY_FILE: No such file or directory: /nowhere/master.key",
        "QIANBAO_DATABASE_URL is not set: the PostgreSQL to use, such as "
        "postgresql://qianbao:password@127.0.0.1/qianbao",
        "QIANBAO_DATABSE_URL is no setting; QIANBAO_DATABASE_URL is",
    ])  # fmt: skip


def test_a_wrong_secret_is_not_repeated() -> None:
    said = problems({"QIANBAO_MASTER_KEY": "hidden-and-too-short"}, "keys")
    assert len(said) == 1
    assert "hidden" not in said[0]


def test_a_key_that_cannot_be_read_is_one_problem_not_two() -> None:
    said = problems({"QIANBAO_MASTER_KEY_FILE": "/nowhere/master.key"}, "keys")
    assert said == ["QIANBAO_MASTER_KEY_FILE: No such file or directory: /nowhere/master.key"]


def test_what_is_not_needed_may_be_missing() -> None:
    assert load({}).database_url == ""
    assert load({"QIANBAO_SANDBOX": "1"}, needs=["keys", "banks"]).sandbox
