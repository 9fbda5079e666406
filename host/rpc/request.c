#include "rpc/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "rpc/json_rewrite.h"
#include "rpc/json_scan.h"

#define ID_MAX 256

static const struct {
  enum fault_reason reason;
  int code;
} codes[] = {
    {FAULT_PARSE_ERROR, -32700},     {FAULT_INVALID_REQUEST, -32600},
    {FAULT_UNKNOWN_METHOD, -32601},  {FAULT_INVALID_PARAMS, -32602},
    {FAULT_INTERNAL, -32603},        {FAULT_OUT_OF_MEMORY, -32603},
    {FAULT_NOT_HELLO, 1000},         {FAULT_UNSUPPORTED_PROTOCOL, 1001},
    {FAULT_UNKNOWN_PEER, 1002},      {FAULT_UNKNOWN_CHANNEL, 1003},
    {FAULT_INVALID_STATE, 1004},     {FAULT_INVALID_SDP, 1005},
    {FAULT_INVALID_CANDIDATE, 1006}, {FAULT_MESSAGE_TOO_LARGE, 1007},
    {FAULT_OPERATION_ERROR, 1008},   {FAULT_TYPE_ERROR, 1009},
    {FAULT_NOT_ALLOWED, 1010},       {FAULT_NOT_SUPPORTED, 1011},
    {FAULT_TOO_MANY, 1012},
};

int rpc_error_code(enum fault_reason reason) {
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (codes[i].reason == reason) return codes[i].code;
  return -32603;
}

int rpc_error_set(struct rpc_error *ret, enum fault_reason reason, const char *path,
                  const char *format, ...) {
  va_list args;
  va_start(args, format);
  *ret = (struct rpc_error){.offset = -1, .limit = -1};
  ret->fault.reason = reason;
  (void)vsnprintf(ret->fault.text, sizeof ret->fault.text, format, args);
  va_end(args);
  if (path) (void)snprintf(ret->path, sizeof ret->path, "%s", path);
  return reason == FAULT_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

static int parse_error(struct rpc_error *ret, size_t at, const char *what) {
  int r =
      rpc_error_set(ret, FAULT_PARSE_ERROR, NULL, "not JSON: at byte %zu, expected %s", at, what);
  ret->offset = (int64_t)at;
  return r;
}

/* Offset of the first byte that is not well-formed UTF-8. */
static size_t first_bad_utf8(struct bytes b) {
  size_t good = 0, bad = b.n;
  while (bad - good >
         1) { /* the longest valid prefix, up to an incomplete last code point, by halving */
    size_t middle = good + (bad - good) / 2, cut = utf8_cut((struct bytes){b.p, b.n}, middle);
    if (cut <= good) cut = middle;
    if (utf8_valid((struct bytes){b.p, cut}))
      good = cut;
    else
      bad = cut;
  }
  return good;
}

static cJSON *build_tree(struct bytes frame, bool rewrite) {
  struct text rewritten = {0};
  if (rewrite && !json_rewrite(frame, &rewritten)) {
    text_free(&rewritten);
    return NULL;
  }
  if (rewrite) frame = (struct bytes){(const uint8_t *)rewritten.p, rewritten.n};
  cJSON *root = cJSON_ParseWithLength((const char *)frame.p, frame.n);
  text_free(&rewritten);
  return root;
}

static bool is_integer(struct bytes raw) {
  size_t i = raw.n > 0 && raw.p[0] == '-' ? 1 : 0;
  if (i == raw.n || raw.n > ID_MAX) return false;
  for (; i < raw.n; i++)
    if (raw.p[i] < '0' || raw.p[i] > '9') return false;
  return true;
}

static size_t string_size(const struct rpc_request *r, const cJSON *item) {
  size_t n = strlen(item->valuestring);
  return r->rewritten ? json_restored_size((const uint8_t *)item->valuestring, n) : n;
}

/* An id that may be echoed without a look at the tree. */
static bool is_plain_id(struct bytes raw) {
  return is_integer(raw) || (raw.n > 0 && raw.n <= ID_MAX && raw.p[0] == '"');
}

/* An integer, or a string of up to 256 bytes. */
static bool is_id(const struct rpc_request *r) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->root, "id");
  if (cJSON_IsString(item)) return string_size(r, item) <= ID_MAX;
  return cJSON_IsNumber(item) && is_integer(r->id);
}

