/* channel.message: pieces as frames. */
#include <errno.h>
#include <stdio.h>

#include "base/base64.h"
#include "rpc/internal.h"

#define ENVELOPE_MAX 160 /* bytes of a frame that are not the payload's */

struct piece {
  uint32_t channel;
  uint64_t seq;
  bool more;
};

/* Straight from the payload into a frame of the right size: the hot path. */
static struct payload *begin_frame(const struct piece *piece, const char *kind, size_t n,
                                   char **ret_tail) {
  struct payload *frame = payload_new(n + ENVELOPE_MAX);
  if (!frame) return NULL;
  int head = snprintf((char *)frame->data, ENVELOPE_MAX,
                      "{\"jsonrpc\":\"2.0\",\"method\":\"channel.message\",\"params\":{\"channel\":"
                      "%u,\"seq\":%llu%s,\"%s\":\"",
                      piece->channel, (unsigned long long)piece->seq,
                      piece->more ? ",\"more\":true" : "", kind);
  frame->n = (size_t)head;
  *ret_tail = (char *)frame->data + head;
  return frame;
}

/* n bytes were written at the tail, which the channel paid for with `paid` bytes of credit. */
static int end_frame(struct rpc_session *s, const struct piece *piece, struct payload *frame,
                     size_t n, size_t paid) {
  static const char end[] = "\"}}";
  frame->n += n;
  for (size_t i = 0; i < sizeof end - 1; i++) frame->data[frame->n++] = (uint8_t)end[i];
  return rpc_push(s, frame, piece->channel, s->auto_credit > 0 ? paid : 0);
}

static int queue_binary(struct rpc_session *s, const struct piece *piece, struct bytes b) {
  char *tail;
  struct payload *frame = begin_frame(piece, "base64", base64_encoded_size(b.n), &tail);
  if (!frame) return -ENOMEM;
  return end_frame(s, piece, frame, base64_encode(b, tail), b.n);
}

static int queue_text(struct rpc_session *s, const struct piece *piece, struct bytes b) {
  char *tail;
  size_t n = json_escaped_size(b);
  struct payload *frame = begin_frame(piece, "text", n, &tail);
  if (!frame) return -ENOMEM;
  json_escape(b, tail);
  return end_frame(s, piece, frame, n, b.n);
}

/* Text may grow when escaped: it is cut again where it does not fit. */
static int queue_texts(struct rpc_session *s, struct rpc_channel *channel, struct piece piece,
                       struct bytes b) {
  bool more = piece.more;
  int r = 0;
  do {
    size_t n = json_escaped_cut(b, s->cfg.max_frame_out - ENVELOPE_MAX);
    piece.seq = channel->seq++;
    piece.more = more || n < b.n;
    r = queue_text(s, &piece, (struct bytes){b.p, n});
    b.p += n;
    b.n -= n;
  } while (r == 0 && b.n > 0);
  return r;
}

int rpc_on_message(struct rpc_session *s, struct rpc_peer *p, uint32_t handle) {
  struct dc_message m;
  struct rpc_peer *owner;
  struct dc_set *channels = peer_channels(p->machine);
  dc_take_message(channels, &m);
  struct rpc_channel *channel = rpc_find_channel(s, handle, &owner);
  struct bytes b = m.data ? payload_bytes(m.data) : (struct bytes){(const uint8_t *)"", 0};
  struct piece piece = {handle, 0, m.more};
  int r = 0;
  if (channel && m.text) {
    r = queue_texts(s, channel, piece, b);
  } else if (channel) {
    piece.seq = channel->seq++;
    r = queue_binary(s, &piece, b);
  }
  payload_free(m.data);
  return r;
}
