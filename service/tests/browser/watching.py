"""What goes wrong on a page while a test uses it."""

from playwright.async_api import Page, Request


def faults_of(page: Page, *, console: bool = False) -> list[str]:
    """A list that grows with every failed request and every error of a script.

    With `console` also with what the browser itself reports there: violations of the CSP, answers of 400 and more.
    """
    faults: list[str] = []

    def failed(request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # what the page that came next made superfluous
            faults.append(f"failed: {request.url} {request.failure}")

    page.on("requestfailed", failed)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    if console:
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    return faults
