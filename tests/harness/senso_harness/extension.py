"""
The extension and the host as an administrator installs them, without touching the machine: a copy of the extension with
the development key, and a private /etc in which Chromium finds the native messaging manifest and the host its origins.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOURCE = ROOT / "manifest" / "extension"
TEMPLATE = ROOT / "manifest" / "native-messaging" / "cloud.senso.host.json.in"
DEVELOPMENT = json.loads((ROOT / "manifest" / "extension-development.json").read_text())
ID = DEVELOPMENT["id"]
NAME = "cloud.senso.host"

# The private /etc is $1; the rest is the command.
INSIDE = 'etc=$1; shift; mount --bind "$etc" /etc && exec "$@"'


def why_not():
    """None if a private /etc can be made here, else the reason."""
    if os.geteuid() != 0:
        return "a private /etc/chromium needs root"
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return None if probe.returncode == 0 else "no mount namespaces here: " + probe.stderr.strip()


class Install:
    """`flags` and `prefix` go to the browser that is to have it; remove() at the end."""

    def __init__(self, host, policies=None, allow=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="senso-install-"))
        self.extension = self.folder / "extension"
        self.etc = self.folder / "etc"
        self.host = self.folder / "senso-host"  # a path of its own, by which its processes are known
        shutil.copy(host, self.host)
        self._copy_extension()
        subprocess.run(["cp", "-a", "/etc", self.etc], check=True)
        self._write_etc(policies, allow)
        self.flags = [f"--disable-extensions-except={self.extension}", f"--load-extension={self.extension}"]
        self.prefix = ["unshare", "--mount", "bash", "-c", INSIDE, "inside", str(self.etc)]

    def _copy_extension(self):
        shutil.copytree(SOURCE, self.extension)
        manifest = self.extension / "manifest.json"
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "key": DEVELOPMENT["key"]}))

    def _write_etc(self, policies, allow):
        chromium = self.etc / "chromium"
        hosts = chromium / "native-messaging-hosts"
        hosts.mkdir(parents=True, exist_ok=True)
        text = TEMPLATE.read_text().replace("@SENSO_HOST@", str(self.host)).replace("@EXTENSION_ID@", ID)
        (hosts / f"{NAME}.json").write_text(text)
        origins = self.etc / "senso-host" / "origins"
        origins.parent.mkdir(mode=0o755, exist_ok=True)
        origins.write_text(f"chrome-extension://{ID}/\n" if allow else "# none\n")
        managed = chromium / "policies" / "managed"
        managed.mkdir(parents=True, exist_ok=True)
        (managed / "senso.json").write_text(json.dumps(policies or {}))

    def hosts(self):
        """The numbers of the host's processes: by the file itself, whatever name another mount namespace has for it."""
        found = []
        mine = self.host.stat()
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.path.samestat(os.stat(entry / "exe"), mine):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
