/*
 * What the machine's loopback and net's batching can do at best, without any protocol above:
 * throughput between two processes with and without UDP_SEGMENT, and the round trip of 64 bytes.
 * udp_bench [seconds]
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/entropy.h"
#include "net/links.h"
#include "net/udp_rx.h"

#define SEGMENT 1200
/* Bytes under way: what a socket's buffer holds for certain. */
#define WINDOW ((size_t)384 * 1024)

struct end {
  struct net_entropy entropy;
  struct net_udp_counters count;
  struct net_udp_tx tx;
  struct net_udp_rx *rx;
  struct addr local;
};

static void open_end(struct end *e) {
  struct net_udp_place place = {.local = addr_v4(127, 0, 0, 1, 0)};
  memset(e, 0, sizeof *e);
  net_entropy_init(&e->entropy);
  e->tx.count = &e->count;
  e->tx.fd = net_udp_open(&place, &e->entropy.rng, &e->local);
  if (e->tx.fd < 0 || net_udp_rx_new(&e->rx) != 0) {
    perror("udp_bench");
    exit(1);
  }
  e->tx.segmenting = net_udp_has_segment(e->tx.fd);
}

static void close_end(struct end *e) {
  net_udp_rx_free(e->rx);
  close(e->tx.fd);
}

static void wait_readable(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  (void)poll(&p, 1, 1000);
}

static void send_bytes(struct end *e, const struct addr *to, const void *data, size_t n) {
  struct net_udp_run run = {.remote = *to, .data = data, .n = n};
  (void)net_udp_send(&e->tx, &run, 1);
}

/* Tells the sender how much has come, after every batch, until an empty second. */
static void receive_all(struct end *e, const struct addr *sender) {
  struct addr from;
  struct bytes b;
  uint64_t total = 0;
  for (;;) {
    uint64_t before = total;
    wait_readable(e->tx.fd);
    while (net_udp_rx_read(e->rx, e->tx.fd) > 0) {
      while (net_udp_rx_next(e->rx, &from, &b)) {
        if (b.n == 1) return; /* the end */
        total += b.n;
      }
      send_bytes(e, sender, &total, sizeof total);
    }
    if (total == before) return;
  }
}

static uint64_t read_total(struct end *e, uint64_t total) {
  struct addr from;
  struct bytes b;
  while (net_udp_rx_read(e->rx, e->tx.fd) > 0)
    while (net_udp_rx_next(e->rx, &from, &b))
      if (b.n == sizeof total) memcpy(&total, b.p, sizeof total);
  return total;
}

/* Sends for the time given, WINDOW bytes ahead; the bytes that came. */
static uint64_t send_for(struct end *e, const struct addr *to, mono_us time) {
  static uint8_t data[(size_t)52 * SEGMENT];
  uint64_t sent = 0, total = 0;
  mono_us until = net_clock_now() + time;
  while (net_clock_now() < until) {
    if (sent - total + sizeof data > WINDOW) {
      wait_readable(e->tx.fd);
      total = read_total(e, total);
      continue;
    }
    struct net_udp_run run = {.remote = *to, .data = data, .n = sizeof data, .segment = SEGMENT};
    (void)net_udp_send(&e->tx, &run, 1);
    sent += sizeof data;
    total = read_total(e, total);
  }
  for (int i = 0; i < 10; i++) send_bytes(e, to, "", 1);
  return total;
}

static double cpu_seconds(int who) {
  struct rusage u;
  (void)getrusage(who, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void throughput(bool segmenting, mono_us time) {
  struct end a, b;
  open_end(&a);
  open_end(&b);
  a.tx.segmenting = a.tx.segmenting && segmenting;
  double cpu = cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN);
  pid_t child = fork();
  if (child == 0) {
    receive_all(&b, &a.local);
    _exit(0);
  }
  uint64_t bytes = send_for(&a, &b.local, time);
  (void)waitpid(child, NULL, 0);
  cpu = cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN) - cpu;
  double gigabytes = (double)bytes / 1e9;
  (void)printf("%-28s %7.0f MB/s  %5.2f CPU-s/GB, both ends\n",
               a.tx.segmenting ? "sendmmsg and UDP_SEGMENT" : "sendmmsg",
               gigabytes * 1e9 / (double)time, gigabytes > 0 ? cpu / gigabytes : 0);
  close_end(&a);
  close_end(&b);
}

