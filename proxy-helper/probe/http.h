#ifndef SENSO_PROBE_HTTP_H
#define SENSO_PROBE_HTTP_H

#include <http_parser.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/text.h"

/* An answer over HTTP/1.1 as it comes in (RFC 9112), by http-parser. */
struct http_answer {
  http_parser parser;
  struct text head;  /* "name: value" lines */
  struct text body;  /* the first HTTP_BODY_KEPT bytes */
  struct text field; /* the header whose value is coming */
  EVP_MD_CTX *hash;  /* of the whole body */
  bool head_done, done, upgraded, failed;
  bool full;       /* fields past HTTP_HEAD_KEPT are left out */
  unsigned status; /* 0: not known yet */
};

#define HTTP_BODY_KEPT 16384
#define HTTP_HEAD_KEPT 16384

/* 0 or -ENOMEM. */
int http_answer_init(struct http_answer *h, bool hash);
void http_answer_clear(struct http_answer *h);

/* False: this is not HTTP. After an upgrade what follows is not looked at. */
bool http_answer_feed(struct http_answer *h, struct bytes bytes);
/* The connection was closed, which ends some answers. True: it is whole. */
bool http_answer_end(struct http_answer *h);

/* The first value of a header, up to cap - 1 bytes; false: there is none. */
bool http_answer_header(const struct http_answer *h, const char *name, char *to, size_t cap);
/* The hash in hexadecimal, once it is done. */
bool http_answer_sha256(struct http_answer *h, char to[65]);

#endif
