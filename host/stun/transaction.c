#include "stun/transaction.h"

struct stun_schedule stun_schedule_default(mono_us rto) {
  return (struct stun_schedule){
      .rto = rto, .rto_max = MONO_NEVER, .times = 7, .last_wait = 16 * rto};
}

void stun_transaction_start(struct stun_transaction *t, const struct rng *rng,
                            const struct stun_schedule *schedule, mono_us now) {
  *t = (struct stun_transaction){
      .tid = stun_tid_make(rng), .schedule = *schedule, .due = now, .wait = schedule->rto};
}

enum stun_due stun_transaction_due(const struct stun_transaction *t, mono_us now) {
  if (now < t->due) return STUN_DUE_NOTHING;
  return t->sent < t->schedule.times ? STUN_DUE_SEND : STUN_DUE_TIMEOUT;
}

void stun_transaction_sent(struct stun_transaction *t, mono_us now) {
  if (t->sent == 0) t->first_sent = now;
  t->last_sent = now;
  t->sent++;
  mono_us wait = t->sent < t->schedule.times ? t->wait : t->schedule.last_wait;
  t->due = mono_add(now, wait);
  t->wait = mono_min(mono_add(t->wait, t->wait), t->schedule.rto_max);
}

bool stun_transaction_rtt(const struct stun_transaction *t, mono_us now, unsigned count,
                          mono_us *ret) {
  if (t->sent == 0) return false;
  if (t->sent == 1 || count == 1)
    *ret = now - t->first_sent;
  else if (count == t->sent)
    *ret = now - t->last_sent;
  else
    return false;
  return true;
}
