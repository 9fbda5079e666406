/* What createOffer and createAnswer write (RFC 9429 sections 5.2 and 5.3). */
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

#define DATA_MEDIA  "application"
#define DATA_PROTO  "UDP/DTLS/SCTP"
#define DATA_FORMAT "webrtc-datachannel"

static void copy_token(char *to, size_t cap, const char *from) {
  size_t n = strlen(from);
  if (n >= cap) n = cap - 1;
  memcpy(to, from, n);
  to[n] = '\0';
}

/* Our own data section as the only one. */
static void add_data_section(const struct peer *p, struct sdp_description *d) {
  struct sdp_section *s = &d->sections[0];
  copy_token(s->media, sizeof s->media, DATA_MEDIA);
  copy_token(s->proto, sizeof s->proto, DATA_PROTO);
  copy_token(s->formats, sizeof s->formats, DATA_FORMAT);
  copy_token(s->mid, sizeof s->mid, p->mid);
  s->data = true;
  d->n_sections = 1;
  d->data_section = 0;
  d->bundled = true;
}

/* The m-sections of an earlier description, in their order, which never changes in a session. */
static int repeat_sections(const char *sdp, struct sdp_description *d, struct fault *ret_fault) {
  struct sdp_description *old = calloc(1, sizeof *old);
  if (!old) return fault_oom(ret_fault);
  int r = sdp_parse(bytes_of(sdp), old, ret_fault);
  if (r == 0) {
    memcpy(d->sections, old->sections, sizeof d->sections);
    d->n_sections = old->n_sections;
    d->data_section = old->data_section;
    d->bundled = old->bundled;
    d->max_message_size = old->max_message_size;
    d->setup = old->setup;
    sdp_description_clear(old);
  }
  free(old);
  return r;
}

static void add_fingerprint(const struct peer *p, struct sdp_description *d) {
  struct dtls_fingerprint own;
  dtls_identity_fingerprint(p->cfg.identity, &own);
  struct sdp_fingerprint *f = &d->fingerprints[0];
  copy_token(f->hash, sizeof f->hash, "sha-256");
  f->n = own.n;
  memcpy(f->value, own.value, own.n);
  d->n_fingerprints = 1;
}

/* Everything of a description that is ours, whatever its type. */
static void add_own(const struct peer *p, struct sdp_description *d,
                    const struct ice_credentials *c) {
  d->session_id = p->session_id;
  d->session_version = p->session_version;
  copy_token(d->ufrag, sizeof d->ufrag, c->ufrag);
  copy_token(d->pwd, sizeof d->pwd, c->pwd);
  d->trickle = true;
  d->ice2 = true;
  d->ice_pacing_ms = PEER_PACING_MS;
  d->sctp_port = 5000;
  d->max_message_size = p->cfg.max_message_size;
  add_fingerprint(p, d);
}

static int write_made(struct peer_made *made, const struct sdp_description *d,
                      struct fault *ret_fault) {
  struct text text = {0};
  sdp_format(d, &text);
  char *sdp = text_take(&text);
  if (!sdp) return fault_oom(ret_fault);
  free(made->sdp);
  made->sdp = sdp;
  return 0;
}

/* The credentials the next description carries: fresh ones begin an ICE generation. */
static void choose_credentials(const struct peer *p, struct peer_made *made, bool fresh) {
  if (made->sdp && made->fresh && fresh)
    return; /* made before and not applied yet: the same again */
  made->fresh = fresh;
  if (fresh)
    ice_credentials_make(p->cfg.rng, &made->credentials);
  else
    made->credentials = p->local_credentials;
}

static int offer_sections(const struct peer *p, struct sdp_description *d,
                          struct fault *ret_fault) {
  const char *last = p->current_local.sdp;
  if (last) {
    int r = repeat_sections(last, d, ret_fault);
    if (r < 0) return r;
  }
  if (!last || d->data_section == SIZE_MAX) add_data_section(p, d);
  return 0;
}

int peer_make_offer(struct peer *p, bool ice_restart, struct fault *ret_fault) {
  struct sdp_description *d = calloc(1, sizeof *d);
  if (!d) return fault_oom(ret_fault);
  int r = offer_sections(p, d, ret_fault);
  if (r == 0) {
    choose_credentials(p, &p->offer, !p->ice_started || ice_restart || p->restart_wanted);
    p->session_version++;
    add_own(p, d, &p->offer.credentials);
    d->setup = SDP_SETUP_ACTPASS;
    r = write_made(&p->offer, d, ret_fault);
  }
  sdp_description_clear(d);
  free(d);
  return r;
}

/* RFC 8842 section 5.3: an established association keeps its roles; else the answerer is active
 * where it may choose, so that the ClientHello need not wait for the answer to arrive. */
static enum sdp_setup answer_setup(const struct peer *p, enum sdp_setup offered) {
  if (p->dtls_started) return p->dtls_client ? SDP_SETUP_ACTIVE : SDP_SETUP_PASSIVE;
  return offered == SDP_SETUP_ACTIVE ? SDP_SETUP_PASSIVE : SDP_SETUP_ACTIVE;
}

/* True when the offer that waits for our answer begins an ICE generation. */
static bool offer_restarts(const struct peer *p, const struct sdp_description *offer) {
  if (!p->ice_started || !p->remote) return true;
  return strcmp(p->remote->credentials.ufrag, offer->ufrag) != 0 ||
         strcmp(p->remote->credentials.pwd, offer->pwd) != 0;
}

int peer_make_answer(struct peer *p, struct fault *ret_fault) {
  struct sdp_description *offer = calloc(2, sizeof *offer);
  if (!offer) return fault_oom(ret_fault);
  struct sdp_description *d = offer + 1;
  int r = sdp_parse(bytes_of(p->pending_remote.sdp), offer, ret_fault);
  if (r == 0) r = repeat_sections(p->pending_remote.sdp, d, ret_fault);
  if (r == 0) {
    choose_credentials(p, &p->answer, offer_restarts(p, offer));
    p->session_version++;
    add_own(p, d, &p->answer.credentials);
    d->setup = answer_setup(p, offer->setup);
    r = write_made(&p->answer, d, ret_fault);
  }
  sdp_description_clear(d);
  sdp_description_clear(offer);
  free(offer);
  return r;
}
