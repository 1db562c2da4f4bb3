"""A holder's wallet: signing up and in, the PIN, what it may do now, legal holds, cases.

Here belongs the wallet as its holder meets it. Money moves in `payments`, identity is proven in
`identity` and `banks`, rules live in `policy`; closing and coming back are `leaving`.
"""
