"""What the rules about sessions say happens, seen on the FastAPI and SQLAlchemy of the lock file (0.165, 2.1)."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict
from shapes import Account, Base, async_database, client, database, rows
from sqlalchemy import Engine, ForeignKey, create_engine, event, select, text
from sqlalchemy.exc import IllegalStateChangeError, InvalidRequestError, MissingGreenlet, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload
from sqlalchemy.pool import QueuePool


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return database(tmp_path)


@pytest.fixture
def maker(engine: Engine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(async_database(engine))


# -- FX701: since FastAPI 0.118 the code after `yield` runs when the answer has been sent (0.106–0.117: before it)


@pytest.mark.parametrize(("scope", "status"), [("request", 200), ("function", 500)])
def test_a_commit_after_the_yield_fails_behind_a_200_unless_the_scope_is_the_function(
    engine: Engine, maker: async_sessionmaker[AsyncSession], scope: Any, status: int
) -> None:
    async def get_db() -> AsyncIterator[AsyncSession]:
        async with maker() as session:
            yield session
            await session.commit()

    app = FastAPI()

    @app.post("/accounts")
    async def create(db: Annotated[AsyncSession, Depends(get_db, scope=scope)]) -> str:
        db.add(Account(name=None))
        return "created"

    answer = client(app).post("/accounts")
    assert (answer.status_code, rows(engine)) == (status, 0)


@pytest.mark.parametrize(("scope", "status"), [("request", 200), ("function", 500)])
def test_a_transaction_block_around_the_yield_commits_after_the_answer_too(
    engine: Engine, scope: Any, status: int
) -> None:
    def get_db() -> Iterator[Session]:
        with Session(engine) as session, session.begin():
            yield session

    app = FastAPI()

    @app.post("/accounts")
    def create(db: Annotated[Session, Depends(get_db, scope=scope)]) -> str:
        db.add(Account(name=None))
        return "created"

    assert (client(app).post("/accounts").status_code, rows(engine)) == (status, 0)


def test_a_commit_in_the_endpoint_fails_as_a_500(engine: Engine) -> None:
    def get_db() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    app = FastAPI()

    @app.post("/accounts")
    def create(db: Annotated[Session, Depends(get_db)]) -> str:
        db.add(Account(name=None))
        db.commit()
        return "created"

    assert client(app).post("/accounts").status_code == 500


# -- FX702 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("in_finally", "stored"), [(True, 1), (False, 0)])
def test_a_commit_in_finally_stores_what_a_refused_request_wrote(engine: Engine, in_finally: bool, stored: int) -> None:
    def commit_at_last() -> Iterator[Session]:
        session = Session(engine)
        try:
            yield session
        finally:
            session.commit()
            session.close()

    def commit_on_success() -> Iterator[Session]:
        with Session(engine) as session:
            yield session
            session.commit()

    app = FastAPI()

    @app.post("/accounts")
    def create(db: Annotated[Session, Depends(commit_at_last if in_finally else commit_on_success)]) -> None:
        db.add(Account(name="ada"))
        raise HTTPException(409, "taken")

    answer = client(app).post("/accounts")
    assert (answer.status_code, rows(engine)) == (409, stored)


# -- FX703 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("again", "status"), [(False, 500), (True, 404)])
def test_an_exception_swallowed_around_the_yield_turns_a_404_into_a_500(again: bool, status: int) -> None:
    def dependency() -> Iterator[None]:
        try:
            yield
        except HTTPException:
            if again:
                raise

    app = FastAPI()

    @app.get("/")
    def root(_: Annotated[None, Depends(dependency)]) -> None:
        raise HTTPException(404)

    assert client(app).get("/").status_code == status


# -- FX704 ---------------------------------------------------------------------------------------------------


def test_one_async_session_in_two_tasks_is_refused_and_a_session_for_each_is_not(
    maker: async_sessionmaker[AsyncSession],
) -> None:
    async def own() -> object:
        async with maker() as session:
            return await session.scalar(text("select 1"))

    async def both() -> None:
        async with maker() as session:
            two = [session.scalar(text("select 1")) for _ in range(2)]
            refused = await asyncio.gather(*two, return_exceptions=True)
            assert any(isinstance(one, IllegalStateChangeError | InvalidRequestError) for one in refused)
        assert await asyncio.gather(own(), own()) == [1, 1]

    asyncio.run(both())


# -- FX705 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shared", "status"), [(True, 500), (False, 200)])
def test_one_session_for_everybody_is_broken_for_all_by_the_first_error(
    engine: Engine, shared: bool, status: int
) -> None:
    everybodys = Session(engine)

    def get_db() -> Iterator[Session]:
        if shared:
            yield everybodys
        else:
            with Session(engine) as session:
                yield session

    app = FastAPI()

    @app.post("/accounts")
    def create(db: Annotated[Session, Depends(get_db)]) -> None:
        db.add(Account(name=None))
        db.commit()

    @app.get("/accounts")
    def accounts(db: Annotated[Session, Depends(get_db)]) -> int:
        return len(db.scalars(select(Account)).all())

    assert client(app).post("/accounts").status_code == 500
    assert client(app).get("/accounts").status_code == status
    everybodys.close()


# -- FX706, FX707 --------------------------------------------------------------------------------------------


class Band(Base):
    __tablename__ = "bands"
    id: Mapped[int] = mapped_column(primary_key=True)
    albums: Mapped[list["Album"]] = relationship()


class Album(Base):
    __tablename__ = "albums"
    id: Mapped[int] = mapped_column(primary_key=True)
    band_id: Mapped[int] = mapped_column(ForeignKey("bands.id"))


class AlbumOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class BandOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    albums: list[AlbumOut]


@pytest.fixture
def a_band(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Band(id=1, albums=[Album(id=1)]))
        session.commit()


@pytest.mark.usefixtures("a_band")
def test_a_lazy_relation_cannot_load_in_async_code(maker: async_sessionmaker[AsyncSession]) -> None:
    async def both() -> None:
        async with maker() as session:
            with pytest.raises((MissingGreenlet, StatementError), match="greenlet_spawn"):
                _ = (await session.get_one(Band, 1)).albums
        async with maker() as session:
            band = (await session.scalars(select(Band).options(selectinload(Band.albums)))).one()
            assert len(band.albums) == 1

    asyncio.run(both())


@pytest.mark.usefixtures("a_band")
@pytest.mark.parametrize(("loaded", "status"), [(False, 500), (True, 200)])
def test_a_response_schema_with_a_relation_that_nothing_loads_is_a_500(
    maker: async_sessionmaker[AsyncSession], loaded: bool, status: int
) -> None:
    app = FastAPI()

    @app.get("/band", response_model=BandOut)
    async def band() -> Any:
        async with maker() as session:
            statement = select(Band).options(selectinload(Band.albums)) if loaded else select(Band)
            return (await session.scalars(statement)).one()

    assert client(app).get("/band").status_code == status


# -- FX708 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
def test_an_attribute_read_after_the_commit_that_expired_it_raises(engine: Engine, kept: bool) -> None:
    maker = async_sessionmaker(async_database(engine), expire_on_commit=not kept)

    async def added() -> int:
        async with maker() as session:
            account = Account(name="ada")
            session.add(account)
            await session.commit()
            return account.id

    if kept:
        assert asyncio.run(added()) == 1
    else:
        with pytest.raises((MissingGreenlet, StatementError), match="greenlet_spawn"):
            asyncio.run(added())


# -- FX709, FX710: what holds a connection -------------------------------------------------------------------


def small_pool(engine: Engine) -> tuple[Engine, QueuePool]:
    pooled = create_engine(engine.url, poolclass=QueuePool, pool_size=1, max_overflow=0)
    assert isinstance(pooled.pool, QueuePool)
    return pooled, pooled.pool


@pytest.mark.parametrize(("scope", "held"), [("request", 1), ("function", 0)])
def test_a_session_of_the_request_keeps_its_connection_as_long_as_the_stream(
    engine: Engine, scope: Any, held: int
) -> None:
    pooled, pool = small_pool(engine)

    def get_db() -> Iterator[Session]:
        with Session(pooled) as session:
            yield session

    def user(db: Annotated[Session, Depends(get_db, scope=scope)]) -> int:
        return db.scalar(text("select 1")) or 0

    app = FastAPI()

    @app.get("/events")
    def events(_: Annotated[int, Depends(user, scope=scope)]) -> StreamingResponse:
        def parts() -> Iterator[str]:
            yield str(pool.checkedout())

        return StreamingResponse(parts())

    assert client(app).get("/events").text == str(held)


@pytest.mark.parametrize(("closed", "held"), [(False, 1), (True, 0)])
def test_a_session_of_a_websocket_keeps_its_connection_as_long_as_the_conversation(
    engine: Engine, closed: bool, held: int
) -> None:
    pooled, pool = small_pool(engine)

    def get_db() -> Iterator[Session]:
        with Session(pooled) as session:
            yield session

    app = FastAPI()

    @app.websocket("/ws")
    async def talk(socket: WebSocket, db: Annotated[Session, Depends(get_db)]) -> None:
        db.execute(text("select 1"))
        if closed:
            db.close()
        await socket.accept()
        await socket.receive_text()
        await socket.send_json(pool.checkedout())

    with TestClient(app).websocket_connect("/ws") as socket:
        socket.send_text("hello")
        assert socket.receive_json() == held


@pytest.mark.parametrize(("own", "held"), [(False, 1), (True, 0)])
def test_a_background_task_with_the_requests_session_keeps_its_connection(engine: Engine, own: bool, held: int) -> None:
    pooled, pool = small_pool(engine)
    seen: list[int] = []

    def get_db() -> Iterator[Session]:
        with Session(pooled) as session:
            yield session
        seen.append(-1)

    def task(session: Session | None) -> None:
        seen.append(pool.checkedout())

    app = FastAPI()

    @app.post("/")
    def start(tasks: BackgroundTasks, db: Annotated[Session, Depends(get_db)]) -> None:
        db.execute(text("select 1"))
        if own:
            db.close()
        tasks.add_task(task, None if own else db)

    client(app).post("/")
    assert seen == [held, -1], "the task runs before the dependency ends"


# -- FX711 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("in_thread", "served_meanwhile"), [(False, 0), (True, 1)])
def test_a_query_of_a_sync_session_in_async_def_lets_no_other_request_in(
    engine: Engine, in_thread: bool, served_meanwhile: int
) -> None:
    other = threading.Event()
    pooled = create_engine(engine.url)

    @event.listens_for(pooled, "connect")
    def slow(connection: Any, _: Any) -> None:
        connection.create_function("wait_for_the_other", 0, lambda: int(other.wait(30 if in_thread else 0.3)))

    def query() -> int:
        with Session(pooled) as session:
            return session.scalar(text("select wait_for_the_other()")) or 0

    app = FastAPI()

    @app.get("/query")
    async def answer() -> int:
        return await run_in_threadpool(query) if in_thread else query()

    @app.get("/other")
    async def set_it() -> None:
        other.set()

    async def both() -> int:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=60) as http:
            first, _ = await asyncio.gather(http.get("/query"), http.get("/other"))
            return first.json()

    assert asyncio.run(both()) == served_meanwhile


# -- FX712 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("awaited", "stored"), [(False, 0), (True, 1)])
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_a_commit_that_nobody_awaits_stores_nothing_and_answers_200(
    engine: Engine, maker: async_sessionmaker[AsyncSession], awaited: bool, stored: int
) -> None:
    app = FastAPI()

    @app.post("/accounts")
    async def create() -> None:
        async with maker() as session:
            session.add(Account(name="ada"))
            commit = session.commit()
            if awaited:
                await commit
            else:
                commit.close()

    assert (client(app).post("/accounts").status_code, rows(engine)) == (200, stored)


# -- FX714 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("closed", "held"), [(False, 1), (True, 0)])
def test_a_session_that_nobody_closes_keeps_its_connection_while_anything_refers_to_it(
    engine: Engine, closed: bool, held: int
) -> None:
    pooled, pool = small_pool(engine)
    kept: list[Session] = []

    def returned() -> Session:
        return Session(pooled)

    def yielded() -> Iterator[Session]:
        with Session(pooled) as session:
            yield session

    app = FastAPI()

    @app.get("/")
    def root(db: Annotated[Session, Depends(yielded if closed else returned)]) -> None:
        db.execute(text("select 1"))
        kept.append(db)

    client(app).get("/")
    assert pool.checkedout() == held
    kept[0].close()


def test_an_async_session_that_nobody_closes_warns_when_it_is_collected(engine: Engine) -> None:
    pooled = create_async_engine(f"sqlite+aiosqlite:///{engine.url.database}")

    async def leave_open() -> None:
        await AsyncSession(pooled).execute(text("select 1"))
        with pytest.warns(match="garbage collector"):
            gc.collect()
        await pooled.dispose()

    asyncio.run(leave_open())


# -- FX717, FX720 --------------------------------------------------------------------------------------------


def test_python_operators_in_a_condition_raise_or_silently_change_what_it_means(engine: Engine) -> None:
    with Session(engine) as session:
        session.add_all([Account(name="ada", owner="x", is_admin=True), Account(name="bob", owner="x")])
        session.commit()

        def count(*conditions: Any) -> int:
            return len(session.scalars(select(Account).where(*conditions)).all())

        with pytest.raises(TypeError):
            count(Account.id < 9 and Account.owner == "y")
        assert count(Account.is_admin and Account.owner == "x") == 2, "a column is true: the second condition is alone"
        assert count(Account.owner == "y" and Account.is_admin) == 0, "`==` compares identities: it is the condition"
        assert count(Account.is_admin or Account.owner == "x") == 1, "a column is true: the second is dropped"
        assert count(not Account.is_admin) == 0
        assert count(Account.owner is None) == 0
        assert count(Account.is_admin, Account.owner == "x") == 1


@pytest.mark.parametrize(("bound", "found"), [(False, 2), (True, 0)])
def test_sql_put_together_from_a_parameter_answers_whatever_the_caller_asks(
    engine: Engine, bound: bool, found: int
) -> None:
    with Session(engine) as session:
        session.add_all([Account(name="ada"), Account(name="bob")])
        session.commit()
    app = FastAPI()

    @app.get("/accounts")
    def accounts(name: str) -> int:
        with Session(engine) as session:
            if bound:
                return len(session.execute(text("select * from accounts where name = :n"), {"n": name}).all())
            return len(session.execute(text(f"select * from accounts where name = '{name}'")).all())

    assert client(app).get("/accounts", params={"name": "' or '1'='1"}).json() == found
