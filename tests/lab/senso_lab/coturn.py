"""coturn as the STUN and TURN server of a test."""

import contextlib
import copy
import pathlib
import queue
import re
import shutil
import subprocess
import tempfile
import threading

USER, PASSWORD, REALM = "pupil", "secret", "senso.test"


def why_not():
    return None if shutil.which("turnserver") else "no coturn here"


def certificate(folder, *names):
    """A root of the test's own and a certificate by it: (root, certificate, key)."""
    folder = pathlib.Path(folder)

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "2", "-subj", "/CN=a root")
    openssl("req", *key, "-keyout", "turn.key", "-out", "turn.csr", "-subj", "/CN=turn")
    (folder / "names").write_text("subjectAltName=" + ",".join(names))
    openssl("x509", "-req", "-in", "turn.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "turn.pem")
    return folder / "root.pem", folder / "turn.pem", folder / "turn.key"


class Coturn:
    """A server under way. `said` waits for a line of its log."""

    def __init__(self, process, address, port, tls_port):
        self.process, self.address, self.port, self.tls_port = process, address, port, tls_port
        self.lines, self.log = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def said(self, pattern, timeout=20):
        while True:
            try:
                line = self.lines.get(timeout=timeout)
            except queue.Empty:
                raise RuntimeError(f"coturn did not say {pattern!r}: " + "".join(self.log[-20:])) from None
            if line is None:
                raise RuntimeError(f"coturn ended without saying {pattern!r}: " + "".join(self.log[-20:]))
            self.log.append(line)
            if re.search(pattern, line):
                return line

    def at(self, address):
        """The same server by another of its addresses."""
        other = copy.copy(self)
        other.address = f"[{address}]" if ":" in address else address
        return other

    def url(self, transport="udp"):
        if transport == "tls":
            return f"turns:{self.address}:{self.tls_port}?transport=tcp"
        return f"turn:{self.address}:{self.port}?transport={transport}"

    def server(self, *transports, password=PASSWORD):
        """An RTCIceServer."""
        return {"urls": [self.url(t) for t in transports or ("udp",)], "username": USER, "credential": password}

    def stun(self):
        return {"urls": f"stun:{self.address}:{self.port}"}


@contextlib.contextmanager
def coturn(address, port=3478, tls_port=5349, inside=(), extra=(), keys=None, user=f"{USER}:{PASSWORD}"):
    """A coturn that listens at the address, `inside` a machine."""
    with tempfile.TemporaryDirectory() as folder:
        tls = ["--cert", str(keys[1]), "--pkey", str(keys[2])] if keys else ["--no-tls", "--no-dtls"]
        command = [*inside, "stdbuf", "-oL", "turnserver", "-n", "--no-cli", "--log-file", "stdout", "--simple-log", "-v",
                   "--listening-ip", address, "--relay-ip", address, "--listening-port", str(port),
                   "--tls-listening-port", str(tls_port), "--realm", REALM,
                   *(("--lt-cred-mech", "--user", user) if user else ()), "--pidfile", f"{folder}/pid", "--userdb", f"{folder}/db",
                   "--min-port", "50000", "--max-port", "50999", "--allow-loopback-peers", *tls, *extra]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
                                   stdin=subprocess.DEVNULL)
        server = Coturn(process, address, port, tls_port)
        try:
            server.said(r"SQLite DB connection")
            yield server
        finally:
            process.terminate()
            process.wait()
