/* From descriptions to machines: what an applied description means for ICE, DTLS and SCTP. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

int peer_start_local(struct peer *p, mono_us now, struct peer_made *made, bool controlling,
                     struct fault *ret_fault) {
  if (made->fresh) {
    if (!p->remote) ice_agent_set_controlling(p->ice, controlling);
    if (ice_agent_start(p->ice, now, &made->credentials) < 0) return fault_oom(ret_fault);
    if (gatherer_start(p->gatherer, now) < 0) return fault_oom(ret_fault);
    p->generations++;
    p->gatherer_turn.dirty = true;
    peer_update_gathering(p);
    p->previous_credentials = p->local_credentials;
    p->local_credentials = made->credentials;
    p->ice_started = true;
    p->generation_open = true;
    p->restart_applied = p->restart_wanted;
    p->restart_wanted = false;
    p->gathering = PEER_GATHERING;
    p->ice_turn.dirty = true;
  }
  free(made->sdp);
  *made = (struct peer_made){0};
  return 0;
}

static const struct {
  const char *name;
  enum dtls_hash hash;
} hashes[] = {
    {"sha-256", DTLS_SHA256}, {"sha-384", DTLS_SHA384}, {"sha-512", DTLS_SHA512},
    {"sha-224", DTLS_SHA224}, {"sha-1", DTLS_SHA1},
};

/* The fingerprints with a hash we know. */
static size_t known_fingerprints(const struct sdp_description *d, struct dtls_fingerprint *ret) {
  size_t n = 0;
  for (size_t i = 0; i < d->n_fingerprints; i++) {
    const struct sdp_fingerprint *f = &d->fingerprints[i];
    for (size_t h = 0; h < sizeof hashes / sizeof *hashes; h++) {
      if (strcmp(f->hash, hashes[h].name) != 0 || f->n > sizeof ret->value) continue;
      ret[n] = (struct dtls_fingerprint){.hash = hashes[h].hash, .n = f->n};
      memcpy(ret[n++].value, f->value, f->n);
    }
  }
  return n;
}

static bool has_fingerprint(const struct sdp_description *d, const struct sdp_fingerprint *wanted) {
  for (size_t i = 0; i < d->n_fingerprints; i++)
    if (strcmp(d->fingerprints[i].hash, wanted->hash) == 0 && d->fingerprints[i].n == wanted->n &&
        memcmp(d->fingerprints[i].value, wanted->value, wanted->n) == 0)
      return true;
  return false;
}

static bool same_credentials(const struct ice_credentials *c, const struct sdp_description *d) {
  return strcmp(c->ufrag, d->ufrag) == 0 && strcmp(c->pwd, d->pwd) == 0;
}

static int check_answer(const struct peer *p, const struct sdp_description *d,
                        struct fault *ret_fault) {
  if (d->setup != SDP_SETUP_ACTIVE && d->setup != SDP_SETUP_PASSIVE)
    return fault_set(ret_fault, FAULT_INVALID_SDP,
                     "the answer's a=setup must be active or passive (RFC 8842 section 5.3)");
  bool client = d->setup == SDP_SETUP_PASSIVE;
  if (p->dtls_started && client != p->dtls_client)
    return fault_set(ret_fault, FAULT_INVALID_SDP,
                     "the answer's a=setup changes the roles of an established DTLS association");
  if (p->remote && !p->generation_open && !same_credentials(&p->remote->credentials, d))
    return fault_set(ret_fault, FAULT_INVALID_SDP,
                     "the answer has new ICE credentials, but the offer asked for no restart");
  return 0;
}

