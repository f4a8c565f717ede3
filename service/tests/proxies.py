"""Programs that stand between the service and its clients or servers: nginx, PgBouncer. Each is the machine's own.

A test whose program is not installed is skipped with its reason (`.ci/run` installs both).
"""

import os
import shutil
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.engine import make_url

from tests.servers import Server, answers

SYSTEM_PLACES = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"

_NGINX = """
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_max_body_size 8m;
    large_client_header_buffers 8 64k;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port}{tls};
        {certificate}
        location {prefix}/ {{
            proxy_pass http://127.0.0.1:{service}{target};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""

_PGBOUNCER = """
[databases]
* = host={host} port={database_port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
max_client_conn = 200
default_pool_size = 10
ignore_startup_parameters = extra_float_digits
"""


class Nginx(Server):
    """In front of the service at port ``service``, under ``prefix`` and nowhere else.

    ``strips`` takes the prefix off what it passes on; ``tls`` is TLS with a certificate of its own, and HTTP/2.
    """

    def __init__(self, *, service: int, prefix: str = "", strips: bool = False, tls: bool = False) -> None:
        self.binary = program("nginx")
        super().__init__("nginx")
        self.prefix, self.scheme = prefix, "https" if tls else "http"
        certificate = ""
        if tls:
            key, chain = certificate_of("127.0.0.1", self.directory)
            certificate = f"ssl_certificate {chain}; ssl_certificate_key {key};"
        (self.directory / "nginx.conf").write_text(
            _NGINX.format(
                user="root" if os.geteuid() == 0 else "nobody",
                folder=self.directory,
                port=self.port,
                tls=" ssl http2" if tls else "",
                certificate=certificate,
                prefix=prefix,
                service=service,
                target="/" if strips else "",
            )
        )

    def command(self) -> list[str]:
        return [self.binary, "-e", "stderr", "-p", str(self.directory), "-c", str(self.directory / "nginx.conf")]

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{self.prefix}"

    def is_ready(self) -> bool:
        return answers(self.port)


class PgBouncer(Server):
    """Pools connections to a PostgreSQL by transactions."""

    def __init__(self, database_url: str) -> None:
        self.binary = program("pgbouncer")
        super().__init__("pgbouncer", account="nobody" if os.geteuid() == 0 else None)
        self.behind = make_url(database_url)
        behind = self.behind
        (self.directory / "pgbouncer.ini").write_text(
            _PGBOUNCER.format(
                host=behind.host,
                database_port=behind.port,
                user=behind.username,
                password=behind.password,
                port=self.port,
            )
        )

    def command(self) -> list[str]:
        return [self.binary, str(self.directory / "pgbouncer.ini")]

    def url(self) -> str:
        through = self.behind.set(host="127.0.0.1", port=self.port)
        return through.render_as_string(hide_password=False)

    def is_ready(self) -> bool:
        return answers(self.port)


def program(name: str) -> str:
    """Its path; the test is skipped when it is not installed."""
    found = shutil.which(name, path=SYSTEM_PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed (.ci/run does it): nothing is known of the service behind it")
    return found


def certificate_of(address: str, folder: Path) -> tuple[Path, Path]:
    """Files with a key and a certificate for ``address`` that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret, chain = folder / "key.pem", folder / "certificate.pem"
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    return secret, chain
