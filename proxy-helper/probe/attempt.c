#include "probe/attempt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "base/writer.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"
#include "net/watch.h"
#include "proxy/connect.h"

#define PIECE    16384
#define HEAD_MAX 8192

/* A TLS session between memory BIOs. */
struct session {
  SSL *ssl;      /* NULL: there is none */
  BIO *in, *out; /* owned by ssl */
};

struct attempt {
  struct attempt_cfg cfg;
  int fd;
  struct net_watch *watch;
  struct net_timer *deadline;
  enum attempt_step step;
  bool over, came; /* came: bytes, at this step */
  mono_us begun, rtt, step_begun;
  struct text early; /* the first bytes at STEP_TLS, until it is known what they are */
  struct proxy_connect proxy;
  struct text proxy_head;
  struct session outer, inner; /* with the proxy, with the host */
};

static void finish(struct attempt *a, enum attempt_end how) {
  if (a->over) return;
  a->over = true;
  (void)net_watch_set(a->watch, 0);
  net_timer_set(a->deadline, MONO_NEVER);
  a->cfg.ended(a->cfg.ctx, a->step, how);
}

static void next_step(struct attempt *a, enum attempt_step step) {
  a->step = step;
  a->came = false;
  a->step_begun = net_clock_now();
  net_timer_set(a->deadline,
                mono_add(a->step_begun, step == STEP_UP ? a->cfg.up_time : a->cfg.time));
}

/* Progress gives more time: some of it, or while it lasts where much is to come. */
static void more_time(struct attempt *a) {
  if (a->step == STEP_UP && !a->cfg.long_answer) return;
  mono_us at = mono_add(net_clock_now(), a->cfg.time);
  if (a->step != STEP_UP) at = mono_min(at, mono_add(a->step_begun, 2 * a->cfg.time));
  net_timer_set(a->deadline, at);
}

static enum attempt_end end_of_errno(int e) {
  switch (e) {
  case ETIMEDOUT: return END_TIMEOUT;
  case ECONNREFUSED:
  case ECONNRESET:
  case EPIPE: return END_RESET;
  case EHOSTUNREACH:
  case ENETUNREACH:
  case EACCES:
  case EPERM: return END_PROHIBITED;
  default: return END_ODD;
  }
}

/* --- out --- */

