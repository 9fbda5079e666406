"""The host as a process: command lines, byte streams of every kind, and how it leaves."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import resource
import select
import signal
import socket
import struct
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOST = os.environ.get("SENSO_HOST", str(ROOT / "build" / "release" / "host" / "senso-host"))
RELEASE = os.environ.get("SENSO_HOST_RELEASE", HOST)
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "hello",
         "params": {"client": {"name": "process", "version": "1"}, "protocol": 1}}
GOODBYE_TIME = 0.2   # the protocol's
PATIENCE = 20        # for a machine that is busy; only what is promised is held to GOODBYE_TIME
ORIGIN = "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/"


def frame(message):
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack("=I", len(text)) + text


def line(message):
    return json.dumps(message).encode() + b"\n"


def frames(data):
    messages = []
    while data:
        (size,) = struct.unpack("=I", data[:4])
        assert len(data) >= 4 + size, "a frame is cut"
        messages.append(json.loads(data[4:4 + size]))
        data = data[4 + size:]
    return messages


def lines(data):
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(text) for text in data.splitlines()]


def without_news(messages):
    """Notifications other than goodbye may come at any time."""
    return [m for m in messages if "method" not in m or m["method"] == "goodbye"]


def check_session(messages, reason="eof"):
    """The answer to hello, and a goodbye as the very last."""
    assert messages[-1] == {"jsonrpc": "2.0", "method": "goodbye", "params": {"reason": reason}}
    answer, _ = without_news(messages)
    assert answer["id"] == 1 and "result" in answer


@contextlib.contextmanager
def host(*arguments, binary=None, **options):
    process = subprocess.Popen([binary or HOST, *arguments], **options)
    try:
        yield process
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def run(*arguments, **options):
    return subprocess.run([HOST, *arguments], capture_output=True, timeout=PATIENCE, **options)


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        select.select([], [], [], 0.005)


def read_frame(process):
    head = process.stdout.read(4)
    assert len(head) == 4
    return json.loads(process.stdout.read(struct.unpack("=I", head)[0]))


def greet(process):
    process.stdin.write(frame(HELLO))
    process.stdin.flush()
    while True:
        message = read_frame(process)
        if message.get("id") == 1:
            return message


def test_version_and_help_go_to_stdout():
    version, usage = run("--version"), run("--help")
    assert version.returncode == usage.returncode == 0
    assert version.stdout.startswith(b"senso-host ") and version.stderr == b""
    for word in (b"chrome-extension://", b"--stdio", b"--lines"):
        assert word in usage.stdout


@pytest.mark.parametrize("arguments", [(), ("--bogus",), ("",), ("--lines", "more"), ("stdio",)])
def test_a_wrong_command_line_is_explained_on_stderr(arguments):
    result = run(*arguments, stdin=subprocess.DEVNULL)
    assert result.returncode == 64
    assert result.stdout == b"" and b"usage:" in result.stderr


def test_an_origin_that_is_not_allowed_is_refused():
    result = run(ORIGIN, stdin=subprocess.DEVNULL)
    assert result.returncode == 1
    assert frames(result.stdout) == [
        {"jsonrpc": "2.0", "method": "goodbye", "params": {"reason": "bad-origin"}}]
    assert result.stderr.startswith(b"senso-host: ")


@pytest.mark.parametrize("origin", ["chrome-extension://", ORIGIN[:-1], ORIGIN + "x",
                                    ORIGIN.replace("aaaa", "zzzz")])
def test_a_malformed_origin_is_refused(origin):
    result = run(origin, stdin=subprocess.DEVNULL)
    assert result.returncode == 1
    assert frames(result.stdout)[0]["params"]["reason"] == "bad-origin"


def test_frames_over_pipes():
    result = run("--stdio", input=frame(HELLO))
    assert result.returncode == 0, result.stderr
    check_session(frames(result.stdout))


def test_lines_over_pipes():
    result = run("--lines", input=line(HELLO))
    assert result.returncode == 0, result.stderr
    check_session(lines(result.stdout))


def test_lines_from_a_file_to_a_file(tmp_path):
    (tmp_path / "in").write_bytes(line(HELLO))
    with open(tmp_path / "in", "rb") as source, open(tmp_path / "out", "wb") as sink:
        with host("--lines", stdin=source, stdout=sink) as process:
            assert process.wait(PATIENCE) == 0
    check_session(lines((tmp_path / "out").read_bytes()))


def test_a_file_is_read_from_where_it_stands(tmp_path):
    (tmp_path / "in").write_bytes(b"not for the host\n" + line(HELLO))
    with open(tmp_path / "in", "rb", buffering=0) as source:
        source.read(len(b"not for the host\n"))
        with host("--lines", stdin=source, stdout=subprocess.PIPE) as process:
            check_session(lines(process.stdout.read()))


def test_nothing_on_stdin_is_a_goodbye_at_once():
    result = run("--lines", stdin=subprocess.DEVNULL)
    assert result.returncode == 0
    assert [m["method"] for m in lines(result.stdout)][-1] == "goodbye"


def test_closed_streams_do_no_harm():
    for closed in ((0,), (1,), (0, 1), (0, 1, 2)):
        def close(fds=closed):
            for fd in fds:
                os.close(fd)
        with host("--lines", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                  preexec_fn=close) as process:
            assert process.wait(PATIENCE) == 0, closed


def test_sockets_as_streams_as_node_makes_them():
    ours_in, theirs_in = socket.socketpair()
    ours_out, theirs_out = socket.socketpair()
    with ours_in, ours_out:
        with host("--stdio", stdin=theirs_in, stdout=theirs_out) as process:
            theirs_out.close()
            ours_out.shutdown(socket.SHUT_WR)
            ours_in.sendall(frame(HELLO))
            ours_in.shutdown(socket.SHUT_WR)
            data = b""
            while chunk := ours_out.recv(65536):
                data += chunk
            assert process.wait(PATIENCE) == 0
        assert fcntl.fcntl(theirs_in, fcntl.F_GETFL) & os.O_NONBLOCK == 0
        theirs_in.close()
    check_session(frames(data))


def test_a_terminal_is_left_as_it_was():
    master, slave = pty.openpty()
    try:
        before = fcntl.fcntl(slave, fcntl.F_GETFL)
        with host("--lines", stdin=slave, stdout=slave) as process:
            os.write(master, line(HELLO))
            data = b""
            while b'"result"' not in data:
                assert select.select([master], [], [], PATIENCE)[0]
                data += os.read(master, 65536)
            os.write(master, b"\x04")  # end of input
            while b"goodbye" not in data:
                assert select.select([master], [], [], PATIENCE)[0]
                data += os.read(master, 65536)
            assert process.wait(PATIENCE) == 0
        assert fcntl.fcntl(slave, fcntl.F_GETFL) == before
    finally:
        os.close(master)
        os.close(slave)


def test_a_pipe_that_others_hold_stays_blocking():
    reader, writer = os.pipe()
    out_reader, out_writer = os.pipe()
    try:
        with host("--stdio", stdin=reader, stdout=out_writer) as process:
            os.write(writer, frame(HELLO))
            assert os.read(out_reader, 4)
            for fd in (reader, out_writer):
                assert fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK == 0
            os.close(reader)
            os.close(writer)
            reader = writer = -1
            assert process.wait(PATIENCE) == 0
    finally:
        for fd in (reader, writer, out_reader, out_writer):
            if fd >= 0:
                os.close(fd)


def test_a_named_pipe_whose_writer_has_gone_is_an_end(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETFL, 0)
    with open(path, "wb") as writer:
        writer.write(line(HELLO))
    with host("--lines", stdin=reader, stdout=subprocess.PIPE) as process:
        os.close(reader)
        check_session(lines(process.stdout.read()))


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_an_end_with_its_own_reason(signum):
    with host("--stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        greet(process)
        process.send_signal(signum)
        assert frames(process.stdout.read())[-1]["params"] == {"reason": "signal"}
        assert process.wait(PATIENCE) == 0


def leaving(process):
    """Seconds until the process is gone."""
    start = time.monotonic()
    process.wait(PATIENCE)
    return time.monotonic() - start


def best_of(times, measure):
    """The shortest: one busy moment of the machine is not the host's."""
    return min(measure() for _ in range(times))


