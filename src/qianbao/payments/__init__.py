"""Payments: the clearing loop, and the kinds of request it settles.

Here money, limits and rules meet in one transaction. What a rule says belongs to `policy`, how a
balance changes to `ledger`, how a bank is spoken to to `banks`.
"""
