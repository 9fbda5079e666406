/*
 * The transport without the protocol on stdio: peers of two processes over loopback UDP, driven as
 * the host drives them. The first process offers, signalling goes over a socket pair.
 *   transport_bench bulk BYTES SIZE | rtt COUNT SIZE | connect COUNT | memory PEERS | idle PEERS S
 * Prints one JSON object.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/entropy.h"
#include "net/links.h"
#include "net/timer.h"
#include "peer/peer.h"

#define PEERS_MAX  4096
#define BACKLOG    ((size_t)4 << 20) /* bytes the sender keeps buffered */
#define MANY_BYTES ((uint64_t)1 << 52)

enum role { OFFERS, ANSWERS };
enum task { BULK, RTT, CONNECT, HOLD };

/* What goes over the socket pair, one message each. */
enum kind { OFFER, ANSWER, CANDIDATE, CLOSE, DONE };
struct wire {
  uint32_t peer;
  enum kind kind;
  char text[16384];
};

struct end {
  enum role role;
  enum task task;
  uv_loop_t loop;
  uv_prepare_t before_wait;
  uv_poll_t signal;
  int wire;
  struct net_entropy entropy;
  struct net_links *links;
  struct net_timer *timer;
  struct dtls_identity *identity;
  struct peer *peers[PEERS_MAX];
  mono_us wake[PEERS_MAX];
  bool dirty[PEERS_MAX];
  uint32_t n_peers, opened;
  dc_handle last_handle, channel;

  uint64_t want, got, sent; /* bytes (BULK) or messages and connects (RTT, CONNECT) */
  size_t size;
  mono_us now, started, finished;
  mono_us *samples;
};

static void fail(const char *what) {
  (void)fprintf(stderr, "transport_bench: %s\n", what);
  exit(1);
}

/*
 * The time of this turn of the loop: all that came in it, and the drain that answers, are one
 * moment for the machines, so that no deadline passes between an input and its answer.
 */
static mono_us turn(struct end *e) {
  if (e->now == 0) e->now = net_clock_now();
  return e->now;
}

static void tell(struct end *e, uint32_t peer, enum kind kind, const char *text) {
  struct wire w = {.peer = peer, .kind = kind};
  size_t n = strlen(text);
  if (n >= sizeof w.text) fail("a description is too long");
  memcpy(w.text, text, n + 1);
  if (send(e->wire, &w, offsetof(struct wire, text) + n + 1, 0) < 0) fail("signalling");
}

/* --- peers --- */

static uint32_t add_peer(struct end *e) {
  static const struct ice_interface_addr none;
  struct ice_interface_addr lo = none;
  struct peer_cfg cfg = {.interleaving = true,
                         .zero_checksum = true,
                         .mtu_discovery = true,
                         .rng = &e->entropy.rng,
                         .identity = e->identity,
                         .unix_offset_us = net_clock_unix_offset_us(),
                         .loopback = true,
                         .max_message_size = 262144,
                         .max_channels = 1024,
                         .max_buffered = (size_t)16 << 20,
                         .receive_budget = (size_t)4 << 20};
  uint32_t i = e->n_peers++;
  if (i == PEERS_MAX || peer_new(&e->peers[i], &cfg, turn(e)) != 0) fail("peer_new");
  memcpy(lo.name, "lo", sizeof "lo");
  lo.addr = addr_v4(127, 0, 0, 1, 0);
  if (peer_set_interfaces(e->peers[i], turn(e), &lo, 1) != 0) fail("interfaces");
  dc_set_initial_credit(peer_channels(e->peers[i]), MANY_BYTES);
  e->dirty[i] = true;
  return i;
}

static char *describe(struct end *e, uint32_t i, enum peer_sdp_type type) {
  struct fault fault;
  char *sdp = NULL;
  mono_us now = turn(e);
  int err = type == PEER_SDP_OFFER ? peer_create_offer(e->peers[i], now, false, &sdp, &fault)
                                   : peer_create_answer(e->peers[i], now, &sdp, &fault);
  if (err != 0) fail(fault.text);
  struct peer_set_local local = {.type = type, .sdp = bytes_of(sdp)};
  if (peer_set_local(e->peers[i], now, &local, &fault) != 0) fail(fault.text);
  e->dirty[i] = true;
  return sdp;
}

static void offer(struct end *e) {
  struct fault fault;
  struct dc_init init = {.ordered = true,
                         .id = -1,
                         .max_retransmits = -1,
                         .max_lifetime_ms = -1,
                         .label = bytes_of("bench")};
  e->started = net_clock_now();
  uint32_t i = add_peer(e);
  e->channel = ++e->last_handle;
  if (peer_channel_create(e->peers[i], turn(e), e->channel, &init, &fault) != 0) fail(fault.text);
  (void)dc_credit(peer_channels(e->peers[i]), turn(e), e->channel, MANY_BYTES, &fault);
  char *sdp = describe(e, i, PEER_SDP_OFFER);
  tell(e, i, OFFER, sdp);
  free(sdp);
}

