#include "probe/talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"
#include "net/watch.h"
#include "stun/attributes.h"
#include "stun/builder.h"
#include "stun/fingerprint.h"
#include "stun/transaction.h"
#include "turn/client.h"

#define BUF      (2048 + TURN_KEPT_MAX + 2048)
#define PATIENCE (4250 * MONO_MS)
#define DTLS_RTT (100 * MONO_MS) /* a guess: five ClientHellos within the patience */

/* With a fifth of all packets lost, one of 3,500 exchanges gets no answer. */
static const struct stun_schedule schedule = {
    .rto = 250 * MONO_MS, .rto_max = 500 * MONO_MS, .times = 8, .last_wait = MONO_S};

struct talk {
  struct talk_cfg cfg;
  int fd;
  struct net_watch *watch;
  struct net_timer *timer;
  mono_us give_up;
  bool over;
  struct talk_result result;
  struct stun_transaction stun;
  struct dtls *dtls;
  struct turn_client *turn;
  bool challenged; /* 401 with realm and nonce came */
};

const char *talk_word(enum talk_outcome o) {
  static const char *const words[] = {[TALK_ANSWERED] = "answered",
                                      [TALK_SILENT] = "silent",
                                      [TALK_REFUSED] = "refused",
                                      [TALK_PROHIBITED] = "prohibited",
                                      [TALK_ODD] = "odd"};
  return words[o];
}

static void finish(struct talk *t, enum talk_outcome outcome) {
  if (t->over) return;
  t->over = true;
  t->result.outcome = outcome;
  if (!t->turn) net_timer_set(t->timer, MONO_NEVER);
  t->cfg.done(t->cfg.ctx, &t->result);
}

static void send_datagram(struct talk *t, const uint8_t *p, size_t n) {
  t->result.tries++;
  (void)send(t->fd, p, n, MSG_NOSIGNAL); /* an error comes back to the reading side */
}

/* --- what is due --- */

static void write_request(struct talk *t, mono_us now) {
  uint8_t buf[100];
  struct writer w = writer_of(buf, sizeof buf);
  stun_begin(&w, STUN_REQUEST, STUN_BINDING, &t->stun.tid);
  stun_put_fingerprint(&w);
  stun_transaction_sent(&t->stun, now);
  send_datagram(t, buf, w.n);
}

static mono_us run_stun(struct talk *t, mono_us now) {
  switch (stun_transaction_due(&t->stun, now)) {
  case STUN_DUE_SEND: write_request(t, now); break;
  case STUN_DUE_TIMEOUT: finish(t, TALK_SILENT); return MONO_NEVER;
  case STUN_DUE_NOTHING: break;
  }
  return t->stun.due;
}

static mono_us run_dtls(struct talk *t, mono_us now) {
  uint8_t buf[BUF];
  struct dtls_out out;
  (void)dtls_wake(t->dtls, now);
  for (;;) {
    dtls_poll(t->dtls, now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) return out.u.wake_at;
    if (out.kind == OUT_TX) send_datagram(t, buf, out.u.tx_n);
  }
}

bool turn_is_challenge(struct bytes message) {
  struct stun_message m;
  struct stun_error e;
  struct bytes realm, nonce;
  return stun_parse(message, &m) == 0 && m.cls == STUN_ERROR && stun_get_error(&m, &e) &&
         e.code == 401 && stun_find(&m, STUN_ATTR_REALM, &realm) &&
         stun_find(&m, STUN_ATTR_NONCE, &nonce);
}

static void on_turn_event(struct talk *t, const struct turn_event *ev) {
  if (ev->kind == TURN_EV_ALLOCATED) {
    t->result.mapped = ev->mapped;
    t->result.relayed = ev->relayed[0]; /* of two families: the one that we have */
    if (ev->relayed[1].family == t->cfg.remote.family) t->result.relayed = ev->relayed[1];
    finish(t, TALK_ANSWERED);
  } else if (ev->kind == TURN_EV_FAILED) {
    t->result.code = ev->code;
    bool odd = ev->code == 401 && !t->challenged;
    finish(t, ev->code == TURN_ERR_UNREACHABLE ? TALK_SILENT : odd ? TALK_ODD : TALK_ANSWERED);
  }
}

