"""Rows written in the transaction of the work that caused them: jobs, the audit trail, idempotent answers."""