static void take_description(struct end *e, const struct wire *w) {
  struct fault fault;
  bool offered = w->kind == OFFER;
  uint32_t i = offered ? add_peer(e) : w->peer;
  if (peer_set_remote(e->peers[i], turn(e), offered ? PEER_SDP_OFFER : PEER_SDP_ANSWER,
                      bytes_of(w->text), &fault) != 0)
    fail(fault.text);
  e->dirty[i] = true;
  if (!offered) return;
  char *sdp = describe(e, i, PEER_SDP_ANSWER);
  tell(e, i, ANSWER, sdp);
  free(sdp);
}

static void take_candidate(struct end *e, const struct wire *w) {
  struct fault fault;
  struct peer_candidate_init c = {.candidate = bytes_of(w->text), .mline_index = 0};
  if (peer_add_candidate(e->peers[w->peer], turn(e), &c, &fault) != 0) fail(fault.text);
  e->dirty[w->peer] = true;
}

static void close_peer(struct end *e, uint32_t i) {
  peer_close(e->peers[i], turn(e));
  e->dirty[i] = true;
}

/* --- what is measured --- */

static void send_one(struct end *e, uint32_t i) {
  struct fault fault;
  struct payload *data = payload_new(e->size);
  if (!data) fail("memory");
  data->n = e->size;
  memset(data->data, 'x', e->size);
  if (dc_send(peer_channels(e->peers[i]), turn(e), e->channel, false, data, &fault) != 0)
    fail(fault.text);
  peer_touch(e->peers[i], turn(e));
  e->dirty[i] = true;
}

static void fill(struct end *e) {
  struct fault fault;
  struct dc_info info;
  while (e->sent < e->want && dc_info(peer_channels(e->peers[0]), e->channel, &info) &&
         info.buffered < BACKLOG) {
    send_one(e, 0);
    e->sent += e->size;
  }
  (void)dc_set_threshold(peer_channels(e->peers[0]), e->channel, BACKLOG / 2, &fault);
}

static void opened(struct end *e, uint32_t i) {
  e->opened++;
  if (e->role == ANSWERS) return;
  if (e->task == CONNECT) {
    e->samples[e->got++] = net_clock_now() - e->started;
    tell(e, i, CLOSE, "");
    close_peer(e, i);
  }
  if (e->task == BULK) {
    e->started = net_clock_now();
    fill(e);
  } else if (e->task == RTT) {
    e->started = net_clock_now();
    send_one(e, 0);
  } else if (e->opened < e->want) {
    offer(e);
  } else {
    e->finished = net_clock_now();
  }
}

static void received(struct end *e, uint32_t i, dc_handle channel, size_t n) {
  if (e->task == BULK) {
    e->got += n;
    if (e->got >= e->want) tell(e, i, DONE, "");
  } else if (e->role == ANSWERS) {
    e->channel = channel;
    e->size = n;
    send_one(e, i);
  } else {
    e->samples[e->got++] = net_clock_now() - e->started;
    e->started = net_clock_now();
    if (e->got < e->want)
      send_one(e, i);
    else
      e->finished = net_clock_now();
  }
}

static void channel_event(struct end *e, uint32_t i, const struct dc_event *ev) {
  struct dc_set *set = peer_channels(e->peers[i]);
  if (ev->kind == DC_EV_INCOMING) {
    dc_rename(set, ev->channel, ++e->last_handle);
  } else if (ev->kind == DC_EV_OPEN) {
    opened(e, i);
  } else if (ev->kind == DC_EV_MESSAGE) {
    struct dc_message m;
    dc_handle channel = ev->channel;
    dc_take_message(set, &m);
    size_t n = m.data ? m.data->n : 0;
    payload_free(m.data);
    received(e, i, channel, n);
  } else if (ev->kind == DC_EV_BUFFERED_LOW && e->task == BULK) {
    fill(e);
  } else if (ev->kind == DC_EV_ERROR) {
    fail(ev->fault.text);
  }
}

static void peer_happened(struct end *e, uint32_t i, const struct peer_event *ev) {
  if (ev->kind == PEER_EV_ICE_CANDIDATE && ev->u.candidate.text[0])
    tell(e, i, CANDIDATE, ev->u.candidate.text);
  else if (ev->kind == PEER_EV_FAILURE)
    fail(ev->u.failure.text);
  else if (ev->kind == PEER_EV_CHANNEL)
    channel_event(e, i, &ev->u.channel);
}

/* --- the pump --- */

static void bind_link(struct end *e, uint32_t i, const struct ice_bind *bind) {
  struct addr local = {0};
  int err = net_links_bind(e->links, i, bind, &local);
  (void)peer_bound(e->peers[i], turn(e), bind->link, err, &local);
}

