"""What the owner's writing brings to what is written, and what that is worth.

`lookups` and `writers` serve every text. The rest is `killah persona check`: text is held out, every way of
being personal is measured and tried on it, one is chosen.
"""
