"""The application: a factory and its lifespan, nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from fastapi import FastAPI

from app.api.v1.router import router as v1
from app.core.cache import Cache
from app.core.config import Settings, get_settings
from app.core.database import Database
from app.core.errors import install_error_handlers
from app.core.passwords import PasswordHasher
from app.core.principal import Principal, PrincipalCache
from app.core.resources import Resources
from app.core.tokens import TokenSigner
from app.services import session_service
from app.startup import prepare


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Nothing is connected or written until its lifespan starts."""
    settings = settings or get_settings()
    app = FastAPI(
        title=settings.project_name,
        version=settings.version,
        debug=settings.debug,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{settings.api_v1_str}/openapi.json" if settings.docs_enabled else None,
    )
    app.state.resources = build_resources(settings)
    install_error_handlers(app)
    app.include_router(v1, prefix=settings.api_v1_str)
    return app


def build_resources(settings: Settings) -> Resources:
    database = Database(settings)
    cache = Cache(None)

    async def load(user_id: int, session_id: UUID) -> Principal | None:
        return await session_service.load_principal(database.reader, user_id=user_id, session_id=session_id)

    return Resources(
        settings=settings,
        database=database,
        hasher=PasswordHasher(),
        signer=TokenSigner(settings),
        cache=cache,
        principals=PrincipalCache(cache, loader=load, alone=settings.workers == 1),
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    resources: Resources = app.state.resources
    await prepare(resources)
    await resources.cache.start()
    yield
    await resources.cache.stop()
    resources.hasher.close()
    await resources.database.close()
