#ifndef SENSO_TURN_STATE_H
#define SENSO_TURN_STATE_H

#include "base/list.h"
#include "stun/credential.h"
#include "stun/transaction.h"
#include "turn/client.h"

/* The client's insides, shared by the files of this folder only. */

/* Channel numbers, RFC 8656 section 12. */
#define TURN_CHANNEL_MIN 0x4000
#define TURN_CHANNEL_MAX 0x4fff

enum turn_phase { TURN_ALLOCATING, TURN_ALLOCATED, TURN_RELEASING, TURN_ENDED };

/* One request under way. */
struct turn_request {
  bool active, was_signed;
  unsigned challenges; /* answers that asked for it again */
  struct stun_transaction t;
};

enum turn_peer_state { TURN_PEER_BINDING, TURN_PEER_BOUND, TURN_PEER_REFUSED };

/* A peer with its channel; ChannelBind installs the permission too (RFC 8656 section 12). */
struct turn_peer {
  struct list node; /* turn_client.peers */
  struct addr addr;
  uint16_t channel;
  enum turn_peer_state state;
  bool tell_refused;
  unsigned code;
  struct turn_request bind;
  mono_us renew_at;
  struct list kept; /* struct turn_kept, oldest first */
  size_t kept_bytes;
};

struct turn_kept {
  struct list node;
  size_t n;
  uint8_t bytes[];
};

struct turn_client {
  const struct rng *rng;
  bool stream;
  uint8_t family;
  bool dual; /* both families are asked for */
  enum turn_phase phase;
  struct stun_credential credential;
  struct turn_request control; /* Allocate or Refresh */
  mono_us refresh_at, probe_from;
  struct list peers;
  size_t n_peers;
  bool tell;
  struct turn_event news; /* told next, when tell */
};

/* request.c */
void turn_request_start(struct turn_client *c, struct turn_request *r, mono_us now);
/* What an error answer to a request means: true when it is sent anew. */
bool turn_request_again(struct turn_client *c, struct turn_request *r, const struct stun_message *m,
                        mono_us now);
/* Ends the client with TURN_EV_FAILED. m: the error answer, or NULL when none came. */
void turn_fail(struct turn_client *c, const struct stun_message *m);
/* Writes a request to be sent now. peer: of a ChannelBind, else NULL. 0 bytes: out of memory. */
size_t turn_request_write(struct turn_client *c, struct turn_peer *peer, uint8_t *buf, size_t cap,
                          mono_us now);
/* The code of an error answer and a sentence; 0 when it has none. */
unsigned turn_error_of(const struct stun_message *m, char *text, size_t cap);

/* peers.c */
struct turn_peer *turn_peer_at(const struct turn_client *c, const struct addr *addr);
struct turn_peer *turn_peer_on(const struct turn_client *c, uint16_t channel);
int turn_peer_add(struct turn_client *c, const struct addr *addr, mono_us now,
                  struct turn_peer **ret);
int turn_peer_keep(struct turn_peer *p, struct bytes payload);
void turn_peer_answer(struct turn_client *c, struct turn_peer *p, const struct stun_message *m,
                      mono_us now);
void turn_peers_free(struct turn_client *c);

/* frame.c: ChannelData into buf, its length returned. */
size_t turn_frame(const struct turn_client *c, uint16_t channel, struct bytes payload,
                  uint8_t *buf);

#endif
