#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sctp/assoc.h"

/* How much of a reason goes into an ABORT and into the text. */
#define REASON_MAX 120u

void assoc_end(struct sctp *s, int err, const char *text) {
  if (s->phase == PHASE_ENDED) return;
  s->phase = PHASE_ENDED;
  s->closed_due = true;
  s->closed_err = err;
  (void)snprintf(s->closed_text, sizeof s->closed_text, "%s", text);
}

void assoc_abort(struct sctp *s, int err, enum cause_code cause, struct bytes info,
                 const char *text) {
  uint8_t buf[REASON_MAX + 16];
  struct writer w = writer_of(buf, sizeof buf);
  size_t at = chunk_begin(&w, CHUNK_ABORT, 0);
  param_write(&w, (uint16_t)cause,
              (struct bytes){info.p, info.n < REASON_MAX ? info.n : REASON_MAX});
  chunk_end(&w, at);
  /* Without memory, or a peer to tell, the association ends all the same. */
  if (s->phase > PHASE_COOKIE_WAIT && s->phase < PHASE_ENDED)
    (void)reply_lone(s, s->peer_tag, writer_written(&w));
  assoc_end(s, err, text);
}

void assoc_violation(struct sctp *s, const char *text) {
  assoc_abort(s, -EPROTO, CAUSE_PROTOCOL_VIOLATION, bytes_of(text), text);
}

/* Appends the peer's words, without what a terminal would act upon. */
static void quote(char *text, size_t cap, struct bytes words) {
  size_t n = strlen(text);
  for (size_t i = 0; i < words.n && i < REASON_MAX && n + 1 < cap; i++)
    text[n++] = (char)(words.p[i] >= 0x20 && words.p[i] < 0x7f ? words.p[i] : '?');
  text[n] = '\0';
}

int ending_on_abort(struct sctp *s, mono_us now, const struct chunk *c) {
  (void)now;
  char text[sizeof s->closed_text] = "the peer aborted the association";
  struct cursor causes = cursor_of(c->value);
  struct param cause;
  if (param_next(&causes, &cause)) {
    size_t n = strlen(text);
    (void)snprintf(text + n, sizeof text - n, ", cause %u%s", (unsigned)cause.type,
                   cause.value.n > 0 ? ": " : "");
    if (cause.type == CAUSE_USER_ABORT || cause.type == CAUSE_PROTOCOL_VIOLATION)
      quote(text, sizeof text, cause.value);
  }
  assoc_end(s, -ECONNRESET, text);
  return 0;
}

int ending_on_error(struct sctp *s, mono_us now, const struct chunk *c) {
  struct cursor causes = cursor_of(c->value);
  for (struct param cause; param_next(&causes, &cause);)
    if (cause.type == CAUSE_STALE_COOKIE && s->phase == PHASE_COOKIE_ECHOED)
      handshake_again(s, now);
  return 0;
}
