#ifndef SENSO_ICE_STATE_H
#define SENSO_ICE_STATE_H

#include "base/list.h"
#include "ice/agent.h"
#include "stun/transaction.h"

/* The agent's insides, shared by the files of this folder only. */

#define ICE_LINKS_MAX  32
#define ICE_REMOTE_MAX 64  /* signalled candidates of a generation */
#define ICE_PRFLX_MAX  32  /* peer-reflexive ones beside them */
#define ICE_PAIRS_MAX  100 /* RFC 8445 section 6.1.2.5 */

enum ice_link_state {
  ICE_LINK_NEW,     /* OUT_BIND is to be asked */
  ICE_LINK_ASKED,   /* the answer is awaited */
  ICE_LINK_UP,      /* bound: a host candidate */
  ICE_LINK_FAILED,  /* could not be bound */
  ICE_LINK_CLOSING, /* OUT_UNBIND is to be asked */
  ICE_LINK_GONE     /* kept as long as pairs name it */
};

/* What a server sees a link's address as: a server-reflexive candidate. */
struct ice_reflexive {
  struct list node; /* ice_link.reflexives */
  struct addr addr;
  uint16_t server;
  uint16_t number;    /* of the link's, from 0 */
  uint32_t announced; /* as in ice_link */
  char foundation[12];
};

#define ICE_REFLEXIVE_MAX 4 /* of a link: more NATs than that are no school's */

/* A socket and its host candidate, or a relayed address that the owner carries datagrams for. */
struct ice_link {
  struct list node; /* ice_agent.links */
  uint32_t id;
  enum ice_link_state state;
  enum ice_candidate_type type; /* ICE_HOST or ICE_RELAY */
  uint16_t server;              /* ICE_RELAY */
  struct addr mapped;           /* ICE_RELAY: the related address */
  struct list reflexives;
  size_t n_reflexives;
  struct ice_interface_addr iface;
  struct addr local;
  uint16_t preference;
  uint32_t announced; /* serial of the last generation it was announced in; 0: none */
  char foundation[12];
};

enum ice_resolving { ICE_RESOLVE_NONE, ICE_RESOLVE_ASK, ICE_RESOLVE_ASKED };

struct ice_remote {
  struct list node; /* ice_generation.remotes */
  enum ice_candidate_type type;
  bool signalled; /* false: learned from a check */
  enum ice_resolving resolving;
  uint32_t resolve_id;
  uint32_t priority;
  struct addr addr;
  struct addr related;
  char foundation[ICE_FOUNDATION_MAX + 1];
  char *name; /* owned; NULL when it is an address */
};

#define ICE_CONSENT_KEPT 8 /* requests whose answers are still known */

/* RFC 7675; meaningful for the pair that carries data. */
struct ice_consent {
  struct addr mapped;    /* as the last answer said; ADDR_NONE: none did yet */
  mono_us next;          /* the next request */
  mono_us heard;         /* the last answer */
  mono_us missing_since; /* the first request without an answer; 0: none */
  mono_us quick;         /* wait before the next quick re-check */
  bool suspected;        /* it was asked for because data had no answer either */
  bool rechecked;        /* the other pairs were asked to be checked again */
  unsigned sent;
  struct {
    struct stun_tid tid;
    mono_us at;
    bool controlling;
  } kept[ICE_CONSENT_KEPT];
};

struct ice_generation;

struct ice_pair {
  struct list node;    /* ice_generation.pairs */
  struct list trigger; /* ice_generation.triggered; detached: not queued */
  struct ice_generation *gen;
  struct ice_link *link;
  struct ice_remote *remote;
  struct path path;   /* the remote address has the link's scope */
  struct addr mapped; /* what the peer sees us as when it is not the link's address: a
                         peer-reflexive local candidate; ADDR_NONE otherwise */
  uint32_t id;
  enum ice_pair_state state;
  uint64_t priority;
  bool late;           /* checked even though a pair is selected already */
  bool unproven;       /* valid, but silent since the selected pair was lost: it may be lost too */
  bool nominated;      /* by us or by the peer */
  bool peer_nominates; /* USE-CANDIDATE came, select it once it is valid */
  bool nominate;       /* the next check carries USE-CANDIDATE */
  mono_us nominated_at;
  bool checking; /* `check` runs */
  bool check_nominates, check_controlling;
  uint64_t check_tie_breaker;
  struct stun_transaction check;
  bool
      cancelled; /* the transaction before `check`, which took its place: its answer still counts */
  bool before_controlling;
  struct stun_transaction before;
  struct ice_consent consent;
  mono_us srtt; /* smoothed; 0: none yet */
  mono_us rtt, total_rtt;
  uint64_t requests_sent, responses_received, requests_received, responses_sent, consents_sent;
  mono_us last_sent, last_received, last_response, since;
  struct ice_traffic data;
};

/* One pair of local and remote credentials, its candidates and its checklist. */
struct ice_generation {
  uint32_t serial; /* from 1, growing */
  struct ice_credentials local, remote;
  bool has_local, has_remote, lite, end_of_remote, gathered_told;
  mono_us peer_ta;
  struct list remotes, pairs, triggered;
  size_t n_signalled, n_prflx, n_pairs;
  struct ice_pair *selected;
  bool doubted_news;           /* ICE_EV_DOUBTED is to be told */
  bool was_selected;           /* it, or one before it */
  unsigned moves;              /* times that a NAT mapped the consenting pair anew */
  struct ice_pair *nominating; /* we control: the pair whose nomination is under way */
  struct ice_pair *consenting; /* the pair whose consent is kept fresh */
  bool connected;              /* it had a valid pair once */
  bool failed;
  mono_us checking_since; /* 0: not yet */
  mono_us lost_at;        /* connected, but no valid pair since; 0: not so */
  mono_us valid_at;       /* the first valid pair; 0: none yet */
};

/* An answer to be sent. */
struct ice_response {
  uint32_t link;
  struct addr remote; /* as it came in */
  struct stun_tid tid;
  unsigned code; /* 0: success, else the error */
  unsigned count;
  uint16_t unknown[4];
  size_t n_unknown;
  uint32_t generation; /* serial: whose password signs it */
};

#define ICE_RESPONSES_MAX 4 /* the owner polls after each input: one is the rule */

struct ice_agent {
  struct ice_cfg cfg;
  bool controlling;
  uint64_t tie_breaker;
  uint64_t salt; /* of foundations */
  struct list links;
  uint32_t last_link, last_pair, last_resolve, last_serial;
  unsigned changes;            /* of the interfaces, since the first were told */
  struct ice_generation *cur;  /* never NULL */
  struct ice_generation *old;  /* before a restart, until cur has a selected pair */
  struct ice_generation *next; /* a restart of the peer that we have not joined yet: remote only */
  mono_us next_check;          /* pacing of ordinary checks */
  struct ice_response responses[ICE_RESPONSES_MAX];
  size_t n_responses;
  enum ice_state state, told_state;
  uint32_t told_selected; /* pair id */
  bool rtt_news, resumed_news;
  bool drop_old;
  bool relay_only, relay_only_next; /* in this generation, and from the next on */
  bool gathering;                   /* the owner goes on gathering */
};

#endif
