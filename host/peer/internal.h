#ifndef SENSO_PEER_INTERNAL_H
#define SENSO_PEER_INTERNAL_H

#include "base/text.h"
#include "peer/peer.h"
#include "sdp/description.h"

/* One of the four description slots of RFC 9429 section 3.2; absent when sdp is NULL. */
struct peer_slot {
  enum peer_sdp_type type;
  char *sdp;              /* as it was set, owned */
  struct text candidates; /* "candidate:..." lines that came since, '\n' after each */
  struct text shown;      /* what the last peer_view gave: sdp with the candidates put in */
  bool ended;             /* a=end-of-candidates */
};

/* What createOffer or createAnswer last made, until it is applied. */
struct peer_made {
  char *sdp;
  struct ice_credentials credentials;
  bool fresh; /* the credentials begin an ICE generation */
};

/* What is kept of a remote description besides its text. */
struct peer_remote {
  struct sdp_fingerprint fingerprint; /* the first: another one means another peer */
  struct ice_credentials credentials;
  char mid[SDP_TOKEN_MAX + 1];
  uint32_t pacing_ms;
  uint16_t sctp_port;
  uint64_t max_message;
  bool lite;
};

/* A machine's turn in the drain: dirty until it said IDLE, then asleep until wake_at. */
struct peer_turn {
  bool dirty;
  mono_us wake_at;
};

/* All of an IPv6 minimum MTU path less its headers (RFC 8200 section 5): 1280 - 40 - 8, rounded
 * down. */
#define PEER_DATAGRAM_SAFE 1200
/* What Ethernet's 1500 bytes leave beside the IP header, less where no datagram is longer. */
#define PEER_DATAGRAM_MAX_V4 1472
#define PEER_DATAGRAM_MAX_V6 1452
/* What our descriptions propose as a=ice-pacing: both sides must, or it is 50 ms (RFC 8445 section
 * 14.2). */
#define PEER_PACING_MS 10
/* Longer than a network of a school and a host that is busy take to answer. */
#define PEER_SILENCE      (150 * MONO_MS) /* at least, and the RTT and ... */
#define PEER_SILENCE_MORE (100 * MONO_MS)
/* The longest datagram of ours, of any layer. */
#define PEER_PLAIN_MAX 2048
/* What the way through a relay may add between it and the peer, or take away before it. */
#define PEER_RELAY_ROOM 64
/* One DTLS record's plaintext (RFC 6347 section 4.1). */
#define PEER_RECORD_MAX 16384

/* What an address of ours is called to the peer: random, RFC 9562 version 4. */
#define PEER_NAME_SIZE (36 + sizeof ".local")
struct peer_name {
  struct addr addr; /* port 0 */
  char name[PEER_NAME_SIZE];
};

/* What went by one path, kept together so that no datagram has to look for its pair. */
struct peer_traffic {
  struct path path;
  struct ice_traffic n;
};

struct peer {
  struct peer_cfg cfg;
  struct ice_agent *ice;
  struct gatherer *gatherer;
  struct dtls *dtls;
  struct dc_set *channels;
  struct peer_turn ice_turn, gatherer_turn, dtls_turn, dc_turn;

  /* JSEP */
  enum peer_signaling signaling, announced_signaling;
  struct peer_slot current_local, pending_local, current_remote, pending_remote;
  struct peer_made offer, answer;
  struct peer_remote *remote; /* of the last applied remote description */
  struct ice_credentials local_credentials, previous_credentials;
  unsigned generations; /* local ones that began */
  bool ice_started;     /* a local generation exists */
  bool generation_open; /* a local generation began and no remote credentials came for it yet */
  bool restart_wanted;  /* restartIce() was called: the next offer restarts */
  bool restart_applied; /* the pending local offer does so */
  bool wants_channels;  /* a channel was made */
  bool negotiation_needed, announce_negotiation_needed;
  uint64_t session_id, session_version;
  char mid[SDP_TOKEN_MAX + 1];
  uint16_t mline_index;
  struct dtls_fingerprint own_fingerprint;

  /* transport */
  bool dtls_started, dtls_client, associated, closed, close_sent;
  bool dtls_ended; /* by the peer: the channels do not know yet */
  bool path_writable;
  mono_us rtt;            /* of the path; 0: not known yet */
  mono_us silent_since;   /* the first datagram that nothing has come back for; 0: none */
  uint32_t blocked_link;  /* the link the kernel takes nothing for; 0: none */
  struct path data_path;  /* link 0: none */
  struct path wire_path;  /* the same, or the server that relays it */
  bool relayed;           /* they differ */
  bool servers_asked;     /* the gatherer is busy: the ICE agent was told so */
  bool released;          /* the allocations were given back */
  struct path known_path; /* the last one that ice_agent_knows said yes to */
  enum peer_gathering gathering, announced_gathering;
  enum ice_state ice_state, announced_ice;
  enum dtls_state dtls_state; /* as far as it was told */
  enum peer_connection announced_connection;
  bool announce_path, announce_failure, announce_end;
  bool path_told; /* with candidates of these types */
  bool path_open; /* then servers were still being asked, which may say why no better one is used */
  enum ice_candidate_type told_local, told_remote;
  struct fault failure;
  struct text candidate_text; /* the candidate being announced */
  struct dc_out held;         /* an output of the channels that did not fit behind datagrams */
  bool has_held;
  struct peer_counters counters;
  struct peer_name *hidden; /* cfg.mdns: the names in use */
  size_t n_hidden, n_published;
  struct peer_traffic sent, received; /* that the pairs do not know of yet */
};

