#include "datachannel/dcep.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/writer.h"

/* Channel types, RFC 8832 section 8.2.2; the high bit says unordered. */
#define TYPE_RELIABLE   0x00
#define TYPE_REXMIT     0x01
#define TYPE_TIMED      0x02
#define TYPE_UNORDERED  0x80
#define OPEN_HEADER     12
#define PRIORITY_NORMAL 256 /* RFC 8831 section 6.4 */

static int32_t clamp_limit(uint32_t v) {
  return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

int dcep_parse_open(struct bytes message, struct dc_init *ret, struct fault *ret_fault) {
  struct cursor c = cursor_of(message);
  uint8_t message_type = cursor_u8(&c), type = cursor_u8(&c);
  uint16_t priority = cursor_u16(&c);
  uint32_t limit = cursor_u32(&c);
  size_t label_n = cursor_u16(&c), protocol_n = cursor_u16(&c);
  struct dc_init init = {.ordered = (type & TYPE_UNORDERED) == 0,
                         .id = -1,
                         .max_retransmits = -1,
                         .max_lifetime_ms = -1,
                         .priority = priority};
  init.label = cursor_take(&c, label_n);
  init.protocol = cursor_take(&c, protocol_n);
  if (c.failed)
    return fault_set(
        ret_fault, FAULT_OPERATION_ERROR,
        "DATA_CHANNEL_OPEN of %zu bytes is too short for a label of %zu and a protocol of %zu",
        message.n, label_n, protocol_n);
  uint8_t reliability = type & (uint8_t)~TYPE_UNORDERED;
  if (message_type != DCEP_OPEN || reliability > TYPE_TIMED)
    return fault_set(ret_fault, FAULT_OPERATION_ERROR,
                     "DATA_CHANNEL_OPEN has the unknown channel type 0x%02x", type);
  if (reliability == TYPE_REXMIT) init.max_retransmits = clamp_limit(limit);
  if (reliability == TYPE_TIMED) init.max_lifetime_ms = clamp_limit(limit);
  *ret = init;
  return 0;
}

struct payload *dcep_open(const struct dc_init *init) {
  size_t n = OPEN_HEADER + init->label.n + init->protocol.n;
  struct payload *p = payload_new(n);
  if (!p) return NULL;
  bool timed = init->max_lifetime_ms >= 0, counted = init->max_retransmits >= 0;
  int32_t limit = timed ? init->max_lifetime_ms : counted ? init->max_retransmits : 0;
  struct writer w = writer_of(p->data, n);
  writer_u8(&w, DCEP_OPEN);
  writer_u8(&w, (uint8_t)((timed     ? TYPE_TIMED
                           : counted ? TYPE_REXMIT
                                     : TYPE_RELIABLE) |
                          (init->ordered ? 0 : TYPE_UNORDERED)));
  writer_u16(&w, init->priority ? init->priority : PRIORITY_NORMAL);
  writer_u32(&w, (uint32_t)limit);
  writer_u16(&w, (uint16_t)init->label.n);
  writer_u16(&w, (uint16_t)init->protocol.n);
  writer_bytes(&w, init->label);
  writer_bytes(&w, init->protocol);
  p->n = w.n;
  return p;
}

struct payload *dcep_ack(void) {
  static const uint8_t ack[] = {DCEP_ACK};
  return payload_copy((struct bytes){ack, sizeof ack});
}
