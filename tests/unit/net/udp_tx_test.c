/* Sending and receiving, over the loopback: udp_tx and udp_rx. */
#include "net/udp_tx.h"

#include "net/udp_rx.h"
#include "net/udp_socket.h"
#include "support/seeded_rng.h"
#include "support/unit.h"
#include "unit/net/scripted_sendmmsg.h"

struct pair {
  struct seeded_rng seeded;
  struct net_udp_tx tx;
  struct net_udp_counters count;
  struct net_udp_rx *rx;
  struct addr from, to;
  int receiver;
};

static void open_pair(struct pair *p) {
  *p = (struct pair){.tx = {.count = &p->count}};
  struct net_udp_place place = {.local = addr_v4(127, 0, 0, 1, 0)};
  seeded_rng_init(&p->seeded, 1);
  p->tx.fd = net_udp_open(&place, &p->seeded.rng, &p->from);
  p->receiver = net_udp_open(&place, &p->seeded.rng, &p->to);
  assert_true(p->tx.fd >= 0 && p->receiver >= 0);
  p->tx.segmenting = net_udp_has_segment(p->tx.fd);
  assert_int_equal(net_udp_rx_new(&p->rx), 0);
  kernel = (struct scripted_sendmmsg){0};
}

static void close_pair(struct pair *p) {
  net_udp_rx_free(p->rx);
  close(p->tx.fd);
  close(p->receiver);
}

/* Bytes that tell their place. */
static uint8_t pattern[65536];

static int fill_pattern(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (uint8_t)(i * 7 + i / 251);
  return 0;
}

/* Takes the next datagram; true if it is n bytes of the pattern from `at` on, from the sender. */
static bool comes(struct pair *p, size_t at, size_t n) {
  struct addr remote;
  struct bytes b;
  if (!net_udp_rx_next(p->rx, &remote, &b)) {
    if (net_udp_rx_read(p->rx, p->receiver) == 0 || !net_udp_rx_next(p->rx, &remote, &b))
      return false;
  }
  return addr_equal(&remote, &p->from) && b.n == n && memcmp(b.p, pattern + at, n) == 0;
}

static bool nothing_comes(struct pair *p) {
  struct addr remote;
  struct bytes b;
  return !net_udp_rx_next(p->rx, &remote, &b) && net_udp_rx_read(p->rx, p->receiver) == 0;
}

static struct net_udp_run run_of(const struct pair *p, size_t at, size_t n, size_t segment) {
  return (struct net_udp_run){.remote = p->to, .data = pattern + at, .n = n, .segment = segment};
}

static void test_many_datagrams_are_one_call(void **state) {
  (void)state;
  struct pair p;
  struct net_udp_run runs[50];
  open_pair(&p);
  for (size_t i = 0; i < 50; i++) runs[i] = run_of(&p, i * 100, 100 + i, 0);
  assert_int_equal(net_udp_send(&p.tx, runs, 50), 50);
  assert_int_equal(kernel.calls, 1);
  for (size_t i = 0; i < 50; i++) assert_true(comes(&p, i * 100, 100 + i));
  assert_true(nothing_comes(&p));
  assert_int_equal(p.count.datagrams, 50);
  close_pair(&p);
}

static void test_more_than_a_batch_is_two_calls(void **state) {
  (void)state;
  struct pair p;
  struct net_udp_run runs[70];
  open_pair(&p);
  for (size_t i = 0; i < 70; i++) runs[i] = run_of(&p, i, 10, 0);
  assert_int_equal(net_udp_send(&p.tx, runs, 70), 70);
  assert_int_equal(kernel.calls, 2);
  assert_int_equal(kernel.largest, 64);
  for (size_t i = 0; i < 70; i++) assert_true(comes(&p, i, 10));
  close_pair(&p);
}

static void expect_run(struct pair *p, size_t n, size_t segment) {
  for (size_t at = 0; at < n; at += segment)
    assert_true(comes(p, at, n - at < segment ? n - at : segment));
  assert_true(nothing_comes(p));
}

static void test_a_run_is_cut_by_the_kernel_and_comes_apart_again(void **state) {
  (void)state;
  struct pair p;
  open_pair(&p);
  if (!p.tx.segmenting) {
    print_message("skipped: this kernel has no UDP_SEGMENT\n");
    close_pair(&p);
    skip();
  }
  struct net_udp_run run = run_of(&p, 0, 50 * 1200 + 17, 1200);
  assert_int_equal(net_udp_send(&p.tx, &run, 1), 1);
  assert_int_equal(kernel.messages, 1);
  assert_int_equal(p.count.datagrams, 51);
  expect_run(&p, 50 * 1200 + 17, 1200);
  close_pair(&p);
}

static void test_a_long_run_of_small_datagrams_is_several_messages(void **state) {
  (void)state;
  struct pair p;
  open_pair(&p);
  struct net_udp_run run = run_of(&p, 0, 100 * 40 + 1, 40);
  assert_int_equal(net_udp_send(&p.tx, &run, 1), 1);
  if (p.tx.segmenting) assert_int_equal(kernel.messages, 2);
  expect_run(&p, 100 * 40 + 1, 40);
  close_pair(&p);
}