static mono_us run_turn(struct talk *t, mono_us now) {
  uint8_t buf[BUF];
  struct turn_out out;
  turn_client_wake(t->turn, now);
  for (;;) {
    turn_client_poll(t->turn, now, buf, sizeof buf, &out);
    if (out.kind == OUT_IDLE) return out.u.wake_at;
    if (out.kind == OUT_TX)
      send_datagram(t, buf, out.u.tx_n);
    else
      on_turn_event(t, &out.u.ev);
  }
}

static void run(struct talk *t) {
  mono_us now = net_clock_now(), at = MONO_NEVER;
  if (!t->over && now >= t->give_up) {
    finish(t, TALK_SILENT);
    return;
  }
  if (t->turn)
    at = run_turn(t, now);
  else if (t->over)
    return;
  else
    at = t->dtls ? run_dtls(t, now) : run_stun(t, now);
  if (!t->over) at = mono_min(at, t->give_up);
  net_timer_set(t->timer, t->over && !t->turn ? MONO_NEVER : at);
}

static void on_timer(void *ctx) {
  run(ctx);
}

/* --- what comes --- */

static void take_stun(struct talk *t, struct bytes in) {
  struct stun_message m;
  if (stun_parse(in, &m) < 0 || !stun_tid_equal(&m.tid, &t->stun.tid)) return;
  if (m.cls != STUN_SUCCESS && m.cls != STUN_ERROR) return;
  (void)stun_get_xor_address(&m, STUN_ATTR_XOR_MAPPED_ADDRESS, &t->result.mapped);
  finish(t, TALK_ANSWERED);
}

static void take_turn(struct talk *t, struct bytes in) {
  struct turn_data data;
  t->challenged |= turn_is_challenge(in);
  int r = turn_client_recv(t->turn, net_clock_now(), in, &data);
  if (r == 1 && t->cfg.data) t->cfg.data(t->cfg.ctx, data.payload);
}

/* A handshake record with ServerHello or HelloVerifyRequest, or an alert (RFC 6347 sections 4.1 and
 * 4.3.2): nothing that a client sends, so no echo. */
static bool is_dtls_answer(struct bytes in) {
  enum { ALERT = 21, HANDSHAKE = 22, SERVER_HELLO = 2, HELLO_VERIFY_REQUEST = 3 };
  if (in.n <= 13 || in.p[1] != 254) return false;
  bool hello = in.p[13] == SERVER_HELLO || in.p[13] == HELLO_VERIFY_REQUEST;
  return in.p[0] == ALERT || (in.p[0] == HANDSHAKE && hello);
}

static void take(struct talk *t, struct bytes in) {
  switch (t->cfg.kind) {
  case TALK_BINDING: take_stun(t, in); break;
  case TALK_DTLS:
    if (is_dtls_answer(in)) finish(t, TALK_ANSWERED);
    break;
  case TALK_ALLOCATE: take_turn(t, in); break;
  }
}

