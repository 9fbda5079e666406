"""What schools do to Senso's traffic, each with the verdicts it must give. A scenario is a sentence, what it changes, and
the rows that do not simply pass: {"check host:port": (verdict, cause)} with shell wildcards."""

import dataclasses
import json
import os
import random
import shutil
import string
import subprocess
import sys

from . import school as at
from .pki import Authority

FRONT, STORE, OTHER, TURN, TURN2 = "front", "store", "other", "turn", "turn2"
BLOCKED, DEGRADED = "blocked", "degraded"
HTTPS = "tcp dport 443"


@dataclasses.dataclass
class Scenario:
    sentence: str
    kind: str  # "blocking", "benign" or "double"
    wrong: dict
    change: object
    needs: tuple = ()
    remarks: tuple = ()  # in "also" of the rows over TCP that pass
    network: dict = dataclasses.field(default_factory=dict)

    def why_not(self):
        missing = [tool for tool in self.needs if not shutil.which(tool, path="/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin")]
        return f"no {' and no '.join(missing)} here" if missing else None


ALL = []


def scenario(kind, sentence, wrong=None, **more):
    def add(change):
        ALL.append(Scenario(sentence, kind, wrong or {}, change, **more))
        return change
    return add


def blocking(sentence, wrong, **more):
    return scenario("blocking", sentence, wrong, **more)


def benign(sentence, **more):
    return scenario("benign", sentence, **more)


def double(sentence, wrong, **more):
    return scenario("double", sentence, wrong, **more)


def both(*parts):
    together = {}
    for part in parts:
        together |= part
    return together


def made_up():
    """A name that no list has."""
    return "".join(random.choices(string.ascii_lowercase, k=9)).title() + " District"


# --- DNS ---

def store(cause, verdict=BLOCKED):
    return {"* store:*": (verdict, cause)}


@blocking("DNS says that the storage host does not exist", store("dns-nxdomain"))
def _(s):
    s.zone["store.senso.test"] = "nxdomain"


@blocking("DNS answers 0.0.0.0 for the storage host", store("dns-sinkhole"))
def _(s):
    s.zone["store.senso.test"] = "0.0.0.0"


@blocking("DNS answers the router's own address for the storage host", store("dns-sinkhole"))
def _(s):
    s.zone["store.senso.test"] = at.ROUTER


@blocking("DNS answers the address of a vendor's block page for the storage host", store("dns-sinkhole"))
def _(s):
    s.zone["store.senso.test"] = "146.112.61.106"


@blocking("DNS leads the storage host to a filter by an alias", store("dns-sinkhole"))
def _(s):
    s.zone["store.senso.test"] = "cname hit-adult.opendns.com"
    s.zone["hit-adult.opendns.com"] = at.FILTER_PAGE
    s.extra_hosts.append({"address": at.FILTER_PAGE, "certificate": s.pki.public.leaf(s.folder, "hit-adult.opendns.com")})


@blocking("the router answers every DNS query itself, falsely for the storage host", store("dns-hijack"), needs=("dnsmasq",))
def _(s):
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan udp dport 53 redirect to :53; }")
    s.later(lambda: s.program(s.router, [
        "dnsmasq", "-k", "--no-hosts", "--no-resolv", f"--server={at.RESOLVER}", "--log-facility=-", "--pid-file=",
        f"--address=/store.senso.test/{at.ROUTER}", "--user=root"], "using nameserver"))


@blocking("the router answers every DNS query itself, and knows no storage host", store("dns-hijack"), needs=("dnsmasq",))
def _(s):
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan udp dport 53 redirect to :53; }")
    s.later(lambda: s.program(s.router, [
        "dnsmasq", "-k", "--no-hosts", "--no-resolv", f"--server={at.RESOLVER}", "--log-facility=-", "--pid-file=",
        "--address=/store.senso.test/", "--user=root"], "using nameserver"))


@blocking("DNS answers :: for the storage host, beside its IPv4 address", store("dns-sinkhole", DEGRADED))
def _(s):
    s.zone["store.senso.test"] = f":: {at.STORE}"


@blocking("the resolver refuses the storage host", store("dns-refused"))
def _(s):
    s.zone["store.senso.test"] = "refused"


@blocking("the resolver fails for the storage host", store("dns-refused"))
def _(s):
    s.zone["store.senso.test"] = "servfail"


