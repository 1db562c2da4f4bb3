"""A policy's life, and the operators who lead it: drafted, tried on everybody, published, in force.

Here belongs what happens to policies as stored versions, counting whom one would reach, and who may
do so. Not here: what a policy means (`policy`), and anything about a single wallet (`wallets`).
"""
