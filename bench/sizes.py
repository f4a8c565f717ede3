"""Every kind of list request at a thousand posts and at a million."""

import secrets
import time
from pathlib import Path
from statistics import median

import httpx

SMALL = 1_000
REPEATS = 21


def requests_of(client: httpx.Client) -> dict[str, str]:
    """Each kind of list the API offers, as a path; cursors are taken from the middle of what is there."""
    kinds = {"newest": "posts", "page 50": "posts?page=50", "tags": "tags", "users": "users"}
    for sort in ("id", "title", "created_at", "updated_at", "published_at", "view_count"):
        for order in ("asc", "desc"):
            kinds[f"by {sort} {order}"] = f"posts?sort_by={sort}&order={order}"
            page = client.get(f"/api/v1/posts?sort_by={sort}&order={order}&page=10").raise_for_status().json()
            if page["next_cursor"]:
                kinds[f"by {sort} {order}, cursor"] = f"posts?sort_by={sort}&order={order}&cursor={page['next_cursor']}"
    for name, query in {
        "of a tag": "tag=tag7",
        "of an author": "author=writer3",
        "archived": "status=archived",
        "a rare word": "search=zozozozo",
        "a common word": "search=baba",
        "two words": "search=baba+cedi",
        "tag, by views": "tag=tag7&sort_by=view_count",
        "author, by title": "author=writer3&sort_by=title",
    }.items():
        kinds[name] = f"posts?{query}"
    return kinds


def compare(postgres: str, directory: Path, *, posts: int) -> None:
    """Print the median milliseconds of each kind at both sizes, signed in and so uncached, and their ratio."""
    from bench.load import log_in, migrated_database, serve

    times: dict[int, dict[str, float]] = {}
    for size in (SMALL, posts):
        started = time.monotonic()
        database = migrated_database(postgres, f"size{size}", posts=size)
        print(f"\n{size:,} posts seeded in {time.monotonic() - started:.0f} s", flush=True)
        with (
            serve(database, directory, key=secrets.token_hex(32)) as service,
            httpx.Client(base_url=f"http://127.0.0.1:{service.address[1]}", timeout=60) as client,
        ):
            client.headers["Authorization"] = f"Bearer {log_in(client)}"
            times[size] = {name: _median_milliseconds(client, path) for name, path in requests_of(client).items()}
    print(f"\nEvery kind of list, one at a time, uncached; reference: {SMALL:,} posts")
    print(f"  {'':34}{f'{SMALL:,}':>12}{f'{posts:,}':>12}{'ratio':>8}")
    for name in times[posts]:
        if name in times[SMALL]:
            small, large = times[SMALL][name], times[posts][name]
            print(f"  {name:34}{small:9.2f} ms{large:9.2f} ms{large / small:8.2f}")


def _median_milliseconds(client: httpx.Client, path: str) -> float:
    taken: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        client.get(f"/api/v1/{path}").raise_for_status()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken[1:])
