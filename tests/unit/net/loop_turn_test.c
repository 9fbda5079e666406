#include "net/loop_turn.h"

#include "unit/net/driven.h"

static void count(void *ctx) {
  (*(int *)ctx)++;
}

static void test_it_is_called_before_and_after_every_wait(void **state) {
  (void)state;
  struct driven d;
  struct net_loop_turn *t;
  int n = 0;
  driven_begin(&d);
  assert_int_equal(net_loop_turn_new(&t, &d.loop, count, &n), 0);
  (void)uv_run(&d.loop, UV_RUN_NOWAIT);
  assert_int_equal(n, 2);
  net_loop_turn_free(t);
  driven_settle(&d);
  assert_int_equal(n, 2);
  driven_end(&d);
}

static void test_a_busy_one_keeps_the_loop_from_waiting(void **state) {
  (void)state;
  struct driven d;
  struct net_loop_turn *t;
  int n = 0;
  driven_begin(&d);
  assert_int_equal(net_loop_turn_new(&t, &d.loop, count, &n), 0);
  driven_settle(&d);
  assert_int_equal(uv_backend_timeout(&d.loop) != 0, true);
  net_loop_turn_busy(t, true);
  assert_int_equal(uv_backend_timeout(&d.loop), 0);
  DRIVE_UNTIL(&d, n >= 10);
  net_loop_turn_busy(t, false);
  assert_int_equal(uv_backend_timeout(&d.loop) != 0, true);
  net_loop_turn_free(t);
  driven_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_is_called_before_and_after_every_wait),
      cmocka_unit_test(test_a_busy_one_keeps_the_loop_from_waiting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
