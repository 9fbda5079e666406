#ifndef SENSO_ICE_AGENT_H
#define SENSO_ICE_AGENT_H

#include "base/mono.h"
#include "base/out.h"
#include "base/rng.h"
#include "ice/candidate.h"

/*
 * A full ICE agent for one component over UDP (RFC 8445; trickle 8838, restart, consent 7675,
 * patience 8863). Knows no socket and no clock: inputs with `now`, then poll until OUT_IDLE.
 */
struct ice_agent;

struct ice_credentials {
  char ufrag[ICE_UFRAG_MAX + 1];
  char pwd[ICE_PWD_MAX + 1];
};

struct ice_cfg {
  const struct rng *rng; /* borrowed for the agent's life */
  bool controlling;      /* the initial role */
  bool loopback;         /* gather loopback addresses too */
  uint16_t port_min;     /* 0 and 0: any port */
  uint16_t port_max;
  mono_us ta; /* pacing we propose, 5 ms to 10 s; 0: 50 ms (RFC 8445 section 14.2) */
};

/* An address of this machine that host candidates may be gathered from. */
struct ice_interface_addr {
  char name[16];
  struct addr addr; /* port 0 */
  bool temporary;   /* RFC 8981 */
  bool deprecated;
};

/* W3C RTCIceConnectionState and RTCIceGatheringState, less "closed". */
enum ice_state {
  ICE_NEW,
  ICE_CHECKING,
  ICE_CONNECTED,
  ICE_COMPLETED,
  ICE_DISCONNECTED,
  ICE_FAILED
};

enum ice_event_kind {
  ICE_EV_CANDIDATE, /* a local candidate was found */
  ICE_EV_GATHERED,  /* end of candidates of this generation */
  ICE_EV_STATE,     /* connection state changed */
  ICE_EV_SELECTED,  /* the selected pair changed: ice_agent_selected() */
  ICE_EV_DOUBTED, /* the pair that carries data had no answer for a while, or was left for worse */
  ICE_EV_RESUMED, /* the pair that carries data answers again after it was in doubt */
  ICE_EV_RTT,     /* the selected pair's RTT estimate was updated */
};

struct ice_event {
  enum ice_event_kind kind;
  union {
    struct ice_candidate candidate;
    enum ice_state state;
    mono_us rtt;
  } u;
};

struct ice_bind {
  uint32_t link;
  struct addr local; /* the address to bind, port 0 for any in [port_min, port_max] */
  uint16_t port_min, port_max;
};

struct ice_resolve {
  uint32_t id;
  const char *name; /* borrowed until the next call */
};

struct ice_out {
  enum out_kind kind;
  union {
    mono_us wake_at; /* OUT_IDLE */
    struct {
      struct path path;
      size_t n;
    } tx;                       /* OUT_TX */
    struct ice_event ev;        /* OUT_EVENT */
    struct ice_bind bind;       /* OUT_BIND */
    uint32_t unbind_link;       /* OUT_UNBIND */
    struct ice_resolve resolve; /* OUT_RESOLVE */
  } u;
};

/* One pair of the checklist, for path evidence and getStats. */
enum ice_pair_state {
  ICE_PAIR_FROZEN,
  ICE_PAIR_WAITING,
  ICE_PAIR_IN_PROGRESS,
  ICE_PAIR_SUCCEEDED,
  ICE_PAIR_FAILED
};

/* What the owner's data has done on a pair; times 0: never. */
struct ice_traffic {
  uint64_t packets_sent, bytes_sent, packets_received, bytes_received;
  mono_us last_sent, last_received;
};

struct ice_pair_info {
  uint32_t id; /* stable for the pair's life */
  struct path path;
  struct ice_candidate
      local; /* for a prflx local candidate, its own address; related is the base */
  struct ice_candidate remote;
  enum ice_pair_state state;
  bool nominated;
  bool selected;
  uint64_t priority;
  mono_us rtt, total_rtt; /* latest and summed over responses */
  uint64_t requests_sent, responses_received, requests_received, responses_sent,
      consent_requests_sent;
  mono_us last_sent, last_received; /* STUN only; 0: never */
  struct ice_traffic data;
  const char *local_ufrag, *remote_ufrag; /* borrowed until the next call */
  mono_us since;                          /* when it was selected; 0: never */
};

int ice_agent_new(struct ice_agent **ret, const struct ice_cfg *cfg, mono_us now);
struct ice_agent *ice_agent_free(struct ice_agent *a);

/* Random credentials: ufrag of 8 and password of 24 ice-chars (at least 24 and 128 bits, RFC 8445
 * section 5.3). */
void ice_credentials_make(const struct rng *rng, struct ice_credentials *ret);

/*
 * Starts a generation with these local credentials: the first call starts gathering, a later one is
 * an ICE restart (RFC 8445 section 9): checks of the new generation run beside the old selected
 * pair, which carries data and consent until the new generation has one. Sockets are kept,
 * candidates are announced anew. 0 or -ENOMEM.
 */
int ice_agent_start(struct ice_agent *a, mono_us now, const struct ice_credentials *local);

/* Undoes an ice_agent_start that was an unanswered restart (JSEP rollback). Harmless otherwise. */
void ice_agent_rollback(struct ice_agent *a, mono_us now);

/* Adds to what went over the pair of this path; nothing when there is none any more. */
void ice_agent_add_traffic(struct ice_agent *a, const struct path *path,
                           const struct ice_traffic *more);
/* The username fragment of the current generation: ours or the peer's, "" while it is not known. */
const char *ice_agent_ufrag(const struct ice_agent *a, bool remote);

