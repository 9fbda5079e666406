/*
 * The two hot messages, frames of 64 KiB binary messages, by the host's direct codec and by cJSON
 * with OpenSSL's base64: MB/s of frame bytes, one processor, as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "rpc/hot_message.h"
#include "rpc/hot_send.h"

#define MESSAGE 65536u
#define SECONDS 1.0

static double now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct work {
  uint8_t message[MESSAGE], decoded[MESSAGE + 8];
  char frame[MESSAGE * 2], text[MESSAGE * 2];
  size_t n;
};

/* Bytes of frames that one round handled. */
typedef size_t round_fn(struct work *w);

static size_t in_direct(struct work *w) {
  struct hot_send h;
  size_t n = 0, at = 0;
  if (!hot_send_read((struct bytes){(uint8_t *)w->frame, w->n}, &h) ||
      !base64_decode(h.piece, w->decoded, &n, &at) || n != MESSAGE)
    abort();
  return w->n;
}

static size_t in_cjson(struct work *w) {
  cJSON *root = cJSON_ParseWithLength(w->frame, w->n);
  const cJSON *params = cJSON_GetObjectItemCaseSensitive(root, "params");
  const cJSON *text = cJSON_GetObjectItemCaseSensitive(params, "base64");
  int n = EVP_DecodeBlock(w->decoded, (const uint8_t *)text->valuestring,
                          (int)strlen(text->valuestring));
  if (n < (int)MESSAGE) abort();
  cJSON_Delete(root);
  return w->n;
}

static size_t out_direct(struct work *w) {
  const struct hot_message m = {.channel = 7, .seq = 123456};
  struct payload *frame = hot_message_binary(&m, (struct bytes){w->message, MESSAGE});
  if (!frame) abort();
  size_t n = frame->n;
  payload_free(frame);
  return n;
}

static size_t out_cjson(struct work *w) {
  (void)EVP_EncodeBlock((uint8_t *)w->text, w->message, (int)MESSAGE);
  cJSON *root = cJSON_CreateObject(), *params = cJSON_AddObjectToObject(root, "params");
  (void)cJSON_AddStringToObject(root, "jsonrpc", "2.0");
  (void)cJSON_AddStringToObject(root, "method", "channel.message");
  (void)cJSON_AddNumberToObject(params, "channel", 7);
  (void)cJSON_AddNumberToObject(params, "seq", 123456);
  (void)cJSON_AddStringToObject(params, "base64", w->text);
  char *printed = cJSON_PrintUnformatted(root);
  if (!printed) abort();
  size_t n = strlen(printed);
  cJSON_free(printed);
  cJSON_Delete(root);
  return n;
}

static void measure(struct work *w, const char *name, round_fn *fn, const char *end) {
  size_t bytes = 0, frames = 0;
  double start = now(), seconds;
  do {
    for (int i = 0; i < 16; i++, frames++) bytes += fn(w);
    seconds = now() - start;
  } while (seconds < SECONDS);
  (void)printf("\"%s_mb_per_s\": %.1f, \"%s_frames_per_s\": %.0f%s", name,
               (double)bytes / seconds / 1e6, name, (double)frames / seconds, end);
}

int main(void) {
  static struct work w;
  for (size_t i = 0; i < MESSAGE; i++) w.message[i] = (uint8_t)(i * 151 + (i >> 7));
  (void)EVP_EncodeBlock((uint8_t *)w.text, w.message, (int)MESSAGE);
  w.n = (size_t)snprintf(
      w.frame, sizeof w.frame,
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"channel.send\",\"params\":{\"channel\":7,"
      "\"base64\":\"%s\"}}",
      w.text);
  (void)printf("{\"host\": {");
  measure(&w, "in", in_direct, ", ");
  measure(&w, "out", out_direct, "}, \"cjson\": {");
  measure(&w, "in", in_cjson, ", ");
  measure(&w, "out", out_cjson, "}}\n");
  return 0;
}