/* slots.c */
void peer_slot_clear(struct peer_slot *s);
void peer_slot_move(struct peer_slot *to, struct peer_slot *from);
/* sdp with the candidates in the data section; NULL if absent or out of memory. Borrowed until the
 * next call. */
const char *peer_slot_show(struct peer_slot *s);
/* Adds one candidate line to what the slot shows. 0 or -ENOMEM. */
int peer_slot_add(struct peer_slot *s, struct bytes line);

/* make.c: what createOffer and createAnswer write; p->offer or p->answer. 0 or negative with the
 * fault. */
int peer_make_offer(struct peer *p, bool ice_restart, struct fault *ret_fault);
int peer_make_answer(struct peer *p, struct fault *ret_fault);

/* negotiation.c */
void peer_update_negotiation(struct peer *p);

/* apply.c: from descriptions to machines. */
/* Takes what was made as the local description's ICE generation, if it begins one, and forgets it.
 */
int peer_start_local(struct peer *p, mono_us now, struct peer_made *made, bool controlling,
                     struct fault *ret_fault);
/* What a remote description must have before it may be accepted. Nothing is changed. */
int peer_check_remote(const struct peer *p, const struct sdp_description *d,
                      enum peer_sdp_type type, struct fault *ret_fault);
/* Remote credentials, candidates and DTLS of a remote description that was answered or is the
 * answer. */
int peer_apply_remote(struct peer *p, mono_us now, const struct sdp_description *d,
                      bool dtls_client, struct fault *ret_fault);
/* The '\n'-ended candidate lines into the agent; what is malformed or of no use here is passed
 * over. */
int peer_feed_candidates(struct peer *p, mono_us now, struct bytes lines);

/* What one step of the drain did. */
enum peer_step {
  PEER_STEP_NOTHING,  /* all layers are idle */
  PEER_STEP_PROGRESS, /* a state moved: look at the states, then step again */
  PEER_STEP_OUT,      /* *ret was filled */
};

/* transport.c: the drain below the states, one output or change at a time. */
enum peer_step peer_step(struct peer *p, mono_us now, uint8_t *buf, size_t cap,
                         struct peer_out *ret);
/* data_path.c */
bool peer_same_path(const struct path *a, const struct path *b);
void peer_learn_rtt(struct peer *p, mono_us rtt);
/* Datagrams of DTLS that go out by data_path, or came in by this path. */
void peer_count_sent(struct peer *p, mono_us now, size_t n, size_t datagrams);
void peer_count_received(struct peer *p, mono_us now, const struct path *path, size_t n);
/* Something was sent that ought to be answered. */
void peer_note_unanswered(struct peer *p, mono_us now);
/* Bytes an SCTP packet may have, so that its datagram fits into every path (RFC 8831 section 5),
 * and what may be looked for on this one (RFC 8899). */
void peer_set_mtu(struct peer *p, mono_us now);
/* Tells the machines whether and where datagrams may go. */
void peer_update_path(struct peer *p, mono_us now);
/* Nothing has come back for what was sent: asks whether the path still stands. */
void peer_watch_silence(struct peer *p, mono_us now);
/* When it is to be asked next; MONO_NEVER: nothing is missing. */
mono_us peer_silence_deadline(const struct peer *p);

/* transport.c */
/* Whether an end of candidates may be told; after each input of the gatherer. */
void peer_update_gathering(struct peer *p);
int peer_datagram(struct peer *p, mono_us now, const struct path *path, struct bytes datagram);

/* hide.c: as the candidate is told to the peer; 0 or -ENOMEM. */
int peer_hide(struct peer *p, const struct ice_candidate *c, struct ice_candidate *ret);
/* The next OUT_PUBLISH; false when there is none. */
bool peer_poll_publish(struct peer *p, struct peer_out *ret);

/* path.c */
/* The method of a pair of candidates. One of the peer's that it never signalled counts as host when
 * no NAT seems to stand between, one of our own that only the peer sees is a NAT's. */
enum peer_method peer_pair_method(const struct ice_candidate *local,
                                  const struct ice_candidate *remote);
/* True when the path is to be announced, which this call counts as done: the selected pair changed,
 * or its candidates turned out to be of another type, as when the peer's check comes before its
 * candidate; or all servers have been asked since, so that more is known of why no better one is
 * used. */
bool peer_path_is_news(struct peer *p);

/* state.c: states that changed and were not announced yet. True when *ret was filled. */
bool peer_poll_state(struct peer *p, struct peer_out *ret);
enum peer_connection peer_connection_state(const struct peer *p);
void peer_candidate_event(struct peer *p, struct peer_out *ret);
void peer_fail(struct peer *p, const struct fault *why);

#endif
