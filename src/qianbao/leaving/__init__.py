"""Leaving and coming back: nothing is lost on the way.

Here belongs closing a wallet, what a holder takes along (history and statements), and finding it
again in a new wallet. Not here: what stands in the way of closing (`remedies.closing` says that),
and the acts that clear it (`payments`, `mandates`, `payscore`, `banks`). Source: domain.md 5.3,
1.3 (at least a year of history, free) and 6.3 (records outlive the relationship; portability).
"""

from qianbao.leaving.close import (
    ClosingBlocked,
    Closure,
    blockers,
    close,
    find_closure,
    statement_hash,
)
from qianbao.leaving.counterparties import Counterparty, Words
from qianbao.leaving.history import (
    HistoryCursorInvalid,
    Page,
    Transaction,
    TransactionNotFound,
    get_transaction,
    transactions,
)
from qianbao.leaving.reopen import (
    EarlierWallet,
    NothingToReopen,
    NotVerifiedYet,
    Reopening,
    earlier_wallets,
    reopen,
)
from qianbao.leaving.statement_camt053 import write_camt053
from qianbao.leaving.statement_csv import write_csv
from qianbao.leaving.statement_pdf import write_pdf
from qianbao.leaving.statements import (
    PeriodInvalid,
    Statement,
    StatementTooLong,
    periods,
    statement,
)

__all__ = [
    "ClosingBlocked",
    "Closure",
    "Counterparty",
    "EarlierWallet",
    "HistoryCursorInvalid",
    "NotVerifiedYet",
    "NothingToReopen",
    "Page",
    "PeriodInvalid",
    "Reopening",
    "Statement",
    "StatementTooLong",
    "Transaction",
    "TransactionNotFound",
    "Words",
    "blockers",
    "close",
    "earlier_wallets",
    "find_closure",
    "get_transaction",
    "periods",
    "reopen",
    "statement",
    "statement_hash",
    "transactions",
    "write_camt053",
    "write_csv",
    "write_pdf",
]