/* True while there is more to do for the peer. */
static bool step(struct end *e, uint32_t i) {
  size_t cap;
  uint8_t *buf = net_links_space(e->links, &cap);
  struct peer_out out;
  peer_poll(e->peers[i], turn(e), buf, cap, &out);
  switch (out.kind) {
  case OUT_IDLE: e->wake[i] = out.u.wake.at; return false;
  case OUT_TX: net_links_add(e->links, i, &out); break;
  case OUT_EVENT: peer_happened(e, i, &out.u.ev); break;
  case OUT_BIND: bind_link(e, i, &out.u.bind); break;
  case OUT_UNBIND: net_links_unbind(e->links, i, out.u.unbind_link); break;
  case OUT_RESOLVE:
  case OUT_PUBLISH:
  case OUT_STREAM: fail("nothing here has a name or a stream");
  }
  return true;
}

static void drain_peer(struct end *e, uint32_t i) {
  struct peer_view view;
  e->dirty[i] = false;
  while (step(e, i)) continue;
  peer_view(e->peers[i], &view);
  if (view.connection != PEER_CLOSED) return;
  net_links_flush(e->links);
  net_links_drop_peer(e->links, i);
  e->peers[i] = peer_free(e->peers[i]);
  e->wake[i] = MONO_NEVER;
}

static void wake_due(struct end *e) {
  for (uint32_t i = 0; i < e->n_peers; i++) {
    if (!e->peers[i] || e->wake[i] > turn(e)) continue;
    (void)peer_wake(e->peers[i], turn(e));
    e->dirty[i] = true;
  }
}

static void drain(uv_prepare_t *handle) {
  struct end *e = handle->data;
  mono_us first = MONO_NEVER;
  bool again = true;
  wake_due(e);
  while (again) {
    again = false;
    for (uint32_t i = 0; i < e->n_peers; i++) {
      if (!e->peers[i] || !e->dirty[i]) continue;
      drain_peer(e, i);
      again = true;
    }
  }
  net_links_flush(e->links);
  for (uint32_t i = 0; i < e->n_peers; i++)
    if (e->peers[i]) first = mono_min(first, e->wake[i]);
  if (first != net_timer_at(e->timer)) net_timer_set(e->timer, first);
  e->now = 0;
  if (e->finished) uv_stop(&e->loop);
}

/* The drain before the loop waits again does it. */
static void timed(void *ctx) {
  (void)ctx;
}

static void datagram(void *ctx, uint32_t i, const struct path *path, struct bytes data) {
  struct end *e = ctx;
  if (!e->peers[i]) return;
  (void)peer_recv(e->peers[i], turn(e), path, data);
  e->dirty[i] = true;
}

static void writable(void *ctx, uint32_t i, uint32_t link, bool yes) {
  struct end *e = ctx;
  if (!e->peers[i]) return;
  peer_link_writable(e->peers[i], turn(e), link, yes);
  e->dirty[i] = true;
}

static void signalled(uv_poll_t *handle, int status, int events) {
  struct end *e = handle->data;
  struct wire w;
  (void)status;
  (void)events;
  ssize_t n = recv(e->wire, &w, sizeof w, MSG_DONTWAIT);
  if (n < 0) return;
  if (n == 0) { /* the other process ended */
    uv_stop(&e->loop);
    return;
  }
  switch (w.kind) {
  case OFFER:
  case ANSWER: take_description(e, &w); break;
  case CANDIDATE:
    if (e->peers[w.peer]) take_candidate(e, &w);
    break;
  case CLOSE: close_peer(e, w.peer); break;
  case DONE: e->finished = net_clock_now(); break;
  }
}

static void start(struct end *e) {
  struct net_links_cfg cfg = {.loop = &e->loop,
                              .rng = &e->entropy.rng,
                              .ctx = e,
                              .received = datagram,
                              .writable = writable};
  net_entropy_init(&e->entropy);
  (void)uv_loop_init(&e->loop);
  if (net_links_new(&e->links, &cfg) != 0 || net_timer_new(&e->timer, &e->loop, timed, e) != 0 ||
      dtls_identity_new(&e->identity, net_clock_unix_us() / 1000000) != 0)
    fail("setup");
  (void)uv_prepare_init(&e->loop, &e->before_wait);
  (void)uv_poll_init(&e->loop, &e->signal, e->wire);
  e->before_wait.data = e->signal.data = e;
  (void)uv_prepare_start(&e->before_wait, drain);
  (void)uv_poll_start(&e->signal, UV_READABLE, signalled);
}

static void stop(struct end *e) {
  for (uint32_t i = 0; i < e->n_peers; i++) peer_free(e->peers[i]);
  net_timer_free(e->timer);
  net_links_free(e->links);
  dtls_identity_unref(e->identity);
}

