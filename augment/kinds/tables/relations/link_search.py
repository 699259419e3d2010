"""The search for links and shares among numbers and dates, and for what nearly is one."""

from __future__ import annotations

from augment.kinds.tables.relations import links
from augment.kinds.tables.relations.balances import balances
from augment.kinds.tables.relations.links import Link
from augment.kinds.tables.relations.near import Near
from augment.kinds.tables.relations.orders import orders
from augment.kinds.tables.relations.quantities import Quantity
from augment.kinds.tables.relations.shares import Share
from augment.kinds.tables.relations.sums import sums


def linked(
    numeric: list[Quantity], target: str | None
) -> tuple[tuple[Link, ...], tuple[Share, ...], list[Near]]:
    """Links in an order in which they can be undone, shares, and what nearly holds."""
    found: list[Link] = []
    near: list[Near] = []
    for result in numeric:
        others = [other for other in numeric if other is not result]
        candidates = list(sums(result, others)) if result.name != target else []
        exact = [link for link in candidates if isinstance(link, Link)]
        first = next((link for link in exact if not links.depends(link, found)), None)
        found += [] if first is None else [first]
        near += [] if exact else [each for each in candidates if isinstance(each, Near)][:1]
    parted: list[Share] = []
    for balance in balances(numeric):
        if isinstance(balance, Near):
            near.append(balance)
            continue
        names = [term.name for term in balance.terms]
        taken = {name for share in parted for name in share.members}
        taken |= {link.result for link in found}
        if balance.total is not None:
            base, step, *more = (name for name in names if name != balance.total.name)
            link = Link(balance.total.name, base, step, 1.0, False, tuple(more))
            if link.result not in {*taken, target} and not links.depends(link, found):
                found.append(link)
        elif balance.composed and not taken & set(names):
            parted.append(Share(tuple(names), balance.constant))
    scaled = {name for share in parted for name in share.members}
    for order in orders(numeric):
        if isinstance(order, Near):
            near.append(order)
            continue
        taken = {known.result for known in found} | scaled
        if order.result not in {*taken, target} and not links.depends(order, found):
            found.append(order)
    return tuple(links.undoable(found)), tuple(parted), near