static int check_members(struct rpc_request *r, struct rpc_error *e) {
  const cJSON *version = cJSON_GetObjectItemCaseSensitive(r->root, "jsonrpc");
  const cJSON *method = cJSON_GetObjectItemCaseSensitive(r->root, "method");
  const cJSON *params = cJSON_GetObjectItemCaseSensitive(r->root, "params");
  if (!cJSON_IsString(version) || strcmp(version->valuestring, "2.0") != 0)
    return rpc_error_set(e, FAULT_INVALID_REQUEST, NULL, "\"jsonrpc\":\"2.0\" is missing");
  if (!cJSON_IsString(method))
    return rpc_error_set(e, FAULT_INVALID_REQUEST, NULL, "\"method\" is missing or no string");
  if (params && !cJSON_IsObject(params))
    return rpc_error_set(e, FAULT_INVALID_PARAMS, "params", "params must be an object");
  r->method = method->valuestring;
  r->params = params;
  return 0;
}

static int check_envelope(struct rpc_request *r, const struct json_scan *scan,
                          struct rpc_error *e) {
  static const struct bytes null_id = {(const uint8_t *)"null", 4};
  if (scan->first == '[') {
    r->id = null_id;
    return rpc_error_set(e, FAULT_INVALID_REQUEST, NULL,
                         "batches are not supported: one request a frame");
  }
  if (scan->first != '{') {
    r->id = null_id;
    return rpc_error_set(e, FAULT_INVALID_REQUEST, NULL, "a request is a JSON object");
  }
  if (scan->twice) {
    r->id = null_id;
    return rpc_error_set(e, FAULT_INVALID_REQUEST, NULL,
                         "jsonrpc, id, method or params stands twice");
  }
  if (r->id.n > 0 && !is_id(r)) {
    r->id = null_id;
    return rpc_error_set(e, FAULT_INVALID_REQUEST, NULL,
                         "id must be an integer or a string of up to %d bytes", ID_MAX);
  }
  int result = check_members(r, e);
  if (result < 0 && r->id.n == 0 && e->fault.reason == FAULT_INVALID_REQUEST) r->id = null_id;
  return result;
}

int rpc_request_parse(struct bytes frame, struct rpc_request *ret, struct rpc_error *e) {
  struct json_scan scan;
  *ret = (struct rpc_request){.id = {(const uint8_t *)"null", 4}};
  if (!utf8_valid(frame)) return parse_error(e, first_bad_utf8(frame), "UTF-8");
  json_scan(frame, &scan);
  if (!scan.ok) return parse_error(e, scan.at, scan.what);
  if (is_plain_id(scan.id)) ret->id = scan.id;
  ret->root = build_tree(frame, scan.rewrite);
  if (!ret->root) /* the scan found nothing wrong */
    return rpc_error_set(e, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  ret->rewritten = scan.rewrite;
  ret->id = scan.id;
  return check_envelope(ret, &scan, e);
}

void rpc_request_clear(struct rpc_request *r) {
  cJSON_Delete(r->root);
  *r = (struct rpc_request){0};
}

struct bytes rpc_request_string(const struct rpc_request *r, cJSON *item) {
  uint8_t *p = (uint8_t *)item->valuestring;
  size_t n = strlen(item->valuestring);
  if (!r->rewritten) return (struct bytes){p, n};
  n = json_restore(p, n);
  p[n] = '\0';
  return (struct bytes){p, n};
}
