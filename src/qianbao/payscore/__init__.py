"""Pay Score (支付分): deposit-free service orders, collected when the service ends.

Here belongs switching it on and off, the score itself, and the life of an order. Not here: the
collection, which moves money and therefore is a kind of the clearing loop (`payments`); an order
only says what may be collected and remembers which payment did. Source: domain.md 5.2.
"""

from qianbao.payscore.completion import (
    Completion,
    ScoreOrderAmountTooHigh,
    begin_completion,
    finish_collected,
    finish_completion,
    give_up_completion,
)
from qianbao.payscore.lists import (
    OrderPage,
    ScoreOrder,
    ScoreOrderNotFound,
    get_merchant_order,
    get_order,
    list_merchant_orders,
    list_orders,
)
from qianbao.payscore.orders import (
    ORDER_VALID_DAYS,
    ScoreOrderCollecting,
    ScoreOrderIdTaken,
    ScoreOrderState,
    cancel_order,
    confirm_order,
    create_order,
    decline_order,
    expire_orders,
)
from qianbao.payscore.score import Part, Score, score
from qianbao.payscore.switch import (
    PayScore,
    PayScoreOff,
    ScoreOrdersOpen,
    disable,
    enable,
    pay_score,
)

__all__ = [
    "ORDER_VALID_DAYS",
    "Completion",
    "OrderPage",
    "Part",
    "PayScore",
    "PayScoreOff",
    "Score",
    "ScoreOrder",
    "ScoreOrderAmountTooHigh",
    "ScoreOrderCollecting",
    "ScoreOrderIdTaken",
    "ScoreOrderNotFound",
    "ScoreOrderState",
    "ScoreOrdersOpen",
    "begin_completion",
    "cancel_order",
    "confirm_order",
    "create_order",
    "decline_order",
    "disable",
    "enable",
    "expire_orders",
    "finish_collected",
    "finish_completion",
    "get_merchant_order",
    "get_order",
    "give_up_completion",
    "list_merchant_orders",
    "list_orders",
    "pay_score",
    "score",
]
