#include "net/signals.h"

#include <signal.h>
#include <unistd.h>

#include "unit/net/driven.h"

static void on_signal(void *ctx, int signal) {
  *(int *)ctx = signal;
}

static void test_the_three_signals_become_events(void **state) {
  (void)state;
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
  struct driven d;
  struct net_signals *s;
  int seen = 0;
  driven_begin(&d);
  assert_int_equal(net_signals_new(&s, &d.loop, on_signal, &seen), 0);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    assert_int_equal(kill(getpid(), signals[i]), 0);
    DRIVE_UNTIL(&d, seen == signals[i]);
  }
  net_signals_free(s);
  driven_end(&d);
}

static int scenario(void *ctx) {
  struct driven *d = ctx;
  struct net_signals *s = NULL;
  int r = net_signals_new(&s, &d->loop, on_signal, NULL);
  net_signals_free(s);
  driven_settle(d);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct driven d;
  driven_begin(&d);
  fail_alloc_each(scenario, &d);
  driven_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_three_signals_become_events),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
