#include "rpc/hot_message.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "rpc/json_writer.h"

/* A frame up to where n bytes of the piece go. */
static struct payload *begin(const struct hot_message *m, const char *kind, size_t n) {
  struct payload *frame = payload_new(n + HOT_MESSAGE_ENVELOPE);
  if (!frame) return NULL;
  int head =
      snprintf((char *)frame->data, HOT_MESSAGE_ENVELOPE,
               "{\"jsonrpc\":\"2.0\",\"method\":\"channel.message\",\"params\":{\"channel\":"
               "%u,\"seq\":%llu%s,\"%s\":\"",
               m->channel, (unsigned long long)m->seq, m->more ? ",\"more\":true" : "", kind);
  frame->n = (size_t)head;
  return frame;
}

/* n bytes of the piece were written. */
static struct payload *end(struct payload *frame, size_t n) {
  static const char tail[] = "\"}}";
  frame->n += n;
  memcpy(frame->data + frame->n, tail, sizeof tail - 1);
  frame->n += sizeof tail - 1;
  return frame;
}

struct payload *hot_message_binary(const struct hot_message *m, struct bytes b) {
  struct payload *frame = begin(m, "base64", base64_encoded_size(b.n));
  return frame ? end(frame, base64_encode(b, (char *)frame->data + frame->n)) : NULL;
}

struct payload *hot_message_text(const struct hot_message *m, struct bytes b) {
  size_t n = json_escaped_size(b);
  struct payload *frame = begin(m, "text", n);
  if (!frame) return NULL;
  json_escape(b, (char *)frame->data + frame->n);
  return end(frame, n);
}