@blocking("the resolver gives no answer for the storage host", store("dns-timeout"))
def _(s):
    s.zone["store.senso.test"] = "silent"


# --- TCP ---

@blocking("TCP to the storage host is dropped", store("tcp-blocked"))
def _(s):
    s.forward(f"ip daddr {at.STORE} tcp dport 443 drop")


@blocking("TCP to the storage host is reset", store("tcp-reset"))
def _(s):
    s.forward(f"ip daddr {at.STORE} tcp dport 443 reject with tcp reset")


@blocking("TCP to the storage host is prohibited by ICMP", store("tcp-prohibited"))
def _(s):
    s.forward(f"ip daddr {at.STORE} tcp dport 443 reject with icmp type admin-prohibited")


def nowhere_by_ipv6(s):
    """The services have IPv6 addresses, and the machine has not."""
    for host, address in list(s.zone.items()):
        s.zone[host] = f"2001:db8::{address.rsplit('.', 1)[1]} {address}"


@blocking("TCP to the storage host is dropped, which has an IPv6 address besides", store("tcp-blocked"))
def _(s):
    nowhere_by_ipv6(s)
    s.forward(f"ip daddr {at.STORE} tcp dport 443 drop")


TLS_ROWS = ("https *", "wss *", "download *", "turn/tls *")


def all_tls(cause, verdict=BLOCKED):
    return {row: (verdict, cause) for row in TLS_ROWS}


@blocking("all TCP to port 443 is dropped", all_tls("tcp-blocked"))
def _(s):
    s.forward("tcp dport 443 drop")


# --- TLS ---

@blocking("every TLS ClientHello is dropped", all_tls("tls-blocked"))
def _(s):
    s.forward("tcp dport 443 @ih,0,16 0x1603 drop")


@blocking("every TLS ClientHello is answered by a reset", all_tls("tls-blocked"))
def _(s):
    s.forward("tcp dport 443 @ih,0,16 0x1603 reject with tcp reset")


def redirected(s, **settings):
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan tcp dport 443 redirect to :8443; }")
    s.box(port=8443, **settings)


@blocking("the name of the storage host in TLS is answered by a reset", store("sni-blocked"), remarks=("transparent-proxy",))
def _(s):
    redirected(s, blocked=["store.senso.test"], how="reset")


@blocking("the name of the storage host in TLS is answered by silence", store("sni-blocked"), remarks=("transparent-proxy",))
def _(s):
    redirected(s, blocked=["store.senso.test"], how="silence")


@blocking("the name of the storage host in TLS ends the connection", store("sni-blocked"), remarks=("transparent-proxy",))
def _(s):
    redirected(s, blocked=["store.senso.test"], how="fin")


@blocking("the name of the storage host in TLS is answered by an alert", store("sni-blocked"), remarks=("transparent-proxy",))
def _(s):
    redirected(s, blocked=["store.senso.test"], how="alert")


@blocking("every ClientHello is answered by an alert", all_tls("tls-blocked"))
def _(s):
    redirected(s, blocked=["*"], how="alert")


@blocking("the name of the storage host is reset in TLS, and port 80 leads to a page that says so", store("sni-blocked"),
          remarks=("transparent-proxy",))
def _(s):
    redirected(s, blocked=["store.senso.test"], how="reset")
    s.chain("chain web { type nat hook prerouting priority -100; iifname lan tcp dport 80 redirect to :8080; }")
    s.box(port=8080, portal="302")


def sslsplit(s, authority, trusted):
    """sslsplit on the router, by this authority."""
    if trusted:
        s.trusted.append(authority.pem)
    for name, text in (("box.pem", authority.pem), ("box.key", authority.key_pem)):
        (s.folder / name).write_text(text)
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan tcp dport 443 redirect to :8443; }")
    s.later(lambda: s.program(s.router, ["sslsplit", "-D", "-k", str(s.folder / "box.key"), "-c", str(s.folder / "box.pem"), "ssl",
                                         "0.0.0.0", "8443"], "Starting main event loop"))


@blocking("sslsplit inspects TLS by a root that is installed", all_tls("tls-inspection"), needs=("sslsplit",))
def _(s):
    sslsplit(s, Authority("A Filter's Root"), True)


