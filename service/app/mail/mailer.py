"""Mail: composed from templates, sent by SMTP, or written as `.eml` files where no server is configured."""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Protocol, cast

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.config import Settings
from app.kit.addresses import delivery_address
from app.kit.clock import utcnow

log = structlog.get_logger("mail")

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


ATTEMPT_TIMEOUTS = 3


class MailRefused(Exception):
    """The server will never take this message (SMTP 5xx for the recipient or the content)."""


class Mailer(Protocol):
    """Sends one message; blocks, so it is called from jobs alone.

    Raises:
        MailRefused: for good; trying again would not help.
        OSError, smtplib.SMTPException: for now; try again later.
    """

    def send(self, message: EmailMessage) -> None: ...


def make_mailer(settings: Settings) -> Mailer:
    return SmtpMailer(settings) if settings.smtp_host else FileMailer(settings.data_dir / "mail")


def compose(
    settings: Settings, *, template: str, to: str, job_id: str, subject: str, values: Mapping[str, object]
) -> EmailMessage:
    """A message with a text and an HTML part, from ``templates/<template>.txt`` and ``.html``.

    The Message-ID is made of the job's id: a message that leaves twice, since a worker died after sending it, is one
    message to every mail program that looks.
    """
    message = EmailMessage()
    name = settings.emails_from_name or settings.project_name
    message["From"] = sender = _mailbox(settings.emails_from_email, name)
    message["To"] = recipient = _mailbox(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(utcnow())
    message["Message-ID"] = f"<{job_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies
    message["X-Auto-Response-Suppress"] = "All"  # the same, for Exchange
    context = {"project_name": settings.project_name, "subject": subject, **values}
    message.set_content(_TEMPLATES.get_template(f"{template}.txt").render(context))
    message.add_alternative(_TEMPLATES.get_template(f"{template}.html").render(context), subtype="html")
    if not (sender.username + recipient.username).isascii():
        message.policy = SMTPUTF8  # no encoding makes ASCII of a local part: the header is UTF-8 (RFC 6532)
    return message


def _mailbox(address: str, name: str = "") -> Address:
    """For a header. Its domain is ASCII: any server takes that."""
    local, domain = delivery_address(address)
    return Address(name, username=local, domain=domain)


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """One connection a message: jobs are rare and a kept connection is one more thing to go stale."""

    settings: Settings

    def check(self) -> None:
        """Sign in and name the sender, and send nothing. Raises OSError, smtplib.SMTPException."""
        with self._signed_in() as server:
            server.ehlo_or_helo_if_needed()
            code, reply = server.mail("@".join(delivery_address(self.settings.emails_from_email)))
            if code >= 400:  # it wants TLS, or a sign-in, or another sender
                raise smtplib.SMTPResponseException(code, reply)

    def send(self, message: EmailMessage) -> None:
        try:
            with self._signed_in() as server:
                _require_smtputf8_for(message, server)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if codes and all(code >= 500 for code in codes):
                raise MailRefused(f"recipient refused with {codes[0]}") from error
            raise
        except smtplib.SMTPDataError as error:
            if error.smtp_code >= 500:
                raise MailRefused(f"message refused with {error.smtp_code}") from error
            raise

    @contextlib.contextmanager
    def _signed_in(self) -> Generator[smtplib.SMTP]:
        settings, context = self.settings, ssl.create_default_context()
        assert settings.smtp_host is not None
        with self._connected(settings.smtp_host, context) as server:
            if settings.smtp_tls == "starttls":
                server.starttls(context=context)
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            yield server

    def _connected(self, host: str, context: ssl.SSLContext) -> smtplib.SMTP:
        port, timeout = self.settings.smtp_port, self.settings.smtp_timeout
        if self.settings.smtp_tls == "tls":
            return _BoundedSslConnection(host, port, timeout=timeout, context=context)
        return _BoundedConnection(host, port, timeout=timeout)


class _BoundedConnection(smtplib.SMTP):
    """A connection that ends :data:`ATTEMPT_TIMEOUTS` of its timeouts after it began.

    The timeout itself counts anew for every read: a server that drips bytes would hold a worker for ever.
    """

    _timer: threading.Timer | None = None

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self._timer = threading.Timer(self.timeout * ATTEMPT_TIMEOUTS, self._hang_up)
        self._timer.daemon = True
        self._timer.start()
        return super().connect(*args, **kwargs)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().close()

    def _hang_up(self) -> None:
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _BoundedSslConnection(_BoundedConnection, smtplib.SMTP_SSL):
    pass


def _require_smtputf8_for(message: EmailMessage, server: smtplib.SMTP) -> None:
    if cast(EmailPolicy, message.policy).utf8:
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("smtputf8"):
            raise MailRefused("the mail server takes no address with letters beyond ASCII (it offers no SMTPUTF8)")


@dataclass(frozen=True, slots=True)
class FileMailer:
    """Writes each message to a file of its own, for development; a message sent again replaces its file."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        path = self.folder / f"{name}.eml"
        path.write_bytes(message.as_bytes())
        path.chmod(0o600)  # it holds a link that signs its reader in
        log.info("mail written", subject=str(message["Subject"]), file=str(path))
