#include "sctp/packet/init.h"

static void read_extensions(struct bytes value, struct init_chunk *ret) {
  for (size_t i = 0; i < value.n; i++) {
    if (value.p[i] == CHUNK_RE_CONFIG) ret->reconfig = true;
    if (value.p[i] == CHUNK_FORWARD_TSN) ret->forward_tsn = true;
    if (value.p[i] == CHUNK_I_DATA) ret->interleaving = true;
  }
}

static bool names_dtls(struct bytes value) {
  struct cursor c = cursor_of(value);
  return cursor_u32(&c) == EDMID_DTLS && !c.failed && c.n == 0;
}

static bool is_ignored(uint16_t type) {
  static const uint16_t ignored[] = {PARAM_IPV4_ADDRESS,  PARAM_IPV6_ADDRESS,
                                     PARAM_UNRECOGNIZED,  PARAM_COOKIE_PRESERVATIVE,
                                     PARAM_ADDRESS_TYPES, PARAM_HOST_NAME};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
    if (ignored[i] == type) return true;
  return false;
}

/* Appends the parameter, padded, if all of it fits. */
static void report_param(struct writer *report, struct bytes whole) {
  if (writer_left(report) < padded(whole.n)) return;
  writer_bytes(report, whole);
  writer_zero(report, padded(whole.n) - whole.n);
}

/* False: stop reading this chunk's parameters (section 3.2.1). */
static bool read_param(const struct param *p, struct init_chunk *ret, struct writer *report) {
  if (p->type == PARAM_FORWARD_TSN) {
    ret->forward_tsn = true;
  } else if (p->type == PARAM_SUPPORTED_EXTENSIONS) {
    read_extensions(p->value, ret);
  } else if (p->type == PARAM_ZERO_CHECKSUM) {
    ret->zero_checksum = names_dtls(p->value);
  } else if (p->type == PARAM_STATE_COOKIE) {
    ret->cookie = p->value;
  } else if (!is_ignored(p->type)) {
    if (p->type & UNKNOWN_REPORT_PARAM) report_param(report, p->whole);
    return p->type & UNKNOWN_SKIP_PARAM;
  }
  return true;
}

bool init_chunk_read(struct bytes value, struct init_chunk *ret, struct writer *report) {
  struct cursor c = cursor_of(value);
  struct init_chunk init = {0};
  init.tag = cursor_u32(&c);
  init.a_rwnd = cursor_u32(&c);
  init.streams_out = cursor_u16(&c);
  init.streams_in = cursor_u16(&c);
  init.tsn = cursor_u32(&c);
  if (c.failed) return false;
  struct param p;
  while (param_next(&c, &p) && read_param(&p, &init, report)) continue;
  if (c.failed) return false;
  *ret = init;
  return true;
}

static void write_zero_checksum(struct writer *w) {
  size_t at = param_begin(w, PARAM_ZERO_CHECKSUM);
  writer_u32(w, EDMID_DTLS);
  param_end(w, at);
}

static void write_unknown(struct writer *w, struct bytes unknown) {
  struct cursor c = cursor_of(unknown);
  struct param p;
  while (param_next(&c, &p)) param_write(w, PARAM_UNRECOGNIZED, p.whole);
}

void init_chunk_write(struct writer *w, enum chunk_type type, const struct init_chunk *c,
                      struct bytes unknown) {
  uint8_t extensions[4];
  size_t n = 0;
  if (c->reconfig) extensions[n++] = CHUNK_RE_CONFIG;
  if (c->forward_tsn) extensions[n++] = CHUNK_FORWARD_TSN;
  if (c->interleaving) extensions[n++] = CHUNK_I_DATA;
  if (c->interleaving && c->forward_tsn) extensions[n++] = CHUNK_I_FORWARD_TSN;
  size_t at = chunk_begin(w, (uint8_t)type, 0);
  writer_u32(w, c->tag);
  writer_u32(w, c->a_rwnd);
  writer_u16(w, c->streams_out);
  writer_u16(w, c->streams_in);
  writer_u32(w, c->tsn);
  if (c->forward_tsn) param_write(w, PARAM_FORWARD_TSN, (struct bytes){NULL, 0});
  if (n > 0) param_write(w, PARAM_SUPPORTED_EXTENSIONS, (struct bytes){extensions, n});
  if (c->zero_checksum) write_zero_checksum(w);
  if (c->cookie.n > 0) param_write(w, PARAM_STATE_COOKIE, c->cookie);
  write_unknown(w, unknown);
  chunk_end(w, at);
}