static void write_raw(struct attempt *a, struct bytes bytes) {
  while (bytes.n > 0) {
    ssize_t n = send(a->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return; /* what is wrong is read */
    bytes = (struct bytes){bytes.p + n, bytes.n - (size_t)n};
  }
}

static void flush_session(struct attempt *a, struct session *s);

/* To the host, or to the proxy before it. */
static void write_wire(struct attempt *a, struct bytes bytes) {
  if (!a->outer.ssl) {
    write_raw(a, bytes);
    return;
  }
  ERR_clear_error();
  (void)SSL_write(a->outer.ssl, bytes.p, (int)bytes.n);
  flush_session(a, &a->outer);
}

static void flush_session(struct attempt *a, struct session *s) {
  uint8_t *p;
  long n = BIO_get_mem_data(s->out, &p);
  const struct bytes bytes = {p, n > 0 ? (size_t)n : 0};
  if (s == &a->outer)
    write_raw(a, bytes);
  else
    write_wire(a, bytes);
  (void)BIO_reset(s->out);
}

void attempt_send(struct attempt *a, struct bytes bytes) {
  if (a->over) return;
  if (!a->inner.ssl) {
    write_wire(a, bytes);
    return;
  }
  ERR_clear_error();
  (void)SSL_write(a->inner.ssl, bytes.p, (int)bytes.n);
  flush_session(a, &a->inner);
}

/* --- TLS --- */

/* What a server says in the place of TLS. */
enum first { FIRST_TLS, FIRST_HTTP, FIRST_ODD, FIRST_UNKNOWN };

/* A record of TLS begins with its type (RFC 8446 section 5.1): 20 to 24. */
static enum first first_of(struct bytes b) {
  static const char http[] = "HTTP/";
  size_t n = b.n < 5 ? b.n : 5;
  if (n == 0) return FIRST_UNKNOWN;
  if (b.p[0] >= 20 && b.p[0] <= 24) return FIRST_TLS;
  if (memcmp(b.p, http, n) != 0) return FIRST_ODD;
  return n == 5 ? FIRST_HTTP : FIRST_UNKNOWN;
}

static void session_failed(struct attempt *a, struct session *s) {
  unsigned long e = ERR_peek_error();
  flush_session(a, s);
  bool alert = ERR_GET_REASON(e) >= SSL_AD_REASON_OFFSET && ERR_GET_LIB(e) == ERR_LIB_SSL;
  finish(a, alert ? END_ALERT : END_ODD);
}

/* True while the session goes on. */
static bool goes_on(const struct session *s, int r) {
  int e = SSL_get_error(s->ssl, r);
  return r > 0 || e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

/* True once the handshake is over. */
static bool shake_hands(struct attempt *a, struct session *s) {
  ERR_clear_error();
  int r = SSL_do_handshake(s->ssl);
  if (!goes_on(s, r)) {
    session_failed(a, s);
    return false;
  }
  flush_session(a, s);
  return SSL_is_init_finished(s->ssl);
}

/* Sends the ClientHello. */
static void begin_session(struct attempt *a, struct session *s, SSL_CTX *ctx, const char *name) {
  s->ssl = SSL_new(ctx);
  s->in = BIO_new(BIO_s_mem());
  s->out = BIO_new(BIO_s_mem());
  if (!s->ssl || !s->in || !s->out) {
    BIO_free(s->in);
    BIO_free(s->out);
    finish(a, END_ODD);
    return;
  }
  SSL_set_bio(s->ssl, s->in, s->out);
  SSL_set_connect_state(s->ssl);
  if (name) (void)SSL_set_tlsext_host_name(s->ssl, name);
  (void)shake_hands(a, s);
}

typedef void plain_fn(struct attempt *a, struct bytes bytes);

/* What came, deciphered: once the handshake is over `up` is called, and then fn for each piece. */
static void read_session(struct attempt *a, struct session *s, struct bytes bytes,
                         void (*up)(struct attempt *a), plain_fn *fn) {
  uint8_t piece[PIECE];
  bool was_up = SSL_is_init_finished(s->ssl);
  if (BIO_write(s->in, bytes.p, (int)bytes.n) != (int)bytes.n) {
    finish(a, END_ODD);
    return;
  }
  if (!was_up && !shake_hands(a, s)) return;
  if (!was_up) up(a);
  while (!a->over) {
    ERR_clear_error();
    int n = SSL_read(s->ssl, piece, sizeof piece);
    if (n > 0) {
      fn(a, (struct bytes){piece, (size_t)n});
      continue;
    }
    if (SSL_get_error(s->ssl, n) == SSL_ERROR_ZERO_RETURN)
      finish(a, END_FIN);
    else if (!goes_on(s, n))
      session_failed(a, s);
    return;
  }
}

/* --- in --- */

static void now_up(struct attempt *a) {
  next_step(a, STEP_UP);
  a->cfg.up(a->cfg.ctx);
}

static void reached(struct attempt *a) {
  if (!a->cfg.tls) {
    now_up(a);
    return;
  }
  next_step(a, STEP_TLS);
  begin_session(a, &a->inner, a->cfg.tls, a->cfg.sni);
}

static void ask_proxy(struct attempt *a) {
  uint8_t buf[800];
  struct writer w = writer_of(buf, sizeof buf);
  proxy_connect_request(&w, a->cfg.host, a->cfg.port);
  write_wire(a, writer_written(&w));
}

static void reach_proxy(struct attempt *a) {
  next_step(a, STEP_PROXY);
  if (a->cfg.proxy_tls)
    begin_session(a, &a->outer, a->cfg.proxy_tls, a->cfg.proxy_name);
  else
    ask_proxy(a);
}

/* True: the tunnel is there, *bytes are the host's. */
static bool read_proxy(struct attempt *a, struct bytes *bytes) {
  size_t used = 0;
  enum proxy_connect_state state = proxy_connect_feed(&a->proxy, *bytes, &used);
  size_t room = HEAD_MAX - a->proxy_head.n;
  text_add_bytes(&a->proxy_head, (struct bytes){bytes->p, used < room ? used : room});
  if (state == PROXY_CONNECT_REFUSED) finish(a, END_REFUSED);
  if (state != PROXY_CONNECT_ESTABLISHED) return false;
  *bytes = (struct bytes){bytes->p + used, bytes->n - used};
  reached(a);
  return bytes->n > 0;
}

static void give(struct attempt *a, struct bytes bytes) {
  a->cfg.received(a->cfg.ctx, bytes);
}

/* True: it is, and *bytes are all that came so far. */
static bool is_tls(struct attempt *a, struct bytes *bytes) {
  text_add_bytes(&a->early, *bytes);
  *bytes = (struct bytes){(const uint8_t *)a->early.p, a->early.n};
  switch (a->early.failed ? FIRST_ODD : first_of(*bytes)) {
  case FIRST_TLS: return true;
  case FIRST_HTTP: finish(a, END_HTTP); return false;
  case FIRST_ODD: finish(a, END_ODD); return false;
  case FIRST_UNKNOWN: break;
  }
  return false;
}

/* Of the host, or of the proxy while the tunnel is not there. */
static void take(struct attempt *a, struct bytes bytes) {
  if (a->step == STEP_PROXY && !read_proxy(a, &bytes)) return;
  if (a->over || (a->step == STEP_TLS && !a->came && !is_tls(a, &bytes))) return;
  a->came = a->step != STEP_PROXY;
  if (a->inner.ssl)
    read_session(a, &a->inner, bytes, now_up, give);
  else
    give(a, bytes);
}

static void arrive(struct attempt *a, struct bytes bytes) {
  more_time(a);
  if (a->outer.ssl)
    read_session(a, &a->outer, bytes, ask_proxy, take);
  else
    take(a, bytes);
}

static void on_connected(struct attempt *a) {
  int e = 0;
  socklen_t n = sizeof e;
  (void)getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &e, &n);
  if (e != 0) {
    finish(a, end_of_errno(e));
    return;
  }
  a->rtt = net_clock_now() - a->begun;
  if (a->rtt == 0) a->rtt = 1;
  (void)net_watch_set(a->watch, NET_READABLE);
  if (a->cfg.proxied)
    reach_proxy(a);
  else
    reached(a);
}

static void on_ready(void *ctx, int events) {
  struct attempt *a = ctx;
  static uint8_t buf[PIECE]; /* one thread, and nothing keeps it */
  if (a->over) return;
  if (a->step == STEP_TCP) {
    on_connected(a);
    return;
  }
  ssize_t n = recv(a->fd, buf, sizeof buf, MSG_DONTWAIT);
  if (n > 0)
    arrive(a, (struct bytes){buf, (size_t)n});
  else if (n == 0)
    finish(a, END_FIN);
  else if (errno != EAGAIN && errno != EINTR)
    finish(a, end_of_errno(errno));
  if (!a->over && (events & NET_HANGUP)) (void)net_watch_set(a->watch, NET_READABLE);
}

static void on_deadline(void *ctx) {
  finish(ctx, END_TIMEOUT);
}

static int begin(struct attempt *a) {
  struct sockaddr_storage to;
  socklen_t n = net_sockaddr_from(&a->cfg.remote, &to);
  int one = 1, level = to.ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  a->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (a->fd < 0) return -errno;
  (void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (a->cfg.ttl > 0)
    (void)setsockopt(a->fd, level, level == IPPROTO_IPV6 ? IPV6_UNICAST_HOPS : IP_TTL, &a->cfg.ttl,
                     sizeof a->cfg.ttl);
  int r = net_timer_new(&a->deadline, a->cfg.loop, on_deadline, a);
  if (r < 0) return r;
  a->begun = net_clock_now();
  int failed = connect(a->fd, (const struct sockaddr *)&to, n) == 0 ? 0 : errno;
  r = net_watch_new(&a->watch, a->cfg.loop, a->fd, true, on_ready, a);
  if (r == 0) r = net_watch_set(a->watch, NET_WRITABLE);
  if (r < 0) return r;
  bool under_way = failed == 0 || failed == EINPROGRESS;
  net_timer_set(a->deadline, under_way ? mono_add(a->begun, a->cfg.tcp_time) : a->begun);
  return under_way ? 0 : -failed;
}

int attempt_new(struct attempt **ret, const struct attempt_cfg *cfg) {
  struct attempt *a = calloc(1, sizeof *a);
  if (!a) return -ENOMEM;
  a->cfg = *cfg;
  a->fd = -1;
  int r = begin(a);
  if (r < 0) {
    attempt_free(a);
    return r;
  }
  *ret = a;
  return 0;
}

struct attempt *attempt_free(struct attempt *a) {
  if (!a) return NULL;
  net_watch_free(a->watch);
  net_timer_free(a->deadline);
  SSL_free(a->inner.ssl);
  SSL_free(a->outer.ssl);
  text_free(&a->proxy_head);
  text_free(&a->early);
  if (a->fd >= 0) close(a->fd);
  free(a);
  return NULL;
}

mono_us attempt_rtt(const struct attempt *a) {
  return a->rtt;
}

SSL *attempt_ssl(const struct attempt *a) {
  return a->step == STEP_UP ? a->inner.ssl : NULL;
}

unsigned attempt_proxy_status(const struct attempt *a) {
  return a->proxy.status;
}

const char *attempt_proxy_head(const struct attempt *a) {
  return a->proxy_head.p ? a->proxy_head.p : "";
}
