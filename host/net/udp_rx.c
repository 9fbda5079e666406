#include "net/udp_rx.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/sockaddr.h"

#define UDP_RX_SIZE 65536 /* no UDP datagram and no coalesced run of them is longer */

struct control {
  _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(int))];
};

struct net_udp_rx {
  struct mmsghdr msgs[NET_UDP_RX_BATCH];
  struct iovec iov[NET_UDP_RX_BATCH];
  struct sockaddr_storage from[NET_UDP_RX_BATCH];
  struct control control[NET_UDP_RX_BATCH];
  size_t n, at;       /* messages of the batch, the one being taken apart */
  size_t offset;      /* of the next datagram in it */
  struct addr remote; /* of the message being taken apart */
  size_t segment;
  uint8_t *data; /* UDP_RX_SIZE bytes a message */
};

int net_udp_rx_new(struct net_udp_rx **ret) {
  struct net_udp_rx *rx = calloc(1, sizeof *rx);
  if (!rx) return -ENOMEM;
  rx->data = malloc((size_t)NET_UDP_RX_BATCH * UDP_RX_SIZE);
  if (!rx->data) {
    free(rx);
    return -ENOMEM;
  }
  for (size_t i = 0; i < NET_UDP_RX_BATCH; i++) {
    rx->iov[i] = (struct iovec){rx->data + i * UDP_RX_SIZE, UDP_RX_SIZE};
    rx->msgs[i].msg_hdr.msg_iov = &rx->iov[i];
    rx->msgs[i].msg_hdr.msg_iovlen = 1;
    rx->msgs[i].msg_hdr.msg_name = &rx->from[i];
    rx->msgs[i].msg_hdr.msg_control = &rx->control[i];
  }
  *ret = rx;
  return 0;
}

struct net_udp_rx *net_udp_rx_free(struct net_udp_rx *rx) {
  if (!rx) return NULL;
  free(rx->data);
  free(rx);
  return NULL;
}

/* The kernel writes the sizes it used into the headers. */
static void restore_headers(struct net_udp_rx *rx) {
  for (size_t i = 0; i < NET_UDP_RX_BATCH; i++) {
    rx->msgs[i].msg_hdr.msg_namelen = sizeof rx->from[i];
    rx->msgs[i].msg_hdr.msg_controllen = sizeof rx->control[i];
  }
}

size_t net_udp_rx_read(struct net_udp_rx *rx, int fd) {
  restore_headers(rx);
  int n;
  do n = recvmmsg(fd, rx->msgs, NET_UDP_RX_BATCH, MSG_DONTWAIT, NULL);
  while (n < 0 && errno == EINTR);
  rx->n = n > 0 ? (size_t)n : 0;
  rx->at = rx->offset = 0;
  return rx->n;
}

/* The size of the datagrams coalesced in a message; its own size when it is one datagram. */
static size_t segment_size(struct msghdr *h, size_t n) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
    if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO) continue;
    int size;
    memcpy(&size, CMSG_DATA(c), sizeof size);
    if (size > 0 && (size_t)size < n) return (size_t)size;
  }
  return n;
}

static bool open_message(struct net_udp_rx *rx) {
  struct mmsghdr *m = &rx->msgs[rx->at];
  if (!net_sockaddr_to((const struct sockaddr *)&rx->from[rx->at], &rx->remote)) return false;
  rx->segment = segment_size(&m->msg_hdr, m->msg_len);
  return m->msg_len > 0;
}

bool net_udp_rx_next(struct net_udp_rx *rx, struct addr *ret_remote, struct bytes *ret) {
  while (rx->at < rx->n) {
    size_t n = rx->msgs[rx->at].msg_len;
    if (rx->offset < n && (rx->offset > 0 || open_message(rx))) {
      size_t left = n - rx->offset, size = left < rx->segment ? left : rx->segment;
      *ret_remote = rx->remote;
      *ret = (struct bytes){(const uint8_t *)rx->iov[rx->at].iov_base + rx->offset, size};
      rx->offset += size;
      return true;
    }
    rx->at++;
    rx->offset = 0;
  }
  return false;
}
