"""
The product's main job between two hosts: a student's host sends pictures of its screen to a
console's host, beside a control channel on which the console asks for rate, quality and width.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time

from .host import Host
from .peer import connect
from .pictures import Desktop, decode, encode

# What the console asks for in turn.
ASKS = (
    {"fps": 10, "quality": 55, "width": 640},
    {"fps": 10, "quality": 85, "width": 640},
    {"fps": 8, "quality": 40, "width": 320},
    {"fps": 12, "quality": 92, "width": 640},
    {"fps": 10, "quality": 30, "width": 480},
)
ASK_EVERY = 2.0   # seconds
GRACE = 3.0       # seconds for what is under way at the end
LEAST_RATE = 0.5  # of the frames that were asked for


class Student:
    """Draws, sends, and does what the console asks."""

    def __init__(self, link):
        self.link = link
        self.screen = link.channels_a["thumbnails"]
        self.control = link.channels_a["control"]
        self.settings = dict(ASKS[0])
        self.sent = self.bytes_sent = 0
        self.wanted = 0.0  # frames the settings asked for, over time
        self.acked = -1
        self.stopped = asyncio.Event()

    async def listen(self):
        while True:
            ask = json.loads(await self.control.recv(timeout=600))
            if ask["do"] == "ack":
                self.acked = ask["frame"]
                continue
            if ask["do"] == "set":
                self.settings = {k: ask[k] for k in ("fps", "quality", "width")}
            elif ask["do"] == "stop":
                self.stopped.set()
            await self.control.send(json.dumps({"done": ask["n"], "sent": self.sent}))

    async def show(self):
        desktop = Desktop()
        due = time.monotonic()
        while not self.stopped.is_set():
            image = desktop.draw(self.sent, self.settings["width"])
            picture = encode(image, self.settings["quality"],
                             {"frame": self.sent, "quality": self.settings["quality"]})
            await self.screen.send(picture)
            self.sent += 1
            self.bytes_sent += len(picture)
            step = 1 / self.settings["fps"]
            self.wanted += 1
            late = time.monotonic() - due - step
            if late > 0:  # frames that could not be drawn in time count as asked for
                self.wanted += late / step
                due = time.monotonic() - step
            due += step
            try:
                await asyncio.wait_for(self.stopped.wait(), max(0.0, due - time.monotonic()))
            except asyncio.TimeoutError:
                pass


class Console:
    """Receives, checks and asks."""

    def __init__(self, link, faults):
        self.link = link
        self.screen = link.channels_b["thumbnails"]
        self.control = link.channels_b["control"]
        self.faults = faults
        self.frames = set()
        self.bytes_received = 0
        self.sizes = []
        self.out_of_order = 0
        self.qualities = set()
        self.round_trips = []  # seconds
        self._asked = {}       # n -> when
        self._numbers = itertools.count()
        self._highest = -1

    async def watch(self):
        while True:
            data = await self.screen.recv(timeout=600)
            self.bytes_received += len(data)
            self.sizes.append(len(data))
            try:
                about = decode(data)
            except (OSError, ValueError) as error:
                self.faults.append(f"a frame of {len(data)} bytes does not decode: {error}")
                continue
            self._count(about)
            if len(self.frames) % 10 == 0:
                await self.tell({"do": "ack", "frame": about["frame"]})

    def _count(self, about):
        if about["frame"] in self.frames:
            self.faults.append(f"frame {about['frame']} came twice")
        if about["frame"] < self._highest:
            self.out_of_order += 1
        self._highest = max(self._highest, about["frame"])
        self.frames.add(about["frame"])
        self.qualities.add(about["quality"])

    async def listen(self):
        while True:
            answer = json.loads(await self.control.recv(timeout=600))
            self.round_trips.append(time.monotonic() - self._asked.pop(answer["done"]))

    async def ask(self, what):
        n = next(self._numbers)
        self._asked[n] = time.monotonic()
        await self.tell({"n": n, **what})

    async def tell(self, what):
        await self.control.send(json.dumps(what))

    async def direct(self, seconds):
        """Asks for something else now and then, and to stop at the end."""
        end = time.monotonic() + seconds
        for ask in itertools.cycle(ASKS):
            left = end - time.monotonic()
            if left <= 0.05:
                break
            await self.ask({"do": "set", **ask})
            await asyncio.sleep(min(ASK_EVERY, left))
        await self.ask({"do": "stop"})

    @property
    def unanswered(self):
        return len(self._asked)


class Run:
    """One run: two hosts, a link, a display while it goes, a summary and a verdict."""

    def __init__(self, options, out=sys.stdout):
        self.options = options
        self.out = out
        self.faults = []
        self.path = {}
        self.rtt = None
        self.rss = [0, 0]
        self.started = time.monotonic()

    async def go(self):
        """0, or 1 when anything was wrong."""
        a = await Host.start(self.options.host, name="student")
        b = await Host.start(self.options.host, name="console")
        try:
            await self._session(a, b)
        except BaseException:
            a.kill()
            b.kill()
            raise
        return 1 if self.faults else 0

    async def _session(self, a, b):
        for host in (a, b):
            await host.hello()
            host.on("peer.path", lambda params, host=host: self._path_found(host, params))
            host.on("peer.icegatheringstatechange", lambda params: True)
        init = {"ordered": True} if self.options.channel == "ordered" else {
            "ordered": False, "maxRetransmits": 3}
        before = time.monotonic()
        link = await connect(a, b, ("thumbnails", init), ("control", {"ordered": True}))
        self.connect_ms = (time.monotonic() - before) * 1000
        await self._work(link)
        statuses = await self._end(a, b, link)
        self._summary(statuses)

    def _path_found(self, host, params):
        self.path[host.name] = params
        return True

    async def _work(self, link):
        self.student, self.console = Student(link), Console(link, self.faults)
        listeners = [asyncio.create_task(work) for work in (
            self.student.listen(), self.console.listen(), self.console.watch())]
        display = asyncio.create_task(self._display(link))
        self.started = time.monotonic()
        main = asyncio.gather(self.student.show(), self.console.direct(self.options.seconds))
        await asyncio.wait([main, *listeners], return_when=asyncio.FIRST_COMPLETED)
        if not main.done():
            main.cancel()
        self.seconds = time.monotonic() - self.started
        await self._settle(link)
        display.cancel()
        for task in (main, *listeners, display):
            self._collect(task)
        await asyncio.gather(main, *listeners, display, return_exceptions=True)

    def _collect(self, task):
        if not task.done():
            task.cancel()
        elif not task.cancelled() and task.exception():
            self.faults.append(f"{type(task.exception()).__name__}: {task.exception()}")

    async def _settle(self, link):
        """Lets what is under way arrive: frames, and the answers of the student."""
        end = time.monotonic() + GRACE
        while time.monotonic() < end and not self.faults:
            if len(self.console.frames) >= self.student.sent and not self.console.unanswered:
                break
            await asyncio.sleep(0.02)
        await self._measure(link)

    async def _end(self, a, b, link):
        """The console leaves first; the student sees its channels close."""
        link.stop()
        statuses = {"console": await b.close()}
        for name, channel in link.channels_a.items():
            try:
                await channel.closed(timeout=5)
            except AssertionError as error:
                self.faults.append(f"{name} did not close with the console: {error}")
        statuses["student"] = await a.close()
        for host in (a, b):
            if host.goodbye != "eof":
                self.faults.append(f"{host.name} said goodbye {host.goodbye}")
        return statuses

    # --- display -------------------------------------------------------------------------------

    async def _measure(self, link):
        stats = await link.b.stats()
        pairs = [s for s in stats.values()
                 if s["type"] == "candidate-pair" and s.get("nominated") and
                 s.get("state") == "succeeded"]
        if pairs:
            self.rtt = pairs[-1].get("currentRoundTripTime")
        self.rss = [max(old, host.rss()) for old, host in zip(
            self.rss, (link.a.host, link.b.host))]

    async def _display(self, link):
        live = self.out.isatty()
        every = 0.5 if live else 2.0
        last_bytes, last_frames, last = 0, 0, time.monotonic()
        while True:
            await asyncio.sleep(every)
            await self._measure(link)
            now = time.monotonic()
            rate = (self.console.bytes_received - last_bytes) / (now - last)
            fps = (len(self.console.frames) - last_frames) / (now - last)
            last_bytes, last_frames, last = (
                self.console.bytes_received, len(self.console.frames), now)
            line = (f"{now - self.started:6.1f} s  {self._method()}  rtt {self._rtt()}  "
                    f"{fps:4.1f} fps  {rate / 1000:6.0f} kB/s  "
                    f"frames {len(self.console.frames)}/{self.student.sent}  "
                    f"control {len(self.console.round_trips)}  "
                    f"rss {self.rss[0] / 1e6:.1f} + {self.rss[1] / 1e6:.1f} MB")
            self.out.write(f"\r{line}\x1b[K" if live else line + "\n")
            self.out.flush()

    def _method(self):
        path = self.path.get("console")
        if not path:
            return "no path yet"
        ends = [f"{e['address']}:{e['port']}" for e in (path["local"], path["remote"])]
        return f"{path['method']} {ends[0]} < {ends[1]}"

    def _rtt(self):
        return "?" if self.rtt is None else f"{self.rtt * 1000:.2f} ms"

    def _summary(self, statuses):
        student, console = self.student, self.console
        lost = student.sent - len(console.frames)
        self._judge(lost, statuses)
        trips = [t * 1000 for t in console.round_trips] or [0]
        sizes = console.sizes or [0]
        rows = [
            ("method", self._method()),
            ("connect", f"{self.connect_ms:.1f} ms"),
            ("frames", f"{student.sent} sent, {len(console.frames)} received, {lost} lost, "
                       f"{console.out_of_order} out of order"),
            ("frame size", f"{min(sizes)} to {max(sizes)} bytes, median "
                           f"{round(statistics.median(sizes))}"),
            ("bytes", f"{student.bytes_sent} sent, {console.bytes_received} received"),
            ("rate", f"{len(console.frames) / self.seconds:.1f} fps, "
                     f"{console.bytes_received / self.seconds / 1000:.0f} kB/s "
                     f"over {self.seconds:.1f} s"),
            ("rtt", self._rtt()),
            ("control", f"{len(console.round_trips)} round trips, median "
                        f"{statistics.median(trips):.1f} ms, worst {max(trips):.1f} ms, "
                        f"{console.unanswered} unanswered"),
            ("memory", f"student {self.rss[0] / 1e6:.1f} MB, console {self.rss[1] / 1e6:.1f} MB"),
            ("exit status", ", ".join(f"{name} {status}" for name, status in statuses.items())),
            ("verdict", "all well" if not self.faults else f"{len(self.faults)} faults"),
        ]
        if self.out.isatty():
            self.out.write("\n")
        for name, text in rows:
            self.out.write(f"{name + ':':13}{text}\n")
        for fault in self.faults:
            self.out.write(f"fault: {fault}\n")
        self.out.flush()

    def _judge(self, lost, statuses):
        student, console = self.student, self.console
        if not console.frames:
            self.faults.append("no frame arrived")
        if lost > student.sent * self.options.allow_loss / 100:
            self.faults.append(f"{lost} frames were lost")
        if student.sent < student.wanted * LEAST_RATE:
            self.faults.append(f"{student.sent} frames sent where {student.wanted:.0f} were due")
        if self.options.channel == "ordered" and console.out_of_order:
            self.faults.append(f"{console.out_of_order} frames out of order on an ordered channel")
        if console.unanswered or not console.round_trips:
            self.faults.append(f"{console.unanswered} control messages unanswered")
        if len(console.frames) >= 10 and student.acked < 0:
            self.faults.append("the student heard no ack")
        if "console" not in self.path:
            self.faults.append("the console heard no peer.path")
        for name, status in statuses.items():
            if status != 0:
                self.faults.append(f"{name} ended with status {status}")


async def thumbnails(options):
    return await Run(options).go()
