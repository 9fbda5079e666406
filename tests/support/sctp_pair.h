#ifndef SENSO_TESTS_SCTP_PAIR_H
#define SENSO_TESTS_SCTP_PAIR_H

#include "sctp/association.h"
#include "support/seeded_rng.h"

/* Two SCTP associations and a link between them in virtual time. */

#define PER_MILLION 1000000u

/* One direction of the link. Zero: no such thing. */
struct pair_link {
  mono_us delay;        /* one way */
  mono_us jitter;       /* added, uniform; packets then overtake each other */
  uint32_t loss;        /* of a million */
  uint32_t duplicates;  /* of a million */
  uint32_t corruption;  /* of a million: one bit flips */
  uint64_t bytes_per_s; /* rate of the bottleneck; each packet costs PAIR_OVERHEAD more */
  size_t queue;         /* bytes before the bottleneck; what does not fit is dropped */
  mono_us *busy_until;  /* the bottleneck is shared with others; NULL: our own */
  size_t mtu;           /* a larger packet is dropped, unless it may be fragmented; 0: any goes */
};

/* IP, UDP and DTLS around a packet. */
#define PAIR_OVERHEAD 65u

struct sctp_pair;

struct pair_hooks {
  void *ctx;
  /* An event of end 0 or 1. NULL: messages are counted, dropped and released. */
  void (*event)(void *ctx, struct sctp_pair *p, int end, const struct sctp_event *ev);
  /* A packet sent by an end, before the link. False: it is lost. NULL: all go. */
  bool (*packet)(void *ctx, struct sctp_pair *p, int from, struct bytes packet);
};

struct pair_packet;

struct sctp_pair {
  struct sctp *ends[2];
  struct pair_link links[2]; /* [i]: from end i */
  mono_us busy_until[2];
  mono_us wake_at[2];
  mono_us now;
  struct seeded_rng rng[3]; /* the ends', and the link's */
  struct pair_hooks hooks;
  struct pair_packet **flying; /* a heap by arrival */
  size_t n_flying, cap_flying;
  uint64_t order;
  uint64_t sent[2], dropped[2], messages[2], bytes[2];
  int closed[2]; /* 1: not closed; else the event's err */
};

/* Two ends with the same configuration (its rng is replaced), not connected. now starts at 1 s. */
void pair_init(struct sctp_pair *p, const struct sctp_cfg *cfg, uint64_t seed);
void pair_free(struct sctp_pair *p);

/* A usual configuration: MTU 1200, 1 MiB windows, 256 KiB messages. */
struct sctp_cfg pair_cfg(void);

/* Both directions alike. */
void pair_set_links(struct sctp_pair *p, const struct pair_link *link);

/* Polls an end until it is idle: after any call of the association's functions. */
void pair_pump(struct sctp_pair *p, int end);

/* When something happens next, MONO_NEVER: never. */
mono_us pair_next(const struct sctp_pair *p);

/* When n bytes that arrive now leave the link's bottleneck, which they then occupy; MONO_NEVER: its
 * queue is full. busy_until is the bottleneck's state. */
mono_us pair_bottleneck(const struct pair_link *l, mono_us *busy_until, mono_us now, size_t n);

/* Goes to the next thing that happens, not past `until`. False when nothing happens before that
 * (now is `until` then). */
bool pair_step(struct sctp_pair *p, mono_us until);

/* Steps until `until`. */
void pair_run(struct sctp_pair *p, mono_us until);

/* End 0 connects, and both are run until connected or 30 s. True when both are. */
bool pair_connect(struct sctp_pair *p);

/* Sends n bytes of a pattern that depends on the seed. The result of sctp_send. Pumps. */
int pair_send(struct sctp_pair *p, int end, const struct sctp_send_info *info, size_t n,
              uint8_t seed);

/* The pattern: true when b is what pair_send made of the seed. */
bool pair_is_pattern(struct bytes b, uint8_t seed);
void pair_fill_pattern(uint8_t *b, size_t n, uint8_t seed);

/* The usual way to send: reliable, ordered. */
struct sctp_send_info pair_info(uint16_t stream);

#endif
