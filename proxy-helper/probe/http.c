#include "probe/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int on_field(http_parser *p, const char *at, size_t n) {
  struct http_answer *h = p->data;
  if (h->head.n + h->field.n + n >= HTTP_HEAD_KEPT) h->full = true;
  if (!h->full) {
    if (h->field.n == 0 && h->head.n > 0 && h->head.p[h->head.n - 1] != '\n')
      text_add(&h->head, "\n");
    text_add_bytes(&h->field, (struct bytes){(const uint8_t *)at, n});
  }
  return 0;
}

static int on_value(http_parser *p, const char *at, size_t n) {
  struct http_answer *h = p->data;
  if (h->full) return 0; /* it may be of a field that was left out */
  if (h->field.n > 0) {
    text_add_bytes(&h->head, (struct bytes){(const uint8_t *)h->field.p, h->field.n});
    text_add(&h->head, ": ");
    text_clear(&h->field);
  }
  if (h->head.n + n < HTTP_HEAD_KEPT)
    text_add_bytes(&h->head, (struct bytes){(const uint8_t *)at, n});
  return 0;
}

static int on_head(http_parser *p) {
  struct http_answer *h = p->data;
  h->head_done = true;
  h->status = p->status_code;
  text_add(&h->head, "\n");
  return 0;
}

static int on_body(http_parser *p, const char *at, size_t n) {
  struct http_answer *h = p->data;
  size_t room = HTTP_BODY_KEPT - h->body.n;
  text_add_bytes(&h->body, (struct bytes){(const uint8_t *)at, n < room ? n : room});
  if (h->hash) (void)EVP_DigestUpdate(h->hash, at, n);
  return 0;
}

static int on_done(http_parser *p) {
  struct http_answer *h = p->data;
  if (p->status_code / 100 != 1 || p->status_code == 101) {
    h->done = true;
    return 0;
  }
  /* Another one follows (RFC 9110 section 15.2). */
  text_clear(&h->head);
  h->head_done = false;
  h->status = 0;
  return 0;
}

static const http_parser_settings settings = {.on_header_field = on_field,
                                              .on_header_value = on_value,
                                              .on_headers_complete = on_head,
                                              .on_body = on_body,
                                              .on_message_complete = on_done};

int http_answer_init(struct http_answer *h, bool hash) {
  *h = (struct http_answer){0};
  http_parser_init(&h->parser, HTTP_RESPONSE);
  h->parser.data = h;
  if (!hash) return 0;
  h->hash = EVP_MD_CTX_new();
  if (h->hash && EVP_DigestInit_ex(h->hash, EVP_sha256(), NULL) == 1) return 0;
  http_answer_clear(h);
  return -ENOMEM;
}

void http_answer_clear(struct http_answer *h) {
  text_free(&h->head);
  text_free(&h->body);
  text_free(&h->field);
  EVP_MD_CTX_free(h->hash);
  h->hash = NULL;
}

bool http_answer_feed(struct http_answer *h, struct bytes bytes) {
  if (h->upgraded || h->done) return true;
  h->parser.data = h;
  size_t n = http_parser_execute(&h->parser, &settings, (const char *)bytes.p, bytes.n);
  h->upgraded = h->parser.upgrade;
  if (h->done) return true; /* what follows is not of it */
  if (h->parser.http_errno != HPE_OK) h->failed = true;
  return h->upgraded || (!h->failed && n == bytes.n);
}

bool http_answer_end(struct http_answer *h) {
  if (!h->done && !h->failed && h->head_done)
    (void)http_parser_execute(&h->parser, &settings, NULL, 0);
  return h->done;
}

bool http_answer_header(const struct http_answer *h, const char *name, char *to, size_t cap) {
  size_t n = strlen(name);
  for (const char *line = h->head.p; line && *line; line = strchr(line, '\n') + 1) {
    if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
      const char *value = line + n + 1 + strspn(line + n + 1, " ");
      size_t size = strcspn(value, "\n");
      while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t')) size--;
      (void)snprintf(to, cap, "%.*s", (int)size, value);
      return true;
    }
    if (!strchr(line, '\n')) break;
  }
  return false;
}

bool http_answer_sha256(struct http_answer *h, char to[65]) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (!h->hash || EVP_DigestFinal_ex(h->hash, digest, &n) != 1 || n != 32) return false;
  for (size_t i = 0; i < n; i++) (void)snprintf(to + 2 * i, 3, "%02x", digest[i]);
  return true;
}
