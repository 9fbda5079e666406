"""Notifications in the order they came, taken by whoever waits for them."""

import asyncio
import collections
import time


class Timeout(AssertionError):
    """Nothing came in time; says what did come."""


class Gone(Exception):
    """The other side ended while something was awaited of it."""


def matches(where, params):
    if where is None:
        return True
    if callable(where):
        return bool(where(params))
    return all(params.get(key) == value for key, value in where.items())


class Inbox:
    """What Host and PageHost share. A subclass feeds `deliver` and says when nothing more comes."""

    def __init__(self):
        self.events = []    # notifications nobody has taken, oldest first: (method, params)
        self.ended = False
        self._failure = None
        self._callbacks = collections.defaultdict(list)
        self._wakeups = set()

    async def event(self, method, where=None, timeout=10):
        """
        The params of the oldest notification of this name that nobody has taken, also one that
        came before the call. `where` is a dict of fields or a function of the params.
        """
        def take():
            for i, (name, params) in enumerate(self.events):
                if name == method and matches(where, params):
                    del self.events[i]
                    return params
            return None
        return await self.awaited(take, timeout, f"no {method}")

    def on(self, method, callback):
        """
        callback(params) on each notification of that name; one that returns True takes it. The
        function returned ends it.
        """
        self._callbacks[method].append(callback)
        return lambda: self._callbacks[method].remove(callback)

    def seen(self, method, where=None):
        """The waiting notifications of that name, left where they are."""
        return [p for name, p in self.events if name == method and matches(where, p)]

    def forget(self, method, where=None):
        self.events = [(n, p) for n, p in self.events if not (n == method and matches(where, p))]

    def deliver(self, method, params):
        taken = [callback(params) for callback in list(self._callbacks[method])]
        if True not in taken:
            self.events.append((method, params))

    async def awaited(self, take, timeout, what):
        """The first result of take() that is not None; tried again whenever something comes."""
        deadline = time.monotonic() + timeout
        while True:
            found = take()
            if found is not None:
                return found
            self.raise_failure()
            if self.ended:
                raise self.gone(what)
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout(f"{what} within {timeout} s; {self.state()}")
            future = asyncio.get_running_loop().create_future()
            self._wakeups.add(future)
            await asyncio.wait([future], timeout=left)
            self._wakeups.discard(future)

    def wake(self):
        for future in self._wakeups:
            if not future.done():
                future.set_result(None)

    def raise_failure(self):
        if self._failure is not None:
            raise self._failure

    def gone(self, what):
        return Gone(what)

    def state(self):
        return f"waiting notifications: {[name for name, _ in self.events][-12:]}"