/* --- figures --- */

static double cpu_seconds(int who) {
  struct rusage u;
  (void)getrusage(who, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long kilobytes(const char *field) {
  char line[256];
  long value = -1;
  FILE *f = fopen("/proc/self/smaps_rollup", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, field, strlen(field)) == 0) value = strtol(line + strlen(field), NULL, 10);
  if (f) (void)fclose(f);
  return value;
}

static int compare(const void *a, const void *b) {
  const mono_us *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void print_samples(struct end *e) {
  size_t n = (size_t)e->got;
  qsort(e->samples, n, sizeof *e->samples, compare);
  (void)printf("\"median_us\": %llu, \"p90_us\": %llu, \"p99_us\": %llu, \"max_us\": %llu",
               (unsigned long long)e->samples[n / 2], (unsigned long long)e->samples[n * 9 / 10],
               (unsigned long long)e->samples[n * 99 / 100], (unsigned long long)e->samples[n - 1]);
}

static void print_sctp(struct end *e) {
  struct sctp_stats s;
  dc_sctp_stats(peer_channels(e->peers[0]), &s);
  (void)printf("\"srtt_us\": %llu, \"cwnd\": %zu, \"mtu\": %zu, \"packets\": %llu, "
               "\"retransmits\": %llu, \"timeouts\": %llu, ",
               (unsigned long long)s.srtt, s.cwnd, s.mtu, (unsigned long long)s.packets_sent,
               (unsigned long long)s.retransmits, (unsigned long long)s.timeouts);
}

static struct end *parse(struct end *e, int argc, char *argv[]) {
  static const char *const names[] = {"bulk", "rtt", "connect", "memory", "idle"};
  static const enum task tasks[] = {BULK, RTT, CONNECT, HOLD, HOLD};
  size_t i = 0;
  if (argc < 3) return NULL;
  while (i < 5 && strcmp(argv[1], names[i]) != 0) i++;
  e->want = strtoull(argv[2], NULL, 10);
  e->size = argc > 3 ? strtoul(argv[3], NULL, 10) : 64;
  if (i == 5 || e->want == 0 || e->size == 0 || (tasks[i] != BULK && e->want > PEERS_MAX * 100))
    return NULL;
  e->task = tasks[i];
  e->samples = e->task == BULK ? NULL : calloc((size_t)e->want, sizeof *e->samples);
  return e;
}

static void idle_stop(void *ctx) {
  uv_stop(ctx);
}

/* CPU of this process while its peers only keep their consent fresh. */
static void measure_idle(struct end *e, unsigned seconds) {
  struct net_timer *timer;
  if (net_timer_new(&timer, &e->loop, idle_stop, &e->loop) != 0) fail("timer");
  e->finished = 0;
  net_timer_set(timer, net_clock_now() + seconds * MONO_S);
  double cpu = cpu_seconds(RUSAGE_SELF);
  (void)uv_run(&e->loop, UV_RUN_DEFAULT);
  (void)printf("\"cores\": %.5f", (cpu_seconds(RUSAGE_SELF) - cpu) / seconds);
  net_timer_free(timer);
}

static void report(struct end *e, const char *name) {
  (void)printf("{");
  if (e->task == RTT || e->task == CONNECT) print_samples(e);
  if (strcmp(name, "memory") == 0)
    (void)printf("\"rss_kb\": %ld, \"private_dirty_kb\": %ld", kilobytes("Rss:"),
                 kilobytes("Private_Dirty:"));
  if (strcmp(name, "idle") == 0) measure_idle(e, (unsigned)e->size);
}

int main(int argc, char *argv[]) {
  static struct end end;
  struct end *e = parse(&end, argc, argv);
  int wires[2];
  if (!e || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, wires) != 0) fail("see the head of the source");
  pid_t child = fork();
  e->role = child == 0 ? ANSWERS : OFFERS;
  e->wire = wires[child == 0];
  close(wires[child != 0]);
  start(e);
  if (child != 0) offer(e);
  (void)uv_run(&e->loop, UV_RUN_DEFAULT);
  if (child == 0) _exit(0);
  report(e, argv[1]);
  double cpu = cpu_seconds(RUSAGE_SELF), wall = (double)(e->finished - e->started) / 1e6;
  shutdown(e->wire, SHUT_RDWR);
  (void)waitpid(child, NULL, 0);
  if (e->task == BULK) {
    double gigabytes = (double)e->want / 1e9;
    print_sctp(e);
    (void)printf("\"mb_per_s\": %.1f, \"cpu_s_per_gb\": %.3f", gigabytes * 1e3 / wall,
                 (cpu + cpu_seconds(RUSAGE_CHILDREN)) / gigabytes);
  }
  (void)printf("}\n");
  stop(e);
  return 0;
}
