#include "net/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/net/driven.h"

struct fixture {
  struct driven d;
  struct net_input *in;
  char text[256];
  size_t n;
  ssize_t last;
  int calls;
};

static void on_readable(void *ctx) {
  struct fixture *f = ctx;
  f->calls++;
  f->last = net_input_read(f->in, f->text + f->n, 4);
  if (f->last > 0) f->n += (size_t)f->last;
  if (f->last == 0) f->in = net_input_free(f->in);
}

static void begin(struct fixture *f, int fd, bool own) {
  *f = (struct fixture){.last = -1};
  driven_begin(&f->d);
  assert_int_equal(net_input_new(&f->in, &f->d.loop, fd, own, on_readable, f), 0);
}

static void stream(int fd[2], bool own) {
  struct fixture f;
  begin(&f, fd[0], own);
  driven_settle(&f.d);
  assert_int_equal(f.calls, 0);
  assert_int_equal(write(fd[1], "0123456789", 10), 10);
  DRIVE_UNTIL(&f.d, f.n == 10); /* in pieces of 4 */
  int calls = f.calls;
  driven_settle(&f.d);
  assert_int_equal(f.calls, calls);
  assert_int_equal(net_input_read(f.in, f.text, 4), -EAGAIN);
  assert_int_equal(write(fd[1], "abcdef", 6), 6);
  close(fd[1]);
  DRIVE_UNTIL(&f.d, f.last == 0);
  assert_int_equal(f.n, 16);
  assert_memory_equal(f.text, "0123456789abcdef", 16);
  driven_end(&f.d);
  close(fd[0]);
}

static void test_pipes_and_sockets_are_read_to_their_end(void **state) {
  (void)state;
  for (int own = 0; own < 2; own++) {
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    stream(fd, own);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    stream(fd, own);
  }
}

static void test_a_file_is_read_turn_by_turn_to_its_end(void **state) {
  (void)state;
  struct fixture f;
  char path[] = "/tmp/senso-input-XXXXXX";
  int fd = mkstemp(path);
  unlink(path);
  assert_int_equal(write(fd, "0123456789", 10), 10);
  assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
  begin(&f, fd, false);
  DRIVE_UNTIL(&f.d, f.last == 0);
  assert_memory_equal(f.text, "123456789", 9);
  driven_end(&f.d);
  close(fd);
}

static void test_dev_null_is_an_end_at_once(void **state) {
  (void)state;
  struct fixture f;
  int fd = open("/dev/null", O_RDONLY);
  begin(&f, fd, false);
  DRIVE_UNTIL(&f.d, f.last == 0);
  driven_end(&f.d);
  close(fd);
}

static int scenario(void *ctx) {
  struct driven *d = ctx;
  struct net_input *in = NULL;
  int fd = open("/dev/null", O_RDONLY);
  int r = net_input_new(&in, &d->loop, fd, false, (net_input_fn *)NULL, NULL);
  net_input_free(in);
  close(fd);
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  struct driven d;
  driven_begin(&d);
  fail_alloc_each(scenario, &d);
  driven_end(&d);
  assert_null(net_input_free(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pipes_and_sockets_are_read_to_their_end),
      cmocka_unit_test(test_a_file_is_read_turn_by_turn_to_its_end),
      cmocka_unit_test(test_dev_null_is_an_end_at_once),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
