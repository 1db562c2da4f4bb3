"""The ledger: accounts, transfers with entries that carry the balance after, holds.

The only code that changes a balance. It knows owners and amounts, not wallets, limits or banks:
whoever calls it has decided already. A balance changes only for an account that this transaction
has locked (`lock_accounts`), through a `Book`, written once by `write_book`.
"""

from qianbao.ledger.accounts import (
    Account,
    AccountKey,
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
    HoldUnknown,
    InsufficientFunds,
    SameAccount,
    TransferCurrency,
)
from qianbao.ledger.holds import Hold, load_holds
from qianbao.ledger.write import write_book

__all__ = [
    "Account",
    "AccountKey",
    "AccountUnknown",
    "Book",
    "Hold",
    "HoldAlreadyReleased",
    "HoldAlreadySettled",
    "HoldExceeded",
    "HoldUnknown",
    "InsufficientFunds",
    "SameAccount",
    "Transfer",
    "TransferCurrency",
    "load_holds",
    "lock_accounts",
    "main_account",
    "open_account",
    "write_book",
]
