/* The pump and the client, with a session that is scripted. */
#include "net/client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/clock.h"
#include "support/seeded_rng.h"
#include "unit/net/driven.h"
#include "unit/net/scripted_sendmmsg.h"
#include "unit/net/scripted_session.h"

struct fixture {
  struct driven d;
  struct seeded_rng seeded;
  struct rpc_session s;
  struct net_pump *pump;
  struct net_client *client;
  int to_host, from_host; /* the client's ends */
  int in, out;            /* the host's */
  int ended, status, greeted;
  char greeted_after[64]; /* what was written by then */
};

static void on_ended(void *ctx, int status) {
  struct fixture *f = ctx;
  f->ended++;
  f->status = status;
}

static void on_greeted(void *ctx) {
  struct fixture *f = ctx;
  f->greeted++;
  ssize_t n = read(f->from_host, f->greeted_after, sizeof f->greeted_after - 1);
  assert_true(n > 0);
}

static int make(struct fixture *f) {
  struct net_pump_cfg pump = {.loop = &f->d.loop,
                              .session = &f->s,
                              .rng = &f->seeded.rng,
                              .mode = FRAMING_LINES,
                              .out = f->out,
                              .out_own = true,
                              .ctx = f,
                              .ended = on_ended};
  int r = net_pump_new(&f->pump, &pump);
  if (r != 0) return r;
  struct net_client_cfg client = {.loop = &f->d.loop,
                                  .session = &f->s,
                                  .pump = f->pump,
                                  .mode = FRAMING_LINES,
                                  .max_frame = 1000,
                                  .in = f->in,
                                  .in_own = true,
                                  .ctx = f,
                                  .greeted = on_greeted};
  return net_client_new(&f->client, &client);
}

static void begin_plain(struct fixture *f) {
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  memset(f, 0, sizeof *f);
  kernel = (struct scripted_sendmmsg){0};
  f->s.wake_at = MONO_NEVER;
  seeded_rng_init(&f->seeded, 1);
  driven_begin(&f->d);
  assert_true(pipe(in) == 0 && pipe(out) == 0);
  f->in = in[0];
  f->to_host = in[1];
  f->from_host = out[0];
  f->out = out[1];
}

static void begin(struct fixture *f) {
  begin_plain(f);
  assert_int_equal(make(f), 0);
}

static void end(struct fixture *f) {
  f->client = net_client_free(f->client);
  f->pump = net_pump_free(f->pump);
  driven_end(&f->d);
  close(f->in);
  close(f->out);
  if (f->to_host >= 0) close(f->to_host);
  if (f->from_host >= 0) close(f->from_host);
}

static void type(struct fixture *f, const char *text) {
  assert_int_equal(write(f->to_host, text, strlen(text)), (ssize_t)strlen(text));
}

static void expect_text(struct fixture *f, const char *text) {
  char buf[512];
  ssize_t n = read(f->from_host, buf, sizeof buf - 1);
  assert_true(n >= 0);
  buf[n] = '\0';
  assert_string_equal(buf, text);
}

static void hang_up(struct fixture *f) {
  close(f->to_host);
  f->to_host = -1;
}

static bool logged(const struct fixture *f, const char *line) {
  return strstr(f->s.log, line) != NULL;
}

static void test_frames_go_in_and_come_out(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.s.echo = true;
  type(&f, "one\ntw");
  DRIVE_UNTIL(&f.d, f.greeted == 1);
  type(&f, "o\n");
  DRIVE_UNTIL(&f.d, logged(&f, "frame two"));
  expect_text(&f, "re two\n");
  end(&f);
}

static void test_the_first_answer_is_written_before_the_greeting_and_any_other_frame(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.s.echo = true;
  type(&f, "hello\ncreate\n"); /* at once */
  DRIVE_UNTIL(&f.d, logged(&f, "frame create"));
  assert_string_equal(f.greeted_after, "re hello\n");
  driven_settle(&f.d);
  expect_text(&f, "re create\n");
  assert_int_equal(f.greeted, 1);
  end(&f);
}

