#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datachannel/internal.h"

#define LONG_NAMES 256u /* bytes of label and protocol that a closed channel keeps */

/* Label and protocol in one block, pointed to by init. */
static int copy_strings(struct dc_channel *c, const struct dc_init *init) {
  c->init = *init;
  c->strings = malloc(init->label.n + init->protocol.n + 1);
  if (!c->strings) return -ENOMEM;
  if (init->label.n > 0) memcpy(c->strings, init->label.p, init->label.n);
  if (init->protocol.n > 0) memcpy(c->strings + init->label.n, init->protocol.p, init->protocol.n);
  c->init.label.p = (const uint8_t *)c->strings;
  c->init.protocol.p = (const uint8_t *)c->strings + init->label.n;
  return 0;
}

struct dc_channel *dc_channel_new(struct dc_set *s, dc_handle handle, const struct dc_init *init) {
  struct dc_channel *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->handle = handle;
  c->id = -1;
  c->credit = s->initial_credit;
  list_init(&c->ready);
  list_init(&c->closed);
  waiting_init(&c->waiting);
  if (copy_strings(c, init) < 0 || dc_table_add_handle(&s->by_handle, c) < 0) {
    free(c->strings);
    free(c);
    return NULL;
  }
  c->held = true;
  s->held++;
  return c;
}

/* It no longer counts as one of the channels that a peer may have. */
static void let_go(struct dc_set *s, struct dc_channel *c) {
  s->held -= c->held;
  c->held = false;
}

static void uncharge_names(struct dc_set *s, struct dc_channel *c) {
  s->peer_names -= c->names_charge;
  c->names_charge = 0;
}

void dc_channel_shorten(struct dc_set *s, struct dc_channel *c) {
  uncharge_names(s, c);
  if (c->init.label.n + c->init.protocol.n <= LONG_NAMES) return;
  c->init.label.n = c->init.protocol.n = 0;
  free(c->strings);
  c->strings = NULL;
}

void dc_channel_free(struct dc_set *s, struct dc_channel *c) {
  dc_channel_detach(s, c);
  dc_drop_waiting(s, c);
  uncharge_names(s, c);
  list_remove(&c->ready);
  let_go(s, c);
  if (!list_empty(&c->closed)) s->n_closed--;
  list_remove(&c->closed);
  dc_table_remove_handle(&s->by_handle, c);
  free(c->extras);
  free(c->strings);
  free(c->error_text);
  free(c);
}

int dc_channel_attach(struct dc_set *s, struct dc_channel *c, uint16_t stream) {
  c->id = stream;
  if (dc_table_add_stream(&s->by_stream, c) < 0) {
    c->id = -1;
    return -ENOMEM;
  }
  c->on_stream = true;
  return 0;
}

void dc_channel_detach(struct dc_set *s, struct dc_channel *c) {
  if (!c->on_stream) return;
  c->on_stream = false;
  dc_table_remove_stream(&s->by_stream, c);
}

void dc_channel_retire(struct dc_set *s, struct dc_channel *c) {
  dc_channel_shorten(s, c);
  let_go(s, c);
  list_push_back(&s->closed, &c->closed);
  if (++s->n_closed > DC_CLOSED_KEPT)
    dc_channel_free(s, LIST_ENTRY(s->closed.next, struct dc_channel, closed));
}

void dc_channel_say(struct dc_set *s, struct dc_channel *c, uint8_t what) {
  c->pending |= what;
  if (list_empty(&c->ready)) list_push_back(&s->ready, &c->ready);
}

void dc_channel_end(struct dc_set *s, struct dc_channel *c, enum fault_reason reason,
                    const char *text) {
  if (c->state == DC_CLOSED) return;
  c->state = DC_CLOSED;
  if (waiting_is_empty(&c->waiting) && !(c->pending & DC_SAY_INCOMING)) let_go(s, c);
  c->buffered = 0;
  dc_channel_detach(s, c);
  if (reason != FAULT_NONE) {
    c->error_reason = reason;
    free(c->error_text);
    c->error_text = text ? strdup(text) : NULL;
    c->pending |= DC_SAY_ERROR;
  }
  dc_channel_say(s, c, DC_SAY_CLOSED);
}
