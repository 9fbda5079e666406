/*
 * A link between two UDP sockets, for machines whose kernel has no netem: packets are delayed, lost
 * at random, and sent at a rate with a drop-tail queue before it.
 *
 *   link_emulator ADDRESS DELAY_MS LOSS_PER_MILLION BYTES_PER_S QUEUE_BYTES
 *
 * Prints the two ports, one for each end. What comes in at one leaves from the other, to whoever
 * has sent to that; until then it is dropped. Ends with its standard input.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 2048
#define RING       16384u /* packets in flight or queued each way; a power of two */
#define OVERHEAD   28u    /* of IP and UDP, which the link carries too */

struct packet {
  uint64_t leaves, arrives; /* ns */
  uint32_t n;
  uint8_t data[PACKET_MAX];
};

struct way {
  struct packet *ring;
  size_t first, n;
  uint64_t busy_until; /* ns */
};

struct link {
  int fd[2];
  struct sockaddr_in peer[2];
  struct way way[2]; /* [i]: from end i */
  uint64_t delay, seed;
  uint32_t loss;
  double ns_per_byte;
  uint64_t queue_ns;
};

static uint64_t now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t dice(struct link *l) {
  l->seed = l->seed * 6364136223846793005u + 1442695040888963407u;
  return l->seed >> 33;
}

static int open_end(const char *address, uint16_t *ret_port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;
  struct sockaddr_in a = {.sin_family = AF_INET};
  socklen_t n = sizeof a;
  (void)inet_pton(AF_INET, address, &a.sin_addr);
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
      getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
    perror(address);
    exit(1);
  }
  *ret_port = ntohs(a.sin_port);
  return fd;
}

/* The packet that was read into the ring's next place goes on the link, or is dropped. */
static void accept_packet(struct link *l, struct way *w, struct packet *p, uint64_t at) {
  uint64_t starts = w->busy_until > at ? w->busy_until : at;
  if (starts - at > l->queue_ns || dice(l) % 1000000 < l->loss) return;
  w->busy_until = starts + (uint64_t)((p->n + OVERHEAD) * l->ns_per_byte);
  p->leaves = w->busy_until;
  p->arrives = p->leaves + l->delay;
  w->n++;
}

static void take_in(struct link *l, int end) {
  struct way *w = &l->way[end];
  uint64_t at = now();
  while (w->n < RING) {
    struct packet *p = &w->ring[(w->first + w->n) % RING];
    socklen_t size = sizeof l->peer[end];
    ssize_t n =
        recvfrom(l->fd[end], p->data, PACKET_MAX, 0, (struct sockaddr *)&l->peer[end], &size);
    if (n < 0) return;
    p->n = (uint32_t)n;
    accept_packet(l, w, p, at);
  }
}

/* Sends what has arrived by now. When the next one does; UINT64_MAX: nothing is on the way. */
static uint64_t give_out(struct link *l, int end) {
  struct way *w = &l->way[end];
  uint64_t at = now();
  for (; w->n > 0; w->n--, w->first = (w->first + 1) % RING) {
    const struct packet *p = &w->ring[w->first];
    if (p->arrives > at) return p->arrives;
    if (l->peer[1 - end].sin_port != 0)
      (void)sendto(l->fd[1 - end], p->data, p->n, 0, (struct sockaddr *)&l->peer[1 - end],
                   sizeof l->peer[0]);
  }
  return UINT64_MAX;
}

static void run(struct link *l) {
  for (;;) {
    struct pollfd p[] = {{.fd = l->fd[0], .events = POLLIN},
                         {.fd = l->fd[1], .events = POLLIN},
                         {.fd = 0, .events = POLLIN}};
    uint64_t a = give_out(l, 0), b = give_out(l, 1), next = a < b ? a : b, at = now();
    uint64_t wait = next == UINT64_MAX ? 1000000000u : next > at ? next - at : 0;
    const struct timespec t = {.tv_sec = (time_t)(wait / 1000000000u),
                               .tv_nsec = (long)(wait % 1000000000u)};
    if (ppoll(p, 3, &t, NULL) < 0 && errno != EINTR) return;
    if (p[2].revents) return;
    for (int end = 0; end < 2; end++)
      if (p[end].revents) take_in(l, end);
  }
}

/* A number, or the end of the program. */
static double number(const char *text) {
  char *end;
  double v = strtod(text, &end);
  if (end != text && *end == '\0' && v >= 0) return v;
  (void)fprintf(stderr, "link_emulator: %s is not a number from 0 on\n", text);
  exit(64);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    (void)fputs("usage: link_emulator ADDRESS DELAY_MS LOSS_PER_MILLION BYTES_PER_S QUEUE_BYTES\n",
                stderr);
    return 64;
  }
  static struct link l;
  uint16_t ports[2];
  double rate = number(argv[4]);
  l.seed = 1;
  l.delay = (uint64_t)(number(argv[2]) * 1e6);
  l.loss = (uint32_t)number(argv[3]);
  l.ns_per_byte = rate > 0 ? 1e9 / rate : 0;
  l.queue_ns = rate > 0 ? (uint64_t)(number(argv[5]) * l.ns_per_byte) : UINT64_MAX;
  for (int i = 0; i < 2; i++) {
    l.fd[i] = open_end(argv[1], &ports[i]);
    l.way[i].ring = calloc(RING, sizeof *l.way[i].ring);
    if (!l.way[i].ring) return 1;
  }
  (void)printf("%u %u\n", ports[0], ports[1]);
  (void)fflush(stdout);
  run(&l);
  return 0;
}