static void test_a_frame_too_large_is_reported_and_passed_over(void **state) {
  (void)state;
  struct fixture f;
  char big[1200];
  begin(&f);
  session_frame(&f.s, "x"); /* something for the greeting to read */
  memset(big, 'a', sizeof big - 2);
  big[1198] = '\n';
  big[1199] = '\0';
  type(&f, big);
  type(&f, "next\n");
  DRIVE_UNTIL(&f.d, logged(&f, "frame next"));
  assert_true(logged(&f, "skipped 1198\n"));
  end(&f);
}

static void test_the_end_of_stdin_is_a_goodbye(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  driven_settle(&f.d);
  hang_up(&f);
  DRIVE_UNTIL(&f.d, f.ended > 0);
  assert_string_equal(f.s.log, "end eof 0\n");
  assert_int_equal(f.status, 0);
  expect_text(&f, "goodbye\n");
  net_pump_end(f.pump, "signal", 0);
  driven_settle(&f.d);
  assert_int_equal(f.ended, 1);
  end(&f);
}

static void test_frames_before_the_end_are_still_heard(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.s.echo = true;
  type(&f, "a\nb\n");
  hang_up(&f);
  DRIVE_UNTIL(&f.d, f.ended > 0);
  assert_string_equal(f.s.log, "frame a\nframe b\nend eof 0\n");
  expect_text(&f, "re b\ngoodbye\n");
  end(&f);
}

static void test_a_reader_that_left_ends_the_session(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  driven_settle(&f.d);
  close(f.from_host);
  f.from_host = -1;
  DRIVE_UNTIL(&f.d, f.ended > 0);
  assert_string_equal(f.s.log, "end eof 0\n");
  end(&f);
}

static void choke(struct fixture *f) {
  static char big[2000001];
  memset(big, 'z', sizeof big - 1);
  session_frame(&f->s, big);
  net_pump_touch(f->pump);
  driven_settle(&f->d);
  assert_true(f->s.unwritten > 1000000);
}

static void test_a_reader_that_reads_nothing_cannot_keep_the_host(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  choke(&f);
  mono_us before = net_clock_now();
  hang_up(&f);
  DRIVE_UNTIL(&f.d, f.ended > 0);
  mono_us took = net_clock_now() - before;
  assert_true(took >= NET_PUMP_LAST_WORDS && took < NET_PUMP_LAST_WORDS + 10 * MONO_S);
  assert_int_equal(f.status, 0);
  end(&f);
}

static void test_a_session_that_never_ends_is_left(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.s.deaf_to_end = true;
  net_pump_end(f.pump, "signal", 3);
  assert_true(net_pump_ending(f.pump));
  DRIVE_UNTIL(&f.d, f.ended > 0);
  assert_int_equal(f.status, 3);
  end(&f);
}

static void test_a_slow_reader_gets_the_goodbye_too(void **state) {
  (void)state;
  struct fixture f;
  static char buf[65536];
  begin(&f);
  choke(&f);
  hang_up(&f);
  size_t total = 0;
  ssize_t n = 1;
  while (!f.ended || n > 0) {
    if (!f.ended) driven_settle(&f.d);
    if (f.ended && f.out >= 0) { /* the process leaves */
      f.pump = net_pump_free(f.pump);
      close(f.out);
      f.out = -1;
    }
    n = read(f.from_host, buf, sizeof buf);
    assert_true(n >= 0);
    if (n > 0) total += (size_t)n;
    if (n >= 8) assert_true(total < 2000009 || memcmp(buf + n - 8, "goodbye\n", 8) == 0);
  }
  assert_int_equal(total, 2000001 + 8);
  f.out = f.from_host;
  f.from_host = -1;
  end(&f);
}

static void test_the_session_hears_how_much_is_unwritten(void **state) {
  (void)state;
  struct fixture f;
  static char buf[65536];
  begin(&f);
  choke(&f);
  while (f.s.unwritten > 0) {
    assert_true(read(f.from_host, buf, sizeof buf) > 0);
    driven_settle(&f.d);
  }
  assert_true(f.s.unwritten_max > 1000000);
  end(&f);
}

