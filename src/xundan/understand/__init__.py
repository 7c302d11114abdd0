"""What a customer message is about and whether it is a step towards buying: one model pass, micro-batched.

`model` loads a model directory, `features` turns text into numbers, `scorer` batches with a budget, `train` makes the
model of the package. See docs/model.md.
"""
