"""senso-host --check-install on the files of a system laid out in a folder."""

import json
import os
import shutil
import subprocess

import pytest
from senso_harness.host import binary_path

ID = "aaaabbbbccccddddeeeeffffgggghhhh"
NAME = "cloud.senso.host"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the list of origins must be root's")


class System:
    """A root folder with one Chromium and a good installation, to be spoilt."""

    def __init__(self, root):
        self.root = root
        self.host = self.file("usr/bin/senso-host")
        shutil.copy(binary_path(), self.host)
        self.file("usr/bin/chromium").touch()
        self.manifest = self.file(f"etc/chromium/native-messaging-hosts/{NAME}.json")
        self.origins = self.file("etc/senso-host/origins")
        self.origins.write_text(f"chrome-extension://{ID}/\n")
        self.write()

    def file(self, name):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, where=None, **changes):
        fields = {"name": NAME, "description": "x", "path": "/usr/bin/senso-host", "type": "stdio",
                  "allowed_origins": [f"chrome-extension://{ID}/"], **changes}
        (where or self.manifest).write_text(json.dumps(fields))

    def check(self):
        done = subprocess.run([self.host, "--check-install", self.root], capture_output=True, text=True, timeout=20,
                              env={**os.environ, "HOME": "/home/student"}, check=False)
        assert done.stderr == ""
        *lines, count = done.stdout.splitlines()
        assert done.returncode == (0 if count == "0 mistakes" else 1)
        return lines, count


@pytest.fixture
def system(tmp_path):
    for folder in [tmp_path, *tmp_path.parents]:  # pytest's own are closed to others
        if folder.stat().st_uid == os.geteuid() and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o755)
    return System(tmp_path)


def test_a_good_installation_is_listed(system):
    lines, count = system.check()
    assert lines == [f"Chromium: {system.manifest}: good"] and count == "0 mistakes"


SPOILS = {
    "no manifest": (lambda s: s.manifest.unlink(), "no manifest for this host"),
    "not JSON": (lambda s: s.manifest.write_text("{\n  \"name\": oops"), "line 2, column"),
    "the wrong file name": (lambda s: s.manifest.rename(s.manifest.with_name("senso.json")), "rename it"),
    "a relative path": (lambda s: s.write(path="senso-host"), "not an absolute path"),
    "a path to nothing": (lambda s: s.write(path="/usr/bin/nothing"), "No such file"),
    "a path to a folder": (lambda s: s.write(path="/usr/bin"), "is no file"),
    "a binary that is not executable": (lambda s: (s.write(path="/usr/bin/chromium")), "not executable"),
    "a folder nobody may enter": (lambda s: (s.root / "usr").chmod(0o700), "chmod o+x"),
    "another binary": (lambda s: (shutil.copy("/bin/true", s.file("usr/bin/other")), s.write(path="/usr/bin/other")),
                       "another program"),
    "a manifest nobody may read": (lambda s: s.manifest.chmod(0o600), "chmod 644"),
    "no slash": (lambda s: s.write(allowed_origins=[f"chrome-extension://{ID}"]), "does not end with a slash"),
    "an origin the host refuses": (lambda s: s.origins.write_text("# none\n"), "the host itself refuses"),
    "no list of origins": (lambda s: s.origins.unlink(), "the host itself refuses"),
    "a policy that blocks": (lambda s: s.file("etc/chromium/policies/managed/p.json").write_text(
        '{"NativeMessagingBlocklist": ["*"]}'), "NativeMessagingAllowlist"),
    "a policy file of any name": (lambda s: s.file("etc/chromium/policies/managed/ours").write_text(
        '{"NativeMessagingBlocklist": ["*"],} // all'), "NativeMessagingAllowlist"),
    "a manifest everyone may write": (lambda s: s.manifest.chmod(0o666), "everyone may write it"),
    "a list of origins everyone may write": (lambda s: s.origins.chmod(0o666), "of mode 644, with that line"),
    "a snap": (lambda s: s.file("snap/bin/chromium").touch(), "snap or flatpak"),
    "a user's own manifest": (lambda s: s.write(s.file(
        f"home/student/.config/chromium/NativeMessagingHosts/{NAME}.json")), "comes before"),
}


@pytest.mark.parametrize("spoil, words", SPOILS.values(), ids=list(SPOILS))
def test_a_mistake_is_one_line_with_its_fix(system, spoil, words):
    spoil(system)
    lines, count = system.check()
    mistakes = [line for line in lines if not line.endswith(": good")]
    assert count == "1 mistake" and len(mistakes) == 1, lines
    assert words in mistakes[0] and str(system.root) in mistakes[0]


def test_a_users_manifest_that_policy_ignores_is_said(system):
    system.file("etc/chromium/policies/managed/p.json").write_text('{"NativeMessagingUserLevelHosts": false}')
    system.manifest.unlink()
    system.write(system.file(f"home/student/.config/chromium/NativeMessagingHosts/{NAME}.json"))
    lines, _ = system.check()
    assert any("NativeMessagingUserLevelHosts" in line for line in lines)


def test_of_two_policy_files_the_last_one_counts(system):
    managed = system.file("etc/chromium/policies/managed/10.json")
    managed.write_text('{"NativeMessagingBlocklist": ["*"]}')
    managed.with_name("20.json").write_text('{"NativeMessagingBlocklist": []}')
    managed.with_name("30.d").mkdir()
    assert system.check()[1] == "0 mistakes"
    managed.with_name("05.json").write_text('{"NativeMessagingBlocklist": []}')
    managed.with_name("20.json").unlink()
    assert system.check()[1] == "1 mistake"


def test_manifests_of_other_hosts_are_passed_over(system):
    system.file("etc/chromium/native-messaging-hosts/org.other.json").write_text('{"name": "org.other"}')
    assert system.check()[1] == "0 mistakes"
