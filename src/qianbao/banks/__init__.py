"""Banks: the directory, cards, the gateway that speaks to them, and simulated ones.

Cards are this room's rows. Money moved with a bank belongs to `payments`; the documents a card is
checked against belong to `identity`; how a bank prints a name belongs to `names`.
"""