@blocking("TLS is inspected by a district's root that is installed, with a name never seen before", all_tls("tls-inspection"),
          needs=("sslsplit",))
def _(s):
    sslsplit(s, Authority(made_up(), made_up()), True)


@blocking("TLS is inspected by a root that is not installed, with a name never seen before",
          all_tls("tls-inspection-untrusted"), needs=("sslsplit",))
def _(s):
    sslsplit(s, Authority(made_up(), made_up()), False)


@blocking("TLS is inspected by a root that only Chrome has", all_tls("tls-inspection"), needs=("sslsplit", "certutil"))
def _(s):
    authority, home = Authority(made_up()), s.folder / "home/.pki/nssdb"
    home.mkdir(parents=True)
    (s.folder / "chrome.pem").write_text(authority.pem)
    subprocess.run(["certutil", "-N", "-d", f"sql:{home}", "--empty-password"], check=True)
    subprocess.run(["certutil", "-A", "-d", f"sql:{home}", "-n", "filter", "-t", "C,,", "-i", str(s.folder / "chrome.pem")], check=True)
    s.environment["HOME"] = str(s.folder / "home")
    sslsplit(s, authority, False)


def mitmproxy(s, authority, trusted, *options):
    if trusted:
        s.trusted.append(authority.pem)
    conf = s.folder / "mitm"
    conf.mkdir()
    (conf / "mitmproxy-ca.pem").write_text(authority.key_pem + authority.pem)
    (conf / "upstream.pem").write_text(s.pki.root.pem)
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan tcp dport 443 redirect to :8443; }")
    s.later(lambda: s.program(s.router, [
        "mitmdump", "--mode", "transparent", "--listen-port", "8443", "--set", f"confdir={conf}", "--set",
        f"ssl_verify_upstream_trusted_ca={conf}/upstream.pem", *options], "listening", env={
            "PATH": "/usr/bin:/bin", "HOME": str(s.folder), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}))


@blocking("mitmproxy inspects TLS by a root that is not installed", all_tls("tls-inspection-untrusted"), needs=("mitmdump",))
def _(s):
    mitmproxy(s, Authority("mitmproxy", "mitmproxy"), False)


@blocking("mitmproxy inspects TLS by a root that is installed", all_tls("tls-inspection"), needs=("mitmdump",))
def _(s):
    mitmproxy(s, Authority("mitmproxy", "mitmproxy"), True)


@blocking("the storage host's certificate has expired", store("certificate-invalid"))
def _(s):
    s.certificates["store.senso.test"] = s.pki.public.leaf(s.folder, "store.senso.test", "old", days=(-60, -2))


@blocking("the storage host's certificate is for another name", store("certificate-invalid"))
def _(s):
    s.certificates["store.senso.test"] = s.pki.public.leaf(s.folder, "else.senso.test")


@blocking("the storage host sends no intermediate certificate", store("certificate-invalid"))
def _(s):
    s.certificates["store.senso.test"] = s.pki.public.leaf(s.folder, "store.senso.test", "bare", chain=False)


@blocking("a certificate of the storage host is pinned, and another public one is sent", store("pin-mismatch"))
def _(s):
    s.services["services"][1]["pins"] = [Authority("Another").pin]


@blocking("the storage host's private certificate is pinned, and a forged one has it in its chain", store("certificate-invalid"))
def _(s):
    private, forger = Authority("A Private Root"), Authority("A Forger")
    s.certificates["store.senso.test"] = forger.leaf(s.folder, "store.senso.test", "forged", chain=False)
    text = (s.folder / "forged.pem").read_text()
    (s.folder / "forged.pem").write_text(text + private.pem)
    s.services["services"][1] |= {"pins": [private.pin], "expectedRoots": "pinned"}


# --- above TLS ---

@blocking("the storage host's downloads are changed on the way", {"download *": (BLOCKED, "download-altered")})
def _(s):
    s.ways["store.senso.test"]["altered"] = True


@blocking("the storage host's downloads end early", {"download *": (BLOCKED, "download-altered")})
def _(s):
    s.ways["store.senso.test"]["truncated"] = True


@blocking("the WebSocket upgrade is stripped", {"wss *": (BLOCKED, "websocket-blocked")})
def _(s):
    s.ways["front.senso.test"]["no_upgrade"] = True


