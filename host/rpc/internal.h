#ifndef SENSO_RPC_INTERNAL_H
#define SENSO_RPC_INTERNAL_H

#include "base/list.h"
#include "base/payload.h"
#include "rpc/fields.h"
#include "rpc/hot_send.h"
#include "rpc/json_writer.h"
#include "rpc/session.h"

#define RPC_PROTOCOL  1
#define RPC_NAMES_MAX 64                /* interfaces a configuration may name */
#define RPC_SAFE_MAX  9007199254740991u /* 2^53 - 1 */
#define RPC_PEER_MAX  UINT32_MAX

/* What a configuration lets a peer use of this machine. */
struct rpc_filter {
  bool relay_only, loopback;
  bool by_name, by_type;
  size_t n_names;
  char (*names)[16]; /* owned */
  unsigned types;    /* bits in the order of rpc_interface_types */
};

/* What a peer is made with, and keeps. */
struct rpc_fixed {
  bool loopback, mdns, interleaving, zero_checksum, mtu_discovery;
  uint16_t port_min, port_max;
};

extern const char *const rpc_interface_types[];

struct rpc_peer {
  uint32_t id;
  struct peer *machine;
  struct list all;   /* in rpc_session.peers */
  struct list dirty; /* in rpc_session.dirty while it must be polled */
  mono_us wake_at;
  size_t heap_at;        /* index in rpc_session.heap plus one; 0: not in it */
  bool closing;          /* peer.close was called: its last datagrams go out, then it is gone */
  uint32_t last_channel; /* the first of its channels, by `before`; 0: none */
  struct rpc_filter filter;
  struct rpc_filter next_filter; /* from the next gathering on, when has_next */
  bool has_next;
  unsigned generations; /* peer_generations() when next_filter came */
  struct rpc_fixed fixed;
};

/* Kept for every channel there ever was, so that its number is known until its peer closes. */
struct rpc_channel {
  uint32_t peer;
  uint32_t before; /* the peer's channel that was made before it; 0: none */
  bool assembling_text;
  bool refusing; /* a piece of a message was bad: so is the rest of it */
  uint64_t seq;
  struct payload *assembly; /* pieces of a message under way out; NULL: none */
};

/* A frame for the client. */
struct rpc_frame {
  struct list link;
  struct payload *bytes;
  uint32_t channel; /* whose credit it renews when it was written; 0: none's */
  size_t credit;
  uint64_t end; /* rpc_session.handed when it was given out */
};

struct rpc_log_limit {
  mono_us refilled_at;
  unsigned tokens, dropped;
};

struct rpc_session {
  struct rpc_cfg cfg;
  struct list frames;      /* of struct rpc_frame: frames for the client */
  struct rpc_frame *taken; /* what the last poll gave out */
  struct list owed;        /* frames given out whose credit is renewed once they are written */
  uint64_t handed;         /* bytes of all frames given out */
  bool greeted, ending, said_goodbye, ended, paused, addresses_in_log;
  int log_level;       /* enum rpc_log_level: the least urgent that is said; RPC_LOG_OFF: none */
  const char *goodbye; /* a fixed text of the owner */
  int exit_status;
  uint64_t auto_credit;
  struct list peers, dirty;
  struct rpc_peer **by_id; /* index: id - 1 */
  size_t n_ids, cap_ids, n_peers;
  struct rpc_peer **heap; /* least wake_at first */
  size_t n_heap, cap_heap;
  struct rpc_channel *channels; /* index: handle - 1 */
  size_t n_channels, cap_channels;
  struct rpc_network network; /* deep copy */
  char *network_json;         /* what network.get gives, without braces */
  struct rpc_log_limit log_limit;
};

/* A call under way. result is inside of the reply's "result":{ }. */
struct rpc_call {
  struct rpc_session *s;
  mono_us now;
  struct rpc_request *request;
  struct rpc_error *error;
  struct json_writer *result;
};

/* session.c */
/* Queues a frame for the client; takes and empties t. -ENOMEM when t failed: the frame is lost. */
int rpc_queue(struct rpc_session *s, struct text *t);
/* The same for a payload, which it takes; credit (0: none) is the channel's again when it was
 * written. 0 or -ENOMEM. */
int rpc_push(struct rpc_session *s, struct payload *frame, uint32_t channel, size_t credit);

/* calls.c */
int rpc_dispatch(struct rpc_session *s, mono_us now, struct bytes frame);
int rpc_answer_error(struct rpc_session *s, struct bytes id, const struct rpc_error *e);
/* The fault of a lower layer as the call's error. Returns negative. */
int rpc_fail(struct rpc_call *c, const struct fault *fault);