static void drain_errors(int fd) {
  char control[512], byte;
  struct iovec iov = {&byte, 1};
  struct msghdr h = {
      .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  while (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) h.msg_controllen = sizeof control;
}

static void refuse(struct talk *t, int e) {
  if (e == ECONNREFUSED)
    finish(t, TALK_REFUSED);
  else if (e == EHOSTUNREACH || e == ENETUNREACH || e == EACCES || e == EPERM)
    finish(t, TALK_PROHIBITED);
}

static void on_ready(void *ctx, int events) {
  struct talk *t = ctx;
  uint8_t buf[2048];
  for (int i = 0; i < 32; i++) {
    ssize_t n = recv(t->fd, buf, sizeof buf, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (n < 0)
      refuse(t, errno);
    else
      take(t, (struct bytes){buf, (size_t)n});
  }
  if (events & NET_HANGUP) {
    drain_errors(t->fd);
    (void)net_watch_set(t->watch, NET_READABLE);
  }
  run(t);
}

/* --- making --- */

static int open_socket(struct talk *t) {
  struct sockaddr_storage to;
  socklen_t n = net_sockaddr_from(&t->cfg.remote, &to);
  int one = 1;
  t->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (t->fd < 0) return -errno;
  if (to.ss_family == AF_INET)
    (void)setsockopt(t->fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one);
  else
    (void)setsockopt(t->fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof one);
  return connect(t->fd, (const struct sockaddr *)&to, n) < 0 ? -errno : 0;
}

static int begin_dtls(struct talk *t, mono_us now) {
  const struct dtls_cfg cfg = {.identity = t->cfg.identity};
  const struct dtls_fingerprint nobody = {.hash = DTLS_SHA256, .n = DTLS_SHA256_SIZE};
  int r = dtls_new(&t->dtls, &cfg, now);
  if (r < 0) return r;
  dtls_set_rtt(t->dtls, DTLS_RTT);
  dtls_set_writable(t->dtls, now, true);
  return dtls_start(t->dtls, now, DTLS_CLIENT, &nobody, 1);
}

static int begin_turn(struct talk *t, mono_us now) {
  const struct turn_cfg cfg = {.rng = t->cfg.rng,
                               .username = bytes_of(t->cfg.username ? t->cfg.username : "check"),
                               .password =
                                   bytes_of(t->cfg.credential ? t->cfg.credential : "check"),
                               .family = t->cfg.remote.family};
  return turn_client_new(&t->turn, &cfg, now);
}

static int begin(struct talk *t) {
  mono_us now = net_clock_now();
  int r = open_socket(t);
  if (r == 0) r = net_watch_new(&t->watch, t->cfg.loop, t->fd, true, on_ready, t);
  if (r == 0) r = net_watch_set(t->watch, NET_READABLE);
  if (r == 0) r = net_timer_new(&t->timer, t->cfg.loop, on_timer, t);
  if (r < 0) return r;
  t->give_up = mono_add(now, PATIENCE);
  if (t->cfg.kind == TALK_DTLS) r = begin_dtls(t, now);
  if (t->cfg.kind == TALK_ALLOCATE) r = begin_turn(t, now);
  stun_transaction_start(&t->stun, t->cfg.rng, &schedule, now);
  net_timer_set(t->timer, now);
  return r;
}

int talk_new(struct talk **ret, const struct talk_cfg *cfg) {
  struct talk *t = calloc(1, sizeof *t);
  if (!t) return -ENOMEM;
  t->cfg = *cfg;
  t->fd = -1;
  int r = begin(t);
  if (r < 0) {
    talk_free(t);
    return r;
  }
  *ret = t;
  return 0;
}

static void release(struct talk *t) {
  uint8_t buf[BUF];
  struct turn_out out;
  turn_client_release(t->turn, net_clock_now());
  turn_client_poll(t->turn, net_clock_now(), buf, sizeof buf, &out);
  if (out.kind == OUT_TX) (void)send(t->fd, buf, out.u.tx_n, MSG_NOSIGNAL);
}

struct talk *talk_free(struct talk *t) {
  if (!t) return NULL;
  if (t->turn && t->result.relayed.family != ADDR_NONE) release(t);
  net_watch_free(t->watch);
  net_timer_free(t->timer);
  turn_client_free(t->turn);
  dtls_free(t->dtls);
  if (t->fd >= 0) close(t->fd);
  free(t);
  return NULL;
}

void talk_send(struct talk *t, const struct addr *peer, struct bytes payload) {
  uint8_t buf[BUF];
  size_t n = 0;
  const struct turn_data data = {*peer, payload};
  if (!t->turn) return;
  if (turn_client_send(t->turn, net_clock_now(), &data, buf, &n) == 0 && n > 0)
    send_datagram(t, buf, n);
  run(t);
}