static void test_what_waits_for_room_follows_in_the_same_turn(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.s.held = "second";
  session_frame(&f.s, "first");
  net_pump_drain(f.pump);
  expect_text(&f, "first\nsecond\n");
  end(&f);
}

static void test_deadlines_wake_the_session(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  f.s.wake_at = net_clock_now() + 2000;
  driven_settle(&f.d);
  DRIVE_UNTIL(&f.d, f.s.wakes == 1); /* rpc_session_wake checks that it is not early */
  driven_settle(&f.d);
  int polls = f.s.polls;
  driven_settle(&f.d);
  assert_int_equal(f.s.polls, polls); /* nothing happened: not asked */
  end(&f);
}

static struct addr bind_one(struct fixture *f, uint32_t peer, uint32_t link) {
  session_bind(&f->s, peer, link);
  net_pump_touch(f->pump);
  driven_settle(&f->d);
  assert_int_equal(f->s.bound.family, ADDR_V4);
  return f->s.bound;
}

static void test_sockets_are_bound_and_datagrams_cross(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr a = bind_one(&f, 1, 7), b = bind_one(&f, 2, 9);
  assert_string_equal(f.s.log, "bound 1.7 0\nbound 2.9 0\n");
  session_tx(&f.s, 1, 7, &b, "ping");
  session_tx(&f.s, 1, 7, &b, "pong");
  net_pump_touch(f.pump);
  DRIVE_UNTIL(&f.d, logged(&f, "recv 2.9 ping\nrecv 2.9 pong\n"));
  assert_true(addr_equal(&f.s.from.remote, &a));
  assert_int_equal(kernel.calls, 1);
  end(&f);
}

static void test_a_socket_that_cannot_be_bound_is_answered(void **state) {
  (void)state;
  struct fixture f;
  char line[64];
  begin(&f);
  session_bind(&f.s, 1, 1);
  f.s.queue[0].out.u.bind.local = addr_v4(192, 0, 2, 1, 0);
  net_pump_touch(f.pump);
  driven_settle(&f.d);
  (void)snprintf(line, sizeof line, "bound 1.1 %d\n", -EADDRNOTAVAIL);
  assert_string_equal(f.s.log, line);
  end(&f);
}

static void test_last_datagrams_leave_before_unbind_and_gone(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bind_one(&f, 1, 1);
  (void)bind_one(&f, 1, 2);
  struct addr to = bind_one(&f, 2, 1);
  session_tx(&f.s, 1, 1, &to, "abort");
  session_peer(&f.s, 1, OUT_UNBIND)->out.u.unbind_link = 1;
  session_tx(&f.s, 1, 2, &to, "alert");
  session_say(&f.s, RPC_PEER_GONE)->peer = 1;
  net_pump_touch(f.pump);
  DRIVE_UNTIL(&f.d, logged(&f, "recv 2.1 abort\nrecv 2.1 alert\n"));
  session_tx(&f.s, 1, 2, &to, "late");
  net_pump_touch(f.pump);
  driven_settle(&f.d);
  assert_false(logged(&f, "late"));
  end(&f);
}

static void test_last_datagrams_leave_before_the_end(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr a = bind_one(&f, 1, 1);
  session_tx(&f.s, 1, 1, &a, "abort");
  session_say(&f.s, RPC_PEER_GONE)->peer = 1;
  session_frame(&f.s, "goodbye");
  session_say(&f.s, RPC_END)->exit_status = 5;
  net_pump_touch(f.pump);
  DRIVE_UNTIL(&f.d, f.ended > 0);
  assert_int_equal(f.status, 5);
  assert_int_equal(kernel.messages, 1);
  expect_text(&f, "goodbye\n");
  end(&f);
}

