/* channel.*: RTCDataChannel. */
#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "rpc/internal.h"

struct channel_params {
  struct fields_present present;
  uint64_t channel, peer, bytes;
  struct bytes label, text, base64;
  cJSON *init;
  bool more;
};

#define AT(member) offsetof(struct channel_params, member)
#define CHANNEL_FIELD                                                                              \
  { "channel", FIELD_UINT, true, 1, RPC_PEER_MAX, NULL, AT(channel) }
#define BYTES_FIELD                                                                                \
  { "bytes", FIELD_UINT, true, 0, RPC_SAFE_MAX, NULL, AT(bytes) }

enum { SEND_CHANNEL, SEND_TEXT, SEND_BASE64, SEND_MORE };

static const struct field create_table[] = {
    {"peer", FIELD_UINT, true, 1, RPC_PEER_MAX, NULL, AT(peer)},
    {"label", FIELD_STRING, true, 0, 0, NULL, AT(label)},
    {"init", FIELD_OBJECT, false, 0, 0, NULL, AT(init)},
};
static const struct field send_table[] = {
    [SEND_CHANNEL] = CHANNEL_FIELD,
    [SEND_TEXT] = {"text", FIELD_STRING, false, 0, 0, NULL, AT(text)},
    [SEND_BASE64] = {"base64", FIELD_STRING, false, 0, 0, NULL, AT(base64)},
    [SEND_MORE] = {"more", FIELD_BOOL, false, 0, 0, NULL, AT(more)},
};
static const struct field bytes_table[] = {CHANNEL_FIELD, BYTES_FIELD};
static const struct field close_table[] = {CHANNEL_FIELD};

struct init_params {
  struct fields_present present;
  bool ordered, negotiated;
  uint64_t lifetime, retransmits, id, credit;
  struct bytes protocol;
  int priority;
};

#undef AT
#define AT(member) offsetof(struct init_params, member)

static const char *const priorities[] = {"very-low", "low", "medium", "high", NULL};

enum { INIT_ORDERED, INIT_LIFETIME, INIT_RETRANSMITS, INIT_ID, INIT_PRIORITY };

static const struct field init_table[] = {
    [INIT_ORDERED] = {"ordered", FIELD_BOOL, false, 0, 0, NULL, AT(ordered)},
    [INIT_LIFETIME] = {"maxPacketLifeTime", FIELD_UINT, false, 0, 65535, NULL, AT(lifetime)},
    [INIT_RETRANSMITS] = {"maxRetransmits", FIELD_UINT, false, 0, 65535, NULL, AT(retransmits)},
    [INIT_ID] = {"id", FIELD_UINT, false, 0, 65535, NULL, AT(id)},
    [INIT_PRIORITY] = {"priority", FIELD_NAME, false, 0, 0, priorities, AT(priority)},
    {"protocol", FIELD_STRING, false, 0, 0, NULL, AT(protocol)},
    {"negotiated", FIELD_BOOL, false, 0, 0, NULL, AT(negotiated)},
    {"credit", FIELD_UINT, false, 0, RPC_SAFE_MAX, NULL, AT(credit)},
};

/* RTCDataChannelInit as the layer below takes it (webrtc-pc section 6.2; priorities RFC 8831
 * section 6.4). */
static struct dc_init to_init(const struct init_params *in, struct bytes label) {
  static const uint16_t levels[] = {128, 256, 512, 1024};
  const struct fields_present *has = &in->present;
  return (struct dc_init){
      .ordered = fields_has(has, INIT_ORDERED) ? in->ordered : true,
      .negotiated = in->negotiated,
      .id = in->negotiated && fields_has(has, INIT_ID) ? (int32_t)in->id : -1,
      .max_retransmits = fields_has(has, INIT_RETRANSMITS) ? (int32_t)in->retransmits : -1,
      .max_lifetime_ms = fields_has(has, INIT_LIFETIME) ? (int32_t)in->lifetime : -1,
      .priority = fields_has(has, INIT_PRIORITY) ? levels[in->priority] : 0,
      .label = label,
      .protocol = in->protocol,
  };
}

static int create(struct rpc_call *c, struct rpc_peer *p, const struct dc_init *init,
                  uint64_t credit) {
  struct fault fault = {0};
  uint32_t handle = rpc_new_channel(c->s, p);
  if (handle == 0) return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  if (peer_channel_create(p->machine, c->now, handle, init, &fault) < 0) {
    rpc_drop_channel(c->s, p, handle);
    return rpc_fail(c, &fault);
  }
  (void)dc_credit(peer_channels(p->machine), c->now, handle, c->s->auto_credit, NULL);
  (void)dc_credit(peer_channels(p->machine), c->now, handle, credit, NULL);
  rpc_peer_touch(c->s, p);
  json_key(c->result, "channel");
  json_uint(c->result, handle);
  return 0;
}

