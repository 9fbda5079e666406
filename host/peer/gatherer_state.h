#ifndef SENSO_PEER_GATHERER_STATE_H
#define SENSO_PEER_GATHERER_STATE_H

#include "base/list.h"
#include "base/text.h"
#include "peer/gatherer.h"
#include "stun/transaction.h"
#include "turn/client.h"

/* The gatherer's insides, shared by gatherer.c, gatherer_ask.c and gatherer_servers.c only. */

#define GATHERER_ADDRS    4   /* of a server that are looked at */
#define GATHERER_LINKS    32  /* as many as the agent has */
#define GATHERER_ASKS_MAX 128 /* under way or standing at once */

/* Marks the numbers that are this machine's: streams among the links, and questions of names. */
#define GATHERER_OWN PEER_STREAM_LINK

enum gatherer_naming { NAMING_NONE, NAMING_ASK, NAMING_ASKED, NAMING_DONE, NAMING_FAILED };

struct gatherer_server {
  bool turn;
  enum peer_transport transport;
  uint16_t port;
  char *host, *url, *username, *credential; /* owned */
  enum gatherer_naming naming;
  uint32_t resolve_id;
  bool tell;          /* that the name was not found */
  bool renaming;      /* NAMING_DONE, and looked up again */
  bool rename;        /* ... is to be */
  mono_us renamed_at; /* it was last asked for again; 0: never */
  bool retired;       /* by a later configuration: what stands is kept, nothing is asked any more */
  size_t n_addrs;
  struct addr addrs[GATHERER_ADDRS];
};

struct gatherer_servers {
  struct gatherer_server *list;
  size_t n;
};

enum ask_state {
  ASK_WAITING, /* until start_at */
  ASK_OPENING, /* a stream is being opened */
  ASK_RUNNING,
  ASK_UP,  /* an allocation that stands */
  ASK_OVER /* answered (STUN), or failed */
};

enum ask_news { NEWS_NONE, NEWS_REFLEXIVE, NEWS_RELAYED, NEWS_LOST, NEWS_ERROR };

/* One request to one server by one link or stream. */
struct gatherer_ask {
  struct list node; /* gatherer.asks */
  uint32_t id;
  uint16_t server; /* index */
  uint32_t link;   /* the owner's, or of the stream: then with GATHERER_OWN */
  struct addr local, remote;
  enum ask_state state;
  enum ask_news news;
  bool again; /* a lost allocation is sought anew: no gathering waits for it */
  bool moved; /* perhaps: the server's name is to be looked up again */
  bool open_stream, close_stream;
  unsigned redirects, failures;
  mono_us start_at;
  struct stun_transaction stun;
  struct turn_client *turn; /* NULL unless it runs or stands */
  mono_us turn_wake;
  struct addr mapped, relayed[2];
  uint32_t relays[2]; /* the links of those; 0: it does not stand */
  size_t told;        /* how many of them the owner was told of */
  unsigned code, tries;
  char text[160];
  struct text in; /* bytes of the stream that make no whole message yet */
  size_t in_at;   /* what of them was taken */
};

struct gatherer_link {
  uint32_t id; /* 0: none */
  struct addr local;
};

struct gatherer {
  const struct rng *rng;
  struct gatherer_servers servers, next_servers;
  struct gatherer_server proxy, next_proxy; /* host NULL: there is none */
  bool has_next, started, released;
  struct gatherer_link links[GATHERER_LINKS];
  struct list asks;
  size_t n_asks;
  uint32_t last_ask, last_stream, last_resolve;
  mono_us next_start; /* pacing */
};

/* gatherer_servers.c */
int gatherer_servers_copy(struct gatherer_servers *to, const struct peer_server *list, size_t n);
/* Takes the next servers' place in the list: those known stay what they are, others are added. */
int gatherer_servers_renew(struct gatherer *g);
int gatherer_proxy_copy(struct gatherer_server *to, const struct peer_proxy *from);
void gatherer_proxy_free(struct gatherer_server *proxy);
void gatherer_servers_free(struct gatherer_servers *s);
/* Begins to look the names up; literal addresses are there at once. */
void gatherer_servers_resolve(struct gatherer *g);
/* What it gave is lost or silent: it may have another address by now. */
void gatherer_servers_rename(struct gatherer *g, struct gatherer_server *s, mono_us now);
/* The next OUT_RESOLVE, or an error because a name was not found. */
bool gatherer_servers_poll(struct gatherer *g, struct gatherer_out *ret);

/* gatherer_ask.c */
struct gatherer_ask *ask_new(struct gatherer *g, uint16_t server, const struct gatherer_link *link,
                             const struct addr *remote, mono_us now);
void ask_free(struct gatherer *g, struct gatherer_ask *a);
void ask_fail(struct gatherer_ask *a, mono_us now, unsigned code, const char *text);
/* Of a UDP server that has answered: is what it said still so? */
void ask_recheck(struct gatherer_ask *a, mono_us now);
/* Where its address comes from: the server, or the proxy before it. */
struct gatherer_server *ask_named(struct gatherer *g, const struct gatherer_ask *a);
/* Goes to that address from now on, if it is sought again. */
void ask_readdress(struct gatherer_ask *a, const struct addr *remote, mono_us now);
/* Another one does what it is for. */
void ask_give_up(struct gatherer_ask *a);
/* Does what is due. */
void ask_run(struct gatherer *g, struct gatherer_ask *a, mono_us now);
/* True when *ret was filled. */
bool ask_poll(struct gatherer *g, struct gatherer_ask *a, mono_us now, uint8_t *buf, size_t cap,
              struct gatherer_out *ret);
mono_us ask_wake_at(const struct gatherer_ask *a);
/* A message of the server, as gatherer_recv. */
int ask_recv(struct gatherer_ask *a, mono_us now, struct bytes message, struct gatherer_data *ret);

/* An allocation that the owner knows of. */
static inline bool ask_stands(const struct gatherer_ask *a) {
  return a->relays[0] != 0 || a->relays[1] != 0;
}

static inline bool ask_is_stream(const struct gatherer_ask *a) {
  return (a->link & GATHERER_OWN) != 0;
}

#endif
