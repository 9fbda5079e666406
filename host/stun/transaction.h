#ifndef SENSO_STUN_TRANSACTION_H
#define SENSO_STUN_TRANSACTION_H

#include "base/mono.h"
#include "stun/message.h"

/*
 * When a request over UDP is sent, sent again and given up, RFC 8489 section 6.2.1. The request
 * itself is the owner's: it writes the same message each time.
 */
struct stun_schedule {
  mono_us rto;       /* wait after the first transmission; doubles after each */
  mono_us rto_max;   /* the doubling ends here; MONO_NEVER: never */
  unsigned times;    /* transmissions, Rc */
  mono_us last_wait; /* wait after the last one, Rm * RTO */
};

/* RFC 8489's own: 500 ms, Rc 7, Rm 16 (39.5 s in all), with the given RTO. */
struct stun_schedule stun_schedule_default(mono_us rto);

struct stun_transaction {
  struct stun_tid tid;
  struct stun_schedule schedule;
  unsigned sent; /* transmissions so far */
  mono_us first_sent, last_sent;
  mono_us due; /* of the next transmission, or of the failure */
  mono_us wait;
};

/* A new transaction id; the first transmission is due at once. */
void stun_transaction_start(struct stun_transaction *t, const struct rng *rng,
                            const struct stun_schedule *schedule, mono_us now);

/* What is due at `now`. After STUN_DUE_SEND the owner sends and says so; STUN_DUE_TIMEOUT is final.
 */
enum stun_due { STUN_DUE_NOTHING, STUN_DUE_SEND, STUN_DUE_TIMEOUT };
enum stun_due stun_transaction_due(const struct stun_transaction *t, mono_us now);
void stun_transaction_sent(struct stun_transaction *t, mono_us now);

/*
 * The round trip a response at `now` measured. A request that was sent more than once tells which
 * transmission was answered only when the response echoes its number (RFC 7982), `count`; 0: it
 * does not. False when it cannot be known (Karn's rule).
 */
bool stun_transaction_rtt(const struct stun_transaction *t, mono_us now, unsigned count,
                          mono_us *ret);

#endif
