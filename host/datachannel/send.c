#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datachannel/dcep.h"
#include "datachannel/internal.h"

/* Empty messages that may wait: max_buffered does not count them. */
#define EMPTIES_MAX ((size_t)65536)

static int submit(struct dc_set *s, mono_us now, const struct dc_channel *c,
                  const struct sctp_send_info *how, struct payload *data) {
  struct sctp_send_info info = *how;
  info.stream = (uint16_t)c->id;
  info.priority = c->init.priority;
  return sctp_send(s->sctp, now, &info, data);
}

/* Room for one more entry. 0 or -ENOMEM. */
static int reserve_extra(struct dc_channel *c) {
  if (c->n_extras < c->cap_extras) return 0;
  if (c->first_extra > 0) {
    c->n_extras -= c->first_extra;
    memmove(c->extras, c->extras + c->first_extra, c->n_extras * sizeof *c->extras);
    c->first_extra = 0;
    return 0;
  }
  size_t cap = c->cap_extras ? 2 * c->cap_extras : 4;
  struct dc_extra *grown = realloc(c->extras, cap * sizeof *grown);
  if (!grown) return -ENOMEM;
  c->extras = grown;
  c->cap_extras = cap;
  return 0;
}

/* The next n bytes that the association takes are not the caller's. After reserve_extra. */
static void note_extra(struct dc_channel *c, size_t n) {
  assert(c->extras);
  struct dc_extra *last = c->n_extras > c->first_extra ? &c->extras[c->n_extras - 1] : NULL;
  if (last && last->at + last->n == c->submitted)
    last->n += n;
  else
    c->extras[c->n_extras++] = (struct dc_extra){c->submitted, n};
  c->submitted += n;
}

/* How many of the next `bytes` to be released are not the caller's. */
static size_t release_extras(struct dc_channel *c, size_t bytes) {
  uint64_t end = c->released + bytes;
  size_t sum = 0;
  for (; c->first_extra < c->n_extras; c->first_extra++) {
    struct dc_extra *e = &c->extras[c->first_extra];
    if (e->at >= end) break;
    size_t n = end - e->at < e->n ? (size_t)(end - e->at) : e->n;
    sum += n;
    e->at += n;
    e->n -= n;
    if (e->n > 0) break;
  }
  if (c->first_extra == c->n_extras) c->first_extra = c->n_extras = 0;
  c->released = end;
  return sum;
}

int dc_send_control(struct dc_set *s, mono_us now, struct dc_channel *c, struct payload *message) {
  if (!message) return -ENOMEM;
  const struct sctp_send_info reliable = {.ppid = DCEP_PPID_CONTROL, .lifetime = MONO_NEVER};
  size_t n = message->n;
  if (reserve_extra(c) < 0) {
    payload_free(message);
    return -ENOMEM;
  }
  int r = submit(s, now, c, &reliable, message);
  if (r == 0) note_extra(c, n);
  return r;
}

static int check_send(const struct dc_set *s, const struct dc_channel *c, size_t n,
                      struct fault *ret_fault) {
  static const char *const names[] = {"connecting", "open", "closing", "closed"};
  if (c->state != DC_OPEN)
    return fault_set(ret_fault, FAULT_INVALID_STATE, "the channel is %s", names[c->state]);
  if (n > s->cfg.max_send_message)
    return fault_set(ret_fault, FAULT_MESSAGE_TOO_LARGE,
                     "the message has %zu bytes, the peers agreed on %zu at most", n,
                     s->cfg.max_send_message);
  if (n > s->cfg.max_buffered - c->buffered)
    return fault_set(ret_fault, FAULT_OPERATION_ERROR,
                     "%zu bytes are buffered: %zu more would pass the limit of %zu", c->buffered, n,
                     s->cfg.max_buffered);
  if (n == 0 && c->empties >= EMPTIES_MAX)
    return fault_set(ret_fault, FAULT_OPERATION_ERROR, "%zu empty messages wait to be sent",
                     c->empties);
  return 0;
}

static struct sctp_send_info reliability(const struct dc_channel *c) {
  return (struct sctp_send_info){
      .unordered = !c->init.ordered && c->acknowledged,
      .limit_retransmits = c->init.max_retransmits >= 0,
      .max_retransmits = c->init.max_retransmits >= 0 ? (uint32_t)c->init.max_retransmits : 0,
      .lifetime =
          c->init.max_lifetime_ms >= 0 ? (mono_us)c->init.max_lifetime_ms * MONO_MS : MONO_NEVER,
  };
}

/* An empty message is one zero byte under a PPID of its own (RFC 8831 section 6.6). */
static struct payload *empty_message(void) {
  static const uint8_t zero[1];
  return payload_copy((struct bytes){zero, 1});
}

int dc_send(struct dc_set *s, mono_us now, dc_handle ch, bool text, struct payload *data,
            struct fault *ret_fault) {
  struct dc_channel *c = dc_find(s, ch);
  size_t n = data ? data->n : 0;
  if (!c) {
    payload_free(data);
    return fault_set(ret_fault, FAULT_UNKNOWN_CHANNEL, "there is no channel %u", ch);
  }
  int r = check_send(s, c, n, ret_fault);
  if (r < 0) {
    payload_free(data);
    return r;
  }
  struct sctp_send_info info = reliability(c);
  info.ppid = text ? DCEP_PPID_TEXT : DCEP_PPID_BINARY;
  if (n == 0) {
    payload_free(data);
    data = empty_message();
    info.ppid = text ? DCEP_PPID_TEXT_EMPTY : DCEP_PPID_BINARY_EMPTY;
  }
  if (data && n == 0 && reserve_extra(c) < 0) data = payload_free(data);
  r = data ? submit(s, now, c, &info, data) : -ENOMEM;
  if (r == -ENOMEM) return fault_oom(ret_fault);
  if (r < 0) return fault_set(ret_fault, FAULT_OPERATION_ERROR, "the association takes no more");
  if (n == 0)
    note_extra(c, 1);
  else
    c->submitted += n;
  c->empties += n == 0;
  c->buffered += n;
  c->messages_sent++;
  c->bytes_sent += n;
  return 0;
}

void dc_on_acked(struct dc_set *s, uint16_t stream, size_t bytes) {
  struct dc_channel *c = dc_find_stream(s, stream);
  if (!c) return;
  bytes -= release_extras(c, bytes);
  if (c->released >= c->submitted) c->empties = 0;
  bool above = c->buffered > c->threshold;
  c->buffered -= bytes < c->buffered ? bytes : c->buffered;
  if (above && c->buffered <= c->threshold && c->state != DC_CLOSED)
    dc_channel_say(s, c, DC_SAY_LOW);
}

int dc_set_threshold(struct dc_set *s, dc_handle ch, uint64_t bytes, struct fault *ret_fault) {
  struct dc_channel *c = dc_find(s, ch);
  if (!c) return fault_set(ret_fault, FAULT_UNKNOWN_CHANNEL, "there is no channel %u", ch);
  c->threshold = bytes;
  return 0;
}