@blocking("a block page is shown for the unrelated host under a public certificate", {"* other:*": (BLOCKED, "http-blocked")})
def _(s):
    s.ways["other.example.test"]["page"] = "<title>Web Filter Violation</title>"


@blocking("port 443 of the unrelated host answers in plain HTTP", {"* other:*": (BLOCKED, "http-blocked")})
def _(s):
    s.ways["other.example.test"]["plain"] = True


@blocking("the connection to the unrelated host is reset after the TLS handshake", {"* other:*": (BLOCKED, "http-blocked")})
def _(s):
    s.ways["other.example.test"]["reset"] = True


# --- proxies ---

ONLY_PROXY = "iifname lan tcp dport { 80, 443, 3478 } drop"
STREAMS = (*TLS_ROWS, "turn/tcp *")


def streams(cause, verdict=BLOCKED):
    return {row: (verdict, cause) for row in STREAMS}


def through(s, port=3128):
    s.options = ["--proxy", f"http://{at.ROUTER}:{port}"]
    s.forward(ONLY_PROXY)


def tinyproxy(s, *lines):
    conf = s.folder / "tinyproxy.conf"
    conf.write_text("\n".join(("Port 3128", "Listen 0.0.0.0", "Timeout 30", "MaxClients 100", *lines)) + "\n")
    s.later(lambda: s.program(s.router, [*s.knowing_names(at.RESOLVER2), "tinyproxy", "-d", "-c", str(conf)], "Accepting connections"))


@blocking("TCP leaves the school by a proxy alone", streams("proxy-required", DEGRADED), needs=("tinyproxy",))
def _(s):
    through(s)
    tinyproxy(s)


@blocking("the proxy forbids CONNECT to the Senso hosts", streams("proxy-forbidden"), needs=("tinyproxy",))
def _(s):
    through(s)
    tinyproxy(s, "ConnectPort 8080")


@blocking("the proxy asks for a login, Basic", streams("proxy-auth-required"), needs=("tinyproxy",))
def _(s):
    through(s)
    tinyproxy(s, "BasicAuth pupil secret")


@blocking("the proxy that is set has no address, and TCP does not leave the school", streams("proxy-unreachable"))
def _(s):
    s.options = ["--proxy", "http://proxy.school.test:3128"]
    s.forward(ONLY_PROXY)


@blocking("the proxy is required, and what is beyond it resets the storage host's name in TLS",
          streams("proxy-required", DEGRADED) | {f"{row} store:*": (BLOCKED, "sni-blocked", "proxy-required")
                                                 for row in ("https", "download")}, needs=("tinyproxy",))
def _(s):
    through(s)
    tinyproxy(s)
    s.isp.run("sh", "-c", 'echo "$1" | nft -f -', "sh", "table inet beyond {\n"
              "chain in { type nat hook prerouting priority -100; iifname school tcp dport 443 redirect to :8443; }\n}")
    s.box(s.isp, port=8443, blocked=["store.senso.test"], how="reset")


def e2guardian(s, banned):
    """From Debian's own configuration, with its paths moved."""
    home = s.folder / "e2guardian"
    shutil.copytree("/etc/e2guardian", home, ignore=shutil.ignore_patterns("private"))
    for path in home.rglob("*"):
        if path.is_file():
            text = path.read_text(errors="surrogateescape").replace("/etc/e2guardian", str(home))
            path.write_text(text, errors="surrogateescape")
    conf = home / "e2guardian.conf"
    more = (f"pidfilename = '{home}/pid'", f"loglocation = '{home}/log'", "daemonuser = 'root'", "daemongroup = 'root'")
    conf.write_text(conf.read_text().replace("httpworkers = 500", "httpworkers = 20") + "\n".join(more) + "\n")
    banned_list = home / "lists/bannedsitelist"
    banned_list.write_text(banned_list.read_text() + f"\n{banned}\n")

    def run():
        with s.written(home, "pid"):  # it says nothing, and writes this once it listens
            s.program(s.router, [*s.knowing_names(), "e2guardian", "-N", "-c", str(conf)], None)
    s.later(run)


@blocking("e2guardian, the proxy that is required, bans the storage host",
          streams("proxy-required", DEGRADED) | {f"{row} store:*": (BLOCKED, "proxy-forbidden") for row in ("https", "download")},
          needs=("e2guardian",))
