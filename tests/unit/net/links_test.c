/* Sockets of peers on a driven loop: links and link. */
#include "net/links.h"

#include <fcntl.h>

#include "support/seeded_rng.h"
#include "unit/net/driven.h"
#include "unit/net/scripted_sendmmsg.h"

struct got {
  uint32_t peer, link;
  struct addr remote;
  char text[16];
  size_t n;
};

struct fixture {
  struct driven d;
  struct seeded_rng seeded;
  struct net_links *links;
  struct got got[64];
  size_t n_got;
  uint32_t blocked_link, free_link;
  int blocked, freed;
};

static void on_received(void *ctx, uint32_t peer, const struct path *path, struct bytes b) {
  struct fixture *f = ctx;
  assert_true(f->n_got < 64);
  struct got *g = &f->got[f->n_got++];
  *g = (struct got){.peer = peer, .link = path->link, .remote = path->remote, .n = b.n};
  memcpy(g->text, b.p, b.n < 15 ? b.n : 15);
}

static void on_writable(void *ctx, uint32_t peer, uint32_t link, bool writable) {
  struct fixture *f = ctx;
  (void)peer;
  if (writable) {
    f->freed++;
    f->free_link = link;
  } else {
    f->blocked++;
    f->blocked_link = link;
  }
}

static int make(struct fixture *f) {
  struct net_links_cfg cfg = {.loop = &f->d.loop,
                              .rng = &f->seeded.rng,
                              .ctx = f,
                              .received = on_received,
                              .writable = on_writable};
  return net_links_new(&f->links, &cfg);
}

static void begin(struct fixture *f) {
  memset(f, 0, sizeof *f);
  kernel = (struct scripted_sendmmsg){0};
  seeded_rng_init(&f->seeded, 3);
  driven_begin(&f->d);
  assert_int_equal(make(f), 0);
}

static void end(struct fixture *f) {
  net_links_free(f->links);
  driven_end(&f->d);
}

static int try_bind(struct fixture *f, uint32_t peer, uint32_t link, struct addr *ret) {
  struct ice_bind b = {.link = link, .local = addr_v4(127, 0, 0, 1, 0)};
  return net_links_bind(f->links, peer, &b, ret);
}

static struct addr bound(struct fixture *f, uint32_t peer, uint32_t link) {
  struct addr local;
  assert_int_equal(try_bind(f, peer, link, &local), 0);
  return local;
}

static void add(struct net_links *l, uint32_t peer, const struct path *path, size_t n) {
  const struct peer_out out = {.kind = OUT_TX, .u.tx = {.path = *path, .n = n}};
  net_links_add(l, peer, &out);
}

static void post(struct fixture *f, uint32_t peer, uint32_t link, const struct addr *to,
                 const char *text) {
  size_t cap;
  uint8_t *space = net_links_space(f->links, &cap);
  assert_true(cap >= NET_LINKS_SPACE);
  struct path path = {.link = link, .remote = *to};
  struct bytes b = bytes_of(text);
  memcpy(space, b.p, b.n);
  add(f->links, peer, &path, b.n);
}

static void test_datagrams_go_from_link_to_link(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr a = bound(&f, 1, 1), b = bound(&f, 2, 1);
  post(&f, 1, 1, &b, "hello");
  driven_settle(&f.d);
  assert_int_equal(f.n_got, 0); /* not before the flush */
  net_links_flush(f.links);
  DRIVE_UNTIL(&f.d, f.n_got == 1);
  assert_int_equal(f.got[0].peer, 2);
  assert_int_equal(f.got[0].link, 1);
  assert_string_equal(f.got[0].text, "hello");
  assert_true(addr_equal(&f.got[0].remote, &a));
  assert_int_equal(net_links_count(f.links), 2);
  end(&f);
}

