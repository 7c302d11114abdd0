"""Cells of the report cubes: what one customer's journey adds to the figures, in a form that only needs to be summed.

A contribution is a row `Cell -> Amount`. Families and what their fields mean:

| family | one row of n = 1 is | day | dimensions | lag | lag2 |
|---|---|---|---|---|---|
| wrote, answered, inquiries | a customer-day | the day | the inquiry's, else those of the day's first customer message | 0 | 0 |
| ordered, paid, finally_paid, kept | an inquiry that converts | inquiry's day | the inquiry's | smallest lag 0..14 | 0 |
| conversations, conversations_ordered | a conversation (with an orderId) | day of createTime | the conversation's | 0 | 0 |
| sales.paid, sales.ordered, sales.order_first | a sale, with fen and refunded fen | sale day under the rule | the touch's | touch's lag 0..14, SILENT or UNMATCHED | 0 |
| second.order_first | a sale whose touch lies between creation and payment | payment's day | that touch's | its lag 0..14 | lag of the creation's touch, SILENT if none |
| assisted.RULE | an order another agent assisted | sale day under the rule | agent only | larger of touch's and agent's lag | as for the second touch, else 0 |
| refunds | a refund taken, `refunded` only | the refund's own day | none | 0 | 0 |

Within window n a row counts if lag < n; a `second` row, and an assisted row of one (lag2 > 0), if lag < n <= lag2.
The silent rows of a window are whatever the window does not attribute, so attributed + silent + unmatched is the total
by construction.
"""

from __future__ import annotations

from typing import NamedTuple

NONE = "none"
SILENT = 15
UNMATCHED = -1
VERSION = 1
"""Version of the arithmetic. What was emitted under another version asks for `xundan rebuild`."""


class Dims(NamedTuple):
    """The five base dimensions; what is not known or does not apply is `none`."""

    intent: str = NONE
    agent: str = NONE
    label: str = NONE
    served_by: str = NONE
    channel: str = NONE


NO_DIMS = Dims()


class Cell(NamedTuple):
    """Where an amount is added. `day` is a day number in the shop's zone."""

    family: str
    day: int
    dims: Dims = NO_DIMS
    lag: int = 0
    lag2: int = 0


class Amount(NamedTuple):
    """What is added: a count, the gross fen and the refunded fen."""

    n: int
    fen: int = 0
    refunded: int = 0


Contributions = dict[Cell, Amount]


def add(total: Contributions, more: Contributions, sign: int = 1) -> None:
    """Add `sign` times `more` to `total` in place; cells that come to nothing are removed."""
    for cell, (n, fen, refunded) in more.items():
        old = total.get(cell, (0, 0, 0))
        new = Amount(old[0] + sign * n, old[1] + sign * fen, old[2] + sign * refunded)
        if any(new):
            total[cell] = new
        else:
            total.pop(cell, None)
