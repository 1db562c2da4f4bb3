"""What the wallet tells people: the holder's inbox, text messages, merchants' webhooks.

Here belongs how a message is kept and brought to its door. What it says, and when, belongs to the
verb that has something to tell.
"""
