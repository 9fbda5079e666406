#include "net/udp_tx.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "net/sockaddr.h"

#define SEGMENTS_MAX  64    /* UDP_MAX_SEGMENTS of the older kernels */
#define SEGMENTED_MAX 65000 /* bytes of a run in one message, below the 65,507 of IPv4 */

struct control {
  _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(uint16_t))];
};

/* One system call's messages. */
struct batch {
  struct mmsghdr msgs[NET_UDP_TX_BATCH];
  struct iovec iov[NET_UDP_TX_BATCH];
  struct sockaddr_storage to[NET_UDP_TX_BATCH];
  struct control control[NET_UDP_TX_BATCH];
  size_t run[NET_UDP_TX_BATCH]; /* which run a message is of */
  size_t n;
};

static bool is_cut(const struct net_udp_run *r) {
  return r->segment > 0 && r->n > r->segment;
}

/* Bytes of the run's next message, of which `left` are still to be sent. */
static size_t message_size(const struct net_udp_run *r, size_t left, bool segmenting) {
  if (r->segment == 0 || left <= r->segment) return left;
  if (!segmenting) return r->segment;
  size_t most = SEGMENTED_MAX / r->segment;
  if (most > SEGMENTS_MAX) most = SEGMENTS_MAX;
  if (most == 0) most = 1;
  return left < most * r->segment ? left : most * r->segment;
}

static void add_segment_size(struct control *space, struct msghdr *h, size_t segment) {
  h->msg_control = space;
  h->msg_controllen = sizeof *space;
  struct cmsghdr *c = CMSG_FIRSTHDR(h);
  c->cmsg_level = IPPROTO_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  uint16_t size = (uint16_t)segment;
  memcpy(CMSG_DATA(c), &size, sizeof size);
}

/* Adds a message of n bytes at offset `at` of the run. */
static void add_message(struct batch *b, const struct net_udp_run *r, size_t at, size_t n) {
  size_t i = b->n++;
  b->iov[i] = (struct iovec){(void *)(uintptr_t)(r->data + at), n};
  b->msgs[i] =
      (struct mmsghdr){.msg_hdr = {.msg_iov = &b->iov[i],
                                   .msg_iovlen = 1,
                                   .msg_name = &b->to[i],
                                   .msg_namelen = net_sockaddr_from(&r->remote, &b->to[i])}};
  if (r->segment > 0 && n > r->segment)
    add_segment_size(&b->control[i], &b->msgs[i].msg_hdr, r->segment);
}

/* Up to the first run that is to be fragmented where the others are not, or the other way round. */
static void fill_batch(struct batch *b, const struct net_udp_run *runs, size_t n, bool segmenting) {
  b->n = 0;
  for (size_t i = 0; i < n && runs[i].fragment == runs[0].fragment; i++) {
    for (size_t at = 0; at < runs[i].n;) {
      if (b->n == NET_UDP_TX_BATCH) return;
      size_t size = message_size(&runs[i], runs[i].n - at, segmenting);
      b->run[b->n] = i;
      add_message(b, &runs[i], at, size);
      at += size;
    }
  }
}

static size_t datagrams_of(const struct net_udp_run *r, size_t n) {
  return r->segment == 0 ? 1 : (n + r->segment - 1) / r->segment;
}

/* Moves the runs past the first k messages of the batch. */
static void advance(struct net_udp_tx *tx, struct net_udp_run *runs, const struct batch *b,
                    size_t k) {
  for (size_t i = 0; i < k; i++) {
    struct net_udp_run *r = &runs[b->run[i]];
    size_t n = b->iov[i].iov_len;
    tx->count->datagrams += datagrams_of(r, n);
    tx->count->bytes += n;
    r->data += n;
    r->n -= n;
  }
}

/* The first message was refused: as a run, then it is tried cut by us; or for good. */
static void refused(struct net_udp_tx *tx, struct net_udp_run *runs, const struct batch *b,
                    int error) {
  struct net_udp_run *r = &runs[b->run[0]];
  size_t n = b->iov[0].iov_len;
  bool whole = tx->segmenting && is_cut(r);
  if (whole && (error == EIO || error == EINVAL || error == EOPNOTSUPP || error == ENOPROTOOPT)) {
    tx->segmenting = false;
    return;
  }
  tx->count->refused += datagrams_of(r, n);
  r->data += n;
  r->n -= n;
}

/* PROBE, what sockets are opened with, sets the don't-fragment bit; DONT leaves it to the network.
 */
static void allow_fragments(int fd, enum addr_family family, bool allow) {
  int v4 = allow ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE;
  int v6 = allow ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE;
  if (family == ADDR_V4)
    (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4);
  else
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6);
}

static int send_batch(const struct net_udp_tx *tx, struct batch *b, const struct net_udp_run *r) {
  if (r->fragment) allow_fragments(tx->fd, r->remote.family, true);
  int sent = sendmmsg(tx->fd, b->msgs, (unsigned)b->n, MSG_DONTWAIT | MSG_NOSIGNAL);
  int error = errno;
  if (r->fragment) allow_fragments(tx->fd, r->remote.family, false);
  errno = error;
  return sent;
}

size_t net_udp_send(struct net_udp_tx *tx, struct net_udp_run *runs, size_t n) {
  struct batch b;
  size_t done = 0;
  while (done < n) {
    if (runs[done].n == 0) {
      done++;
      continue;
    }
    fill_batch(&b, runs + done, n - done, tx->segmenting);
    int sent = send_batch(tx, &b, &runs[done]);
    tx->count->calls++;
    if (sent > 0) {
      advance(tx, runs + done, &b, (size_t)sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      tx->count->blocked++;
      return done;
    } else if (errno != EINTR) {
      refused(tx, runs + done, &b, errno);
    }
  }
  return done;
}
