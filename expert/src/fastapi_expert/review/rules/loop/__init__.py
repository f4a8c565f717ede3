"""The event loop and what lives on it: what makes it wait, tasks, caches, clients, state of one worker."""

from fastapi_expert.review.rules.loop import (
    blocking_call,
    blocking_client,
    blocking_helper,
    blocking_in_stream,
    body_read_around_stream,
    cached_coroutine,
    client_dropped,
    heavy_work,
    no_timeout,
    state_of_one_worker,
    task_dropped,
)

RULES = (
    blocking_call.RULE,
    blocking_helper.RULE,
    blocking_client.RULE,
    heavy_work.RULE,
    blocking_in_stream.RULE,
    task_dropped.RULE,
    cached_coroutine.RULE,
    client_dropped.RULE,
    no_timeout.RULE,
    body_read_around_stream.RULE,
    state_of_one_worker.RULE,
)
