from app.tasks.registry import backoff


def test_the_back_off_doubles_to_an_hour() -> None:
    waits = [backoff(attempt).total_seconds() for attempt in range(1, 20)]
    assert 3.75 <= waits[0] <= 6.25
    assert max(waits) <= 3600 * 1.25
    assert waits[4] > waits[1]
