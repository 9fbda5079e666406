#ifndef SENSO_MDNS_MESSAGE_H
#define SENSO_MDNS_MESSAGE_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/writer.h"

/* Multicast DNS messages (RFC 6762 section 18, RFC 1035 section 4), as far as names of candidates
 * need them: A and AAAA records of a name. */

#define MDNS_PORT     5353
#define MDNS_NAME_MAX 255  /* bytes as text, without a dot at the end */
#define MDNS_PACKET   9000 /* RFC 6762 section 17 */

/* True for a name under ".local", with or without a dot at the end. */
bool mdns_is_local(const char *name);
/* True for such a name that DNS can hold: one that mdns_put_query takes. */
bool mdns_is_usable(const char *name);

/* Appends a query for the addresses of both families. The writer fails when there is no room, and
 * on a name that DNS cannot hold: a label of 0 or over 63 bytes. */
void mdns_put_query(struct writer *w, const char *name);

/* A response (RFC 6762 section 18): its header, then `answers` addresses, then an NSEC for each,
 * which says that the name has no address of the other family (section 6.1). ttl in seconds, 0:
 * goodbye. */
void mdns_put_response(struct writer *w, unsigned answers, unsigned nsecs);
void mdns_put_address(struct writer *w, const char *name, const struct addr *addr, uint32_t ttl);
void mdns_put_nsec(struct writer *w, const char *name, enum addr_family has, uint32_t ttl);

/* The questions of a query, by anyone. */
struct mdns_questions {
  struct bytes packet;
  struct cursor at;
  unsigned left;
};

struct mdns_question {
  char name[MDNS_NAME_MAX + 1];
  bool v4, v6; /* which addresses it asks for */
};

/* False: the packet is no query, or malformed. */
bool mdns_questions_begin(struct bytes packet, struct mdns_questions *ret);
/* The next one that asks for addresses; false: there are no more, or the rest is malformed. */
bool mdns_questions_next(struct mdns_questions *q, struct mdns_question *ret);

/* The A and AAAA records of a response. */
struct mdns_answers {
  struct bytes packet;
  struct cursor at;
  unsigned left; /* records */
};

struct mdns_answer {
  char name[MDNS_NAME_MAX + 1]; /* '.' within a label is not told from one between labels */
  struct addr addr;             /* port 0 */
  uint32_t ttl;                 /* seconds; 0: the record is withdrawn */
};

/* False: the packet is no response, or malformed. */
bool mdns_answers_begin(struct bytes packet, struct mdns_answers *ret);
/* False: there are no more, or the rest is malformed. */
bool mdns_answers_next(struct mdns_answers *a, struct mdns_answer *ret);

#endif
