"""A flow's steps, done: by calling and by awaiting. In this alone the two clients differ."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Self

import httpx

from .attempts import Patience
from .place import Place
from .steps import Call, Fetch, Flow, Give, Outcome, Pause, Post, Step, Time
from .wire import FAILED, TIMEOUT_SECONDS, answer_of, request_of, unreachable


class Runner:
    """Where the API is, and how its answers are got. It keeps connections open until `close`.

    `timeout` is in seconds, for each of connecting, sending and reading. Raises Misconfigured where
    there is no usable address or key.
    """

    def __init__(  # noqa: PLR0913  # each has its default
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        patience: Patience | None = None,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._place = Place.of(url, key)
        self._patience = patience or Patience()
        self._http = httpx.Client(timeout=timeout, transport=transport)
        self._clock = clock
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _run[T](self, flow: Flow[T]) -> T:
        """Do a flow's steps, and return what it comes to."""
        with closing(flow):
            try:
                step = next(flow)
                while True:
                    step = flow.send(self._outcome(step))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # StopIteration is not generic

    def _given(self, flow: Flow[None]) -> Iterator[Any]:
        """Do a flow's steps, and pass on what it gives."""
        with closing(flow):
            try:
                step = next(flow)
                while True:
                    if isinstance(step, Give):
                        yield step.item
                    step = flow.send(self._outcome(step))
            except StopIteration:
                return

    def _outcome(self, step: Step) -> Any:
        match step:
            case Call() | Post():
                return self._sent(step)
            case Fetch():
                return self._fetched(step)
            case Pause():
                return self._sleep(step.seconds)
            case Time():
                return self._clock()
            case Give():
                return None

    def _sent(self, step: Call | Post) -> Outcome:
        request = request_of(step, self._place)
        try:
            response = self._http.request(**request.parts)
        except FAILED as exc:
            return unreachable(request.asked, exc)
        return answer_of(response, asked=request.asked, content=response.content)

    def _fetched(self, step: Fetch) -> Outcome:
        request = request_of(step, self._place)
        try:
            with self._http.stream(**request.parts) as response:
                if not response.is_success:
                    return answer_of(response, asked=request.asked, content=response.read())
                for chunk in response.iter_bytes():
                    step.landing.write(chunk)
                return answer_of(response, asked=request.asked, content=b"")
        except FAILED as exc:
            return unreachable(request.asked, exc)


class AsyncRunner:
    """The same for `async` code: it waits without holding up what else there is to do."""

    def __init__(  # noqa: PLR0913  # each has its default
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        patience: Patience | None = None,
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._place = Place.of(url, key)
        self._patience = patience or Patience()
        self._http = httpx.AsyncClient(timeout=timeout, transport=transport)
        self._clock = clock
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _run[T](self, flow: Flow[T]) -> T:
        """Do a flow's steps, and return what it comes to."""
        with closing(flow):
            try:
                step = next(flow)
                while True:
                    step = flow.send(await self._outcome(step))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # StopIteration is not generic

    async def _given(self, flow: Flow[None]) -> AsyncIterator[Any]:
        """Do a flow's steps, and pass on what it gives."""
        with closing(flow):
            try:
                step = next(flow)
                while True:
                    if isinstance(step, Give):
                        yield step.item
                    step = flow.send(await self._outcome(step))
            except StopIteration:
                return

    async def _outcome(self, step: Step) -> Any:
        match step:
            case Call() | Post():
                return await self._sent(step)
            case Fetch():
                return await self._fetched(step)
            case Pause():
                return await self._sleep(step.seconds)
            case Time():
                return self._clock()
            case Give():
                return None

    async def _sent(self, step: Call | Post) -> Outcome:
        request = request_of(step, self._place)
        try:
            response = await self._http.request(**request.parts)
        except FAILED as exc:
            return unreachable(request.asked, exc)
        return answer_of(response, asked=request.asked, content=response.content)

    async def _fetched(self, step: Fetch) -> Outcome:
        request = request_of(step, self._place)
        try:
            async with self._http.stream(**request.parts) as response:
                if not response.is_success:
                    return answer_of(response, asked=request.asked, content=await response.aread())
                async for chunk in response.aiter_bytes():
                    step.landing.write(chunk)
                return answer_of(response, asked=request.asked, content=b"")
        except FAILED as exc:
            return unreachable(request.asked, exc)
