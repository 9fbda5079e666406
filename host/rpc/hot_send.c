#include "rpc/hot_send.h"

#include <string.h>

#include "base/utf8.h"
#include "rpc/json_plain.h"

#define ID_DIGITS_MAX      15u
#define ID_STRING_MAX      256u
#define CHANNEL_DIGITS_MAX 9u

static bool take(struct bytes *in, const char *literal) {
  size_t n = strlen(literal);
  if (in->n < n || memcmp(in->p, literal, n) != 0) return false;
  in->p += n;
  in->n -= n;
  return true;
}

static struct bytes cut(struct bytes *in, size_t n) {
  struct bytes out = {in->p, n};
  in->p += n;
  in->n -= n;
  return out;
}

/* A positive integer without leading zeros. */
static bool take_number(struct bytes *in, size_t most, struct bytes *ret) {
  size_t n = 0;
  while (n < in->n && n <= most && in->p[n] >= '0' && in->p[n] <= '9') n++;
  if (n == 0 || n > most || in->p[0] == '0') return false;
  *ret = cut(in, n);
  return true;
}

/* What stands between quotes; false when there is anything in it that needs a closer look. */
static bool take_string(struct bytes *in, bool ascii, struct bytes *ret) {
  if (!take(in, "\"")) return false;
  *ret = cut(in, json_plain_run(*in, ascii));
  return take(in, "\"");
}

static bool take_id(struct bytes *in, struct bytes *ret) {
  struct bytes inside, start = *in;
  if (take_number(in, ID_DIGITS_MAX, ret)) return true;
  if (!take_string(in, true, &inside) || inside.n > ID_STRING_MAX) return false;
  *ret = (struct bytes){start.p, inside.n + 2};
  return true;
}

static bool take_channel(struct bytes *in, uint64_t *ret) {
  struct bytes digits;
  if (!take_number(in, CHANNEL_DIGITS_MAX, &digits)) return false;
  for (*ret = 0; digits.n > 0; digits.p++, digits.n--) *ret = *ret * 10 + (digits.p[0] - '0');
  return true;
}

static bool take_piece(struct bytes *in, struct hot_send *ret) {
  if (take(in, ",\"base64\":")) return take_string(in, true, &ret->piece);
  if (!take(in, ",\"text\":") || !take_string(in, false, &ret->piece)) return false;
  ret->text = true;
  return utf8_valid(ret->piece);
}

bool hot_send_read(struct bytes frame, struct hot_send *ret) {
  *ret = (struct hot_send){0};
  if (!take(&frame, "{\"jsonrpc\":\"2.0\",\"id\":") || !take_id(&frame, &ret->id) ||
      !take(&frame, ",\"method\":\"channel.send\",\"params\":{\"channel\":") ||
      !take_channel(&frame, &ret->channel) || !take_piece(&frame, ret))
    return false;
  ret->more = take(&frame, ",\"more\":true");
  return take(&frame, "}}") && frame.n == 0;
}
