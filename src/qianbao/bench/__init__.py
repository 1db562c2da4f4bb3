"""Benches: how fast the ledger and the clearing loop are, beside a limit measured in the same run.

Figures of two machines cannot be compared, so each run measures what it is compared with: a bare
binary COPY of the same rows with no checks, one transaction a transfer, and TPC-B. How fast
anything is, is never part of a test.
"""

from qianbao.bench.commands import app

__all__ = ["app"]
