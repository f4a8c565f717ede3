"""A folder and a bucket keep files alike; the bucket is an S3-compatible server that checks every signature."""

import io
import os
import re
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.config import Settings
from app.database.migrations import upgrade
from app.http.errors import Unavailable
from app.server.doctor import probe
from app.storage.store import CHUNK, make_store
from tests.servers import free_port
from tests.storage.bucket import Bucket
from tests.storage.conftest import in_folder

NAME = "0190a6b2c3d47e8f9a0b1c2d3e4f5061"


def test_what_is_put_is_read_in_pieces_and_removed(storing: Settings):
    store = make_store(storing)
    content = os.urandom(3 * CHUNK + 17)
    store.put(NAME, io.BytesIO(content), media_type="image/png")
    pieces = list(store.read(NAME))
    assert b"".join(pieces) == content
    assert len(pieces) > 1
    store.remove(NAME)
    with pytest.raises(FileNotFoundError):
        store.read(NAME)
    store.remove(NAME)
    store.check()


def test_a_content_is_kept_from_where_it_stands(storing: Settings):
    store = make_store(storing)
    content = io.BytesIO(b"before after")
    content.seek(7)
    store.put(NAME, content, media_type="image/png")
    assert b"".join(store.read(NAME)) == b"after"


def test_files_are_their_owners_alone_under_any_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        make_store(in_folder(tmp_path)).put(NAME, io.BytesIO(b"content"), media_type="image/png")
    finally:
        os.umask(before)
    made = list((tmp_path / "uploads").rglob("*"))
    assert [path.name for path in made] == [NAME[-2:], NAME]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "uploads", *made]}
    assert modes == {0o700, 0o600}


def test_what_breaks_while_it_is_written_leaves_nothing(tmp_path: Path):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the disk is full")

    store = make_store(in_folder(tmp_path))
    with pytest.raises(OSError, match="full"):
        store.put(NAME, Broken(), media_type="image/png")
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    with pytest.raises(FileNotFoundError):
        store.read(NAME)


def test_the_folder_may_be_elsewhere(tmp_path: Path):
    elsewhere = tmp_path / "a" / "b"
    make_store(in_folder(tmp_path, uploads_dir=elsewhere)).put(NAME, io.BytesIO(b""), media_type="image/png")
    assert (elsewhere / NAME[-2:] / NAME).read_bytes() == b""


def test_a_bucket_has_the_files_below_the_prefix_and_the_folder_has_none(bucket: Bucket, tmp_path: Path):
    make_store(in_folder(tmp_path, **bucket.settings)).put(NAME, io.BytesIO(b"content"), media_type="image/png")
    whole = make_store(in_folder(tmp_path, **{**bucket.settings, "s3_prefix": ""}))
    assert b"".join(whole.read(f"blog/uploads/{NAME}")) == b"content"
    assert not (tmp_path / "uploads").exists()


@pytest.mark.parametrize("wrong", ["secret", "server"])
def test_a_bucket_that_cannot_be_used_is_an_outage(bucket: Bucket, tmp_path: Path, wrong: str):
    other = (
        {"s3_secret_access_key": "not the key"}
        if wrong == "secret"
        else {"s3_endpoint": f"http://127.0.0.1:{free_port()}"}
    )
    store = make_store(in_folder(tmp_path, **{**bucket.settings, **other}))
    with pytest.raises(Unavailable):
        store.put(NAME, io.BytesIO(b"content"), media_type="image/png")
    with pytest.raises(Unavailable):
        store.read(NAME)
    with pytest.raises(Unavailable):
        store.check()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"s3_endpoint": "https://s3.example.org"}, "S3_BUCKET is missing"),
        ({"s3_bucket": "Blog_Uploads"}, "is not the name of a bucket"),
        ({"s3_bucket": "blog", "s3_access_key_id": "key"}, "S3_SECRET_ACCESS_KEY is missing"),
        ({"s3_bucket": "blog", "s3_prefix": "a//b"}, "is not made of plain names"),
        ({"s3_bucket": "blog", "s3_endpoint": "s3.example.org"}, "write https://s3.example.org"),
    ],
)
def test_a_bucket_that_is_named_by_halves_is_refused_at_the_start(
    tmp_path: Path, written: dict[str, str], told: str
) -> None:
    with pytest.raises(ValidationError, match=re.escape(told)):
        in_folder(tmp_path, **written)


async def test_doctor_tries_the_store(storing: Settings) -> None:
    upgrade(storing)
    assert (await probe(storing))["uploads"] == "ok"
    nowhere = storing.model_copy(update={"uploads_dir": Path("/dev/null/uploads"), "s3_prefix": "", "s3_bucket": None})
    assert (await probe(nowhere))["uploads"].startswith("cannot be used")
