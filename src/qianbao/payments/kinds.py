"""Every kind of request that the clearing loop settles."""

from qianbao.payments import bank_orders, charge, pay, refund, top_up, transfer, withdraw
from qianbao.payments.batch import Kind

KINDS: tuple[Kind, ...] = (
    transfer.KIND,
    pay.KIND,
    charge.KIND,
    refund.KIND,
    top_up.KIND,
    withdraw.KIND,
    bank_orders.KIND,
)