/* The methods; methods_*.c. 0, or negative with c->error. */
int rpc_hello(struct rpc_call *c);
int rpc_ping(struct rpc_call *c);
int rpc_network_get(struct rpc_call *c);
int rpc_peer_create(struct rpc_call *c);
int rpc_peer_create_offer(struct rpc_call *c);
int rpc_peer_create_answer(struct rpc_call *c);
int rpc_peer_set_local(struct rpc_call *c);
int rpc_peer_set_remote(struct rpc_call *c);
int rpc_peer_add_candidate(struct rpc_call *c);
int rpc_peer_restart_ice(struct rpc_call *c);
int rpc_peer_set_configuration(struct rpc_call *c);
int rpc_peer_get_stats(struct rpc_call *c);
int rpc_peer_get(struct rpc_call *c);
int rpc_peer_close(struct rpc_call *c);
int rpc_channel_create(struct rpc_call *c);
int rpc_channel_send(struct rpc_call *c);
/* The same without a tree; c->request has no more than the id. */
int rpc_channel_send_hot(struct rpc_call *c, const struct hot_send *hot);
int rpc_channel_set_threshold(struct rpc_call *c);
int rpc_channel_credit(struct rpc_call *c);
int rpc_channel_close(struct rpc_call *c);

/* configuration.c */
struct rpc_configuration {
  struct rpc_filter filter;
  struct peer_proxy proxy;     /* points into the request */
  struct peer_server *servers; /* owned; what they point to is the request's */
  size_t n_servers;
  bool has_loopback, has_mdns, has_sctp, has_ports; /* said, not the default */
  bool mdns;
  bool interleaving, zero_checksum, mtu_discovery; /* what SCTP may offer and look for */
  uint16_t port_min, port_max;
};
/* Reads an RTCConfiguration (NULL: the default). 0, or negative with the error; free it after. */
int rpc_configuration_read(struct rpc_call *c, const cJSON *object, struct rpc_configuration *ret);
/* Reads configuration.proxy; *ret stays as it is when none is to be used. */
int rpc_proxy_read(struct rpc_call *c, const cJSON *object, struct peer_proxy *ret);
void rpc_configuration_free(struct rpc_configuration *conf);
/* One url of an RTCIceServer, RFC 7064 and 7065. NULL and *ret without credentials if good, else
 * what is wrong. */
const char *rpc_ice_url_read(struct bytes url, struct peer_server *ret);

/* peers.c */
/* The open peer of this number, or NULL. */
struct rpc_peer *rpc_find_peer(const struct rpc_session *s, uint64_t id);
/* The call's peer, by its "peer" field; NULL with the error set. */
struct rpc_peer *rpc_call_peer(struct rpc_call *c, uint64_t id);
/* A record without a machine, in all tables. NULL when out of memory. */
struct rpc_peer *rpc_peer_new(struct rpc_session *s);
void rpc_peer_free(struct rpc_session *s, struct rpc_peer *p);
/* It was given an input: poll it. */
void rpc_peer_touch(struct rpc_session *s, struct rpc_peer *p);
/* It is asleep until then. */
void rpc_peer_sleep(struct rpc_session *s, struct rpc_peer *p, mono_us wake_at);
/* Wakes all that are due. 0 or -ENOMEM. */
int rpc_peers_wake(struct rpc_session *s, mono_us now);
mono_us rpc_peers_next_wake(const struct rpc_session *s);
/* The record of a channel number, with its open peer; NULL if unknown. */
struct rpc_channel *rpc_find_channel(const struct rpc_session *s, uint64_t handle,
                                     struct rpc_peer **ret_peer);
/* The next channel number, recorded for the peer; 0 when out of memory. */
uint32_t rpc_new_channel(struct rpc_session *s, struct rpc_peer *p);
/* No more pieces can follow: what came of the message is let go. */
void rpc_assembly_drop(struct rpc_channel *channel);
/* Forgets the number just given: the channel was not made. */
void rpc_drop_channel(struct rpc_session *s, struct rpc_peer *p, uint32_t handle);

/* notify.c */
int rpc_on_peer_event(struct rpc_session *s, mono_us now, struct rpc_peer *p,
                      const struct peer_event *ev);
/* Begins {"jsonrpc":"2.0","method":...,"params":{ and ends it. */
struct json_writer rpc_notification(struct text *t, const char *method);
int rpc_notification_end(struct rpc_session *s, struct json_writer *w);

/* messages.c: channel.message */
int rpc_on_message(struct rpc_session *s, struct rpc_peer *p, uint32_t handle);

/* stats.c */
void rpc_write_stats(struct rpc_session *s, mono_us now, struct rpc_peer *p, struct json_writer *w);

/* network.c */
int rpc_network_copy(struct rpc_session *s, const struct rpc_network *network);
void rpc_network_free(struct rpc_session *s);
/* Tells the peer which addresses it may use. 0 or -ENOMEM. */
int rpc_network_apply(struct rpc_session *s, mono_us now, struct rpc_peer *p);

/* log.c */
enum rpc_log_level { RPC_LOG_ERROR, RPC_LOG_WARN, RPC_LOG_INFO, RPC_LOG_DEBUG, RPC_LOG_OFF };
extern const char *const rpc_log_levels[]; /* "error" first, "off" last, then NULL */
void rpc_log_init(struct rpc_session *s, mono_us now);
/* A log notification, unless too many came of late. Addresses are masked unless hello asked for
 * them. */
void rpc_log(struct rpc_session *s, mono_us now, enum rpc_log_level level, uint32_t peer,
             const char *message);

#endif
