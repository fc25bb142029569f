"""How long requests take, counted into buckets.

In    the seconds of each request.
Out   counters that Prometheus reads as a histogram.
Why   an average hides the request that a person waited for.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)


class Timings:
    """The durations of requests, by route and by the first digit of the status."""

    def __init__(self) -> None:
        self._buckets: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._answers: Counter[tuple[str, int]] = Counter()

    def add(self, route: str, status: int, seconds: float) -> None:
        """Counts one request."""
        self._buckets[route, bisect_left(BOUNDS, seconds)] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]  # seconds add up like counts
        self._answers[route, status // 100] += 1

    def measures(self) -> Iterator[tuple[str, str, float]]:
        """The histogram and the answers, as measures."""
        name = "stanch_request_seconds"
        for route in sorted(self._seconds):
            total = 0
            for place, bound in enumerate((*BOUNDS, float("inf"))):
                total += self._buckets[route, place]
                edge = "+Inf" if bound == float("inf") else f"{bound:g}"
                yield f'{name}_bucket{{route="{route}",le="{edge}"}}', "histogram", total
            yield f'{name}_sum{{route="{route}"}}', "histogram", self._seconds[route]
            yield f'{name}_count{{route="{route}"}}', "histogram", total
        for (route, hundred), count in sorted(self._answers.items()):
            labels = f'{{route="{route}",status="{hundred}xx"}}'
            yield f"stanch_answers_total{labels}", "counter", count
