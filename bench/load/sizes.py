"""Every kind of list request at a thousand posts and at a million."""

import secrets
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx2

from bench.load import seed
from bench.load.servers import log_in, migrated_database, serve

SMALL = 1_000
REPEATS = 31
SORTS = ("id", "title", "created_at", "updated_at", "published_at", "view_count")


def requests_of(client: httpx2.Client, posts: int) -> dict[str, str]:
    """Each kind of list the API offers, as a path; cursors are taken from the middle of what is there."""
    kinds = {"newest": "posts", "page 40": "posts?page=40", "tags": "tags", "users": "users"}
    for sort in SORTS:
        for order in ("asc", "desc"):
            kinds[f"by {sort} {order}"] = f"posts?sort_by={sort}&order={order}"
            page = client.get(f"/api/v1/posts?sort_by={sort}&order={order}&page=10").raise_for_status().json()
            kinds[f"by {sort} {order}, cursor"] = f"posts?sort_by={sort}&order={order}&cursor={page['next_cursor']}"
        kinds[f"a tag by {sort}"] = f"posts?tag=tag7&sort_by={sort}"
        kinds[f"an author by {sort}"] = f"posts?author=3&sort_by={sort}"
    frequent, common, between, tail = seed.words(posts)
    for name, query in {
        "a tag, page 20": "tag=tag7&page=20",
        "a tag nobody uses": "tag=tag99",
        "a tag and an author": "tag=tag7&author=7",
        "one's own": "author=1",
        "one's own drafts": "status=draft",
        "archived": "status=archived",
        "a word nobody uses": "search=zozozozo",
        "a word in most posts": f"search={frequent}",
        "a word in a tenth": f"search={common}",
        "a word in a hundredth": f"search={between}",
        "a word in a two-hundredth": f"search={tail}",
        "two words": f"search={common}+{frequent}",
        "two rare words": f"search={between}+{tail}",
    }.items():
        kinds[name] = f"posts?{query}"
    return kinds


def compare(postgres: str, directory: Path, *, posts: int) -> None:
    """Print the median milliseconds of each kind at both sizes, signed in and so uncached, and their ratio."""
    with ExitStack() as stack:
        clients: list[httpx2.Client] = []
        for size in (SMALL, posts):
            started = time.monotonic()
            database = migrated_database(postgres, f"size{size}", posts=size)
            print(f"\n{size:,} posts seeded in {time.monotonic() - started:.0f} s", flush=True)
            service = stack.enter_context(serve(database, directory, key=secrets.token_hex(32)))
            address = f"http://127.0.0.1:{service.address[1]}"
            client = stack.enter_context(httpx2.Client(base_url=address, timeout=60))
            client.headers["Authorization"] = f"Bearer {log_in(client)}"
            clients.append(client)
        kinds = [requests_of(client, size) for client, size in zip(clients, (SMALL, posts), strict=True)]
        print(f"\nEvery kind of list, one at a time, uncached; reference: {SMALL:,} posts")
        print(f"  {'':28}{f'{SMALL:,}':>12}{f'{posts:,}':>12}{'ratio':>8}")
        for name in kinds[0]:
            small, large = _interleaved_medians(clients, [kind[name] for kind in kinds])
            print(f"  {name:28}{small:9.2f} ms{large:9.2f} ms{large / small:8.2f}", flush=True)


def _interleaved_medians(clients: list[httpx2.Client], paths: list[str]) -> list[float]:
    taken: list[list[float]] = [[] for _ in clients]
    for repeat in range(REPEATS):
        for client, path, times in zip(clients, paths, taken, strict=True):
            started = time.perf_counter()
            client.get(f"/api/v1/{path}").raise_for_status()
            if repeat:  # the first one plans its statement, and counts what a total then remembers
                times.append((time.perf_counter() - started) * 1000)
    return [median(times) for times in taken]
