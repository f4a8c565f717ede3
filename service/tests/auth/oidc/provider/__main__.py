"""Configures Django, makes its tables and people, serves."""

import json
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

import django
from django.conf import settings

from tests.auth.oidc.provider import CLIENT_ID, CLIENT_SECRET

_LOGIN_PAGE = '<form method="post">{% csrf_token %}{{ form }}<button>Log in</button></form>'
_SITE = "tests.auth.oidc.provider.site"
_APPS = ("auth", "contenttypes", "sessions")


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def configure(port: int, key: str) -> None:
    pages = [("django.template.loaders.locmem.Loader", {"registration/login.html": _LOGIN_PAGE})]
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=_SITE,
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in _APPS), "oauth2_provider"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        MIGRATION_MODULES=dict.fromkeys((*_APPS, "oauth2_provider")),  # the tables as they are now, without their past
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": "provider.db",
                "OPTIONS": {"transaction_mode": "IMMEDIATE"},  # or two at once would fail instead of taking turns
            }
        },
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": pages}},
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # quick: nothing here is worth a guess
        LOGIN_URL="/login/",
        USE_TZ=True,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}",
            "OIDC_RSA_PRIVATE_KEY": key,
            "OAUTH2_VALIDATOR_CLASS": f"{_SITE}.Validator",
            "SCOPES": {"openid": "", "email": "", "profile": ""},
            "PKCE_REQUIRED": True,
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
            "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
            "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
        },
    )
    django.setup()


def fill(users: list[dict[str, Any]], *, redirect_uri: str) -> None:
    """One confidential client, and the people who have an account here; what is there already stays."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", run_syncdb=True, verbosity=0)
    client = {
        "client_secret": CLIENT_SECRET,
        "client_type": Application.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        "redirect_uris": redirect_uri,
        "algorithm": Application.RS256_ALGORITHM,
        "skip_authorization": True,
    }
    Application.objects.get_or_create(client_id=CLIENT_ID, defaults=client)
    for user in users:
        if not User.objects.filter(username=user["username"]).exists():
            User.objects.create_user(**user)


def main() -> None:
    port, setup = int(sys.argv[1]), json.loads(Path("setup.json").read_text())
    configure(port, Path("key.pem").read_text())
    fill(setup["users"], redirect_uri=setup["redirect_uri"])

    from django.core.wsgi import get_wsgi_application

    make_server("127.0.0.1", port, get_wsgi_application(), Server).serve_forever()


main()
