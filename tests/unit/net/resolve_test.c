#include "net/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/writer.h"
#include "net/udp_socket.h"
#include "net/watch.h"
#include "support/seeded_rng.h"
#include "unit/net/driven.h"

/* A name server on the loopback that knows a few names, and the resolver that asks it. */
struct fixture {
  struct driven d;
  struct seeded_rng seeded;
  struct net_resolver *r;
  struct net_watch *server;
  int fd;
  bool deaf;
  int asked, answers, err;
  struct net_query query;
  struct addr addrs[NET_RESOLVE_ADDRS];
  size_t n;
};

static void on_resolved(void *ctx, const struct net_query *q, int err, const struct addr *addrs,
                        size_t n) {
  struct fixture *f = ctx;
  f->answers++;
  f->err = err;
  f->query = *q;
  f->n = n;
  for (size_t i = 0; i < n; i++) f->addrs[i] = addrs[i];
}

/* RFC 1035 section 4.1: the header's counts and flags. */
#define RESPONSE 0x8580 /* QR, AA, RD, RA */
#define NXDOMAIN 3
#define SERVFAIL 2

/* "\6chrome..." to the first label; the type asked for. */
static uint16_t read_question(struct cursor *c, char label[64]) {
  uint8_t n = cursor_u8(c);
  struct bytes first = cursor_take(c, n < 63 ? n : 63);
  memcpy(label, first.p, first.n);
  label[first.n] = '\0';
  while ((n = cursor_u8(c)) > 0) cursor_skip(c, n);
  uint16_t type = cursor_u16(c);
  cursor_skip(c, 2);
  return type;
}

static void add_a(struct writer *w, uint8_t last) {
  writer_u16(w, 0xc00c); /* the name of the question */
  writer_u16(w, 1);      /* A */
  writer_u16(w, 1);      /* IN */
  writer_u32(w, 60);
  writer_u16(w, 4);
  writer_u32(w, 0xc0000200u | last); /* 192.0.2.x */
}

/* Writes the reply to a query; its size. */
static size_t reply(struct bytes query, uint8_t *buf, size_t cap) {
  struct cursor c = cursor_of(query);
  char label[64];
  uint16_t id = cursor_u16(&c);
  cursor_skip(&c, 10);
  size_t before = c.n;
  uint16_t type = read_question(&c, label);
  size_t question = before - c.n;
  int answers = strcmp(label, "two") == 0 && type == 1 ? 2 : 0;
  int code = strcmp(label, "missing") == 0 ? NXDOMAIN : strcmp(label, "broken") == 0 ? SERVFAIL : 0;
  struct writer w = writer_of(buf, cap);
  writer_u16(&w, id);
  writer_u16(&w, (uint16_t)(RESPONSE | code));
  writer_u16(&w, 1);
  writer_u16(&w, (uint16_t)answers);
  writer_u32(&w, 0);
  writer_bytes(&w, (struct bytes){query.p + 12, question});
  for (int i = 0; i < answers; i++) add_a(&w, (uint8_t)(i + 1));
  assert_false(w.failed);
  return w.n;
}

static void on_query(void *ctx, int events) {
  struct fixture *f = ctx;
  (void)events;
  struct sockaddr_storage from;
  socklen_t from_size = sizeof from;
  uint8_t in[512], out[512];
  ssize_t n = recvfrom(f->fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_size);
  assert_true(n > 0);
  f->asked++;
  if (f->deaf) return;
  size_t size = reply((struct bytes){in, (size_t)n}, out, sizeof out);
  assert_int_equal(sendto(f->fd, out, size, 0, (struct sockaddr *)&from, from_size), (ssize_t)size);
}

static int make_resolver(struct fixture *f, const struct addr *server) {
  char text[ADDR_TEXT_MAX];
  int r = net_resolver_new(&f->r, &f->d.loop, on_resolved, f);
  return r == 0 ? net_resolver_set_servers(f->r, addr_format(server, text)) : r;
}

static struct addr begin_server(struct fixture *f) {
  struct addr at;
  *f = (struct fixture){.err = 1};
  seeded_rng_init(&f->seeded, 1);
  driven_begin(&f->d);
  struct net_udp_place place = {.local = addr_v4(127, 0, 0, 1, 0)};
  f->fd = net_udp_open(&place, &f->seeded.rng, &at);
  assert_true(f->fd >= 0);
  assert_int_equal(net_watch_new(&f->server, &f->d.loop, f->fd, true, on_query, f), 0);
  assert_int_equal(net_watch_set(f->server, NET_READABLE), 0);
  return at;
}

