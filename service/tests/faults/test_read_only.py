"""A PostgreSQL that has become read-only: an outage for writes, named by readiness; reads go on."""

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.backends import on_postgres
from tests.conftest import served, settings_for

NEW_USER = {"email": "ann@example.com", "username": "ann", "password": "Correct7!horse-battery@staple"}


@on_postgres
async def test_a_read_only_database_is_an_outage_and_not_a_fault_of_ours(backend, tmp_path):
    name = sql.Identifier(str(make_url(backend.database_url).database))
    alter = sql.SQL("ALTER DATABASE {} {} default_transaction_read_only {}")
    with psycopg.connect(backend.database_url, autocommit=True) as admin:
        admin.execute(alter.format(name, sql.SQL("SET"), sql.SQL("= on")))
    try:
        async with served(settings_for(backend, data_dir=tmp_path)) as client:
            refused = await client.post("/api/v1/auth/register", json=NEW_USER)
            assert (refused.status_code, refused.headers["retry-after"].isdigit()) == (503, True)
            ready = await client.get("/health/ready")
            assert ready.status_code == 503
            assert ready.json()["checks"]["database"] == "is read-only"
            assert (await client.get("/api/v1/posts")).status_code == 200
    finally:
        with psycopg.connect(backend.database_url, autocommit=True) as admin:
            admin.execute("SET default_transaction_read_only = off")
            admin.execute(alter.format(name, sql.SQL("RESET"), sql.SQL("")))
