/* channel.message: pieces as frames. */
#include <errno.h>

#include "rpc/hot_message.h"
#include "rpc/internal.h"

/* A frame that the channel paid for with `paid` bytes of credit. */
static int queue(struct rpc_session *s, const struct hot_message *m, struct payload *frame,
                 size_t paid) {
  if (!frame) return -ENOMEM;
  return rpc_push(s, frame, m->channel, s->auto_credit > 0 ? paid : 0);
}

/* Text may grow when escaped: it is cut again where it does not fit. */
static int queue_texts(struct rpc_session *s, struct rpc_channel *channel, struct hot_message m,
                       struct bytes b) {
  bool more = m.more;
  int r = 0;
  do {
    size_t n = json_escaped_cut(b, s->cfg.max_frame_out - HOT_MESSAGE_ENVELOPE);
    const struct bytes piece = {b.p, n};
    m.seq = channel->seq++;
    m.more = more || n < b.n;
    r = queue(s, &m, hot_message_text(&m, piece), n);
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
  struct hot_message out = {handle, 0, m.more};
  int r = 0;
  if (channel && m.text) {
    r = queue_texts(s, channel, out, b);
  } else if (channel) {
    out.seq = channel->seq++;
    r = queue(s, &out, hot_message_binary(&out, b), b.n);
  }
  payload_free(m.data);
  return r;
}
