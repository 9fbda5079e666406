#include "sctp/packet/reconfig.h"

static void read_outgoing(struct cursor *c, struct reconfig_param *p) {
  p->request_seq = cursor_u32(c);
  p->response_seq = cursor_u32(c);
  p->last_tsn = cursor_u32(c);
  p->streams = cursor_take(c, c->n / 2 * 2);
}

static void read_incoming(struct cursor *c, struct reconfig_param *p) {
  p->request_seq = cursor_u32(c);
  p->streams = cursor_take(c, c->n / 2 * 2);
}

/* Of requests that are always refused only the sequence number counts. */
static void read_other(struct cursor *c, struct reconfig_param *p) {
  p->request_seq = cursor_u32(c);
  (void)cursor_rest(c);
}

static void read_response(struct cursor *c, struct reconfig_param *p) {
  p->response_seq = cursor_u32(c);
  p->result = cursor_u32(c);
  (void)cursor_rest(c); /* TSNs of a TSN reset, which we never ask for */
}

bool reconfig_param_read(const struct param *p, struct reconfig_param *ret) {
  static void (*const readers[])(struct cursor *, struct reconfig_param *) = {
      read_outgoing, read_incoming, read_other, read_response, read_other, read_other};
  if (p->type < PARAM_OUTGOING_RESET || p->type > PARAM_ADD_INCOMING) return false;
  struct cursor c = cursor_of(p->value);
  struct reconfig_param read = {.type = p->type};
  readers[p->type - PARAM_OUTGOING_RESET](&c, &read);
  if (c.failed || c.n > 0) return false;
  *ret = read;
  return true;
}

void reconfig_write_outgoing(struct writer *w, const struct reconfig_param *p,
                             const uint16_t *streams, size_t n) {
  size_t at = param_begin(w, PARAM_OUTGOING_RESET);
  writer_u32(w, p->request_seq);
  writer_u32(w, p->response_seq);
  writer_u32(w, p->last_tsn);
  for (size_t i = 0; i < n; i++) writer_u16(w, streams[i]);
  param_end(w, at);
}

void reconfig_write_response(struct writer *w, uint32_t response_seq, enum reset_result result) {
  size_t at = param_begin(w, PARAM_RECONFIG_RESPONSE);
  writer_u32(w, response_seq);
  writer_u32(w, (uint32_t)result);
  param_end(w, at);
}
