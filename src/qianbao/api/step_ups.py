"""More proof: where rules ask for a code besides the payment PIN.

A request that moves money then answers `step_up_required` and moves nothing. Its `step_up` names
the `step_up_id` under which exactly this request waits. Have the code sent with the route below,
then send the request again: same idempotency key, same body, and the `code`. A code is good for one
amount and one receiver; another body under the key makes it void.
"""

from __future__ import annotations

from litestar import post

from qianbao.api.access import Asked, asked_from, services
from qianbao.api.described import SENDS_CODE, refuses
from qianbao.ids import id_from_key
from qianbao.payments.step_up import CodeSent, send_step_up_code
from qianbao.wallets.sessions import Session


@post(
    "/step-ups/{step_up_id:str}/codes",
    status_code=201,
    opt=refuses(*SENDS_CODE, "step_up_unknown", "step_up_over", "wallet_unknown"),
)
async def send_code(request: Asked, holder: Session, key: str, step_up_id: str) -> CodeSent:
    """Have a code sent for a waiting request

    To the wallet's own phone; the text says the amount and the receiver it is for. Only the latest
    code counts. Sent again under the same key, no second message is sent.
    """
    own = services(request)
    return await send_step_up_code(
        own.pool,
        own.keys,
        own.settings,
        wallet_id=holder.wallet_id,
        step_up_id=step_up_id,
        signup_id=id_from_key("sig", f"{holder.wallet_id} {step_up_id}", key),
        address=asked_from(request),
        now=own.now(),
    )


ROUTES = (send_code,)
