#ifndef SENSO_SCTP_RX_RECEIVER_H
#define SENSO_SCTP_RX_RECEIVER_H

#include "sctp/packet/forward_tsn.h"
#include "sctp/rx/ack.h"
#include "sctp/rx/delivery.h"
#include "sctp/rx/reassembly.h"
#include "sctp/rx/tracker.h"

/* The receiving half of an association: TSNs, reassembly, delivery, and the window it offers. */
struct receiver {
  struct tracker tracker;
  struct reassembly reassembly;
  struct delivery delivery;
  struct ack_timer ack;
  size_t window; /* what may be held at all */
  size_t taken;  /* bytes the owner took and has not released */
  size_t max_message;
  uint32_t advertised;                 /* the a_rwnd of the last SACK */
  uint16_t streams;                    /* incoming streams as negotiated */
  bool packet_has_data, packet_urgent; /* of the packet being read */
  uint64_t bytes, duplicates;
};

void receiver_init(struct receiver *r, size_t window, size_t max_message);
void receiver_free(struct receiver *r);

/* What the handshake told. */
struct receiver_start {
  uint32_t tsn;      /* the peer's first */
  uint16_t streams;  /* of the peer's */
  bool forward_tsn;  /* it may send FORWARD TSN */
  bool interleaving; /* its user data comes in I-DATA */
};
void receiver_start(struct receiver *r, const struct receiver_start *with);

/*
 * A DATA chunk. 0: taken, a duplicate, or refused for want of room (the SACK tells the peer).
 * -ENOMEM: as if lost. -EPROTO, -EMSGSIZE: as reassembly_add. -ENOSTR: no such stream
 * (acknowledged, dropped).
 */
int receiver_data(struct receiver *r, const struct data_chunk *d);

/* A FORWARD TSN. 0, or -EPROTO. */
int receiver_forward(struct receiver *r, const struct forward_tsn_chunk *f);

/* A packet was read to its end: decides about the SACK. */
void receiver_packet_end(struct receiver *r, mono_us now);

/* The owner took a message of n bytes, or gave n bytes back. */
void receiver_taken(struct receiver *r, size_t n);
void receiver_released(struct receiver *r, size_t n);

/* What may still be sent to us. */
uint32_t receiver_window(const struct receiver *r);

/* All that is held: reassembly, waiting, and taken. */
size_t receiver_held(const struct receiver *r);

void receiver_write_sack(struct receiver *r, struct writer *w);

#endif
