#include "support/sctp_solo.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

static const uint8_t cookie[] = "the peer's cookie";

struct sctp_cfg solo_cfg(void) {
  return (struct sctp_cfg){.local_port = 5000,
                           .remote_port = 5001,
                           .max_streams = 1024,
                           .mtu = SOLO_MTU,
                           .receive_window = 100000,
                           .max_message = 65536,
                           .send_buffer = 1 << 20};
}

void solo_init(struct solo *t, const struct sctp_cfg *cfg) {
  memset(t, 0, sizeof *t);
  struct sctp_cfg own = *cfg;
  seeded_rng_init(&t->rng, 99);
  own.rng = &t->rng.rng;
  t->now = 10 * MONO_S;
  assert_int_equal(sctp_new(&t->s, &own, t->now), 0);
}

static void forget(struct solo *t) {
  for (size_t i = 0; i < t->n_events; i++) payload_free(t->events[i].message);
  t->n_events = t->n_packets = 0;
}

void solo_free(struct solo *t) {
  forget(t);
  t->s = sctp_free(t->s);
}

static void keep_event(struct solo *t, const struct sctp_event *ev) {
  assert_true(t->n_events < SOLO_EVENTS);
  struct solo_event *e = &t->events[t->n_events++];
  *e = (struct solo_event){.ev = *ev};
  assert_non_null(ev->text);
  (void)snprintf(e->text, sizeof e->text, "%s", ev->text);
  for (size_t i = 0; i < ev->n_streams && i < 8; i++) e->streams[i] = ev->streams[i];
  if (ev->kind == SCTP_EV_MESSAGE) e->message = sctp_take_message(t->s);
}

static void keep_packet(struct solo *t, const uint8_t *buf, size_t n) {
  struct packet_header h;
  struct cursor chunks = {0};
  assert_true(t->n_packets < SOLO_PACKETS && n <= sizeof t->packets[0].data);
  assert_int_equal(packet_open((struct bytes){buf, n}, PACKET_CRC32C, &h, &chunks), PACKET_OK);
  t->packets[t->n_packets].n = n;
  memcpy(t->packets[t->n_packets++].data, buf, n);
}

void solo_pump(struct solo *t) {
  uint8_t buf[SOLO_MTU + 300];
  struct sctp_out out;
  forget(t);
  for (;;) {
    sctp_poll(t->s, t->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX)
      keep_packet(t, buf, out.u.tx_n);
    else if (out.kind == OUT_EVENT)
      keep_event(t, &out.u.ev);
    else
      break;
  }
  assert_true(out.u.wake_at > t->now);
  t->wake_at = out.u.wake_at;
}

void solo_wake(struct solo *t, mono_us at) {
  t->now = at;
  assert_int_equal(sctp_wake(t->s, at), 0);
  solo_pump(t);
}

void solo_begin_with(struct solo *t, uint32_t tag) {
  t->w = writer_of(t->buf, sizeof t->buf);
  packet_begin(&t->w, &(struct packet_header){5001, 5000, tag});
}

void solo_begin(struct solo *t) {
  solo_begin_with(t, t->tag);
}

int solo_deliver(struct solo *t) {
  packet_finish(&t->w);
  int err = sctp_recv(t->s, t->now, writer_written(&t->w));
  solo_pump(t);
  return err;
}

void solo_data(struct solo *t, uint32_t tsn, uint16_t stream, uint16_t ssn, uint8_t flags,
               const char *text) {
  solo_begin(t);
  data_chunk_write(&t->w, &(struct data_chunk){.tsn = tsn,
                                               .stream = stream,
                                               .mid = ssn,
                                               .ppid = 51,
                                               .begin = flags & DATA_FLAG_BEGIN,
                                               .end = flags & DATA_FLAG_END,
                                               .unordered = flags & DATA_FLAG_UNORDERED,
                                               .immediate = flags & DATA_FLAG_IMMEDIATE,
                                               .data = bytes_of(text)});
  assert_int_equal(solo_deliver(t), 0);
}

void solo_sack(struct solo *t, uint32_t cum, uint32_t a_rwnd, const struct sack_gap *gaps,
               size_t n_gaps) {
  solo_begin(t);
  sack_chunk_write(&t->w, &(struct sack_chunk){.cum = cum, .a_rwnd = a_rwnd}, gaps, n_gaps, NULL,
                   0);
  assert_int_equal(solo_deliver(t), 0);
}

