"""A real Chromium that can reach this machine and nothing else."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

expect.set_options(timeout=60_000)  # milliseconds; what is there earlier is not waited for
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ONLY_THIS_MACHINE = "--host-resolver-rules=MAP service.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this machine: install one (.ci/run does), or set TEST_CHROMIUM to its path")
    async with async_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", ONLY_THIS_MACHINE]
        launched = await playwright.chromium.launch(executable_path=path, args=options)
        yield launched
        await launched.close()