/* One process of the round trip: a link on a loop, as the host has it. */
struct player {
  uv_loop_t loop;
  struct net_entropy entropy;
  struct net_links *links;
  struct addr local, other;
  mono_us sent;
  mono_us *rtt; /* NULL for the one that only answers */
  int n, want;
};

static void add(struct player *p, size_t n) {
  size_t cap;
  const struct peer_out out = {.kind = OUT_TX,
                               .u.tx = {.path = {.link = 1, .remote = p->other}, .n = n}};
  memset(net_links_space(p->links, &cap), 0, n);
  net_links_add(p->links, 1, &out);
}

static void serve_ball(struct player *p) {
  p->sent = net_clock_now();
  add(p, 64);
  net_links_flush(p->links);
}

static void on_ball(void *ctx, uint32_t peer, const struct path *path, struct bytes datagram) {
  struct player *p = ctx;
  (void)peer;
  (void)path;
  if (datagram.n == 1) {
    uv_stop(&p->loop);
    return;
  }
  if (p->rtt) p->rtt[p->n] = net_clock_now() - p->sent;
  if (++p->n == p->want) {
    uv_stop(&p->loop);
    return;
  }
  serve_ball(p);
}

static void on_writable(void *ctx, uint32_t peer, uint32_t link, bool writable) {
  (void)ctx;
  (void)peer;
  (void)link;
  (void)writable;
}

static void open_player(struct player *p) {
  memset(p, 0, sizeof *p);
  net_entropy_init(&p->entropy);
  (void)uv_loop_init(&p->loop);
  struct net_links_cfg cfg = {.loop = &p->loop,
                              .rng = &p->entropy.rng,
                              .ctx = p,
                              .received = on_ball,
                              .writable = on_writable};
  struct ice_bind bind = {.link = 1, .local = addr_v4(127, 0, 0, 1, 0)};
  if (net_links_new(&p->links, &cfg) != 0 || net_links_bind(p->links, 1, &bind, &p->local) != 0) {
    perror("udp_bench");
    exit(1);
  }
}

static int compare(const void *a, const void *b) {
  mono_us x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static void round_trips(int n) {
  int up[2], down[2]; /* the child opens its own loop: an epoll must not be shared */
  struct addr port;
  if (pipe(up) != 0 || pipe(down) != 0) exit(1);
  pid_t child = fork();
  struct player p;
  open_player(&p);
  if (child == 0) {
    p.want = -1;
    if (write(up[1], &p.local, sizeof p.local) < 0) _exit(1);
    if (read(down[0], &p.other, sizeof p.other) < 0) _exit(1);
    (void)uv_run(&p.loop, UV_RUN_DEFAULT);
    _exit(0);
  }
  if (read(up[0], &port, sizeof port) < 0 || write(down[1], &p.local, sizeof p.local) < 0) exit(1);
  p.other = port;
  p.want = n;
  p.rtt = calloc((size_t)n, sizeof *p.rtt);
  if (!p.rtt) exit(1);
  serve_ball(&p);
  (void)uv_run(&p.loop, UV_RUN_DEFAULT);
  add(&p, 1);
  net_links_flush(p.links);
  (void)waitpid(child, NULL, 0);
  qsort(p.rtt, (size_t)n, sizeof *p.rtt, compare);
  (void)printf("%-28s %7llu us median, %llu us p99\n", "round trip of 64 bytes",
               (unsigned long long)p.rtt[n / 2], (unsigned long long)p.rtt[n * 99 / 100]);
  free(p.rtt);
}

int main(int argc, char *argv[]) {
  mono_us time = (mono_us)(argc > 1 ? strtoul(argv[1], NULL, 10) : 2) * MONO_S;
  throughput(false, time);
  throughput(true, time);
  round_trips(20000);
  return 0;
}