/* The addresses host candidates come from, replacing an earlier list. Addresses that are new get
 * links and candidates, links of those that are gone are unbound and their pairs failed. Call it
 * before ice_agent_start. 0 or -ENOMEM. */
int ice_agent_set_interfaces(struct ice_agent *a, mono_us now,
                             const struct ice_interface_addr *list, size_t n);

/* Host and reflexive candidates are neither announced nor used, from the next ice_agent_start on
 * (W3C RTCIceTransportPolicy "relay"). */
void ice_agent_set_relay_only(struct ice_agent *a, bool relay_only);

/* While true the owner asks servers, and no end of candidates is told. */
void ice_agent_set_gathering(struct ice_agent *a, bool gathering);

/* A server sees the link as `mapped`: a server-reflexive candidate, unless it is redundant (RFC
 * 8445 section 5.1.3). server: the owner's number for it, from 1. 0 or -ENOMEM. */
int ice_agent_add_reflexive(struct ice_agent *a, mono_us now, uint32_t link,
                            const struct addr *mapped, uint16_t server);

struct ice_relayed {
  uint32_t base; /* the link that the server is reached by; 0: by a stream */
  struct addr relayed, mapped;
  uint16_t server;
  uint16_t transport_rank; /* below 49,152: the greater is preferred among relayed candidates */
};

/*
 * A relayed address as a link of its own, which is up: OUT_TX with this link is the owner's to send
 * through the server, and what the server relays comes in by this link. 0 and the link, or -ENOMEM.
 */
int ice_agent_add_relayed(struct ice_agent *a, mono_us now, const struct ice_relayed *in,
                          uint32_t *ret_link);
/* The allocation is lost: its pairs have failed. Harmless for an unknown link. */
void ice_agent_remove_relayed(struct ice_agent *a, mono_us now, uint32_t link);

/* The answer to OUT_BIND: err is 0 and local the bound address with its port, or err is a negative
 * errno. */
int ice_agent_bound(struct ice_agent *a, mono_us now, uint32_t link, int err,
                    const struct addr *local);

/* The answer to OUT_RESOLVE: err is 0 and n addresses, or err is a negative errno and n is 0. */
int ice_agent_resolved(struct ice_agent *a, mono_us now, uint32_t id, int err,
                       const struct addr *addrs, size_t n);

/* The peer's credentials of the current generation; pairs form and checks start as candidates are
 * known. peer_ta: what its a=ice-pacing said, 0 for silence, which counts as 50 ms. lite: the peer
 * is ICE-lite, we control. 0 or -ENOMEM. */
int ice_agent_set_remote(struct ice_agent *a, mono_us now, const struct ice_credentials *remote,
                         bool lite, mono_us peer_ta);

/* Sets the role before any check was sent (offerer controls); conflicts are repaired by 487 later
 * on. */
void ice_agent_set_controlling(struct ice_agent *a, bool controlling);
bool ice_agent_controlling(const struct ice_agent *a);

/* Adds a remote candidate of the current remote generation. A name is resolved, one of
 * ".local" by multicast. 0, also for a duplicate; -ENOSPC past 64 remote candidates;
 * -ENOMEM. */
int ice_agent_add_remote(struct ice_agent *a, mono_us now, const struct ice_candidate *c);

/* No more remote candidates in this generation. */
void ice_agent_end_of_remote(struct ice_agent *a, mono_us now);

/*
 * A datagram that looks like STUN (RFC 7983: first byte 0 to 3). 0 if it was STUN for this agent,
 * -EINVAL if it is to be dropped (malformed, unauthenticated, unknown).
 */
int ice_agent_recv(struct ice_agent *a, mono_us now, const struct path *path,
                   struct bytes datagram);

/* Data that is not STUN came in on this path: counts as liveness of nothing (RFC 7675 asks for
 * STUN) but tells whether the path belongs to a pair we know. Before DTLS has authenticated the
 * peer only such paths are let in. */
bool ice_agent_knows(const struct ice_agent *a, const struct path *path);

/* What was sent on the data path has had no answer of any kind for a while: consent is asked for at
 * once, so that a path that is lost, or a NAT that has forgotten it, shows. At most twice a second.
 */
void ice_agent_suspect(struct ice_agent *a, mono_us now);

/* Called at or after OUT_IDLE's wake_at. */
int ice_agent_wake(struct ice_agent *a, mono_us now);

/* buf of cap >= 1280 bytes takes OUT_TX datagrams. */
void ice_agent_poll(struct ice_agent *a, mono_us now, uint8_t *buf, size_t cap,
                    struct ice_out *ret);

/* Where data goes now: the selected pair, or until one is nominated the best valid pair, in either
 * role (RFC 8445 section 12.1); after a restart the old selected pair until there is a new one.
 * NULL if none or consent has expired. Borrowed until the next input or poll. */
const struct path *ice_agent_data_path(const struct ice_agent *a);

/* The selected pair. False when there is none. */
bool ice_agent_selected(const struct ice_agent *a, struct ice_pair_info *ret);

enum ice_state ice_agent_state(const struct ice_agent *a);

/* The i-th pair of the current checklist, and of the old one while it carries data; false past the
 * last. */
bool ice_agent_pair(const struct ice_agent *a, size_t i, struct ice_pair_info *ret);

/* The i-th local / remote candidate; false past the last. */
bool ice_agent_local_candidate(const struct ice_agent *a, size_t i, struct ice_candidate *ret);
bool ice_agent_remote_candidate(const struct ice_agent *a, size_t i, struct ice_candidate *ret);

#endif
