"""Background work: what queues, schedulers and event loops run, however they are told."""

from pathlib import Path

import pytest

from fastapi_expert.codebase.model import Component

from .projects import read

CELERY = {
    "shop/queue.py": """
        from celery import Celery, Task, shared_task

        queue = Celery("shop")

        def patient(**options):
            '''Every task of this shop tries again.'''
            return queue.task(bind=True, max_retries=5, **options)
    """,
    "shop/jobs.py": """
        from celery import Task, shared_task
        from shop.queue import patient, queue

        @queue.task
        def send_receipt(order_id): ...

        @shared_task(name="sweep")
        def sweep(): ...

        @patient()
        def refund(self, order_id): ...

        class Rebuild(Task):
            def run(self): ...

        def helper(): ...
    """,
}
DRAMATIQ_HUEY_TASKIQ = {
    "work.py": """
        import dramatiq
        from huey import RedisHuey, crontab
        from taskiq_redis import ListQueueBroker
        from rq.decorators import job
        from procrastinate import App

        huey, broker, queue = RedisHuey(), ListQueueBroker(), App()

        @dramatiq.actor(max_retries=3)
        def resize(path): ...

        @huey.periodic_task(crontab(minute="0"))
        def hourly(): ...

        @huey.db_task()
        def archive(): ...

        @broker.task(schedule=[{"cron": "* * * * *"}])
        async def tick(): ...

        @job("low")
        def low(): ...

        @queue.periodic(cron="0 3 * * *")
        @queue.task()
        async def nightly(timestamp): ...
    """,
}
APSCHEDULER = {
    "app/schedule.py": """
        from functools import partial
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from app.work import Reports, clean, remind

        scheduler = AsyncIOScheduler()

        @scheduler.scheduled_job("interval", minutes=5)
        async def poll(): ...

        async def publish(name): ...

        def start():
            scheduler.add_job(clean, "cron", hour=3)
            scheduler.add_job(func=remind, trigger="interval", hours=1)
            scheduler.add_job(partial(publish, "daily"))
            scheduler.add_job("app.work:by_name", "cron", hour=4)
            scheduler.add_job(Reports().weekly, "cron", day_of_week="mon")
            scheduler.add_job(lambda: poll_again(1))

        def poll_again(n): ...
        def not_one(): ...
    """,
    "app/work.py": """
        def clean(): ...
        def remind(): ...
        def by_name(): ...

        class Reports:
            def weekly(self): ...
            def monthly(self): ...
    """,
}
ARQ = {
    "worker.py": """
        from arq import cron, func
        from jobs import compress, deliver, sweep

        async def startup(ctx): ...

        class Common: ...

        class WorkerSettings(Common):
            functions = [deliver, func(compress, name="zip")]
            cron_jobs = [cron(sweep, hour=4)]
            on_startup = startup
    """,
    "jobs.py": """
        async def deliver(ctx): ...
        async def compress(ctx): ...
        async def sweep(ctx): ...
        async def unused(ctx): ...
    """,
    "saq_worker.py": """
        from saq import CronJob, Queue
        from jobs import unused as used_here

        queue = Queue.from_url("redis://localhost")
        listed = [used_here]
        settings = {"queue": queue, "functions": listed, "cron_jobs": [CronJob(daily, cron="0 0 * * *")]}

        async def daily(ctx): ...
    """,
}
LOOPS = {
    "app/main.py": """
        import asyncio
        from contextlib import asynccontextmanager
        from fastapi import FastAPI
        from fastapi_utils.tasks import repeat_every
        from app.spawning import Pool, every, keep_alive, spawn
        from app.work import Poller, listen, purge, refresh, restart, resume, warm

        @asynccontextmanager
        async def lifespan(app):
            async def heartbeat():
                while True:
                    await asyncio.sleep(1)

            poller = Poller()
            tasks = [asyncio.create_task(heartbeat()), asyncio.create_task(poller.run())]
            spawn(refresh(app))
            keep_alive(listen)
            keep_alive(every(60, resume))
            pool = Pool()
            coroutine = purge(1)
            tasks.append(asyncio.ensure_future(coroutine))
            loop = asyncio.get_running_loop()
            loop.create_task(asyncio.wait_for(warm(), 5))
            yield

        app = FastAPI(lifespan=lifespan)

        @app.on_event("startup")
        @repeat_every(seconds=60)
        def tidy(): ...
    """,
    "app/spawning.py": """
        import asyncio
        from app.work import feed

        _running = set()

        def spawn(coroutine):
            task = asyncio.create_task(coroutine)
            _running.add(task)
            return task

        async def forever(function):
            while True:
                await function()

        def every(seconds, function):
            async def turn():
                await function()
            return turn

        def keep_alive(function, name=""):
            return spawn(forever(function))

        class Pool:
            def __init__(self):
                self._start(feed(self))

            def _start(self, work):
                asyncio.create_task(work)
    """,
    "app/work.py": """
        import asyncio
        import threading

        class Poller:
            async def run(self):
                threading.Thread(target=self._watch, daemon=True).start()
            def _watch(self): ...
            def stop(self): ...

        async def refresh(app): ...
        async def listen(): ...
        async def purge(n): ...
        async def warm(): ...
        async def feed(pool): ...
        async def restart(): ...
        async def resume(): ...
        async def called(): ...
        async def caller():
            await called()
            await asyncio.gather(restart(), called())
    """,
}
REQUESTS = {
    "main.py": """
        from fastapi import BackgroundTasks, FastAPI
        from starlette.background import BackgroundTask
        from starlette.responses import JSONResponse
        import anyio
        from rq import Queue
        from services import Mailer, log, mail, notify, render, report, track

        app = FastAPI()
        queue = Queue()

        @app.post("/a")
        def a(background: BackgroundTasks):
            background.add_task(mail, "x")
            background.add_task(func=log)
            background.add_task(Mailer.send, "x")
            return JSONResponse({}, background=BackgroundTask(track, 1))

        @app.post("/b")
        async def b(tasks: TaskService):
            queue.enqueue(render, 1)
            queue.enqueue_in(10, report)
            async with anyio.create_task_group() as group:
                group.start_soon(notify, 1)
            return tasks.create_task(build("x"), title="a todo, no background work")

        def build(name): ...
    """,
    "services.py": """
        def mail(to): ...
        def log(): ...
        def track(n): ...
        def render(n): ...
        def report(): ...
        async def notify(n): ...

        class Mailer:
            @staticmethod
            def send(to): ...
    """,
}
BY_CLASS = {
    "views.py": """
        from typing import Annotated
        from fastapi import BackgroundTasks, Depends
        from fastapi_utils.cbv import cbv
        from jobs import Mailer, Notices, Sweeper

        def mailer(): ...

        @cbv(router)
        class View:
            notices: Notices = Depends()

            def add(self, background: BackgroundTasks, mails: Annotated[Mailer, Depends(mailer)]):
                background.add_task(self.notices.tell, 1)
                background.add_task(mails.send, "x")
    """,
    "jobs.py": """
        import asyncio
        from scheduling import Periodic

        class Notices:
            def tell(self, n): ...

        class Mailer:
            def send(self, to): ...

        class Loop:
            async def turn(self): ...

        class Owner:
            def __init__(self, loop: Loop):
                self.loop = loop
                self.other = Loop()
            def start(self):
                asyncio.create_task(self.loop.turn())

        class Sweeper(Periodic):
            def __init__(self):
                super().__init__(title="sweep", func="jobs.sweeper.sweep", cron="0 3 * * *")
            def sweep(self): ...
            def other(self): ...

        sweeper = Sweeper()
    """,
}
NO_TASKS = {
    "locustfile.py": """
        from locust import HttpUser, task

        class Buyer(HttpUser):
            @task
            def buy(self): ...
    """,
    "tasks.py": """
        from invoke import task

        @task
        def build(c): ...
    """,
    "models.py": """
        class Toolbox:
            functions = [plan]

        class Board:
            def add_task(self, title): ...
            def create_task(self, title): ...

        def plan(board, progress, title):
            board.add_task("clean.up")
            board.create_task(title)
            progress.add_task(f"reading {title}", total=3)
            return title.do("x")
    """,
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (CELERY, ["Rebuild", "refund", "send_receipt", "sweep"]),
        (DRAMATIQ_HUEY_TASKIQ, ["archive", "hourly", "low", "nightly", "resize", "tick"]),
        (APSCHEDULER, ["Reports.weekly", "by_name", "clean", "poll", "poll_again", "publish", "remind"]),
        (ARQ, ["compress", "daily", "deliver", "sweep", "unused"]),
        (
            LOOPS,
            [
                "Poller._watch",
                "Poller.run",
                "feed",
                "forever",
                "lifespan.heartbeat",
                "listen",
                "purge",
                "refresh",
                "resume",
                "tidy",
                "warm",
            ],
        ),
        (REQUESTS, ["Mailer.send", "log", "mail", "notify", "render", "report", "track"]),
        (BY_CLASS, ["Loop.turn", "Mailer.send", "Notices.tell", "Sweeper.sweep"]),
        (NO_TASKS, []),
    ],
    ids=["celery", "other queues", "apscheduler", "arq and saq", "loops and helpers", "requests", "by class", "none"],
)
def test_background_work_is_found_however_it_is_started(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    assert sorted(one.qualname for one in tasks(tmp_path, files)) == expected


def test_a_task_is_used_by_the_endpoint_that_starts_it(tmp_path: Path) -> None:
    read_shop = read(tmp_path, REQUESTS)
    [endpoint] = [one for one in read_shop.components if one.qualname == "a"]
    assert "task:services.py::mail" in endpoint.uses


def tasks(root: Path, files: dict[str, str]) -> list[Component]:
    return [one for one in read(root, files).components if one.kind == "task"]
