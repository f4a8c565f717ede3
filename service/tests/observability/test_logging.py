"""Logs: one shape, and nothing in them that must not be."""

import json
import logging

import pytest
import structlog

from app.observability.logging import configure_logging
from app.observability.redaction import REDACTED
from tests.config.test_settings import settings

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    configure_logging(settings(log_format="json"))

    def read() -> list[dict[str, object]]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


def test_every_line_is_one_json_object_whoever_wrote_it(lines):
    structlog.get_logger("ours").info("user.created", user_id=7)
    logging.getLogger("theirs").warning("disk at %d %%", 91)
    first, second = lines()
    assert (first["event"], first["user_id"], first["level"]) == ("user.created", 7, "info")
    assert (second["event"], second["level"]) == ("disk at 91 %", "warning")
    assert str(first["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    "name", ["password", "new_password", "access_token", "refresh_token", "Authorization", "cookie", "email", "secret"]
)
def test_what_is_named_like_a_secret_is_blanked(lines, name: str):
    structlog.get_logger().info("event", **{name: "something", "nested": {name: "something"}, "kept": "value"})
    (line,) = lines()
    assert line[name] == REDACTED
    assert line["nested"] == {name: REDACTED}
    assert line["kept"] == "value"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"got {JWT} from a client", JWT),
        ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
        ("could not reach postgresql://app:hunter2@db:5432/app", "hunter2"),
        ("redis://:hunter2@cache/0", "hunter2"),
        ("Key (email)=(ada@example.org) already exists", "ada@example.org"),
        ("hash $argon2id$v=19$m=19456,t=2,p=1$abc$def", "argon2id"),
    ],
)
def test_what_looks_like_a_secret_is_blanked_wherever_it_stands(lines, text: str, secret: str):
    structlog.get_logger().info(text, detail=text, items=[text])
    logging.getLogger("library").error("failed: %s", text)
    assert secret not in json.dumps(lines())


def test_a_traceback_shows_no_local_variables_and_no_secrets(lines):
    def fail() -> None:
        password = "hunter2" + "-local"
        raise ValueError(f"no user ada@example.org {len(password)}")

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("request.failed")
    (line,) = lines()
    assert "in fail" in str(line["exception"])
    assert "hunter2-local" not in json.dumps(line)
    assert "ada@example.org" not in json.dumps(line)


def test_configuring_twice_does_not_write_twice(lines):
    configure_logging(settings(log_format="json"))
    logging.getLogger("theirs").warning("once")
    assert len(lines()) == 1


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]):
    configure_logging(settings(log_format="json", log_level="warning"))
    structlog.get_logger().info("quiet")
    logging.getLogger("theirs").info("quiet")
    assert capsys.readouterr().out == ""


def test_lines_to_read_are_one_line_each(capsys: pytest.CaptureFixture[str]):
    configure_logging(settings(log_format="console"))
    structlog.get_logger().info("user.created", user_id=7, password="hunter2")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "user_id=7" in out
    assert "hunter2" not in out
