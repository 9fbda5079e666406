#include "net/timer.h"

#include "net/clock.h"
#include "unit/net/driven.h"

struct fired {
  struct net_timer *timer;
  int times;
  mono_us at;
};

static void on_timer(void *ctx) {
  struct fired *f = ctx;
  f->times++;
  f->at = net_clock_now();
  assert_true(net_timer_at(f->timer) == MONO_NEVER);
}

static void test_it_fires_once_and_never_early(void **state) {
  (void)state;
  struct driven d;
  struct fired f = {0};
  driven_begin(&d);
  assert_int_equal(net_timer_new(&f.timer, &d.loop, on_timer, &f), 0);
  for (int i = 0; i < 50; i++) {
    mono_us at = net_clock_now() + 137;
    net_timer_set(f.timer, at);
    assert_true(net_timer_at(f.timer) == at);
    DRIVE_UNTIL(&d, f.times == i + 1);
    assert_true(f.at >= at);
  }
  driven_settle(&d);
  assert_int_equal(f.times, 50);
  net_timer_free(f.timer);
  driven_end(&d);
}

static void test_the_past_is_at_once_and_never_is_never(void **state) {
  (void)state;
  struct driven d;
  struct fired f = {0};
  driven_begin(&d);
  assert_int_equal(net_timer_new(&f.timer, &d.loop, on_timer, &f), 0);
  net_timer_set(f.timer, 0);
  DRIVE_UNTIL(&d, f.times == 1);
  net_timer_set(f.timer, 1);
  net_timer_set(f.timer, MONO_NEVER);
  driven_settle(&d);
  assert_int_equal(f.times, 1);
  net_timer_set(f.timer, net_clock_now() + MONO_S * 3600);
  net_timer_set(f.timer, net_clock_now());
  DRIVE_UNTIL(&d, f.times == 2);
  net_timer_free(f.timer);
  driven_end(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_fires_once_and_never_early),
      cmocka_unit_test(test_the_past_is_at_once_and_never_is_never),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
