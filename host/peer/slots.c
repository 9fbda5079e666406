#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "peer/internal.h"

void peer_slot_clear(struct peer_slot *s) {
  free(s->sdp);
  text_free(&s->candidates);
  text_free(&s->shown);
  *s = (struct peer_slot){0};
}

void peer_slot_move(struct peer_slot *to, struct peer_slot *from) {
  peer_slot_clear(to);
  *to = *from;
  *from = (struct peer_slot){0};
}

int peer_slot_add(struct peer_slot *s, struct bytes line) {
  size_t before = s->candidates.n;
  text_add_bytes(&s->candidates, line);
  text_add(&s->candidates, "\n");
  if (!s->candidates.failed) return 0;
  s->candidates.failed = false;
  s->candidates.n = before;
  if (s->candidates.p) s->candidates.p[before] = '\0';
  return -ENOMEM;
}

/* Where the data section ends: before the next m= line, or at the end of the text. */
static size_t data_section_end(const char *sdp) {
  const char *data = strstr(sdp, "m=application");
  const char *next = data ? strstr(data, "\nm=") : NULL;
  return next ? (size_t)(next + 1 - sdp) : strlen(sdp);
}

static void show_candidates(struct text *to, const char *lines) {
  for (const char *at = lines; at && *at;) {
    const char *end = strchr(at, '\n');
    text_addf(to, "a=%.*s\r\n", (int)(end - at), at);
    at = end + 1;
  }
}

const char *peer_slot_show(struct peer_slot *s) {
  if (!s->sdp) return NULL;
  size_t at = data_section_end(s->sdp);
  text_clear(&s->shown);
  text_add_bytes(&s->shown, (struct bytes){(const uint8_t *)s->sdp, at});
  show_candidates(&s->shown, s->candidates.p);
  if (s->ended && !strstr(s->sdp, "a=end-of-candidates"))
    text_add(&s->shown, "a=end-of-candidates\r\n");
  text_add(&s->shown, s->sdp + at);
  return s->shown.failed ? NULL : s->shown.p;
}
