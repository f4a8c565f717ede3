"""TLS to every server: one whose certificate can be checked is used, one whose cannot is not."""

import asyncio
import contextlib
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from app.api.health import check_all
from app.config import Settings
from app.database.migrations import upgrade
from app.main import build_resources
from app.server.doctor import probe
from tests.backends import Backend
from tests.conftest import settings_for
from tests.proxies import certificate_of
from tests.servers import Postgres, Redis, free_port


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """(key, certificate) of 127.0.0.1."""
    tmp_path.chmod(0o755)
    return certificate_of("127.0.0.1", tmp_path)


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that no server has the key of."""
    folder = tmp_path / "another"
    folder.mkdir()
    return certificate_of("127.0.0.1", folder)[1]


@pytest.fixture
def tls_postgres(certificate: tuple[Path, Path]) -> Iterator[Postgres]:
    names = ("ssl_key_file", "ssl_cert_file")
    server = Postgres()
    for name, file in zip(names, certificate, strict=True):  # its own copies: it insists on being the owner
        copy = Path(shutil.copy(file, server.directory))
        copy.chmod(0o600)
        if server.account is not None:
            shutil.chown(copy, server.account)
        server.options[name] = str(copy)
    server.options["ssl"] = "on"
    server.start()
    yield server
    server.stop()


async def states(settings: Settings) -> dict[str, str]:
    resources = build_resources(settings)
    found = await check_all(resources)
    if resources.redis is not None:
        await resources.redis.aclose()
    await resources.database.close()
    return found


async def test_postgresql_is_reached_by_tls_and_only_where_its_certificate_is_right(
    tls_postgres: Postgres, certificate: tuple[Path, Path], another: Path, tmp_path: Path
):
    for mode in ("require", "verify-ca", "verify-full"):
        for authority, reached in ((certificate[1], True), (another, False)):
            url = f"{tls_postgres.url()}?sslmode={mode}&sslrootcert={authority}"
            settings = settings_for(Backend(name="postgres", database_url=url), data_dir=tmp_path)
            if reached:
                await asyncio.to_thread(upgrade, settings)
            assert ((await states(settings))["database"] == "ok") == reached, url


@contextlib.asynccontextmanager
async def behind_tls(port: int, certificate: tuple[Path, Path]) -> AsyncIterator[int]:
    """A port where what comes by TLS goes on to another port as it is."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate[1], certificate[0])

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while received := await reader.read(65_536):
                writer.write(received)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, inner_writer), pass_on(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_redis_is_reached_by_tls_and_only_where_its_certificate_is_right(
    certificate: tuple[Path, Path], another: Path, tmp_path: Path
):
    server = Redis()
    server.start()
    async with behind_tls(server.port, certificate) as port:
        for query, reached in (
            (f"?ssl_ca_certs={certificate[1]}", True),
            (f"?ssl_ca_certs={another}", False),
            ("", False),
            ("?ssl_cert_reqs=none", True),
        ):
            url = f"rediss://127.0.0.1:{port}/0{query}"
            backend = Backend(name="sqlite", database_url=f"sqlite:///{tmp_path}/s.db", redis_url=url)
            assert ((await states(settings_for(backend, data_dir=tmp_path)))["redis"] == "ok") == reached, url
    server.stop()


@pytest.mark.parametrize("way", ["tls", "starttls"])
async def test_the_mail_server_is_reached_by_tls_and_only_where_its_certificate_is_right(
    certificate: tuple[Path, Path], another: Path, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate[1], certificate[0])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))  # the system's authorities, for the time of the test
    port = free_port()
    options = {"ssl_context": context} if way == "tls" else {"tls_context": context, "require_starttls": True}
    server = Controller(object(), hostname="127.0.0.1", port=port, **options)
    server.start()
    backend = Backend(name="sqlite", database_url=f"sqlite:///{tmp_path}/s.db")
    mail = {"smtp_host": "127.0.0.1", "smtp_port": port}
    try:
        assert (await probe(settings_for(backend, data_dir=tmp_path, **mail, smtp_tls=way)))["mail"] == "ok"
        monkeypatch.setenv("SSL_CERT_FILE", str(another))
        told = (await probe(settings_for(backend, data_dir=tmp_path, **mail, smtp_tls=way)))["mail"]
        assert "CERTIFICATE_VERIFY_FAILED" in told
        if way == "starttls":
            told = (await probe(settings_for(backend, data_dir=tmp_path, **mail, smtp_tls="none")))["mail"]
            assert told.startswith("refuses (530 ")
    finally:
        server.stop()