static void test_a_flush_is_one_call_a_socket_and_keeps_its_order(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bound(&f, 1, 1);
  (void)bound(&f, 1, 2);
  struct addr to = bound(&f, 2, 1);
  static const char *const texts[] = {"0", "1", "2", "3", "4", "5"};
  for (uint32_t i = 0; i < 6; i++) post(&f, 1, 1 + i % 2, &to, texts[i]);
  net_links_flush(f.links);
  assert_int_equal(kernel.calls, 2);
  DRIVE_UNTIL(&f.d, f.n_got == 6);
  for (size_t i = 0; i < 3; i++) {
    assert_string_equal(f.got[i].text, texts[2 * i]);
    assert_string_equal(f.got[i + 3].text, texts[2 * i + 1]);
  }
  end(&f);
}

static void test_the_space_flushes_when_it_is_used_up(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bound(&f, 1, 1);
  struct addr to = bound(&f, 2, 1);
  for (int i = 0; i < 64; i++) post(&f, 1, 1, &to, "x");
  assert_int_equal(kernel.calls, 0);
  post(&f, 1, 1, &to, "y");
  assert_int_equal(kernel.calls, 1);
  assert_int_equal(kernel.messages, 64);
  size_t cap;
  struct path path = {.link = 1, .remote = to};
  for (int i = 0; i < 5; i++) { /* 60 kB each */
    memset(net_links_space(f.links, &cap), 'z', 60000);
    add(f.links, 1, &path, 60000);
  }
  assert_int_equal(kernel.calls, 2);
  end(&f);
}

static void test_what_is_for_an_unknown_link_is_lost(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr to = bound(&f, 1, 1), none = {.family = ADDR_NONE};
  post(&f, 1, 2, &to, "a");
  post(&f, 1025, 1, &to, "b"); /* the same bucket */
  post(&f, 1, 1, &none, "c");
  net_links_flush(f.links);
  assert_int_equal(kernel.calls, 0);
  assert_int_equal(net_links_counters(f.links)->refused, 3);
  net_links_unbind(f.links, 7, 7);
  net_links_drop_peer(f.links, 1025);
  assert_int_equal(net_links_count(f.links), 1);
  assert_int_equal(try_bind(&f, 1, 1, &to), -EEXIST);
  end(&f);
}

static void block(int times) {
  kernel.fail_times = times;
  kernel.fail_with = EAGAIN;
}

static void test_a_full_buffer_holds_output_until_it_has_room(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bound(&f, 1, 5);
  struct addr to = bound(&f, 2, 1);
  block(1);
  post(&f, 1, 5, &to, "1");
  post(&f, 1, 5, &to, "2");
  net_links_flush(f.links);
  assert_int_equal(f.blocked, 1);
  assert_int_equal(f.blocked_link, 5);
  post(&f, 1, 5, &to, "3"); /* waits behind the others; said once */
  net_links_flush(f.links);
  assert_int_equal(f.blocked, 1);
  assert_int_equal(kernel.messages, 0);
  DRIVE_UNTIL(&f.d, f.freed == 1);
  assert_int_equal(f.free_link, 5);
  DRIVE_UNTIL(&f.d, f.n_got == 3);
  assert_string_equal(f.got[0].text, "1");
  assert_string_equal(f.got[1].text, "2");
  assert_string_equal(f.got[2].text, "3");
  driven_settle(&f.d);
  assert_int_equal(f.freed, 1);
  end(&f);
}

static void test_what_is_held_has_a_limit(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bound(&f, 1, 1);
  struct addr to = bound(&f, 2, 1);
  struct path path = {.link = 1, .remote = to};
  block(1);
  size_t cap, most = NET_LINK_HELD_MAX / 60000;
  for (size_t i = 0; i < most + 2; i++) {
    memset(net_links_space(f.links, &cap), 'z', 60000);
    add(f.links, 1, &path, 60000);
    net_links_flush(f.links);
  }
  assert_int_equal(net_links_counters(f.links)->refused, 2);
  DRIVE_UNTIL(&f.d, f.freed == 1);
  assert_int_equal(kernel.messages, most);
  end(&f);
}