static void begin(struct fixture *f) {
  struct addr at = begin_server(f);
  assert_int_equal(make_resolver(f, &at), 0);
}

static void end(struct fixture *f) {
  net_resolver_free(f->r);
  net_watch_free(f->server);
  close(f->fd);
  driven_end(&f->d);
}

static void ask(struct fixture *f, uint32_t id, const char *name) {
  struct net_query q = {.peer = 3, .id = id};
  int before = f->answers;
  assert_int_equal(net_resolver_ask(f->r, &q, name), 0);
  assert_int_equal(f->answers, before); /* never at once */
}

static void test_a_name_has_its_addresses(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  ask(&f, 9, "two.example.");
  DRIVE_UNTIL(&f.d, f.answers == 1);
  assert_int_equal(f.err, 0);
  assert_int_equal(f.query.peer, 3);
  assert_int_equal(f.query.id, 9);
  assert_int_equal(f.n, 2);
  struct addr first = addr_v4(192, 0, 2, 1, 0), second = addr_v4(192, 0, 2, 2, 0);
  bool straight = addr_equal(&f.addrs[0], &first) && addr_equal(&f.addrs[1], &second);
  bool turned = addr_equal(&f.addrs[1], &first) && addr_equal(&f.addrs[0], &second);
  assert_true(straight || turned);
  end(&f);
}

static void fails_with(const char *name, int err) {
  struct fixture f;
  begin(&f);
  ask(&f, 1, name);
  DRIVE_UNTIL(&f.d, f.answers == 1);
  assert_int_equal(f.err, err);
  assert_int_equal(f.n, 0);
  end(&f);
}

static void test_each_failure_has_its_errno(void **state) {
  (void)state;
  fails_with("missing.example.", -ENOENT);
  fails_with("empty.example.", -ENOENT);
  fails_with("broken.example.", -EAGAIN);
}

static void test_a_literal_is_answered_without_a_server(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  ask(&f, 1, "192.0.2.77");
  DRIVE_UNTIL(&f.d, f.answers == 1);
  assert_int_equal(f.err, 0);
  assert_int_equal(f.n, 1);
  assert_int_equal(f.addrs[0].ip[3], 77);
  assert_int_equal(f.asked, 0);
  end(&f);
}

static void test_many_questions_are_answered_and_the_resolver_rests(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  for (uint32_t i = 0; i < 20; i++) ask(&f, i, i % 2 ? "two.example." : "missing.example.");
  DRIVE_UNTIL(&f.d, f.answers == 20);
  ask(&f, 21, "two.example.");
  DRIVE_UNTIL(&f.d, f.answers == 21);
  assert_int_equal(f.n, 2);
  end(&f);
}

static void test_questions_under_way_are_dropped_with_the_resolver(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.deaf = true;
  ask(&f, 1, "two.example.");
  DRIVE_UNTIL(&f.d, f.asked > 0);
  ask(&f, 2, "192.0.2.1");
  net_resolver_free(f.r);
  f.r = NULL;
  driven_settle(&f.d);
  assert_int_equal(f.answers, 0);
  end(&f);
}

static int scenario(void *ctx) {
  struct fixture *f = ctx;
  struct net_query q = {1, 1};
  struct addr server = addr_v4(127, 0, 0, 1, 9);
  f->r = NULL;
  int r = make_resolver(f, &server);
  if (r == 0) r = net_resolver_ask(f->r, &q, "192.0.2.1");
  if (r == 0) r = net_resolver_ask(f->r, &q, "two.example.");
  driven_settle(&f->d);
  f->r = net_resolver_free(f->r);
  driven_settle(&f->d);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct fixture f;
  (void)begin_server(&f);
  assert_int_equal(scenario(&f), 0);
  fail_alloc_each(scenario, &f);
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_name_has_its_addresses),
      cmocka_unit_test(test_each_failure_has_its_errno),
      cmocka_unit_test(test_a_literal_is_answered_without_a_server),
      cmocka_unit_test(test_many_questions_are_answered_and_the_resolver_rests),
      cmocka_unit_test(test_questions_under_way_are_dropped_with_the_resolver),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
