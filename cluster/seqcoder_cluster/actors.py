"""Starting actors, and leaving none behind."""

from __future__ import annotations

from typing import Any


class Actors:
    """Starts actors and makes sure that none is left at the end."""

    def __init__(self) -> None:
        self._started: list[Any] = []

    def __enter__(self) -> Actors:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._started:
            self.stop(actor)

    def start(self, kind: type, *arguments: Any, **options: Any) -> Any:
        """Start an actor of ``kind``; ``options`` are Ray's."""
        import ray

        actor = ray.remote(**options)(kind).remote(*arguments)
        self._started.append(actor)
        return actor

    def stop(self, actor: Any) -> None:
        """End an actor, dead or alive."""
        import ray

        self._started = [other for other in self._started if other is not actor]
        ray.kill(actor)
