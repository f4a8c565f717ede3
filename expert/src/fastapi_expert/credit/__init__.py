"""Who contributed: the ledger of the commit being made, the subject that says it, and the history read back."""

from fastapi_expert.credit.ledger import declare, record
from fastapi_expert.credit.records import Record

__all__ = ["Record", "declare", "record"]