int peer_check_remote(const struct peer *p, const struct sdp_description *d,
                      enum peer_sdp_type type, struct fault *ret_fault) {
  struct dtls_fingerprint known[DTLS_FINGERPRINTS];
  if (d->data_section == SIZE_MAX)
    return fault_set(
        ret_fault, FAULT_INVALID_SDP,
        "the description has no data-channel m-section (m=application), or rejects it");
  if (d->ufrag[0] == '\0' || d->pwd[0] == '\0')
    return fault_set(ret_fault, FAULT_INVALID_SDP, "a=%s is missing",
                     d->ufrag[0] ? "ice-pwd" : "ice-ufrag");
  if (known_fingerprints(d, known) == 0)
    return fault_set(
        ret_fault, FAULT_INVALID_SDP,
        "no a=fingerprint with a known hash (sha-256, sha-384, sha-512, sha-224, sha-1)");
  if (p->remote && p->dtls_started && !has_fingerprint(d, &p->remote->fingerprint))
    return fault_set(ret_fault, FAULT_OPERATION_ERROR,
                     "the description has another fingerprint than this peer connected to: create "
                     "a new peer for a new peer");
  if (d->setup == SDP_SETUP_HOLDCONN)
    return fault_set(ret_fault, FAULT_INVALID_SDP, "a=setup:holdconn cannot be used here");
  return type == PEER_SDP_OFFER ? 0 : check_answer(p, d, ret_fault);
}

int peer_feed_candidates(struct peer *p, mono_us now, struct bytes lines) {
  while (lines.n > 0) {
    const uint8_t *end = memchr(lines.p, '\n', lines.n);
    size_t n = end ? (size_t)(end - lines.p) : lines.n;
    struct ice_candidate c;
    if (ice_candidate_parse((struct bytes){lines.p, n}, &c, NULL) == 0 &&
        ice_agent_add_remote(p->ice, now, &c) == -ENOMEM)
      return -ENOMEM;
    if (!end) break;
    lines.p += n + 1;
    lines.n -= n + 1;
  }
  p->ice_turn.dirty = true;
  return 0;
}

static int start_dtls(struct peer *p, mono_us now, const struct sdp_description *d, bool client,
                      struct fault *ret_fault) {
  struct dtls_fingerprint known[DTLS_FINGERPRINTS];
  size_t n = known_fingerprints(d, known);
  if (p->dtls_started) return 0;
  if (dtls_start(p->dtls, now, client ? DTLS_CLIENT : DTLS_SERVER, known, n) < 0)
    return fault_oom(ret_fault);
  p->dtls_started = true;
  p->dtls_client = client;
  p->dtls_turn.dirty = true;
  return 0;
}

/* RFC 8841 section 6.1: 0 is "any size"; we send no more than we would take. */
static size_t common_max_message(const struct peer *p, uint64_t stated) {
  return stated == 0 || stated > p->cfg.max_message_size ? p->cfg.max_message_size : (size_t)stated;
}

static void keep_remote(struct peer *p, const struct sdp_description *d) {
  struct peer_remote *r = p->remote;
  memcpy(r->credentials.ufrag, d->ufrag, sizeof r->credentials.ufrag);
  memcpy(r->credentials.pwd, d->pwd, sizeof r->credentials.pwd);
  memcpy(r->mid, d->sections[d->data_section].mid, sizeof r->mid);
  r->pacing_ms = d->ice_pacing_ms;
  r->sctp_port = d->sctp_port;
  r->lite = d->ice_lite;
  if (!p->dtls_started) r->fingerprint = d->fingerprints[0];
  r->max_message = common_max_message(p, d->max_message_size);
  dc_set_max_message(p->channels, (size_t)r->max_message);
}

_Static_assert(SDP_TOKEN_MAX + 1 == sizeof((struct ice_credentials){0}.ufrag),
               "an SDP token is a ufrag");

int peer_apply_remote(struct peer *p, mono_us now, const struct sdp_description *d,
                      bool dtls_client, struct fault *ret_fault) {
  bool first = p->remote == NULL;
  if (first && !(p->remote = calloc(1, sizeof *p->remote))) return fault_oom(ret_fault);
  bool new_credentials =
      first || p->generation_open || !same_credentials(&p->remote->credentials, d);
  keep_remote(p, d);
  if (new_credentials && ice_agent_set_remote(p->ice, now, &p->remote->credentials, d->ice_lite,
                                              d->ice_pacing_ms * MONO_MS) < 0)
    return fault_oom(ret_fault);
  p->generation_open = false;
  if (peer_feed_candidates(p, now,
                           (struct bytes){(const uint8_t *)d->candidates.p, d->candidates.n}) < 0)
    return fault_oom(ret_fault);
  if (d->end_of_candidates) ice_agent_end_of_remote(p->ice, now);
  p->ice_turn.dirty = true;
  return start_dtls(p, now, d, dtls_client, ret_fault);
}
