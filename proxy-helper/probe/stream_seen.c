#include <string.h>

#include "probe/stream_try.h"

const char *try_word(enum attempt_end how) {
  switch (how) {
  case END_TIMEOUT: return "silence";
  case END_RESET: return "reset";
  case END_FIN: return "fin";
  case END_PROHIBITED: return "prohibited";
  case END_ALERT: return "alert";
  case END_HTTP: return "http";
  case END_REFUSED:
  case END_ODD: break;
  }
  return "odd";
}

const char *try_phrase(enum attempt_end how) {
  switch (how) {
  case END_TIMEOUT: return "got no answer";
  case END_RESET: return "was reset";
  case END_FIN: return "was closed";
  case END_PROHIBITED: return "is prohibited, a router says (ICMP)";
  case END_ALERT: return "was refused by a TLS alert";
  case END_HTTP: return "was answered in plain HTTP";
  case END_REFUSED:
  case END_ODD: break;
  }
  return "was answered by something else";
}

void try_say_connected(struct try *t) {
  char remote[ADDR_TEXT_MAX];
  mono_us rtt = attempt_rtt(t->attempt);
  (void)addr_format(&t->remote, remote);
  if (t->purpose != FOR_CHECK || t->proxied) return;
  SEE(t, "tcp", "connected", "TCP to %s connected in %llu ms", remote,
      (unsigned long long)(rtt / MONO_MS));
  run_reached(try_result(t), &t->remote);
}

void try_say_unreached(struct try *t, enum attempt_end how) {
  static const char *const words[] = {
      [END_TIMEOUT] = "timeout", [END_RESET] = "refused", [END_PROHIBITED] = "prohibited"};
  char remote[ADDR_TEXT_MAX];
  (void)addr_format(&t->remote, remote);
  bool known = how == END_TIMEOUT || how == END_RESET || how == END_PROHIBITED;
  if (t->purpose == FOR_PORTAL) return;
  if (t->purpose != FOR_CHECK)
    SEE(t, t->purpose == FOR_NO_NAME ? "tls.no-name" : "tls.other-name", "unreached",
        "TCP to %s for another name %s", remote, try_phrase(how));
  else if (t->proxied)
    evidence_add(try_evidence(t), "proxy", "unreachable", "TCP to the proxy at %s %s", remote,
                 try_phrase(how));
  else if (try_is_second(t)) /* what is said of the first address stands */
    SEE(t, "tcp.second", known ? words[how] : "odd", "TCP to %s %s", remote, try_phrase(how));
  else
    SEE(t, "tcp", known ? words[how] : "odd", "TCP to %s %s", remote, try_phrase(how));
}

/* The end of an item of a list: a comma that is not in quotes, or the line's end. */
static size_t item_size(const char *p) {
  bool quoted = false;
  size_t n = 0;
  for (; p[n] && p[n] != '\r' && p[n] != '\n' && (quoted || p[n] != ','); n++)
    if (p[n] == '"') quoted = !quoted;
  return n;
}

/* "Basic realm=..., charset=..., Negotiate": schemes and their parameters (RFC 9110
 * section 11.6.1); a scheme is a word that no "=" follows at once. */
static void add_challenges(char *to, size_t cap, const char *p) {
  for (size_t n; *p && *p != '\r' && *p != '\n'; p += n + (p[n] == ',')) {
    p += strspn(p, " \t");
    n = item_size(p);
    size_t word = strcspn(p, " =,\t\r\n"), used = strlen(to);
    if (word == 0 || word > 30 || p[word] == '=') continue;
    (void)snprintf(to + used, cap - used, "%s%.*s", used ? ", " : "", (int)word, p);
  }
}

static void add_schemes(struct try *t, const char *head) {
  static const char field[] = "\nProxy-Authenticate:";
  char schemes[120] = "";
  for (const char *at = head; (at = strcasestr(at, field)); at += sizeof field - 1)
    add_challenges(schemes, sizeof schemes, at + sizeof field - 1);
  if (schemes[0])
    evidence_add(try_evidence(t), "proxy.scheme", schemes, "the proxy asks for a login: %s",
                 schemes);
}

void try_say_proxy(struct try *t, enum attempt_end how) {
  char value[16];
  const char *head = attempt_proxy_head(t->attempt);
  unsigned status = attempt_proxy_status(t->attempt);
  (void)snprintf(value, sizeof value, "%u", status / 100 == 2 ? 200 : status);
  if (status == 0) {
    evidence_add(try_evidence(t), "proxy", "odd", "CONNECT at the proxy %s", try_phrase(how));
    return;
  }
  evidence_add(try_evidence(t), "proxy", value, "the proxy answered CONNECT with %u", status);
  const char *vendor = signs_find(t->of->row->run->cfg.signs, SIGN_HEADER, head);
  if (vendor)
    evidence_add(try_evidence(t), "proxy.header", vendor, "its answer is one of %s", vendor);
  if (status == 407) add_schemes(t, head);
}

void try_say_tls(struct try *t, enum attempt_end how) {
  const char *host = try_result(t)->host;
  if (t->purpose == FOR_CHECK)
    SEE(t, "tls", try_word(how), "TLS with the name %s %s", host, try_phrase(how));
  else if (t->purpose == FOR_NO_NAME)
    SEE(t, "tls.no-name", try_word(how), "TLS without a name %s", try_phrase(how));
  else if (t->purpose == FOR_OTHER_NAME)
    SEE(t, "tls.other-name", try_word(how), "TLS with the name " STREAM_OTHER_NAME " %s",
        try_phrase(how));
}

void try_say_controls_done(struct try *t) {
  if (t->purpose == FOR_NO_NAME)
    SEE(t, "tls.no-name", "done", "TLS without a name is answered");
  else if (t->purpose == FOR_OTHER_NAME)
    SEE(t, "tls.other-name", "done", "TLS with the name " STREAM_OTHER_NAME " is answered");
}