void solo_chunk(struct solo *t, enum chunk_type type, struct bytes value) {
  solo_begin(t);
  size_t at = chunk_begin(&t->w, (uint8_t)type, 0);
  writer_bytes(&t->w, value);
  chunk_end(&t->w, at);
  assert_int_equal(solo_deliver(t), 0);
}

static struct cursor chunks_of(const struct solo_packet *p) {
  struct cursor c = cursor_of((struct bytes){p->data, p->n});
  cursor_skip(&c, PACKET_HEADER_SIZE);
  return c;
}

bool solo_find(const struct solo *t, size_t from, enum chunk_type type, struct chunk *ret) {
  for (size_t i = from; i < t->n_packets; i++) {
    struct cursor c = chunks_of(&t->packets[i]);
    for (struct chunk k; chunk_next(&c, &k);) {
      if (k.type != type) continue;
      *ret = k;
      return true;
    }
  }
  return false;
}

size_t solo_count(const struct solo *t, enum chunk_type type) {
  size_t n = 0;
  for (size_t i = 0; i < t->n_packets; i++) {
    struct cursor c = chunks_of(&t->packets[i]);
    for (struct chunk k; chunk_next(&c, &k);) n += k.type == type;
  }
  return n;
}

bool solo_find_data(const struct solo *t, size_t i, struct data_chunk *ret) {
  for (size_t p = 0; p < t->n_packets; p++) {
    struct cursor c = chunks_of(&t->packets[p]);
    for (struct chunk k; chunk_next(&c, &k);)
      if (k.type == CHUNK_DATA && i-- == 0) return data_chunk_read(&k, ret);
  }
  return false;
}

static void answer_init(struct solo *t, bool forward_tsn, bool reconfig) {
  struct chunk c = {0};
  struct init_chunk init = {0};
  uint8_t report_buf[INIT_REPORT_MAX];
  struct writer report = writer_of(report_buf, sizeof report_buf);
  assert_true(solo_find(t, 0, CHUNK_INIT, &c));
  assert_true(init_chunk_read(c.value, &init, &report));
  t->tag = init.tag;
  t->tsn = init.tsn;
  const struct init_chunk answer = {.tag = SOLO_TAG,
                                    .a_rwnd = SOLO_WINDOW,
                                    .tsn = SOLO_TSN,
                                    .streams_out = 1024,
                                    .streams_in = 1024,
                                    .forward_tsn = forward_tsn,
                                    .reconfig = reconfig,
                                    .cookie = {cookie, sizeof cookie}};
  solo_begin(t);
  init_chunk_write(&t->w, CHUNK_INIT_ACK, &answer, (struct bytes){NULL, 0});
  assert_int_equal(solo_deliver(t), 0);
}

void solo_connect_with(struct solo *t, const struct sctp_cfg *cfg, mono_us rtt, bool forward_tsn,
                       bool reconfig) {
  struct chunk c = {0};
  solo_init(t, cfg);
  assert_int_equal(sctp_connect(t->s, t->now), 0);
  solo_pump(t);
  t->now += rtt;
  answer_init(t, forward_tsn, reconfig);
  assert_true(solo_find(t, 0, CHUNK_COOKIE_ECHO, &c));
  assert_true(bytes_equal(c.value, (struct bytes){cookie, sizeof cookie}));
  t->now += rtt;
  solo_chunk(t, CHUNK_COOKIE_ACK, (struct bytes){NULL, 0});
  assert_int_equal(t->n_events, 1);
  assert_int_equal(t->events[0].ev.kind, SCTP_EV_CONNECTED);
}

void solo_connect(struct solo *t, const struct sctp_cfg *cfg) {
  solo_connect_with(t, cfg, 0, true, true);
}

int solo_send_with(struct solo *t, const struct sctp_send_info *info, size_t n) {
  struct payload *m = payload_new(n);
  assert_non_null(m);
  memset(m->data, (int)info->stream, n);
  m->n = n;
  int err = sctp_send(t->s, t->now, info, m);
  solo_pump(t);
  return err;
}

int solo_send(struct solo *t, uint16_t stream, size_t n) {
  return solo_send_with(
      t, &(struct sctp_send_info){.stream = stream, .ppid = 53, .lifetime = MONO_NEVER}, n);
}
