/*
 * Packets of a hostile peer, for the codecs and for an association in one of several states. The
 * input: one byte, the state; then packets: one byte of flags and time, two of length, and chunks.
 * Ports, tag and checksum are put right here, and a COOKIE ECHO without a cookie gets the last one
 * the association gave.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sctp/association.h"
#include "sctp/packet/data.h"
#include "sctp/packet/forward_tsn.h"
#include "sctp/packet/init.h"
#include "sctp/packet/reconfig.h"
#include "sctp/packet/sack.h"
#include "support/seeded_rng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WINDOW      65536u
#define MAX_MESSAGE 16384u
#define MTU         1200u
#define MAX_MTU     1500u
#define TIME_MASK   0x3fu
#define FLAG_TAG_0  0x40u
#define FLAG_TAG_X  0x80u
#define ROUNDS      100000

#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) abort();                                                                     \
  } while (0)

struct peer {
  struct sctp *s;
  struct seeded_rng rng;
  mono_us now;
  uint32_t tag;
  uint8_t cookie[256];
  size_t cookie_n;
};

enum start { CLOSED, CALLING, ECHOED, UP, BUSY, RESETTING, SHUTTING_DOWN, STOPPED, STARTS };

static void note_chunk(struct peer *p, const struct chunk *c) {
  uint8_t buf[INIT_REPORT_MAX];
  struct writer report = writer_of(buf, sizeof buf);
  struct init_chunk init;
  if (c->type != CHUNK_INIT && c->type != CHUNK_INIT_ACK) return;
  MUST(init_chunk_read(c->value, &init, &report));
  p->tag = init.tag;
  if (init.cookie.n == 0 || init.cookie.n > sizeof p->cookie) return;
  memcpy(p->cookie, init.cookie.p, init.cookie.n);
  p->cookie_n = init.cookie.n;
}

/* What the association sends must be well formed. */
static void note_packet(struct peer *p, struct bytes packet) {
  struct packet_header h;
  struct cursor chunks;
  MUST(packet_open(packet, PACKET_CRC32C, &h, &chunks) == PACKET_OK);
  for (struct chunk c; chunk_next(&chunks, &c);) note_chunk(p, &c);
  MUST(!chunks.failed);
}

static void note_event(struct peer *p, const struct sctp_event *ev) {
  MUST(ev->text != NULL);
  if (ev->kind != SCTP_EV_MESSAGE) return;
  MUST(ev->bytes > 0 && ev->bytes <= MAX_MESSAGE);
  if (ev->ppid % 3 == 0) return; /* not taken */
  struct payload *m = sctp_take_message(p->s);
  MUST(m && m->n == ev->bytes);
  size_t n = m->n;
  payload_free(m);
  if (ev->ppid % 3 == 1) sctp_release(p->s, p->now, n);
}

static void pump(struct peer *p) {
  uint8_t buf[MAX_MTU];
  struct sctp_out out;
  struct sctp_stats st;
  for (int i = 0; i < ROUNDS; i++) {
    sctp_poll(p->s, p->now, buf, sizeof buf, &out);
    if (out.kind == OUT_TX) {
      note_packet(p, (struct bytes){buf, out.u.tx_n});
    } else if (out.kind == OUT_EVENT) {
      note_event(p, &out.u.ev);
    } else {
      MUST(out.u.wake_at > p->now);
      sctp_stats(p->s, &st);
      MUST(st.receive_held <= WINDOW + 2 * MAX_MESSAGE + 1024);
      return;
    }
  }
  abort();
}

static void hand_in(struct peer *p, uint32_t tag, struct bytes chunks) {
  static uint8_t buf[70000];
  struct writer w = writer_of(buf, sizeof buf);
  packet_begin(&w, &(struct packet_header){5000, 5000, tag});
  writer_bytes(&w, chunks);
  if (chunks.n == 4 && chunks.p[0] == CHUNK_COOKIE_ECHO) {
    w.n = PACKET_HEADER_SIZE;
    size_t at = chunk_begin(&w, CHUNK_COOKIE_ECHO, 0);
    writer_bytes(&w, (struct bytes){p->cookie, p->cookie_n});
    chunk_end(&w, at);
  }
  packet_finish(&w);
  /* A copy of just the size, so that a read past its end is seen. */
  uint8_t *copy = malloc(w.n);
  if (!copy) return;
  memcpy(copy, buf, w.n);
  (void)sctp_recv(p->s, p->now, (struct bytes){copy, w.n});
  free(copy);
  pump(p);
}