static void test_the_last_datagrams_leave_before_the_socket_closes(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr a = bound(&f, 1, 1), to = bound(&f, 2, 1);
  (void)bound(&f, 1, 2);
  post(&f, 1, 1, &to, "abort");
  net_links_unbind(f.links, 1, 1); /* flushes */
  assert_int_equal(net_links_count(f.links), 2);
  post(&f, 1, 2, &to, "bye");
  net_links_drop_peer(f.links, 1);
  assert_int_equal(net_links_count(f.links), 1);
  DRIVE_UNTIL(&f.d, f.n_got == 2);
  assert_string_equal(f.got[0].text, "abort");
  assert_string_equal(f.got[1].text, "bye");
  struct ice_bind again = {.link = 9, .local = a}; /* the port is free again */
  assert_int_equal(net_links_bind(f.links, 3, &again, &a), 0);
  end(&f);
}

static void test_a_closed_link_lingers_until_its_last_datagrams_are_out(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr from = bound(&f, 1, 1), to = bound(&f, 2, 1);
  block(1);
  post(&f, 1, 1, &to, "abort");
  net_links_drop_peer(f.links, 1);
  assert_int_equal(net_links_count(f.links), 2);
  post(&f, 2, 1, &from, "ignored");
  net_links_flush(f.links);
  (void)bound(&f, 1, 1); /* the name is free at once */
  DRIVE_UNTIL(&f.d, net_links_count(f.links) == 2);
  DRIVE_UNTIL(&f.d, f.n_got == 1);
  driven_settle(&f.d);
  assert_int_equal(f.n_got, 1);
  assert_string_equal(f.got[0].text, "abort");
  assert_int_equal(f.freed, 0);
  end(&f);
}

static void test_links_with_held_output_can_be_freed(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bound(&f, 1, 1);
  (void)bound(&f, 1, 2);
  struct addr to = bound(&f, 2, 1);
  block(2);
  post(&f, 1, 1, &to, "a");
  post(&f, 1, 2, &to, "b");
  net_links_flush(f.links);
  net_links_unbind(f.links, 1, 2);
  end(&f);
}

static void test_a_thousand_peers_have_sockets(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr to = {0}, last = {0};
  for (uint32_t i = 1; i <= 1000; i++) {
    last = bound(&f, i, 1);
    if (i == 1) to = last;
  }
  post(&f, 1000, 1, &to, "far");
  net_links_flush(f.links);
  DRIVE_UNTIL(&f.d, f.n_got == 1);
  assert_int_equal(f.got[0].peer, 1);
  assert_true(addr_equal(&f.got[0].remote, &last));
  for (uint32_t i = 1; i <= 1000; i++) net_links_drop_peer(f.links, i);
  assert_int_equal(net_links_count(f.links), 0);
  end(&f);
}

static int scenario(void *ctx) {
  struct fixture *f = ctx;
  struct addr a;
  f->links = NULL;
  int r = make(f);
  if (r == 0) r = try_bind(f, 1, 1, &a);
  if (r == 0) {
    block(1);
    post(f, 1, 1, &a, "held");
    net_links_flush(f->links);
    if (net_links_counters(f->links)->refused > 0) r = -1; /* nowhere to hold it */
  }
  net_links_free(f->links);
  driven_settle(&f->d);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bound(&f, 1, 1); /* libuv's own tables have their size now */
  net_links_free(f.links);
  fail_alloc_each(scenario, &f);
  f.links = NULL;
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_datagrams_go_from_link_to_link),
      cmocka_unit_test(test_a_flush_is_one_call_a_socket_and_keeps_its_order),
      cmocka_unit_test(test_the_space_flushes_when_it_is_used_up),
      cmocka_unit_test(test_what_is_for_an_unknown_link_is_lost),
      cmocka_unit_test(test_a_full_buffer_holds_output_until_it_has_room),
      cmocka_unit_test(test_what_is_held_has_a_limit),
      cmocka_unit_test(test_the_last_datagrams_leave_before_the_socket_closes),
      cmocka_unit_test(test_a_closed_link_lingers_until_its_last_datagrams_are_out),
      cmocka_unit_test(test_links_with_held_output_can_be_freed),
      cmocka_unit_test(test_a_thousand_peers_have_sockets),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