def _(s):
    through(s, 8080)
    e2guardian(s, "store.senso.test")


def squid(s, *lines):
    """squid wants a user of its own, and its folders writable by that one. It says "Accepting" of a port before it listens there;
    what it says of its store comes when the loop has done that for all."""
    conf, home = s.folder / "squid.conf", s.folder / "squid"
    home.mkdir()
    home.chmod(0o777)
    for parent in (s.folder, *list(s.folder.parents)[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    conf.write_text("\n".join((*lines, f"pid_filename {home}/pid", "cache_log stdio:/dev/stderr", "access_log none",
                               "cache_store_log none", "pinger_enable off", f"coredump_dir {home}", "shutdown_lifetime 0 seconds",
                               "visible_hostname filter.school.test", f"dns_nameservers {at.RESOLVER}")) + "\n")
    s.later(lambda: s.program(s.router, ["unshare", "--mount", "sh", "-c",
                                         'mount -t tmpfs shm /dev/shm && chmod 1777 /dev/shm && exec squid -N -f "$0"', str(conf)],
                              "storeLateRelease"))


@blocking("the proxy asks for a login, NTLM", streams("proxy-auth-required"), needs=("squid",))
def _(s):
    through(s)
    squid(s, "http_port 3128", "auth_param ntlm program /usr/lib/squid/ntlm_fake_auth", "auth_param ntlm children 2",
          "acl known proxy_auth REQUIRED", "http_access allow known", "http_access deny all")


@blocking("the proxy asks for a login, Negotiate", streams("proxy-auth-required"), needs=("squid",))
def _(s):
    through(s)
    squid(s, "http_port 3128", "auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -s GSS_C_NO_NAME",
          "auth_param negotiate children 2", "acl known proxy_auth REQUIRED", "http_access allow known", "http_access deny all")


@blocking("the proxy that is set does not exist, and nothing else leaves the school", streams("proxy-unreachable"))
def _(s):
    through(s, 3999)


def bump(s, authority, trusted, port):
    if trusted:
        s.trusted.append(authority.pem)
    both_pem = s.folder / "bump.pem"
    both_pem.write_text(authority.pem + authority.key_pem)
    (s.folder / "upstream.pem").write_text(s.pki.root.pem)
    both_pem.chmod(0o644)
    squid(s, port.format(f"ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB cert={both_pem}"),
          "sslcrtd_program /usr/lib/squid/security_file_certgen -s {0}/squid/db -M 4MB".format(s.folder), "sslcrtd_children 2",
          f"tls_outgoing_options cafile={s.folder}/upstream.pem", "ssl_bump stare all", "ssl_bump bump all", "http_access allow all",
          "on_unsupported_protocol tunnel all")
    subprocess.run(["/usr/lib/squid/security_file_certgen", "-c", "-s", f"{s.folder}/squid/db", "-M", "4MB"], check=True,
                   capture_output=True)
    subprocess.run(["chown", "-R", "proxy:proxy", f"{s.folder}/squid"], check=True)


def without_websocket(cause):
    """squid knows no Upgrade, besides."""
    return all_tls(cause) | {"wss *": (BLOCKED, cause, "websocket-blocked")}


INTERCEPT = "chain in { type nat hook prerouting priority -100; iifname lan tcp dport 443 redirect to :3129; }"


@blocking("squid inspects TLS by a root that is installed", without_websocket("tls-inspection"), needs=("squid",))
def _(s):
    s.chain(INTERCEPT)
    bump(s, Authority("A Filter's Root"), True, "http_port 3128\nhttps_port 3129 intercept {}")


@blocking("squid inspects TLS by a root that is not installed", without_websocket("tls-inspection-untrusted"), needs=("squid",))
def _(s):
    s.chain(INTERCEPT)
    bump(s, Authority(made_up()), False, "http_port 3128\nhttps_port 3129 intercept {}")


@blocking("TCP leaves the school by a proxy alone, which is spoken to over TLS", streams("proxy-required", DEGRADED),
          needs=("squid",))
def _(s):
    through(s, 3130)
    s.options = ["--proxy", f"https://{at.ROUTER}:3130"]
    certificate, key = s.pki.public.leaf(s.folder, "proxy.school.test")
    for path in (certificate, key):
        os.chmod(path, 0o644)
    squid(s, f"https_port 3130 tls-cert={certificate} tls-key={key}", "http_access allow all", "acl SSL_ports port 1-65535")


@blocking("DNS knows the proxy alone, by which TCP leaves the school",
          streams("proxy-required", DEGRADED) | {row: (BLOCKED, "dns-nxdomain") for row in ("stun *", "turn/udp *", "dtls *")},
          needs=("tinyproxy",))
def _(s):
    s.zone2 = dict(s.zone)
    s.zone = {"proxy.school.test": at.ROUTER}
    s.options = ["--proxy", "http://proxy.school.test:3128"]
    tinyproxy(s)


# --- captive portals ---

def portal(s, page):
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan tcp dport 80 redirect to :8080; }")
    s.forward("iifname lan tcp dport { 443, 3478 } drop")
    s.box(port=8080, portal=page)


PORTAL = both({row: (BLOCKED, "captive-portal") for row in TLS_ROWS}, {"turn/tcp *": (BLOCKED, "tcp-blocked")})


@blocking("a login page is in the way, by a redirect", PORTAL)
def _(s):
    portal(s, "302")


@blocking("a login page is in the way, by a redirect, and the services have IPv6 addresses", PORTAL)
def _(s):
    nowhere_by_ipv6(s)
    portal(s, "302")


@blocking("a login page is in the way, in the page's place", PORTAL)
def _(s):
    portal(s, "200")


@blocking("a login page is in the way, by status 511", PORTAL)
def _(s):
    portal(s, "511")


# --- UDP ---

UDP_ROWS = ("stun *", "turn/udp *", "dtls *")


def all_udp(cause, verdict=BLOCKED):
    return {row: (verdict, cause) for row in UDP_ROWS}


def udp_3478(cause, verdict=BLOCKED):
    return {"stun *:3478": (verdict, cause), "turn/udp *:3478": (verdict, cause)}


def udp_443(cause, verdict=BLOCKED):
    return {"stun *:443": (verdict, cause), "turn/udp *:443": (verdict, cause), "dtls *": (verdict, cause)}


@blocking("all UDP but DNS is dropped", all_udp("udp-blocked"))
def _(s):
    s.forward("iifname lan udp dport != 53 drop")


@blocking("UDP 3478 is dropped", udp_3478("udp-port-blocked"))
def _(s):
    s.forward("udp dport 3478 drop")


@blocking("UDP 3478 is refused by ICMP", udp_3478("udp-port-blocked"))
def _(s):
    s.forward("udp dport 3478 reject with icmp type admin-prohibited")


@blocking("UDP 443 is dropped", udp_443("udp-port-blocked"))
def _(s):
    s.forward("udp dport 443 drop")


@blocking("UDP to the relays' range is dropped", {"turn/udp *:3478": (BLOCKED, "relay-range-blocked")})
def _(s):
    s.forward("iifname lan udp dport 49152-65535 drop")


@blocking("UDP to a part of the relays' range is dropped", {"turn/udp *:3478": (DEGRADED, "relay-range-blocked")})
def _(s):
    s.forward(f"iifname lan udp dport {at.RELAYED[0]}-{at.RELAYED[0] + 3} drop")


@blocking("UDP to high ports is dropped, but for the relays'", {"stun turn:3478": (DEGRADED, "peer-range-blocked")})
def _(s):
    s.forward(f"iifname lan udp dport {{ 1024-3477, 3479-{at.RELAYED[0] - 1}, {at.RELAYED[1] + 1}-65535 }} drop")


COOKIE = "@th,96,32 0x2112a442"


@blocking("what looks like STUN is dropped", both({"stun *": (BLOCKED, "stun-dpi"), "turn/udp *": (BLOCKED, "stun-dpi")}))
def _(s):
    s.forward(f"meta l4proto udp {COOKIE} drop")


@blocking("TURN Allocate requests are dropped", {"turn/udp *": (BLOCKED, "turn-dpi")})
def _(s):
    s.forward(f"meta l4proto udp {COOKIE} @th,64,16 0x0003 drop")


@blocking("DTLS is dropped", {"dtls *": (BLOCKED, "dtls-dpi")})
def _(s):
    s.forward("meta l4proto udp udp dport != 53 @th,64,16 0x16fe drop")


@blocking("the NAT maps each destination to another port", {"stun *": (DEGRADED, "symmetric-nat")},
          network={"mapping": "address-and-port-dependent"})
def _(s):
    s.nat = at.RANDOM_NAT


@blocking("the TURN credentials are wrong", {"turn/udp *:3478": (BLOCKED, "turn-auth-failed")})
def _(s):
    s.services["services"][3]["checks"][2]["credential"] = "wrong"


# --- the machine ---

@blocking("the clock is an hour wrong", all_tls("clock-wrong", DEGRADED) | {"turn/tls *": (DEGRADED, "clock-wrong")})
def _(s):
    for ways in s.ways.values():
        ways["date"] = -3600


@blocking("the machine has no default route", {"*": (BLOCKED, "no-network")})
def _(s):
    s.later(lambda: s.pupil.ip("route", "del", "default"))


# --- benign ---

@benign("nothing is in the way")
def _(s):
    pass


@benign("two resolvers answer with different addresses of the same services")
def _(s):
    s.resolvers = [at.RESOLVER, at.RESOLVER2]
    s.zone2 = dict(s.zone, **{"other.example.test": f"{at.OTHER} {at.STORE}"})


@benign("a private root is expected, and pinned")
def _(s):
    private = Authority("A Private Root")
    s.certificates["store.senso.test"] = private.leaf(s.folder, "store.senso.test", "private", chain=False)
    text = (s.folder / "private.pem").read_text()
    (s.folder / "private.pem").write_text(text + private.pem)
    s.services["services"][1] |= {"pins": [private.pin], "expectedRoots": "pinned"}


@benign("the backup pin is in use")
def _(s):
    s.services["services"][1]["pins"] = [Authority("Another").pin, s.pki.public.pin]


@benign("the clock is three minutes wrong")
def _(s):
    for ways in s.ways.values():
        ways["date"] = -180


@benign("one server's clock is two hours wrong")
def _(s):
    s.ways["other.example.test"]["date"] = -7200


@benign("a cache gives the pages as they were an hour ago, and says so")
def _(s):
    for ways in s.ways.values():
        ways |= {"date": -3600, "age": 3600}


@benign("a fifth of all UDP is lost, DNS too")
def _(s):
    s.forward("meta l4proto udp numgen random mod 100 < 20 drop")


@benign("each round trip takes 300 ms")
def _(s):
    s.delay(300)


@benign("the services have IPv6 addresses that lead nowhere")
def _(s):
    nowhere_by_ipv6(s)


@benign("there is no ICMP at all")
def _(s):
    s.forward("meta l4proto icmp drop")
    s.chain("chain mute { type filter hook output priority 0; meta l4proto icmp drop; }")


@benign("the carrier's NAT has a pool of addresses")
def _(s):
    s.nat = ("chain out { type nat hook postrouting priority 100; oifname wan snat ip to "
             "ip daddr map { " + f"{at.TURN} : 198.51.100.2, {at.TURN2} : 198.51.100.3" + " }; oifname wan masquerade; }")
    s.later(lambda: s.router.ip("addr", "add", "198.51.100.3/24", "dev", "wan"))


@benign("the carrier's NAT has a pool of addresses, of which each socket gets another")
def _(s):
    s.nat = ("chain out { type nat hook postrouting priority 100; oifname wan snat ip to numgen inc mod 2 map "
             "{ 0 : 198.51.100.2, 1 : 198.51.100.3 }; }")
    s.later(lambda: s.router.ip("addr", "add", "198.51.100.3/24", "dev", "wan"))


@benign("a service is one hop away")
def _(s):
    s.later(lambda: s.router.ip("addr", "add", f"{at.OTHER}/32", "dev", "lo"))
    own = {"address": at.OTHER, "certificate": s.certificates["other.example.test"]}
    s.later(lambda: s.program(s.router, [sys.executable, str(at.HERE / "servers.py"),
                                         json.dumps({"resolvers": {}, "hosts": [own]})], "ready"))


@benign("a SYN proxy answers for the services, and passes on what follows")
def _(s):
    s.chain("chain early { type filter hook prerouting priority -300; iifname lan tcp dport 443 tcp flags syn notrack; }")
    s.forward("tcp dport 443 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm")
    s.later(lambda: s.router.write("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", "0"))


@benign("TCP 443 goes through a transparent (TPROXY) relay that passes TLS unaltered", remarks=("transparent-proxy",))
def _(s):
    s.chain("chain in { type filter hook prerouting priority -150; iifname lan tcp dport 443 tproxy ip to :8443 meta mark set 1; }")
    s.later(lambda: s.router.ip("rule", "add", "fwmark", "1", "lookup", "100"))
    s.later(lambda: s.router.ip("route", "add", "local", "default", "dev", "lo", "table", "100"))
    s.box(port=8443, transparent=True)


@benign("there is a second NAT before the first")
def _(s):
    s.isp.run("sh", "-c", 'echo "$1" | nft -f -', "sh",
              "table inet carrier {\nchain out { type nat hook postrouting priority 100; oifname core masquerade; }\n}")


@benign("the machine has IPv6 alone", network={"mapping": "unknown"})
def _(s):
    s.only_ipv6()


@benign("a cache answers port 80")
def _(s):
    s.chain("chain in { type nat hook prerouting priority -100; iifname lan tcp dport 80 redirect to :8080; }")
    s.box(port=8080)


@benign("TCP 443 goes through a relay that passes TLS unaltered", remarks=("transparent-proxy",))
def _(s):
    redirected(s)


@benign("a service has a private address, and a good certificate")
def _(s):
    s.zone["other.example.test"] = "10.200.0.1"
    s.internet.ip("addr", "add", "10.200.0.1/32", "dev", "lo")
    s.extra_hosts.append({"address": "10.200.0.1", "certificate": s.certificates["other.example.test"]})


@benign("UDP 443 to the web servers (QUIC) is dropped")
def _(s):
    s.forward(f"ip daddr {{ {at.FRONT}, {at.STORE}, {at.OTHER} }} udp dport 443 drop")


@benign("DNS over HTTPS and over TLS is dropped")
def _(s):
    s.forward(f"ip daddr {at.RESOLVER} tcp dport {{ 443, 853 }} drop")


@benign("the services answer 404")
def _(s):
    for ways in s.ways.values():
        ways["status"] = "404 Not Found"


# --- two at once ---

@double("UDP 3478 is dropped, and DNS has no storage host", both(udp_3478("udp-port-blocked"), store("dns-nxdomain")))
def _(s):
    s.forward("udp dport 3478 drop")
    s.zone["store.senso.test"] = "nxdomain"


@double("TLS is inspected, and all UDP dropped", both(all_tls("tls-inspection"), all_udp("udp-blocked")), needs=("sslsplit",))
def _(s):
    sslsplit(s, Authority(made_up()), True)
    s.forward("iifname lan udp dport != 53 drop")


@double("a login page is in the way, and all UDP dropped", both(PORTAL, all_udp("udp-blocked")))
def _(s):
    portal(s, "302")
    s.forward("iifname lan udp dport != 53 drop")


@double("the proxy asks for a login, and UDP 443 is dropped", both(streams("proxy-auth-required"), udp_443("udp-port-blocked")),
        needs=("tinyproxy",))
def _(s):
    through(s)
    tinyproxy(s, "BasicAuth pupil secret")
    s.forward("udp dport 443 drop")


@double("the WebSocket upgrade is stripped, and the NAT maps each destination to another port",
        both({"wss *": (BLOCKED, "websocket-blocked")}, {"stun *": (DEGRADED, "symmetric-nat")}))
def _(s):
    s.ways["front.senso.test"]["no_upgrade"] = True
    s.nat = at.RANDOM_NAT


@double("the storage host's name is reset in TLS, and the relays' range is dropped",
        both(store("sni-blocked"), {"turn/udp *:3478": (BLOCKED, "relay-range-blocked")}), remarks=("transparent-proxy",))
def _(s):
    redirected(s, blocked=["store.senso.test"], how="reset")
    s.forward("iifname lan udp dport 49152-65535 drop")


@double("the proxy that is required inspects TLS", {row: (BLOCKED, "tls-inspection", "proxy-required") for row in TLS_ROWS} |
        {"wss *": (BLOCKED, "tls-inspection", "websocket-blocked", "proxy-required"),
         "turn/tcp *": (DEGRADED, "proxy-required")}, needs=("squid",))
def _(s):
    through(s)
    bump(s, Authority(made_up()), True, "http_port 3128 {}")
