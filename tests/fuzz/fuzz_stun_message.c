/* Any datagram: what parses is read by every reader, and stays inside its bytes. */
#include <assert.h>
#include <string.h>

#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/integrity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct stun_message *m) {
  struct addr a;
  struct stun_error e;
  struct bytes v;
  uint16_t list[4];
  uint64_t v64;
  uint32_t v32;
  struct cursor at = cursor_of(m->attrs);
  for (struct stun_attr attr; stun_next(&at, &attr);) {
    (void)stun_get_address(m, attr.type, &a);
    (void)stun_get_xor_address(m, attr.type, &a);
    (void)stun_get_u32(m, attr.type, &v32);
    (void)stun_get_u64(m, attr.type, &v64);
    (void)stun_get_password_algorithms(m, attr.type, list, 4);
    (void)stun_nonce_features(attr.value, &v32);
  }
  if (stun_get_error(m, &e)) assert(e.code >= 300 && e.code <= 699);
  (void)stun_get_transmit_count(m);
  if (stun_find(m, STUN_ATTR_USERNAME, &v)) assert(v.n <= m->raw.n);
  size_t n = stun_unknown(m, (struct stun_types){0}, list, 4);
  for (size_t i = 0; i < n; i++) assert(list[i] < 0x8000);
}

/* The attributes written again read the same. */
static void rebuild(const struct stun_message *m) {
  static uint8_t buf[70000];
  struct writer w = writer_of(buf, sizeof buf);
  struct stun_message again;
  stun_begin(&w, m->cls, m->method, &m->tid);
  struct cursor at = cursor_of(m->attrs);
  struct stun_attr attr, other;
  while (stun_next(&at, &attr)) stun_put(&w, attr.type, attr.value);
  assert(!w.failed);
  stun_put_integrity(&w, bytes_of("key"));
  stun_put_fingerprint(&w);
  if (w.failed) return; /* no room left below 64 KiB */
  int r = stun_parse(writer_written(&w), &again);
  assert(r == 0 && again.cls == m->cls && again.method == m->method);
  assert(stun_check_integrity(&again, bytes_of("key")) && stun_check_fingerprint(&again));
  at = cursor_of(m->attrs);
  struct cursor at2 = cursor_of(again.attrs);
  while (stun_next(&at, &attr)) {
    bool more = stun_next(&at2, &other);
    assert(more && other.type == attr.type && bytes_equal(other.value, attr.value));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct stun_message m;
  if (stun_parse((struct bytes){data, size}, &m) < 0) return 0;
  assert(m.attrs.n <= size);
  (void)stun_check_fingerprint(&m);
  (void)stun_check_integrity(&m, bytes_of("VOkJxbRl1RmTxUk/WvJxBt"));
  (void)stun_check_integrity_sha256(&m, bytes_of("key"));
  read_all(&m);
  rebuild(&m);
  return 0;
}
