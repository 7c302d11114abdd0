"""What a platform's export looks like: which heading holds what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from xundan.receive.files_columns import Role, plain_heading

Field = Literal[
    "order",
    "sub",
    "buyer",
    "status",
    "after",
    "created",
    "paid",
    "shipped",
    "received",
    "closed",
    "amount",
    "refund",
    "postage",
    "refunded",
    "refund_id",
    "product",
]
FIELDS: tuple[Field, ...] = get_args(Field)
TIMES: tuple[Field, ...] = ("created", "paid", "shipped", "received", "closed", "refunded")
MONEY: tuple[Field, ...] = ("amount", "refund", "postage")


def role_of(field: Field) -> Role:
    """How a spreadsheet's cell of this field is read."""
    return "time" if field in TIMES else "id"


@dataclass(frozen=True)
class Sheet:
    """One kind of file that a platform exports.

    `columns`: the headings under which each field is found; of several that a file has the first counts. `needs`: a
    file is such a sheet if it has these. `per_row`: every sub-order has a row of its own with its own money, which is
    summed; else rows of one order repeat the order's money. `holds`: `refunds` has one row for each refund.
    """

    platform: str
    title: str
    channel: str
    holds: Literal["orders", "refunds"]
    columns: Mapping[Field, tuple[str, ...]]
    needs: tuple[Field, ...]
    per_row: bool = False

    def places(self, headings: list[str]) -> dict[Field, int]:
        """Which column holds which field. `headings` as `plain_heading` makes them."""
        found: dict[Field, int] = {}
        for field, names in self.columns.items():
            for name in names:
                if plain_heading(name) in headings:
                    found[field] = headings.index(plain_heading(name))
                    break
        return found
