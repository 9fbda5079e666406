#ifndef SENSO_PROXY_CONNECT_H
#define SENSO_PROXY_CONNECT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/writer.h"

/*
 * A tunnel through an HTTP proxy (RFC 9110 section 9.3.6): the request, and its answer as it comes
 * in. Zero-initialised is ready. The owner sends the request once the proxy is connected, feeds
 * what comes in until it is not PROXY_CONNECT_MORE, and what is left over is the tunnel's.
 */
struct proxy_connect {
  char line[128]; /* the status line, cut off */
  size_t n_line;
  size_t n;        /* bytes of the answer so far */
  unsigned ending; /* how much of the empty line that ends the head was seen */
  bool line_done;
  unsigned status; /* of the answer; 0: not known yet, or it is no HTTP */
};

#define PROXY_CONNECT_HEAD_MAX 16384 /* bytes of an answer's head */

enum proxy_connect_state {
  PROXY_CONNECT_MORE,        /* bytes are needed */
  PROXY_CONNECT_ESTABLISHED, /* the tunnel is there */
  PROXY_CONNECT_REFUSED      /* proxy_connect_why says how */
};

/* host: a name or a literal address, without brackets. */
void proxy_connect_request(struct writer *w, const char *host, uint16_t port);
/* *ret_used: how many of the bytes belong to the answer. */
enum proxy_connect_state proxy_connect_feed(struct proxy_connect *c, struct bytes in,
                                            size_t *ret_used);
/* A sentence for a person, ASCII: "the proxy answered 407 Proxy Authentication Required". */
void proxy_connect_why(const struct proxy_connect *c, char *to, size_t cap);

#endif
