"""The application: a factory and its lifespan, nothing else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from anyio import to_thread
from fastapi import FastAPI

from app.admin import install_admin
from app.api import health
from app.api.pages import install_pages
from app.api.v1.router import router as v1
from app.core import observing
from app.core.access_log import AccessLog
from app.core.cache import Cache
from app.core.config import Settings, get_settings
from app.core.counters import BufferedCounter
from app.core.csrf import CsrfGuard
from app.core.database import Database
from app.core.docs import install_docs
from app.core.errors import install_error_handlers
from app.core.hot import HotAnswers
from app.core.logging import configure_logging, wants_json
from app.core.metrics import Metrics
from app.core.middleware import install_middleware
from app.core.oidc.client import OidcClient
from app.core.openapi import DESCRIPTION, TAGS, install_openapi, operation_id
from app.core.passwords import PasswordHasher
from app.core.principal import GrantKey, Principal, PrincipalCache
from app.core.ratelimit import RateLimiter
from app.core.redis import connect
from app.core.resources import Resources
from app.core.tokens import TokenSigner
from app.services import api_token_service, session_service
from app.services.bootstrap_service import prepared
from app.services.view_service import store_views
from app.tasks.background import make_relay


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application. Nothing is connected or written until its lifespan starts."""
    settings = settings or get_settings()
    app = FastAPI(
        title=settings.project_name,
        version=settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=operation_id,
        debug=settings.debug,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{settings.api_v1_str}/openapi.json" if settings.docs_enabled else None,
        **observing.fastapi_options(settings),
    )
    resources = build_resources(settings)
    app.state.resources = resources
    install_error_handlers(app)
    install_middleware(app, settings, resources)
    app.include_router(v1, prefix=settings.api_v1_str)
    app.include_router(health.router)
    install_docs(app, settings)
    install_pages(app, settings)
    install_admin(app, resources)
    install_openapi(app)
    return app


def build_resources(settings: Settings) -> Resources:
    database = Database(settings)
    observing.trace_database(settings, database)
    redis = connect(settings.redis_url, kind=observing.redis_kind(settings)) if settings.redis_url else None
    metrics = Metrics()
    cache = Cache(redis, on_failure=metrics.redis_failures.inc)

    token_uses = BufferedCounter[UUID](partial(api_token_service.store_uses, database))
    signer = TokenSigner(settings)

    async def load(user_id: int, grant: GrantKey) -> Principal | None:
        if isinstance(grant, UUID):
            return await session_service.load_principal(database.reader, user_id=user_id, session_id=grant)
        return await api_token_service.load_principal(
            database.reader, user_id=user_id, token_hash=grant, note_use=token_uses.add
        )

    return Resources(
        settings=settings,
        database=database,
        hasher=PasswordHasher(),
        signer=signer,
        csrf=CsrfGuard(settings, secrets=signer.secrets),
        redis=redis,
        cache=cache,
        limiter=RateLimiter(redis),
        hot=HotAnswers(cache, api=settings.api_v1_str, ttl=settings.cache_ttl),
        views=BufferedCounter[int](partial(store_views, database)),
        token_uses=token_uses,
        metrics=metrics,
        access_log=AccessLog(
            as_json=wants_json(settings),
            enabled=settings.log_level in {"DEBUG", "INFO"},
        ),
        principals=PrincipalCache(cache, loader=load, alone=settings.workers == 1),
        providers={name: OidcClient(name, provider) for name, provider in settings.oidc_providers.items()},
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    resources: Resources = app.state.resources
    configure_logging(resources.settings)
    observing.start(resources.settings)
    await resources.cache.start()
    await resources.views.start()
    await resources.token_uses.start()
    metrics = resources.metrics.sampling(resources.database, resources.cache)
    async with metrics, prepared(resources), background_jobs(resources):
        yield
    await resources.views.stop()
    await resources.token_uses.stop()
    await resources.cache.stop()
    if resources.redis is not None:
        await resources.redis.aclose()
    for provider in resources.providers.values():
        await provider.http.close()
    resources.hasher.close()
    await resources.database.close()
    resources.access_log.flush()
    await to_thread.run_sync(observing.stop, resources.settings)


@asynccontextmanager
async def background_jobs(resources: Resources) -> AsyncGenerator[None]:
    """Hand out jobs while the application runs."""
    if not resources.settings.runs_jobs:
        yield
        return
    relay = make_relay(resources.settings, metrics=resources.metrics.registry)
    resources.database.jobs_written = relay.wake
    relay.start()
    yield
    await to_thread.run_sync(relay.stop)