static void test_a_kernel_that_refuses_runs_gets_datagrams_from_then_on(void **state) {
  (void)state;
  struct pair p;
  open_pair(&p);
  p.tx.segmenting = true;
  kernel.refuse_runs = true;
  struct net_udp_run runs[2] = {run_of(&p, 0, 2500, 1000), run_of(&p, 2500, 10, 0)};
  assert_int_equal(net_udp_send(&p.tx, runs, 2), 2);
  assert_false(p.tx.segmenting);
  assert_int_equal(kernel.calls, 2);
  assert_true(comes(&p, 0, 1000) && comes(&p, 1000, 1000) && comes(&p, 2000, 500));
  assert_true(comes(&p, 2500, 10) && nothing_comes(&p));
  assert_int_equal(p.count.refused, 0);
  close_pair(&p);
}

static void test_a_full_buffer_leaves_the_rest_in_order(void **state) {
  (void)state;
  struct pair p;
  struct net_udp_run runs[3];
  open_pair(&p);
  p.tx.segmenting = false;
  runs[0] = run_of(&p, 0, 100, 0);
  runs[1] = run_of(&p, 100, 300, 100);
  runs[2] = run_of(&p, 400, 50, 0);
  kernel.at_most = 2; /* the first run, and the first datagram of the second */
  kernel.fail_after = 1;
  kernel.fail_times = 1;
  kernel.fail_with = EAGAIN;
  assert_int_equal(net_udp_send(&p.tx, runs, 3), 1);
  assert_int_equal(p.count.blocked, 1);
  assert_int_equal(runs[1].n, 200);
  assert_int_equal(net_udp_send(&p.tx, runs + 1, 2), 2);
  assert_true(comes(&p, 0, 100) && comes(&p, 100, 100) && comes(&p, 200, 100));
  assert_true(comes(&p, 300, 100) && comes(&p, 400, 50) && nothing_comes(&p));
  close_pair(&p);
}

static void test_what_the_network_refuses_is_lost_and_counted(void **state) {
  (void)state;
  static const int errors[] = {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EPERM, EMSGSIZE, ENOBUFS};
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    struct pair p;
    open_pair(&p);
    struct net_udp_run runs[2] = {run_of(&p, 0, 10, 0), run_of(&p, 10, 10, 0)};
    kernel.fail_times = 1;
    kernel.fail_with = errors[i];
    assert_int_equal(net_udp_send(&p.tx, runs, 2), 2);
    assert_int_equal(p.count.refused, 1);
    assert_true(comes(&p, 10, 10) && nothing_comes(&p));
    close_pair(&p);
  }
}

static void test_an_interrupted_call_is_made_again(void **state) {
  (void)state;
  struct pair p;
  open_pair(&p);
  struct net_udp_run run = run_of(&p, 0, 10, 0);
  kernel.fail_times = 1;
  kernel.fail_with = EINTR;
  assert_int_equal(net_udp_send(&p.tx, &run, 1), 1);
  assert_int_equal(p.count.refused, 0);
  assert_true(comes(&p, 0, 10));
  close_pair(&p);
}

static void test_a_datagram_above_the_interface_mtu_is_refused_not_fragmented(void **state) {
  (void)state;
  struct pair p;
  open_pair(&p);
  struct net_udp_run run = run_of(&p, 0, 65508, 0);
  assert_int_equal(net_udp_send(&p.tx, &run, 1), 1);
  assert_int_equal(p.count.refused, 1);
  assert_true(nothing_comes(&p));
  close_pair(&p);
}

static void test_an_empty_datagram_is_passed_over(void **state) {
  (void)state;
  struct pair p;
  open_pair(&p);
  struct sockaddr_in {
    uint16_t family, port;
    uint8_t ip[12];
  } to = {AF_INET, (uint16_t)(p.to.port >> 8 | p.to.port << 8), {127, 0, 0, 1}};
  assert_int_equal(sendto(p.tx.fd, "", 0, 0, (void *)&to, sizeof to), 0);
  struct net_udp_run run = run_of(&p, 0, 10, 0);
  assert_int_equal(net_udp_send(&p.tx, &run, 1), 1);
  assert_true(comes(&p, 0, 10) && nothing_comes(&p));
  close_pair(&p);
}

static int scenario(void *ctx) {
  (void)ctx;
  struct net_udp_rx *rx = NULL;
  int r = net_udp_rx_new(&rx);
  net_udp_rx_free(rx);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  fail_alloc_each(scenario, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_many_datagrams_are_one_call),
      cmocka_unit_test(test_more_than_a_batch_is_two_calls),
      cmocka_unit_test(test_a_run_is_cut_by_the_kernel_and_comes_apart_again),
      cmocka_unit_test(test_a_long_run_of_small_datagrams_is_several_messages),
      cmocka_unit_test(test_a_kernel_that_refuses_runs_gets_datagrams_from_then_on),
      cmocka_unit_test(test_a_full_buffer_leaves_the_rest_in_order),
      cmocka_unit_test(test_what_the_network_refuses_is_lost_and_counted),
      cmocka_unit_test(test_an_interrupted_call_is_made_again),
      cmocka_unit_test(test_a_datagram_above_the_interface_mtu_is_refused_not_fragmented),
      cmocka_unit_test(test_an_empty_datagram_is_passed_over),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, fill_pattern, NULL);
}