int rpc_channel_create(struct rpc_call *c) {
  struct channel_params in = {0};
  struct init_params init = {0};
  int r = fields_read(c->request, c->request->params, create_table, FIELDS_COUNT(create_table),
                      NULL, &in, c->error);
  if (r == 0)
    r = fields_read(c->request, in.init, init_table, FIELDS_COUNT(init_table), "init", &init,
                    c->error);
  struct rpc_peer *p = r == 0 ? rpc_call_peer(c, in.peer) : NULL;
  if (!p) return -EINVAL;
  struct dc_init dc = to_init(&init, in.label);
  return create(c, p, &dc, init.credit);
}

/* The channel that the params name, or NULL with the error set. Its peer will be polled. */
static struct rpc_channel *find_channel(struct rpc_call *c, const struct channel_params *in,
                                        struct rpc_peer **ret_peer) {
  struct rpc_channel *channel = rpc_find_channel(c->s, in->channel, ret_peer);
  if (!channel) {
    (void)rpc_error_set(c->error, FAULT_UNKNOWN_CHANNEL, "channel",
                        "there is no channel %llu, or its peer was closed",
                        (unsigned long long)in->channel);
    return NULL;
  }
  rpc_peer_touch(c->s, *ret_peer);
  peer_touch((*ret_peer)->machine, c->now);
  return channel;
}

/* Reads the params and finds the channel they name; NULL with the error set. */
static struct rpc_channel *read_params(struct rpc_call *c, const struct field *table, size_t n,
                                       struct channel_params *in, struct rpc_peer **ret_peer) {
  *in = (struct channel_params){0};
  if (fields_read(c->request, c->request->params, table, n, NULL, in, c->error) < 0) return NULL;
  return find_channel(c, in, ret_peer);
}

/* Bytes that base64 of this size stands for, if it is good. */
static size_t decoded_size(struct bytes b) {
  size_t padding = 0;
  while (padding < 2 && padding < b.n && b.p[b.n - 1 - padding] == '=') padding++;
  size_t n = b.n / 4 * 3;
  return n > padding ? n - padding : 0;
}

static int too_large(struct rpc_call *c, size_t size, size_t limit) {
  int r = rpc_error_set(c->error, FAULT_MESSAGE_TOO_LARGE, NULL,
                        "the message has at least %zu bytes, the peers agreed on %zu at most", size,
                        limit);
  c->error->limit = (int64_t)limit;
  return r;
}

/* The piece's bytes at the end of what was assembled so far. */
static int append_piece(struct rpc_call *c, struct rpc_channel *channel,
                        const struct channel_params *in, bool text) {
  struct bytes piece = text ? in->text : in->base64;
  size_t room = text ? piece.n : piece.n / 4 * 3,
         have = channel->assembly ? channel->assembly->n : 0, n = 0, at = 0;
  struct payload *grown = channel->assembly;
  if (!grown)
    grown = payload_new(room);
  else if (have + room > grown->cap)
    grown = payload_grow(grown, in->more ? 2 * (have + room) : have + room);
  if (!grown) return rpc_error_set(c->error, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  channel->assembly = grown;
  if (text) {
    if (piece.n > 0) memcpy(grown->data + have, piece.p, piece.n);
    grown->n = have + piece.n;
    return 0;
  }
  if (!base64_decode(piece, grown->data + have, &n, &at)) {
    int r = rpc_error_set(c->error, FAULT_INVALID_PARAMS, "base64",
                          "not base64 (RFC 4648 section 4, padded) at character %zu", at);
    c->error->offset = (int64_t)at;
    return r;
  }
  grown->n = have + n;
  return 0;
}

static int check_piece(struct rpc_call *c, struct rpc_channel *channel, struct rpc_peer *p,
                       const struct channel_params *in) {
  bool text = fields_has(&in->present, SEND_TEXT);
  if (text == fields_has(&in->present, SEND_BASE64))
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, text ? "base64" : "text",
                         "exactly one of text and base64 must be given");
  if (channel->assembly && channel->assembling_text != text)
    return rpc_error_set(c->error, FAULT_INVALID_PARAMS, text ? "text" : "base64",
                         "the pieces of one message must all be text or all base64");
  struct dc_info info;
  if (!dc_info(peer_channels(p->machine), (dc_handle)in->channel, &info) || info.state != DC_OPEN)
    return rpc_error_set(c->error, FAULT_INVALID_STATE, NULL, "the channel is not open");
  size_t limit = peer_max_message(p->machine), room = c->s->cfg.max_buffered - info.buffered;
  size_t size = (channel->assembly ? channel->assembly->n : 0) +
                (text ? in->text.n : decoded_size(in->base64));
  if (size > limit) return too_large(c, size, limit);
  if (size <= room) return 0;
  int r = rpc_error_set(c->error, FAULT_OPERATION_ERROR, NULL,
                        "%zu bytes are buffered: %zu more would pass the limit of %zu",
                        info.buffered, size, c->s->cfg.max_buffered);
  c->error->limit = (int64_t)c->s->cfg.max_buffered;
  return r;
}

