"""The database: an engine for writing transactions, readers for compiled queries, migrations."""
