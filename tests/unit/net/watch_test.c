#include "net/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop_turn.h"
#include "net/timer.h"
#include "unit/net/driven.h"

struct seen {
  int events, times;
};

static void on_ready(void *ctx, int events) {
  struct seen *s = ctx;
  s->events = events;
  s->times++;
}

static void drain(int fd) {
  char c[64];
  assert_true(read(fd, c, sizeof c) > 0);
}

static void readable_and_hangup(bool own) {
  struct driven d;
  struct net_watch *w;
  struct seen seen = {0};
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  driven_begin(&d);
  assert_int_equal(net_watch_new(&w, &d.loop, fd[0], own, on_ready, &seen), 0);
  driven_settle(&d);
  assert_int_equal(write(fd[1], "x", 1), 1);
  driven_settle(&d);
  assert_int_equal(seen.times, 0); /* not asked for yet */
  assert_int_equal(net_watch_set(w, NET_READABLE), 0);
  DRIVE_UNTIL(&d, seen.times > 0);
  assert_int_equal(seen.events, NET_READABLE);
  drain(fd[0]);
  seen.times = 0;
  driven_settle(&d);
  assert_int_equal(seen.times, 0);
  close(fd[1]);
  DRIVE_UNTIL(&d, seen.times > 0);
  assert_int_not_equal(seen.events, 0);
  assert_int_equal((fcntl(fd[0], F_GETFL) & O_NONBLOCK) != 0, own);
  net_watch_free(w);
  close(fd[0]);
  driven_end(&d);
}

static void test_an_own_pipe_is_watched_and_made_non_blocking(void **state) {
  (void)state;
  readable_and_hangup(true);
}

static void test_a_foreign_pipe_is_watched_and_its_flags_left_alone(void **state) {
  (void)state;
  readable_and_hangup(false);
}

static void reader_leaves(bool own) {
  struct driven d;
  struct net_watch *w;
  struct seen seen = {0};
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  driven_begin(&d);
  assert_int_equal(net_watch_new(&w, &d.loop, fd[1], own, on_ready, &seen), 0);
  assert_int_equal(net_watch_set(w, NET_HANGUP), 0);
  driven_settle(&d);
  assert_int_equal(seen.times, 0);
  close(fd[0]);
  DRIVE_UNTIL(&d, seen.times > 0);
  assert_int_equal(seen.events & NET_HANGUP, NET_HANGUP);
  driven_settle(&d);
  assert_int_equal(seen.times, 1); /* it has stopped */
  net_watch_free(w);
  close(fd[1]);
  driven_end(&d);
}

static void test_a_reader_that_leaves_is_noticed_while_idle(void **state) {
  (void)state;
  reader_leaves(true);
  reader_leaves(false);
}

static void test_writability_is_reported_when_asked_for(void **state) {
  (void)state;
  for (int own = 0; own < 2; own++) {
    struct driven d;
    struct net_watch *w;
    struct seen seen = {0};
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    driven_begin(&d);
    assert_int_equal(net_watch_new(&w, &d.loop, fd[0], own, on_ready, &seen), 0);
    assert_int_equal(net_watch_set(w, NET_READABLE), 0);
    driven_settle(&d);
    assert_int_equal(seen.times, 0);
    assert_int_equal(net_watch_set(w, NET_READABLE | NET_WRITABLE), 0);
    DRIVE_UNTIL(&d, seen.times > 0);
    assert_int_equal(seen.events, NET_WRITABLE);
    assert_int_equal(net_watch_set(w, 0), 0);
    seen.times = 0;
    driven_settle(&d);
    assert_int_equal(seen.times, 0);
    net_watch_free(w);
    close(fd[0]);
    close(fd[1]);
    driven_end(&d);
  }
}

static void test_a_plain_file_cannot_be_watched(void **state) {
  (void)state;
  struct driven d;
  struct net_watch *w = NULL;
  driven_begin(&d);
  for (int own = 0; own < 2; own++) {
    int fd = open("/proc/self/exe", O_RDONLY);
    assert_int_equal(net_watch_new(&w, &d.loop, fd, own, on_ready, NULL), -EPERM);
    assert_null(w);
    close(fd);
  }
  driven_end(&d);
}

static void free_in_callback(void *ctx, int events) {
  struct net_watch **w = ctx;
  (void)events;
  *w = net_watch_free(*w);
}

static void test_a_watch_may_be_freed_by_its_own_callback(void **state) {
  (void)state;
  struct driven d;
  struct net_watch *w;
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  driven_begin(&d);
  assert_int_equal(net_watch_new(&w, &d.loop, fd[1], true, free_in_callback, &w), 0);
  assert_int_equal(net_watch_set(w, NET_WRITABLE), 0);
  DRIVE_UNTIL(&d, w == NULL);
  close(fd[0]);
  close(fd[1]);
  driven_end(&d);
}

static void on_event(void *ctx) {
  (void)ctx;
}

static int all_parts(void *ctx) {
  struct driven *d = ctx;
  struct net_watch *w = NULL;
  struct net_timer *timer = NULL;
  struct net_loop_turn *turn = NULL;
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  int r = net_watch_new(&w, &d->loop, fd[0], true, on_ready, NULL);
  if (r == 0) r = net_timer_new(&timer, &d->loop, on_event, NULL);
  if (r == 0) r = net_loop_turn_new(&turn, &d->loop, on_event, NULL);
  net_watch_free(w);
  net_timer_free(timer);
  net_loop_turn_free(turn);
  close(fd[0]);
  close(fd[1]);
  driven_settle(d);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct driven d;
  driven_begin(&d);
  assert_int_equal(all_parts(&d), 0); /* libuv's own tables have their size now */
  fail_alloc_each(all_parts, &d);
  driven_end(&d);
  assert_null(net_watch_free(NULL));
  assert_null(net_timer_free(NULL));
  assert_null(net_loop_turn_free(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_own_pipe_is_watched_and_made_non_blocking),
      cmocka_unit_test(test_a_foreign_pipe_is_watched_and_its_flags_left_alone),
      cmocka_unit_test(test_a_reader_that_leaves_is_noticed_while_idle),
      cmocka_unit_test(test_writability_is_reported_when_asked_for),
      cmocka_unit_test(test_a_plain_file_cannot_be_watched),
      cmocka_unit_test(test_a_watch_may_be_freed_by_its_own_callback),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
