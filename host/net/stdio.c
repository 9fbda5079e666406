#include "net/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define WIDE_PIPE (1 << 20)

/* An anonymous pipe: a named one that has lost its writer would not say so when opened anew. */
static bool is_pipe(int fd) {
  struct statfs s;
  return fstatfs(fd, &s) == 0 && s.f_type == PIPEFS_MAGIC;
}

static int open_anew(int fd, int flags) {
  char path[32];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static int take(int fd, int flags, bool *ret_own) {
  bool pipe = is_pipe(fd);
  if (pipe) (void)fcntl(fd, F_SETPIPE_SZ, WIDE_PIPE);
  int taken = pipe || isatty(fd) ? open_anew(fd, flags) : -1;
  *ret_own = taken >= 0;
  if (taken < 0) taken = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return taken < 0 ? -errno : taken;
}

static int close_and_return(struct net_stdio *s, int r) {
  net_stdio_close(s);
  return r;
}

int net_stdio_take(struct net_stdio *ret) {
  struct net_stdio s = {.in = -1, .out = -1};
  s.in = take(0, O_RDONLY, &s.in_own);
  if (s.in < 0) return s.in;
  s.out = take(1, O_WRONLY, &s.out_own);
  if (s.out < 0) return close_and_return(&s, s.out);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int r = null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ? -errno : 0;
  if (null > 2) close(null);
  if (r != 0) return close_and_return(&s, r);
  *ret = s;
  return 0;
}

void net_stdio_close(struct net_stdio *s) {
  if (s->in >= 0) close(s->in);
  if (s->out >= 0) close(s->out);
  s->in = s->out = -1;
}