static void answer_init(struct peer *p) {
  uint8_t buf[128];
  struct writer w = writer_of(buf, sizeof buf);
  init_chunk_write(&w, CHUNK_INIT_ACK,
                   &(struct init_chunk){.tag = 0x50105010,
                                        .a_rwnd = 100000,
                                        .tsn = 1000,
                                        .streams_out = 100,
                                        .streams_in = 100,
                                        .forward_tsn = true,
                                        .reconfig = true,
                                        .interleaving = true,
                                        .cookie = bytes_of("cookie")},
                   (struct bytes){NULL, 0});
  hand_in(p, p->tag, writer_written(&w));
}

static void send_some(struct peer *p) {
  for (uint16_t i = 0; i < 6; i++) {
    struct sctp_send_info info = {.stream = i,
                                  .unordered = i & 1,
                                  .limit_retransmits = i == 2,
                                  .lifetime = i == 3 ? 100 * MONO_MS : MONO_NEVER};
    struct payload *m = payload_new((size_t)700 * (i + 1));
    if (!m) return;
    m->n = m->cap;
    memset(m->data, i, m->n);
    (void)sctp_send(p->s, p->now, &info, m);
  }
  pump(p);
}

static void bring_to(struct peer *p, enum start start) {
  static const uint8_t ack[] = {CHUNK_COOKIE_ACK, 0, 0, 4};
  const uint16_t streams[] = {1, 50};
  if (start >= CALLING) (void)sctp_connect(p->s, p->now);
  pump(p);
  if (start >= ECHOED) answer_init(p);
  if (start >= UP) hand_in(p, p->tag, (struct bytes){ack, sizeof ack});
  if (start >= BUSY) send_some(p);
  if (start == RESETTING) (void)sctp_reset_streams(p->s, p->now, streams, 2);
  if (start == SHUTTING_DOWN) sctp_shutdown(p->s, p->now);
  if (start == STOPPED) sctp_set_writable(p->s, p->now, false);
  pump(p);
}

static void read_param(const struct param *raw) {
  struct reconfig_param p;
  if (!reconfig_param_read(raw, &p)) return;
  for (size_t i = 0; i < reconfig_streams(&p); i++) (void)reconfig_stream_at(&p, i);
}

/* All codecs over one chunk. */
static void read_chunk(const struct chunk *c) {
  uint8_t buf[INIT_REPORT_MAX];
  struct writer report = writer_of(buf, sizeof buf);
  struct init_chunk init;
  struct data_chunk d;
  struct sack_chunk s;
  struct forward_tsn_chunk f;
  struct cursor params = cursor_of(c->value);
  (void)init_chunk_read(c->value, &init, &report);
  (void)data_chunk_read(c, &d);
  if (sack_chunk_read(c->value, &s)) {
    for (size_t i = 0; i < sack_gaps(&s); i++) (void)sack_gap_at(&s, i);
    for (size_t i = 0; i < sack_dups(&s); i++) (void)sack_dup_at(&s, i);
  }
  if (forward_tsn_read(c, &f))
    for (size_t i = 0; i < forward_tsn_entries(&f); i++) (void)forward_tsn_at(&f, i);
  for (struct param p; param_next(&params, &p);) read_param(&p);
}

static void play(struct peer *p, struct cursor *in) {
  while (in->n > 0) {
    uint8_t flags = cursor_u8(in);
    uint16_t n = cursor_u16(in);
    struct bytes chunks = cursor_take(in, n < in->n ? n : in->n);
    if (in->failed) return;
    p->now += (mono_us)(flags & TIME_MASK) * 16 * MONO_MS;
    if (flags & TIME_MASK) (void)sctp_wake(p->s, p->now);
    pump(p);
    struct cursor c = cursor_of(chunks);
    for (struct chunk k; chunk_next(&c, &k);) read_chunk(&k);
    uint32_t tag = flags & FLAG_TAG_0 ? 0 : flags & FLAG_TAG_X ? 0x50105010 : p->tag;
    hand_in(p, tag, chunks);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct peer p = {.now = MONO_S};
  struct cursor in = cursor_of((struct bytes){data, size});
  uint8_t start = cursor_u8(&in);
  seeded_rng_init(&p.rng, 7);
  const struct sctp_cfg cfg = {.rng = &p.rng.rng,
                               .local_port = 5000,
                               .remote_port = 5000,
                               .max_streams = 100,
                               .interleaving = start / STARTS & 1,
                               .mtu = MTU,
                               .max_mtu = MAX_MTU,
                               .receive_window = WINDOW,
                               .max_message = MAX_MESSAGE,
                               .send_buffer = 65536};
  if (in.failed || sctp_new(&p.s, &cfg, p.now) < 0) return 0;
  bring_to(&p, (enum start)(start % STARTS));
  play(&p, &in);
  for (int i = 0; i < 20; i++) {
    p.now += 500 * MONO_MS;
    (void)sctp_wake(p.s, p.now);
    pump(&p);
  }
  p.s = sctp_free(p.s);
  return 0;
}
