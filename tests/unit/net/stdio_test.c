#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/unit.h"

/* Puts the descriptors in the place of 0 and 1, takes them over, and puts the test's own back. */
static struct net_stdio take_with(int in, int out) {
  struct net_stdio s;
  (void)fflush(stdout);
  int saved_in = fcntl(0, F_DUPFD, 10), saved_out = fcntl(1, F_DUPFD, 10);
  assert_true(dup2(in, 0) == 0 && dup2(out, 1) == 1);
  int r = net_stdio_take(&s);
  ssize_t n = write(1, "stray", 5); /* goes nowhere */
  char c;
  ssize_t end = read(0, &c, 1);
  assert_true(dup2(saved_in, 0) == 0 && dup2(saved_out, 1) == 1);
  close(saved_in);
  close(saved_out);
  assert_int_equal(r, 0);
  assert_int_equal(n, 5);
  assert_int_equal(end, 0);
  return s;
}

static bool blocking(int fd) {
  return (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

static void test_pipes_get_descriptions_of_their_own(void **state) {
  (void)state;
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  char buf[16];
  assert_true(pipe(in) == 0 && pipe(out) == 0);
  struct net_stdio s = take_with(in[0], out[1]);
  assert_true(s.in > 2 && s.out > 2 && s.in_own && s.out_own);
  assert_false(blocking(s.in));
  assert_false(blocking(s.out));
  assert_true(blocking(in[0]) && blocking(out[1])); /* what others hold is as it was */
  assert_int_equal(fcntl(s.in, F_GETPIPE_SZ), 1 << 20);
  assert_int_equal(write(in[1], "in", 2), 2);
  assert_int_equal(read(s.in, buf, sizeof buf), 2);
  assert_int_equal(write(s.out, "out", 3), 3);
  assert_int_equal(read(out[0], buf, sizeof buf), 3); /* and nothing stray before it */
  close(in[0]);
  close(out[1]);
  net_stdio_close(&s);
  assert_int_equal(write(in[1], "x", 1), -1); /* no reader is left: nothing was leaked */
  assert_int_equal(errno, EPIPE);
  assert_int_equal(read(out[0], buf, sizeof buf), 0);
  close(in[1]);
  close(out[0]);
}

static void test_sockets_are_duplicated(void **state) {
  (void)state;
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, in), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, out), 0);
  struct net_stdio s = take_with(in[0], out[0]);
  assert_true(s.in > 2 && s.out > 2 && !s.in_own && !s.out_own);
  assert_true(blocking(s.in) && blocking(s.out));
  net_stdio_close(&s);
  for (int i = 0; i < 2; i++) {
    close(in[i]);
    close(out[i]);
  }
}

static void test_a_file_keeps_its_place(void **state) {
  (void)state;
  char c;
  int in = open("/proc/self/exe", O_RDONLY), out = open("/dev/null", O_WRONLY);
  assert_int_equal(lseek(in, 1, SEEK_SET), 1);
  struct net_stdio s = take_with(in, out);
  assert_int_equal(read(s.in, &c, 1), 1);
  assert_int_equal(c, 'E'); /* of ELF */
  net_stdio_close(&s);
  close(in);
  close(out);
}

static int ignore_sigpipe(void **state) {
  (void)state;
  return signal(SIGPIPE, SIG_IGN) == SIG_ERR;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pipes_get_descriptions_of_their_own),
      cmocka_unit_test(test_sockets_are_duplicated),
      cmocka_unit_test(test_a_file_keeps_its_place),
  };
  return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
