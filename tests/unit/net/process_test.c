#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

/* Runs in a child, as it changes the process; the bits of the result name what is wrong. */
static int check(void) {
  int wrong = 0;
  struct rlimit limit = {0};
  struct sigaction action;
  close(0);
  close(1);
  if (net_process_prepare() != 0) wrong |= 1;
  if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0) wrong |= 2;
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) wrong |= 4;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur != limit.rlim_max) wrong |= 8;
  if (sigaction(SIGPIPE, NULL, &action) != 0 || action.sa_handler != SIG_IGN) wrong |= 16;
  return wrong;
}

static void test_the_process_is_made_ready(void **state) {
  (void)state;
  struct rlimit low = {0};
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &low), 0);
  low.rlim_cur = 64;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)setrlimit(RLIMIT_NOFILE, &low);
    _exit(check());
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_process_is_made_ready),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
