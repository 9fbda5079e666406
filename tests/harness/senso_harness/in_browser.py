"""
The product's main job in real browsers: the extension in one Chromium, which starts senso-host by itself, sends pictures
of a student's screen to a console's page in another.
"""

import asyncio
import base64
import itertools
import json
import pathlib
import statistics
import time

from .browser import PAGES, Chromium, Pages
from .extension import ID, Install, why_not
from .thumbnails import ASK_EVERY, ASKS

SHOWN_EVERY = 2.0  # seconds
WORKER = f"chrome-extension://{ID}/worker.js"
# An unpacked extension's own pages and worker are shown to DevTools; the pictures need no GPU.
STUDENT = (PAGES / "student.js").read_text()


class Target:
    """A page or worker that expressions are evaluated in."""

    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    async def run(self, expression):
        answer = await self.browser.command("Runtime.evaluate", self.session, expression=expression,
                                            awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")


async def worker_of(browser, seconds=20):
    """The extension's service worker, once its modules have run."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = [t for t in (await browser.command("Target.getTargets"))["targetInfos"] if t["url"] == WORKER]
        if found:
            attached = await browser.command("Target.attachToTarget", targetId=found[0]["targetId"], flatten=True)
            worker = Target(browser, attached["sessionId"])
            while await worker.run("typeof self.senso") != "object" and time.monotonic() < end:
                await asyncio.sleep(0.02)
            return worker
        await asyncio.sleep(0.05)
    raise AssertionError("the browser has not started the extension's service worker")


class Show:
    """One run of it."""

    def __init__(self, options, say):
        self.options, self.say = options, say
        self.faults = []

    async def go(self):
        reason = why_not()
        if reason:
            raise AssertionError(reason)
        pages = Pages()
        with Install(self.options.host) as install:
            student = console = None
            try:
                student = await Chromium.start(install.flags, wrap=install.prefix)
                console = await Chromium.start()
                await self.session(student, console, pages, install)
            finally:
                for browser in (student, console):
                    if browser:
                        await browser.close()
                pages.close()
            if install.hosts():
                self.faults.append("the host outlived its browser")
        self.say(f"{'verdict:':13}{'all well' if not self.faults else '; '.join(self.faults)}")
        return 1 if self.faults else 0

    async def session(self, student, console, pages, install):
        worker = await worker_of(student)
        self.page = Target(console, await console.page(f"{pages.url}/console.html", lambda *_: None))
        await worker.run(STUDENT)
        before = time.monotonic()
        offer = await worker.run("sensoStudent.offer()")
        answer = await self.page.run(f"sensoConsole.answer({json.dumps(offer)})")
        await worker.run(f"sensoStudent.answer({json.dumps(answer)})")
        await self.until(lambda r: r["state"] == "connected" and r["frames"] > 0, "the first picture", 20)
        self.say(f"first picture after {time.monotonic() - before:.1f} s; "
                 f"host started by the browser: process {', '.join(map(str, install.hosts())) or 'none'}")
        await self.watch(worker)
        await self.end(worker, console)

    async def until(self, condition, what, seconds):
        end = time.monotonic() + seconds
        while not condition(await self.page.run("sensoConsole.report()")):
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {seconds} s; a page never uses 127.0.0.1, so the machine "
                                     "needs another address")
            await asyncio.sleep(0.05)

    async def watch(self, worker):
        start = last = time.monotonic()
        asks = itertools.cycle(ASKS)
        ask_at = 0.0
        old = {"frames": 0, "bytes": 0}
        while (now := time.monotonic()) < start + self.options.seconds:
            if now >= ask_at:
                await self.page.run(f"sensoConsole.ask({json.dumps({'do': 'set', **next(asks)})})")
                ask_at = now + ASK_EVERY
            if now >= last + SHOWN_EVERY:
                got, sent = await self.page.run("sensoConsole.report()"), await worker.run("sensoStudent.report()")
                self.line(now - start, now - last, old, got, sent)
                old, last = got, now
            await asyncio.sleep(0.1)

    def line(self, at, seconds, old, got, sent):
        path = sent["path"] or {"method": "no path yet"}
        self.say(f"{at:6.1f} s  engine {sent['engine']}  {path['method']}  "
                 f"{(got['frames'] - old['frames']) / seconds:4.1f} fps  "
                 f"{(got['bytes'] - old['bytes']) / seconds / 1000:6.0f} kB/s  "
                 f"frames {got['frames']}/{sent['frames']}  control {len(got['trips'])}")

    async def end(self, worker, console):
        await self.page.run("sensoConsole.ask({do: 'stop'})")
        await self.until(lambda r: r["unanswered"] == 0, "the last answer", 5)
        got, sent = await self.page.run("sensoConsole.report()"), await worker.run("sensoStudent.report()")
        shot = await console.command("Page.captureScreenshot", self.page.session, format="png")
        file = pathlib.Path(self.options.screenshot)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shot["data"]))
        self.summary(got, sent, file)
        self.judge(got, sent)

    def summary(self, got, sent, file):
        path = sent["path"] or {}
        rows = [
            ("engine", sent["engine"] + (f" ({sent['why']})" if sent["why"] else "")),
            ("method", path.get("method", "?")),
            ("frames", f"{sent['frames']} sent, {got['frames']} received, {got['broken']} broken"),
            ("frame size", f"{got['least']} to {got['most']} bytes"),
            ("control", f"{len(got['trips'])} round trips, median {statistics.median(got['trips'] or [0]):.1f} ms"),
            ("screenshot", str(file)),
        ]
        for name, text in rows:
            self.say(f"{name + ':':13}{text}")

    def judge(self, got, sent):
        if sent["engine"] != "native":
            self.faults.append(f"engine {sent['engine']}: {sent['why']}")
        if got["frames"] < sent["frames"] or got["broken"]:
            self.faults.append(f"{sent['frames'] - got['frames']} frames lost, {got['broken']} broken")


async def in_browser(options, say=print):
    return await Show(options, say).go()
