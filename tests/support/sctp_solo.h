#ifndef SENSO_TESTS_SCTP_SOLO_H
#define SENSO_TESTS_SCTP_SOLO_H

#include "sctp/association.h"
#include "sctp/packet/data.h"
#include "sctp/packet/forward_tsn.h"
#include "sctp/packet/init.h"
#include "sctp/packet/reconfig.h"
#include "sctp/packet/sack.h"
#include "support/seeded_rng.h"

/* One association, and a test that plays its peer packet by packet. */

#define SOLO_PACKETS 128
#define SOLO_EVENTS  128
#define SOLO_TAG     0x50105010u /* the peer's tag */
#define SOLO_TSN     1000u       /* the peer's first TSN */
#define SOLO_WINDOW  (1u << 20)  /* the a_rwnd the peer states */
#define SOLO_MTU     1200u

struct solo_packet {
  size_t n;
  uint8_t data[SOLO_MTU + 300];
};

struct solo_event {
  struct sctp_event ev;
  uint16_t streams[8];
  char text[160];
  struct payload *message;
};

struct solo {
  struct sctp *s;
  struct seeded_rng rng;
  mono_us now, wake_at;
  uint32_t tag, tsn; /* the association's: its tag, its first TSN */
  /* What the last solo_pump gave. */
  struct solo_packet packets[SOLO_PACKETS];
  size_t n_packets;
  struct solo_event events[SOLO_EVENTS];
  size_t n_events;
  /* The packet being made for the association. */
  uint8_t buf[2048];
  struct writer w;
};

/* A usual configuration but for the rng; MTU SOLO_MTU, now 10 s. */
struct sctp_cfg solo_cfg(void);
void solo_init(struct solo *t, const struct sctp_cfg *cfg);
void solo_free(struct solo *t);

/* Connects from our side, with an RTT of 0 measured, and takes the CONNECTED event. */
void solo_connect(struct solo *t, const struct sctp_cfg *cfg);
/* The same with this RTT for both exchanges of the handshake; flags of what the peer can. */
void solo_connect_with(struct solo *t, const struct sctp_cfg *cfg, mono_us rtt, bool forward_tsn,
                       bool reconfig);

/* Polls until idle and keeps what comes; messages are taken, not released. */
void solo_pump(struct solo *t);

/* Goes to a time, wakes the association and pumps. */
void solo_wake(struct solo *t, mono_us at);

/* Starts a packet for the association under its tag, or another; then chunks are written to t->w;
 * solo_deliver finishes it, hands it in and pumps. */
void solo_begin(struct solo *t);
void solo_begin_with(struct solo *t, uint32_t tag);
int solo_deliver(struct solo *t);

/* Packets of one chunk. */
void solo_data(struct solo *t, uint32_t tsn, uint16_t stream, uint16_t ssn, uint8_t flags,
               const char *text);
void solo_sack(struct solo *t, uint32_t cum, uint32_t a_rwnd, const struct sack_gap *gaps,
               size_t n_gaps);
void solo_chunk(struct solo *t, enum chunk_type type, struct bytes value);

#define DATA_WHOLE (DATA_FLAG_BEGIN | DATA_FLAG_END)

/* The first chunk of the type in what was sent from packet `from` on: true and *ret. */
bool solo_find(const struct solo *t, size_t from, enum chunk_type type, struct chunk *ret);
/* How many chunks of the type were sent. */
size_t solo_count(const struct solo *t, enum chunk_type type);
/* The i-th DATA chunk sent: true and *ret. */
bool solo_find_data(const struct solo *t, size_t i, struct data_chunk *ret);

/* The first 32 bits of a chunk's value; 0 when it is shorter. */
static inline uint32_t solo_u32(struct bytes value) {
  struct cursor c = cursor_of(value);
  return cursor_u32(&c);
}

/* Queues n bytes of one value, reliable and ordered, and pumps. The result of sctp_send. */
int solo_send(struct solo *t, uint16_t stream, size_t n);
int solo_send_with(struct solo *t, const struct sctp_send_info *info, size_t n);

#endif
