"""Runs in the project's interpreter: imports what was added, tries its migration, and says as JSON what came of it.

It is written for an old Python, since it runs on whatever the project has. A question comes as JSON on standard input.
"""

import importlib
import importlib.util
import json
import os
import sys
from typing import Any, cast


def main() -> Any:
    question = json.load(sys.stdin)
    quiet = os.dup(1)
    os.dup2(2, 1)  # what an application prints at its start is none of the answer
    try:
        said = {"answer": ACTIONS[question["action"]](question)}
    except BaseException as error:
        said = {"error": _described(error), "missing": _missing(error)}
    sys.stdout.flush()
    os.write(quiet, json.dumps(said).encode())
    os._exit(0)  # threads of the application must not keep it


def _described(error: Any) -> Any:
    return " ".join(f"{error.__class__.__name__}: {error}".split())[:300]


def _missing(error: Any) -> Any:
    """The package that is not installed, when that is why."""
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            return (error.name or "").partition(".")[0]
        error = error.__cause__ or error.__context__
    return ""


# -- what is imported --------------------------------------------------------------------------------------------------


def parse(question: Any) -> Any:
    """The files that are no Python of the version asked for: [path, line, message]."""
    import ast

    found: Any = []
    for path in question["files"]:
        try:
            with open(path, encoding="utf-8") as stream:
                ast.parse(stream.read(), path, feature_version=tuple(question["version"]))
        except SyntaxError as error:
            found.append([path, error.lineno or 1, error.msg])
    return {"version": list(sys.version_info[:2]), "errors": found}


def routes(question: Any) -> Any:
    """The routes of the application, after the modules are imported."""
    for module in question["modules"]:
        importlib.import_module(module)
    found: Any = []
    for module, name in question["apps"]:
        application = getattr(importlib.import_module(module), name)
        if not hasattr(application, "openapi"):
            application = application()
        for path, methods in application.openapi()["paths"].items():
            found.extend([method.upper(), path] for method in methods)
    return found


# -- the migration -----------------------------------------------------------------------------------------------------


def migrate(question: Any) -> Any:
    """Up, compared with the table, down, and up again, on an empty database; the differences that were found."""
    import sqlalchemy as sa

    table, migration = _table(question), _loaded(question["migration"])
    url = question["url"]
    if "+asyncpg" in url or "+aiosqlite" in url:
        import asyncio

        from sqlalchemy.ext.asyncio import create_async_engine

        async def work() -> Any:
            engine = create_async_engine(url)
            async with engine.connect() as connection:
                found = await connection.run_sync(_tried, table, migration, question)
            await engine.dispose()
            return found

        return asyncio.run(work())
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        return _tried(connection, table, migration, question)


def drivers(question: Any) -> Any:
    """The drivers of PostgreSQL that this interpreter has."""
    return [name for name in ("psycopg", "psycopg2", "asyncpg") if importlib.util.find_spec(name)]


def make_tables(module: Any, table: Any) -> Any:
    """Every table of the project, on the database that its own engine is led to."""
    import sqlalchemy as sa

    own = importlib.import_module("expert_guard").SETTINGS["postgres"]
    driver = drivers(None)[0]
    metadata = _table({"table_module": module, "table": table}).metadata
    url = "postgresql+{}://postgres:{}@127.0.0.1:{}/{}".format(driver, own["password"], own["port"], own["database"])
    if driver != "asyncpg":
        engine = sa.create_engine(url)
        metadata.create_all(engine)
        engine.dispose()
        return
    import asyncio

    from sqlalchemy.ext.asyncio import create_async_engine

    async def work() -> Any:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        await engine.dispose()

    asyncio.run(work())


def _table(question: Any) -> Any:
    for other in question.get("other_modules", ()):
        importlib.import_module(other)
    module = importlib.import_module(question["table_module"])
    for value in vars(module).values():
        found = getattr(value, "__table__", None)
        if found is not None and found.name == question["table"]:
            return found
    raise LookupError("{} has no table {}".format(question["table_module"], question["table"]))


def _loaded(path: Any) -> Any:
    spec: Any = importlib.util.spec_from_file_location("expert_migration", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _tried(connection: Any, table: Any, migration: Any, question: Any) -> Any:
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    _make_referred(connection, table)
    column = question.get("column", "")
    if column:
        table.metadata.create_all(connection, tables=[table])
        connection.execute(sa.text(f'ALTER TABLE "{table.name}" DROP COLUMN "{column}"'))
    enums = _enums(connection)

    def is_of_it(item: Any, name: Any, kind: Any, reflected: Any, compared: Any) -> Any:
        return (name if kind == "table" else item.table.name) == table.name

    options = {"compare_type": True, "include_object": is_of_it, "target_metadata": table.metadata}
    said: Any = []
    for step in ("upgrade", "downgrade", "upgrade"):
        context = MigrationContext.configure(connection, opts=options)  # a command each, as the team would run it
        with Operations.context(context):
            getattr(migration, step)()
        there = _there(connection, table, column)
        if there != (step == "upgrade"):
            said.append(f"after {step} the {'column' if column else 'table'} is {'' if there else 'not '}there")
        if step == "downgrade" and _enums(connection) != enums:
            said.append("downgrade leaves {} behind".format(", ".join(sorted(_enums(connection) - enums))))
        if said:
            return said
    changes: Any = compare_metadata(context, table.metadata)
    said.extend(_difference(each) for each in changes)
    return said


def _difference(change: Any) -> Any:
    if isinstance(change, list):
        return "; ".join(map(_difference, cast("list[Any]", change)))
    return " ".join(str(part) for part in change)[:300]


def _make_referred(connection: Any, table: Any) -> Any:
    """What the table refers to, with the columns that are referred to and no more."""
    import sqlalchemy as sa

    stubs = sa.MetaData()
    wanted: Any = {}
    for key in table.foreign_keys:
        if key.column.table is not table:
            wanted.setdefault(key.column.table, {})[key.column.name] = key.column
    for other, columns in wanted.items():
        made = [sa.Column(name, column.type, primary_key=True) for name, column in columns.items()]
        sa.Table(other.name, stubs, *made, schema=other.schema)
    stubs.create_all(connection)


def _there(connection: Any, table: Any, column: Any) -> Any:
    import sqlalchemy as sa

    inspector: Any = sa.inspect(connection)
    if not column:
        return inspector.has_table(table.name, schema=table.schema)
    return column in {each["name"] for each in inspector.get_columns(table.name, schema=table.schema)}


def _enums(connection: Any) -> Any:
    import sqlalchemy as sa

    if connection.dialect.name != "postgresql":
        return frozenset("")
    inspector: Any = sa.inspect(connection)
    return {each["name"] for each in inspector.get_enums()}


ACTIONS: Any = {"parse": parse, "routes": routes, "migrate": migrate, "drivers": drivers}