def test_the_end_of_stdin_ends_the_host_in_time():
    def once():
        with host("--stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                  binary=RELEASE) as process:
            greet(process)
            process.stdin.close()
            took = leaving(process)
            assert process.returncode == 0
            assert frames(process.stdout.read())[-1]["params"] == {"reason": "eof"}
            return took
    assert best_of(3, once) < GOODBYE_TIME


def blocked_host(binary):
    """A host whose reader reads nothing, with stdout full."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
        while True:
            os.write(writer, b" " * 65536)
    os.set_blocking(writer, True)
    return reader, host("--lines", stdin=subprocess.PIPE, stdout=writer, binary=binary), writer


@pytest.mark.parametrize("end", ["eof", "signal"])
def test_a_reader_that_reads_nothing_does_not_keep_the_host(end):
    def once():
        reader, context, writer = blocked_host(RELEASE)
        try:
            with context as process:
                os.close(writer)
                process.stdin.write(line(HELLO))
                process.stdin.flush()
                time_to_start(process)
                if end == "eof":
                    process.stdin.close()
                else:
                    process.send_signal(signal.SIGTERM)
                took = leaving(process)
                assert process.returncode == 0
                return took
        finally:
            os.close(reader)
    assert best_of(3, once) < GOODBYE_TIME


def time_to_start(process):
    """Until the host waits for input: then its signals are set up too."""
    def waits():
        with open(f"/proc/{process.pid}/wchan") as f, open(f"/proc/{process.pid}/stat") as s:
            return "poll" in f.read() or s.read().rsplit(")", 1)[1].split()[0] == "S"
    wait_until(waits, "the host never became idle")


def test_a_reader_that_left_ends_the_host():
    with host("--stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        greet(process)
        process.stdout.close()
        assert process.wait(PATIENCE) == 0


def test_a_stray_frame_length_ends_the_session_with_its_reason():
    result = run("--stdio", input=frame(HELLO) + struct.pack("=I", 0xFFFFFFFF) + b"x" * 1000)
    assert result.returncode == 1
    assert frames(result.stdout)[-1]["params"] == {"reason": "frame-too-long"}


def test_a_frame_above_the_limit_is_skipped_and_the_next_one_heard():
    big = b'"' + b"x" * (5 << 20) + b'"'
    ping = {"jsonrpc": "2.0", "id": "after", "method": "ping", "params": {}}
    messages = frames(run("--stdio", input=frame(HELLO) + frame(big) + frame(ping)).stdout)
    errors = [m for m in messages if "error" in m]
    assert [(m["id"], m["error"]["data"]["reason"]) for m in errors] == [
        (None, "message-too-large")]
    assert [m["id"] for m in messages if "result" in m] == [1, "after"]


def test_frames_in_pieces_and_frames_in_one_piece_are_the_same():
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping", "params": {}}
    data = frame(HELLO) + frame(ping)
    with host("--stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for byte in data:
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
        process.stdin.close()
        messages = without_news(frames(process.stdout.read()))
    assert [m.get("id") for m in messages] == [1, 2, None]


def test_one_thread_no_inherited_privileges_and_every_descriptor_it_may_have():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lower = min(soft, 256)

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (lower, hard))

    with host("--stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
              preexec_fn=limit, binary=RELEASE) as process:
        greet(process)
        proc = pathlib.Path(f"/proc/{process.pid}")
        status = (proc / "status").read_text()
        assert "Threads:\t1\n" in status
        assert "NoNewPrivs:\t1\n" in status
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (hard, hard)
        for fd in (0, 1):
            assert os.readlink(proc / "fd" / str(fd)) == "/dev/null"


def test_hello_is_answered_before_the_key_is_made():
    """Five milliseconds are allowed from start to hello: the best of some starts shows what the
    host needs by itself."""
    def once():
        start = time.monotonic()
        with host("--stdio", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                  binary=RELEASE) as process:
            greet(process)
            return time.monotonic() - start
    assert best_of(20, once) < 0.010  # with the time Python needs to start a process
