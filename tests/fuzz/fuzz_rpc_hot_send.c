/*
 * What the direct way reads of a frame, the general way with cJSON reads too; and text that is
 * escaped reads back. The first byte chooses: a whole frame, or a piece for a frame of the hot
 * form.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "rpc/hot_send.h"
#include "rpc/json_writer.h"
#include "rpc/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(c)                                                                                    \
  do {                                                                                             \
    if (!(c)) abort();                                                                             \
  } while (0)

static void compare_params(const struct rpc_request *r, const struct hot_send *h) {
  cJSON *channel = cJSON_GetObjectItemCaseSensitive(r->params, "channel");
  cJSON *piece = cJSON_GetObjectItemCaseSensitive(r->params, h->text ? "text" : "base64");
  cJSON *more = cJSON_GetObjectItemCaseSensitive(r->params, "more");
  MUST(cJSON_IsNumber(channel) && channel->valuedouble == (double)h->channel);
  MUST(cJSON_IsString(piece));
  struct bytes text = rpc_request_string(r, piece);
  MUST(bytes_equal(text, h->piece));
  MUST(cJSON_IsTrue(more) == h->more);
}

static void compare(struct bytes frame) {
  struct hot_send h;
  struct rpc_request r;
  struct rpc_error e;
  if (!hot_send_read(frame, &h)) return;
  int err = rpc_request_parse(frame, &r, &e);
  if (err < 0 && e.fault.reason == FAULT_OUT_OF_MEMORY) return;
  MUST(err == 0 && strcmp(r.method, "channel.send") == 0 && bytes_equal(r.id, h.id));
  compare_params(&r, &h);
  rpc_request_clear(&r);
}

static void wrap(struct bytes piece, bool text) {
  size_t cap = piece.n + 200;
  char *frame = malloc(cap);
  if (!frame) return;
  int n = snprintf(frame, cap,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"channel.send\",\"params\":{"
                   "\"channel\":7,\"%s\":\"",
                   text ? "text" : "base64");
  if (piece.n > 0) memcpy(frame + n, piece.p, piece.n);
  memcpy(frame + (size_t)n + piece.n, "\"}}", 3);
  compare((struct bytes){(const uint8_t *)frame, (size_t)n + piece.n + 3});
  free(frame);
}

static void escape(struct bytes text) {
  struct text t = {0};
  if (!utf8_valid(text) || memchr(text.p, 0, text.n)) return; /* cJSON ends at NUL */
  json_string(&(struct json_writer){.to = &t}, text);
  MUST(t.failed || t.n == json_escaped_size(text) + 2);
  cJSON *back = t.failed ? NULL : cJSON_ParseWithLength(t.p, t.n);
  MUST(!back ||
       (strlen(back->valuestring) == text.n && memcmp(back->valuestring, text.p, text.n) == 0));
  cJSON_Delete(back);
  text_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  struct bytes rest = {data + 1, size - 1};
  if (data[0] % 4 == 0) compare(rest);
  if (data[0] % 4 == 1) wrap(rest, true);
  if (data[0] % 4 == 2) wrap(rest, false);
  if (data[0] % 4 == 3) escape(rest);
  return 0;
}
