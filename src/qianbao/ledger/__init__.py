"""The ledger: accounts, transfers with entries that carry the balance after, holds.

The only code that changes a balance. It knows owners and amounts, not wallets, limits or banks:
whoever calls it has decided already. A balance changes only for an account that this transaction
has locked, through a `Book` (`open_book`), written once by `write_book`, which seals the batch.
"""

from qianbao.ledger.accounts import (
    Account,
    AccountKey,
    balance_at,
    by_key,
    lock_accounts,
    main_account,
    open_account,
)
from qianbao.ledger.book import Book, Transfer
from qianbao.ledger.errors import (
    AccountUnknown,
    HoldAlreadyReleased,
    HoldAlreadySettled,
    HoldExceeded,
    HoldExpired,
    HoldUnknown,
    InsufficientFunds,
    SameAccount,
    TransferCurrency,
)
from qianbao.ledger.holds import Hold, HoldKey
from qianbao.ledger.write import (
    ask_book,
    ask_changes,
    ask_rows,
    copy_book,
    expire_holds,
    open_book,
    take_book,
    write_book,
)

__all__ = [
    "Account",
    "AccountKey",
    "AccountUnknown",
    "Book",
    "Hold",
    "HoldAlreadyReleased",
    "HoldAlreadySettled",
    "HoldExceeded",
    "HoldExpired",
    "HoldKey",
    "HoldUnknown",
    "InsufficientFunds",
    "SameAccount",
    "Transfer",
    "TransferCurrency",
    "ask_book",
    "ask_changes",
    "ask_rows",
    "balance_at",
    "by_key",
    "copy_book",
    "expire_holds",
    "lock_accounts",
    "main_account",
    "open_account",
    "open_book",
    "take_book",
    "write_book",
]
