/* Requests to the server: what they hold, when they are sent, what an error answer means. */
#include <stdio.h>
#include <string.h>

#include "stun/builder.h"
#include "turn/state.h"

#define PROTOCOL_UDP   17 /* REQUESTED-TRANSPORT, RFC 8656 section 18.7 */
#define CHALLENGES_MAX 3  /* 401, then 438 twice: more is a server that goes round in circles */

/* Over UDP 8 s in all instead of RFC 8489's 39.5: a person waits for the answer. */
static const struct stun_schedule over_udp = {
    .rto = 250 * MONO_MS, .rto_max = 1600 * MONO_MS, .times = 7, .last_wait = 1600 * MONO_MS};
/* Sent once; RFC 8489 section 6.2.2 has 39.5 s. */
static const struct stun_schedule over_stream = {
    .rto = 15 * MONO_S, .rto_max = 15 * MONO_S, .times = 1, .last_wait = 15 * MONO_S};

void turn_request_start(struct turn_client *c, struct turn_request *r, mono_us now) {
  r->active = true;
  stun_transaction_start(&r->t, c->rng, c->stream ? &over_stream : &over_udp, now);
}

static void put_allocate(const struct turn_client *c, struct writer *w) {
  stun_put_u32(w, STUN_ATTR_REQUESTED_TRANSPORT, (uint32_t)PROTOCOL_UDP << 24);
  uint16_t type =
      c->dual ? STUN_ATTR_ADDITIONAL_ADDRESS_FAMILY : STUN_ATTR_REQUESTED_ADDRESS_FAMILY;
  bool v6 = c->dual || c->family == ADDR_V6; /* the additional one is IPv6, section 7.1 */
  stun_put_u32(w, type, (uint32_t)(v6 ? 2 : 1) << 24);
}

static void put_bind(const struct turn_peer *p, struct writer *w) {
  stun_put_u32(w, STUN_ATTR_CHANNEL_NUMBER, (uint32_t)p->channel << 16);
  stun_put_xor_address(w, STUN_ATTR_XOR_PEER_ADDRESS, &p->addr);
}

size_t turn_request_write(struct turn_client *c, struct turn_peer *peer, uint8_t *buf, size_t cap,
                          mono_us now) {
  struct turn_request *r = peer ? &peer->bind : &c->control;
  struct writer w = writer_of(buf, cap);
  bool allocate = !peer && c->phase == TURN_ALLOCATING;
  uint16_t method = peer ? STUN_CHANNEL_BIND : allocate ? STUN_ALLOCATE : STUN_REFRESH;
  stun_begin(&w, STUN_REQUEST, method, &r->t.tid);
  if (peer)
    put_bind(peer, &w);
  else if (allocate)
    put_allocate(c, &w);
  else if (c->phase == TURN_RELEASING)
    stun_put_u32(&w, STUN_ATTR_LIFETIME, 0);
  stun_credential_put(&c->credential, &w);
  stun_transaction_sent(&r->t, now);
  r->was_signed = c->credential.signs;
  return w.failed ? 0 : w.n;
}

bool turn_request_again(struct turn_client *c, struct turn_request *r, const struct stun_message *m,
                        mono_us now) {
  struct stun_error error;
  if (!stun_get_error(m, &error) || r->challenges++ >= CHALLENGES_MAX) return false;
  if (error.code != STUN_ERR_UNAUTHENTICATED && error.code != STUN_ERR_STALE_NONCE) return false;
  if (stun_credential_challenge(&c->credential, m, r->was_signed) != STUN_CHALLENGE_RETRY)
    return false;
  turn_request_start(c, r, now);
  return true;
}

/* Text from the network, made safe to show. */
static void append_reason(char *text, size_t cap, struct bytes reason) {
  size_t n = strlen(text);
  for (size_t i = 0; i < reason.n && n + 1 < cap; i++) {
    bool shown = reason.p[i] >= 0x20 && reason.p[i] < 0x7f;
    text[n++] = '?';
    if (shown) text[n - 1] = (char)reason.p[i];
  }
  text[n] = '\0';
}

unsigned turn_error_of(const struct stun_message *m, char *text, size_t cap) {
  struct stun_error error;
  if (!stun_get_error(m, &error)) {
    (void)snprintf(text, cap, "the server refused without an error code");
    return 0;
  }
  (void)snprintf(text, cap, "the server answered %u ", error.code);
  append_reason(text, cap, error.reason);
  return error.code;
}

void turn_fail(struct turn_client *c, const struct stun_message *m) {
  struct turn_event ev = {.kind = TURN_EV_FAILED, .code = TURN_ERR_UNREACHABLE};
  if (m) {
    ev.code = turn_error_of(m, ev.text, sizeof ev.text);
    if (ev.code == STUN_ERR_TRY_ALTERNATE)
      (void)stun_get_address(m, STUN_ATTR_ALTERNATE_SERVER, &ev.alternate);
  } else {
    (void)snprintf(ev.text, sizeof ev.text, "no answer to %u tries", c->control.t.sent);
  }
  c->phase = TURN_ENDED;
  c->control.active = false;
  c->news = ev;
  c->tell = true;
}
