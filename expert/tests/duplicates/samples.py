"""Functions to copy and edit."""

import textwrap

INVOICE_TOTAL = '''
def invoice_total(invoice, rates):
    """What the customer owes."""
    net = 0
    for line in invoice.lines:
        price = line.unit_price * line.quantity
        if line.discount_percent:
            price -= price * line.discount_percent / 100
        net += price
    tax = net * rates.vat_for(invoice.country)
    invoice.mark_computed(net=net, tax=tax)
    return round(net + tax, 2)
'''

RENAMED = """
def cart_sum(cart, table):
    # the same, written anew
    amount = 0
    for row in cart.lines:
        cost = (
            row.unit_price * row.quantity
        )
        if row.discount_percent:
            cost -= cost * row.discount_percent / 100
        amount += cost
    duty = amount * table.vat_for(cart.country)
    cart.mark_computed(net=amount, tax=duty)
    return round(amount + duty, 2)
"""

EDITED = """
def order_value(order, rates):
    log.debug("valuing %s", order.number)
    total = 0
    for item in order.lines:
        price = item.unit_price * item.quantity
        if item.discount_percent:
            price -= price * item.discount_percent / 100
        total += price
    duty = total * rates.vat_for(order.country)
    order.mark_computed(net=total, tax=duty)
    notify(order.owner, total)
    return total + duty
"""

UNRELATED = """
def read_rows(path, encoding):
    rows = []
    with path.open(encoding=encoding) as stream:
        for record in csv.DictReader(stream):
            record["seen"] = clock.now()
            rows.append(Row.parse(record))
    if not rows:
        raise EmptyFile(path.name)
    return sorted(rows, key=attrgetter("number"))
"""


def as_method(function: str, owner: str, base: str = "") -> str:
    """``function`` as a method of a class."""
    head, _, rest = function.strip().partition("(")
    body = textwrap.indent(f"{head}(self, {rest}", "    ")
    return f"\nclass {owner}{f'({base})' if base else ''}:\n{body}\n"


def as_async(function: str) -> str:
    """The asynchronous twin: calls on things are awaited."""
    text = function.replace("def ", "async def ", 1)
    return text.replace("invoice.mark_computed", "await invoice.mark_computed").replace(
        "rates.vat_for", "await rates.vat_for"
    )
