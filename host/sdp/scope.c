#include "sdp/scope.h"

#include <errno.h>
#include <string.h>

/* One attribute's value and where it stands. */
struct value {
  struct bytes text;
  size_t line;
  struct fault *fault;
};

/* Hash functions of RFC 8122 section 5 that may prove an identity, with the bytes of their output;
 * MD5 and MD2 may not, and like unknown ones are passed over. */
static const struct {
  const char *name;
  size_t n;
} hashes[] = {
    {"sha-1", 20}, {"sha-224", 28}, {"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64},
};

static const struct {
  const char *name;
  enum sdp_setup setup;
} setups[] = {
    {"actpass", SDP_SETUP_ACTPASS},
    {"active", SDP_SETUP_ACTIVE},
    {"passive", SDP_SETUP_PASSIVE},
    {"holdconn", SDP_SETUP_HOLDCONN},
};

static int expected(const struct value *v, const char *what) {
  return sdp_expected(v->fault, v->line, what);
}

/* Credentials hold ice-chars by RFC 8839 section 5.4; '-', '=', '#' and '_' are seen in the field,
 * so all that is printable is taken but ':', which ends the name in USERNAME. */
static bool is_credential(struct bytes b, size_t min) {
  if (b.n < min || b.n > SDP_TOKEN_MAX) return false;
  for (size_t i = 0; i < b.n; i++)
    if (b.p[i] <= ' ' || b.p[i] > '~' || b.p[i] == ':') return false;
  return true;
}

static int read_ufrag(struct sdp_scope *s, struct value *v) {
  if (!is_credential(v->text, 4)) return expected(v, "an ice-ufrag of 4 to 256 characters");
  (void)sdp_copy(v->text, s->ufrag, sizeof s->ufrag);
  return 0;
}

static int read_pwd(struct sdp_scope *s, struct value *v) {
  if (!is_credential(v->text, 22)) return expected(v, "an ice-pwd of 22 to 256 characters");
  (void)sdp_copy(v->text, s->pwd, sizeof s->pwd);
  return 0;
}

/* RFC 8839 section 5.6 separates by spaces; libdatachannel by commas. */
static int read_ice_options(struct sdp_scope *s, struct value *v) {
  for (struct bytes word; (word = sdp_take_word(&v->text)).n > 0;) {
    while (word.n > 0) {
      struct bytes option = sdp_take_until(&word, ',');
      s->trickle |= sdp_is(option, "trickle");
      s->ice2 |= sdp_is(option, "ice2");
      s->renomination |= sdp_is(option, "renomination");
    }
  }
  return 0;
}

static int read_ice_lite(struct sdp_scope *s, struct value *v) {
  (void)v;
  s->ice_lite = true;
  return 0;
}

static int read_ice_pacing(struct sdp_scope *s, struct value *v) {
  uint64_t ms;
  /* RFC 8839 section 5.7: 1 to 10 digits; no meaning is lost with a limit of a minute */
  if (!sdp_number(sdp_take_word(&v->text), UINT32_MAX, &ms))
    return expected(v, "ice-pacing in milliseconds");
  s->ice_pacing_ms = ms > 60000 ? 60000 : (uint32_t)ms;
  return 0;
}

static int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool read_colon_hex(struct bytes text, struct sdp_fingerprint *f) {
  for (f->n = 0; text.n > 0; f->n++) {
    struct bytes pair = sdp_take_until(&text, ':');
    if (pair.n != 2 || f->n == sizeof f->value) return false;
    int high = hex_digit(pair.p[0]), low = hex_digit(pair.p[1]);
    if (high < 0 || low < 0) return false;
    f->value[f->n] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static int read_fingerprint(struct sdp_scope *s, struct value *v) {
  struct bytes name = sdp_take_word(&v->text);
  for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
    if (!sdp_is_any_case(name, hashes[i].name)) continue;
    struct sdp_fingerprint f = {.n = 0};
    (void)sdp_copy(bytes_of(hashes[i].name), f.hash, sizeof f.hash);
    if (!read_colon_hex(sdp_take_word(&v->text), &f) || f.n != hashes[i].n)
      return expected(v, "a fingerprint of the hash's size, as pairs of hex digits and colons");
    if (s->n_fingerprints == SDP_FINGERPRINTS) return expected(v, "at most 8 fingerprints");
    s->fingerprints[s->n_fingerprints++] = f;
    return 0;
  }
  return name.n > 0 ? 0 : expected(v, "a hash function and a fingerprint");
}

static int read_setup(struct sdp_scope *s, struct value *v) {
  for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
    if (!sdp_is(v->text, setups[i].name)) continue;
    s->setup = setups[i].setup;
    return 0;
  }
  return expected(v, "setup actpass, active, passive or holdconn");
}

static int read_tls_id(struct sdp_scope *s, struct value *v) {
  if (v->text.n == 0 || !sdp_copy(v->text, s->tls_id, sizeof s->tls_id))
    return expected(v, "a tls-id of at most 256 characters");
  return 0;
}

static int read_sctp_port(struct sdp_scope *s, struct value *v) {
  uint64_t port;
  if (!sdp_number(v->text, UINT16_MAX, &port) || port == 0)
    return expected(v, "an sctp-port from 1 to 65535");
  s->sctp_port = (uint16_t)port;
  s->has_sctp_port = true;
  return 0;
}

static int read_max_message_size(struct sdp_scope *s, struct value *v) {
  if (!sdp_number(v->text, UINT64_MAX, &s->max_message_size))
    return expected(v, "max-message-size in bytes");
  s->has_max_message_size = true;
  return 0;
}

static int read_end_of_candidates(struct sdp_scope *s, struct value *v) {
  (void)v;
  s->end_of_candidates = true;
  return 0;
}

static int read_candidate(struct sdp_scope *s, struct value *v) {
  if (v->text.n == 0) return expected(v, "a candidate");
  if (s->n_candidates == SDP_CANDIDATES) return 0;
  text_add(&s->candidates, "candidate:");
  text_add_bytes(&s->candidates, v->text);
  text_add(&s->candidates, "\n");
  s->n_candidates++;
  return s->candidates.failed ? fault_oom(v->fault) : 0;
}

static const struct {
  const char *name;
  int (*read)(struct sdp_scope *s, struct value *v);
} attributes[] = {
    {"ice-ufrag", read_ufrag},
    {"ice-pwd", read_pwd},
    {"ice-options", read_ice_options},
    {"ice-lite", read_ice_lite},
    {"ice-pacing", read_ice_pacing},
    {"fingerprint", read_fingerprint},
    {"setup", read_setup},
    {"tls-id", read_tls_id},
    {"sctp-port", read_sctp_port},
    {"max-message-size", read_max_message_size},
    {"candidate", read_candidate},
    {"end-of-candidates", read_end_of_candidates},
};

int sdp_scope_read(struct sdp_scope *s, const struct sdp_line *line, struct fault *ret_fault) {
  struct value v = {line->value, line->number, ret_fault};
  struct bytes name = sdp_take_until(&v.text, ':');
  /* tolerated: "a=setup: active", "a=mid:0 " */
  while (v.text.n > 0 && v.text.p[0] == ' ') (void)sdp_take_until(&v.text, ' ');
  while (v.text.n > 0 && v.text.p[v.text.n - 1] == ' ') v.text.n--;
  for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
    if (sdp_is(name, attributes[i].name)) return attributes[i].read(s, &v);
  return 0;
}

static void inherit_text(char *to, const char *from) {
  if (!to[0]) memcpy(to, from, SDP_TOKEN_MAX + 1);
}

int sdp_scope_inherit(struct sdp_scope *s, const struct sdp_scope *wider) {
  inherit_text(s->ufrag, wider->ufrag);
  inherit_text(s->pwd, wider->pwd);
  inherit_text(s->tls_id, wider->tls_id);
  s->ice_lite |= wider->ice_lite;
  s->ice2 |= wider->ice2;
  s->trickle |= wider->trickle;
  s->renomination |= wider->renomination;
  s->end_of_candidates |= wider->end_of_candidates;
  if (s->ice_pacing_ms == 0) s->ice_pacing_ms = wider->ice_pacing_ms;
  if (s->setup == SDP_SETUP_NONE) s->setup = wider->setup;
  if (s->n_fingerprints == 0) {
    memcpy(s->fingerprints, wider->fingerprints, sizeof s->fingerprints);
    s->n_fingerprints = wider->n_fingerprints;
  }
  if (s->n_candidates == 0 && wider->n_candidates > 0) {
    text_add_bytes(&s->candidates,
                   (struct bytes){(const uint8_t *)wider->candidates.p, wider->candidates.n});
    s->n_candidates = wider->n_candidates;
  }
  return s->candidates.failed ? -ENOMEM : 0;
}

void sdp_scope_clear(struct sdp_scope *s) {
  text_free(&s->candidates);
  *s = (struct sdp_scope){.n_candidates = 0};
}
