#include <inttypes.h>
#include <string.h>

#include "sdp/description.h"
#include "sdp/lines.h"

static const char *setup_name(enum sdp_setup setup) {
  switch (setup) {
  case SDP_SETUP_NONE: return NULL;
  case SDP_SETUP_ACTPASS: return "actpass";
  case SDP_SETUP_ACTIVE: return "active";
  case SDP_SETUP_PASSIVE: return "passive";
  case SDP_SETUP_HOLDCONN: return "holdconn";
  }
  return NULL;
}

/* "a=NAME:VALUE", or nothing for an empty value. */
static void add_attribute(struct text *to, const char *name, const char *value) {
  if (value && value[0]) text_addf(to, "a=%s:%s\r\n", name, value);
}

static void add_session(struct text *to, const struct sdp_description *d) {
  text_addf(to,
            "v=0\r\n"
            "o=- %" PRIu64 " %" PRIu64 " IN IP4 127.0.0.1\r\n"
            "s=-\r\n"
            "t=0 0\r\n",
            d->session_id, d->session_version);
  if (d->data_section == SIZE_MAX) return;
  if (d->bundled) text_addf(to, "a=group:BUNDLE %s\r\n", d->sections[d->data_section].mid);
  if (d->ice_lite) text_add(to, "a=ice-lite\r\n");
  if (d->ice_pacing_ms > 0) text_addf(to, "a=ice-pacing:%" PRIu32 "\r\n", d->ice_pacing_ms);
}

static void add_rejected(struct text *to, const struct sdp_section *s) {
  text_addf(to, "m=%s 0 %s %s\r\n", s->media, s->proto, s->formats);
  text_add(to, "c=IN IP4 0.0.0.0\r\n");
  if (!s->data) text_add(to, "a=inactive\r\n");
  add_attribute(to, "mid", s->mid);
}

static void add_candidates(struct text *to, const struct sdp_description *d) {
  struct bytes rest = {(const uint8_t *)d->candidates.p, d->candidates.n};
  while (rest.n > 0) {
    struct bytes line = sdp_take_until(&rest, '\n');
    if (line.n == 0) continue;
    text_add(to, "a=");
    text_add_bytes(to, line);
    text_add(to, "\r\n");
  }
  if (d->end_of_candidates) text_add(to, "a=end-of-candidates\r\n");
}

static void add_option(struct text *to, bool set, const char *name, const char **gap) {
  if (!set) return;
  text_addf(to, "%s%s", *gap, name);
  *gap = " ";
}

static void add_ice(struct text *to, const struct sdp_description *d) {
  add_attribute(to, "ice-ufrag", d->ufrag);
  add_attribute(to, "ice-pwd", d->pwd);
  if (!d->trickle && !d->ice2 && !d->renomination) return;
  const char *gap = "";
  text_add(to, "a=ice-options:");
  add_option(to, d->trickle, "trickle", &gap);
  add_option(to, d->ice2, "ice2", &gap);
  add_option(to, d->renomination, "renomination", &gap);
  text_add(to, "\r\n");
}

static void add_fingerprint(struct text *to, const struct sdp_fingerprint *f) {
  text_addf(to, "a=fingerprint:%s ", f->hash);
  for (size_t i = 0; i < f->n; i++) text_addf(to, i > 0 ? ":%02X" : "%02X", f->value[i]);
  text_add(to, "\r\n");
}

static void add_sctp(struct text *to, const struct sdp_description *d, bool old_form) {
  if (old_form)
    text_addf(to, "a=sctpmap:%u webrtc-datachannel 65535\r\n", (unsigned)d->sctp_port);
  else
    text_addf(to, "a=sctp-port:%u\r\n", (unsigned)d->sctp_port);
  text_addf(to, "a=max-message-size:%" PRIu64 "\r\n", d->max_message_size);
}

static void add_data(struct text *to, const struct sdp_description *d) {
  const struct sdp_section *s = &d->sections[d->data_section];
  bool old_form = strcmp(s->proto, "DTLS/SCTP") == 0;
  if (old_form)
    text_addf(to, "m=application 9 DTLS/SCTP %u\r\n", (unsigned)d->sctp_port);
  else
    text_addf(to, "m=application 9 %s webrtc-datachannel\r\n",
              s->proto[0] ? s->proto : "UDP/DTLS/SCTP");
  text_add(to, "c=IN IP4 0.0.0.0\r\n");
  add_candidates(to, d);
  add_ice(to, d);
  for (size_t i = 0; i < d->n_fingerprints; i++) add_fingerprint(to, &d->fingerprints[i]);
  add_attribute(to, "setup", setup_name(d->setup));
  add_attribute(to, "mid", s->mid);
  add_attribute(to, "tls-id", d->tls_id);
  add_sctp(to, d, old_form);
}

void sdp_format(const struct sdp_description *d, struct text *to) {
  add_session(to, d);
  for (size_t i = 0; i < d->n_sections; i++) {
    if (i == d->data_section)
      add_data(to, d);
    else
      add_rejected(to, &d->sections[i]);
  }
}
