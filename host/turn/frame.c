/* ChannelData, RFC 8656 sections 12.4 and 12.5, and messages in a stream. */
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "turn/state.h"

#define CHANNEL_HEADER 4

static size_t padded(size_t n) {
  return (n + 3) & ~(size_t)3;
}

size_t turn_frame(const struct turn_client *c, uint16_t channel, struct bytes payload,
                  uint8_t *buf) {
  struct writer w = writer_of(buf, payload.n + TURN_OVERHEAD);
  writer_u16(&w, channel);
  writer_u16(&w, (uint16_t)payload.n);
  writer_bytes(&w, payload);
  if (c->stream) writer_zero(&w, padded(payload.n) - payload.n);
  return w.n;
}

int turn_message_size(struct bytes stream) {
  struct cursor at = cursor_of(stream);
  if (stream.n == 0) return 0;
  if (stream.p[0] > 0x4f) return -EINVAL; /* RFC 7983: 0 to 3 STUN, 64 to 79 channels */
  if (stream.p[0] > 0x03 && stream.p[0] < 0x40) return -EINVAL;
  uint16_t first = cursor_u16(&at), length = cursor_u16(&at);
  if (at.failed) return 0;
  if (first >= TURN_CHANNEL_MIN + TURN_PEERS_MAX) return -EINVAL; /* such as "HTTP/1.1 400" */
  if (first >= TURN_CHANNEL_MIN) return (int)(CHANNEL_HEADER + padded(length));
  return length % 4 == 0 ? STUN_HEADER_SIZE + length : -EINVAL;
}