/* A message with a bad piece is no message: what was assembled goes, and the pieces that follow are
 * refused. */
static void give_up(struct rpc_channel *channel, const struct channel_params *in) {
  channel->refusing = in->more;
  channel->assembly = payload_free(channel->assembly);
}

/* A piece whose fields are wrong is a bad piece too. */
static void give_up_unread(struct rpc_call *c, struct channel_params *in) {
  struct rpc_peer *p;
  struct rpc_channel *channel = rpc_find_channel(c->s, in->channel, &p);
  if (!channel) return;
  in->more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c->request->params, "more"));
  give_up(channel, in);
}

/* A piece of a message that was given up. */
static int refuse(struct rpc_call *c, struct rpc_channel *channel,
                  const struct channel_params *in) {
  channel->refusing = in->more;
  return rpc_error_set(c->error, FAULT_INVALID_STATE, NULL,
                       "an earlier piece of this message was refused");
}

static int send_whole(struct rpc_call *c, struct rpc_channel *channel, struct rpc_peer *p,
                      dc_handle handle) {
  struct fault fault = {0};
  struct payload *whole = channel->assembly;
  channel->assembly = NULL;
  int r =
      dc_send(peer_channels(p->machine), c->now, handle, channel->assembling_text, whole, &fault);
  return r < 0 ? rpc_fail(c, &fault) : 0;
}

static int send_piece(struct rpc_call *c, struct rpc_channel *channel, struct rpc_peer *p,
                      const struct channel_params *in) {
  struct dc_info info = {0};
  if (channel->refusing) return refuse(c, channel, in);
  bool text = fields_has(&in->present, SEND_TEXT);
  int r = check_piece(c, channel, p, in);
  if (r == 0) r = append_piece(c, channel, in, text);
  if (r < 0) {
    give_up(channel, in);
    return r;
  }
  channel->assembling_text = text;
  if (!in->more) r = send_whole(c, channel, p, (dc_handle)in->channel);
  if (r < 0) return r;
  (void)dc_info(peer_channels(p->machine), (dc_handle)in->channel, &info);
  json_key(c->result, "bufferedAmount");
  json_uint(c->result, info.buffered + (channel->assembly ? channel->assembly->n : 0));
  return 0;
}

int rpc_channel_send(struct rpc_call *c) {
  struct channel_params in;
  struct rpc_peer *p;
  struct rpc_channel *channel = read_params(c, send_table, FIELDS_COUNT(send_table), &in, &p);
  if (channel) return send_piece(c, channel, p, &in);
  give_up_unread(c, &in);
  return -EINVAL;
}

int rpc_channel_send_hot(struct rpc_call *c, const struct hot_send *hot) {
  struct rpc_peer *p;
  struct channel_params in = {.channel = hot->channel, .more = hot->more};
  in.present.bits = 1u << (hot->text ? SEND_TEXT : SEND_BASE64);
  *(hot->text ? &in.text : &in.base64) = hot->piece;
  struct rpc_channel *channel = find_channel(c, &in, &p);
  return channel ? send_piece(c, channel, p, &in) : -EINVAL;
}

/* The channel closed so long ago that the layer below has forgotten it. */
static bool is_forgotten(const struct rpc_peer *p, uint64_t channel) {
  struct dc_info info;
  return !dc_info(peer_channels(p->machine), (dc_handle)channel, &info);
}

int rpc_channel_set_threshold(struct rpc_call *c) {
  struct channel_params in;
  struct rpc_peer *p;
  struct fault fault = {0};
  if (!read_params(c, bytes_table, FIELDS_COUNT(bytes_table), &in, &p)) return -EINVAL;
  if (is_forgotten(p, in.channel)) return 0;
  int r = dc_set_threshold(peer_channels(p->machine), (dc_handle)in.channel, in.bytes, &fault);
  return r < 0 ? rpc_fail(c, &fault) : 0;
}

int rpc_channel_credit(struct rpc_call *c) {
  struct channel_params in;
  struct rpc_peer *p;
  struct fault fault = {0};
  if (!read_params(c, bytes_table, FIELDS_COUNT(bytes_table), &in, &p)) return -EINVAL;
  if (is_forgotten(p, in.channel)) return 0;
  int r = dc_credit(peer_channels(p->machine), c->now, (dc_handle)in.channel, in.bytes, &fault);
  return r < 0 ? rpc_fail(c, &fault) : 0;
}

int rpc_channel_close(struct rpc_call *c) {
  struct channel_params in;
  struct rpc_peer *p;
  struct fault fault = {0};
  struct rpc_channel *channel = read_params(c, close_table, FIELDS_COUNT(close_table), &in, &p);
  if (!channel) return -EINVAL;
  rpc_assembly_drop(channel);
  if (is_forgotten(p, in.channel)) return 0;
  int r = dc_close(peer_channels(p->machine), c->now, (dc_handle)in.channel, &fault);
  return r < 0 ? rpc_fail(c, &fault) : 0;
}