static void test_a_full_socket_is_told_and_told_again(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)bind_one(&f, 1, 1);
  struct addr to = bind_one(&f, 2, 1);
  kernel.fail_times = 1;
  kernel.fail_with = EAGAIN;
  session_tx(&f.s, 1, 1, &to, "held");
  net_pump_touch(f.pump);
  DRIVE_UNTIL(&f.d, logged(&f, "recv 2.1 held\n"));
  assert_true(logged(&f, "writable 1.1 0\nwritable 1.1 1\n"));
  end(&f);
}

static void test_names_are_resolved(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  session_peer(&f.s, 4, OUT_RESOLVE)->out.u.resolve =
      (struct ice_resolve){.id = 6, .name = "192.0.2.9"};
  net_pump_touch(f.pump);
  DRIVE_UNTIL(&f.d, logged(&f, "resolved 4.6 0 192.0.2.9\n"));
  end(&f);
}

static void test_a_drain_of_many_datagrams_is_few_calls(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  struct addr a = bind_one(&f, 1, 1);
  for (int i = 0; i < 130; i++) session_tx(&f.s, 1, 1, &a, "x");
  net_pump_touch(f.pump);
  driven_settle(&f.d);
  assert_int_equal(kernel.messages, 130);
  assert_int_equal(kernel.calls, 3);
  end(&f);
}

static int scenario(void *ctx) {
  struct fixture *f = ctx;
  f->pump = NULL;
  f->client = NULL;
  int r = make(f);
  f->client = net_client_free(f->client);
  f->pump = net_pump_free(f->pump);
  driven_settle(&f->d);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct fixture f;
  begin_plain(&f);
  assert_int_equal(scenario(&f), 0);
  fail_alloc_each(scenario, &f);
  end(&f);
}

static void test_a_client_without_memory_for_a_frame_is_left(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  driven_settle(&f.d);
  session_frame(&f.s, "never seen");
  fail_alloc_at(0);
  net_pump_drain(f.pump);
  fail_alloc_never();
  DRIVE_UNTIL(&f.d, f.ended > 0);
  assert_true(logged(&f, "end out-of-memory 1\n"));
  assert_int_equal(f.status, 1);
  expect_text(&f, "goodbye\n");
  end(&f);
}

static int ignore_sigpipe(void **state) {
  (void)state;
  return signal(SIGPIPE, SIG_IGN) == SIG_ERR;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_go_in_and_come_out),
      cmocka_unit_test(test_the_first_answer_is_written_before_the_greeting_and_any_other_frame),
      cmocka_unit_test(test_a_frame_too_large_is_reported_and_passed_over),
      cmocka_unit_test(test_the_end_of_stdin_is_a_goodbye),
      cmocka_unit_test(test_frames_before_the_end_are_still_heard),
      cmocka_unit_test(test_a_reader_that_left_ends_the_session),
      cmocka_unit_test(test_a_reader_that_reads_nothing_cannot_keep_the_host),
      cmocka_unit_test(test_a_session_that_never_ends_is_left),
      cmocka_unit_test(test_a_slow_reader_gets_the_goodbye_too),
      cmocka_unit_test(test_the_session_hears_how_much_is_unwritten),
      cmocka_unit_test(test_what_waits_for_room_follows_in_the_same_turn),
      cmocka_unit_test(test_deadlines_wake_the_session),
      cmocka_unit_test(test_sockets_are_bound_and_datagrams_cross),
      cmocka_unit_test(test_a_socket_that_cannot_be_bound_is_answered),
      cmocka_unit_test(test_last_datagrams_leave_before_unbind_and_gone),
      cmocka_unit_test(test_last_datagrams_leave_before_the_end),
      cmocka_unit_test(test_a_full_socket_is_told_and_told_again),
      cmocka_unit_test(test_names_are_resolved),
      cmocka_unit_test(test_a_drain_of_many_datagrams_is_few_calls),
      cmocka_unit_test(test_out_of_memory_is_reported),
      cmocka_unit_test(test_a_client_without_memory_for_a_frame_is_left),
  };
  return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
