/* log notifications: few, and without addresses unless they were asked for. */
#include <string.h>

#include "base/redact.h"
#include "rpc/internal.h"

#define BURST  20u /* notifications at once */
#define REFILL MONO_S

const char *const rpc_log_levels[] = {"error", "warn", "info", "debug", "off", NULL};

void rpc_log_init(struct rpc_session *s, mono_us now) {
  s->log_limit = (struct rpc_log_limit){.refilled_at = now, .tokens = BURST};
  s->log_level = RPC_LOG_DEBUG;
}

static bool take_token(struct rpc_log_limit *l, mono_us now) {
  uint64_t refills = (now - l->refilled_at) / REFILL;
  if (refills >= BURST) {
    l->tokens = BURST;
    l->refilled_at = now;
  } else {
    l->tokens = l->tokens + refills > BURST ? BURST : l->tokens + (unsigned)refills;
    l->refilled_at += refills * REFILL;
  }
  if (l->tokens == 0) {
    l->dropped++;
    return false;
  }
  l->tokens--;
  return true;
}

void rpc_log(struct rpc_session *s, mono_us now, enum rpc_log_level level, uint32_t peer,
             const char *message) {
  struct text t = {0}, masked = {0};
  if (s->log_level == RPC_LOG_OFF || (int)level > s->log_level) return;
  if (!take_token(&s->log_limit, now)) return;
  redact(bytes_of(message), !s->addresses_in_log, &masked);
  struct json_writer w = rpc_notification(&t, "log");
  json_key(&w, "level");
  json_text(&w, rpc_log_levels[level]);
  json_key(&w, "message");
  json_string(&w, (struct bytes){(const uint8_t *)masked.p, masked.n});
  json_key(&w, "fields");
  json_open(&w, '{');
  json_key(&w, "peer");
  json_uint(&w, peer);
  if (s->log_limit.dropped > 0) {
    json_key(&w, "dropped");
    json_uint(&w, s->log_limit.dropped);
    s->log_limit.dropped = 0;
  }
  json_close(&w, '}');
  if (masked.failed) t.failed = true;
  text_free(&masked);
  (void)rpc_notification_end(s, &w);
}
