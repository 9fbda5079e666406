#ifndef SENSO_TESTS_NET_SCRIPTED_SENDMMSG_H
#define SENSO_TESTS_NET_SCRIPTED_SENDMMSG_H

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's answers to sendmmsg, as a test wants them: this definition takes libc's place. */
struct scripted_sendmmsg {
  int fail_with; /* this errno, while `fail_times` > 0 */
  int fail_times;
  int fail_after;   /* calls that work before the failing ones begin */
  bool refuse_runs; /* EIO for messages that carry a control message (UDP_SEGMENT) */
  unsigned at_most; /* messages taken a call; 0: no limit */
  unsigned calls, messages;
  unsigned largest; /* call, in messages */
};
static struct scripted_sendmmsg kernel;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags) {
  kernel.calls++;
  if (n > kernel.largest) kernel.largest = n;
  if (kernel.fail_after > 0) {
    kernel.fail_after--;
  } else if (kernel.fail_times > 0) {
    kernel.fail_times--;
    errno = kernel.fail_with;
    return -1;
  }
  if (kernel.refuse_runs && msgs[0].msg_hdr.msg_controllen > 0) {
    errno = EIO;
    return -1;
  }
  if (kernel.at_most > 0 && n > kernel.at_most) n = kernel.at_most;
  int sent = (int)syscall(SYS_sendmmsg, fd, msgs, n, flags);
  if (sent > 0) kernel.messages += (unsigned)sent;
  return sent;
}

#endif
