#include "net/streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/list.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/timer.h"
#include "net/tls.h"
#include "proxy/connect.h"

#define OPEN_TIME  (10 * MONO_S) /* for TCP's and TLS's handshakes together */
#define FULL_ABOVE ((size_t)256 * 1024)
#define FREE_BELOW ((size_t)64 * 1024)
#define READ_SIZE  65536

struct net_streams {
  struct net_streams_cfg cfg;
  struct net_tls_context *tls; /* NULL until the first TLS stream */
  struct list streams;
  uint8_t buf[READ_SIZE]; /* what libuv reads into; used up at once */
};

struct stream {
  struct list node;
  struct net_streams *of; /* NULL once it is closing */
  uint32_t peer, link;
  uv_tcp_t tcp;
  uv_connect_t connect;
  struct net_timer *deadline; /* while it is opened */
  struct net_tls *tls;        /* NULL: plain */
  char remote[ADDR_TEXT_MAX];
  bool proxied; /* the tunnel is not there yet */
  struct proxy_connect proxy;
  char *host; /* the server behind the proxy, owned */
  uint16_t port;
  bool up, full;
};

static void on_closed(uv_handle_t *h) {
  struct stream *s = h->data;
  free(s->host);
  free(s);
}

static void close_stream(struct stream *s) {
  list_remove(&s->node);
  s->of = NULL;
  s->deadline = net_timer_free(s->deadline);
  s->tls = net_tls_free(s->tls);
  uv_close((uv_handle_t *)&s->tcp, on_closed);
}

static void fail(struct stream *s, int err, const char *what, const char *why) {
  struct net_streams *of = s->of;
  uint32_t peer = s->peer, link = s->link;
  char text[160];
  (void)snprintf(text, sizeof text, "%s %s: %s", what, s->remote, why);
  close_stream(s);
  of->cfg.opened(of->cfg.ctx, peer, link, err, text);
}

/* --- out --- */

struct write {
  uv_write_t request;
  struct stream *stream;
  uint8_t bytes[];
};

static void on_written(uv_write_t *request, int status) {
  struct write *w = request->data;
  struct stream *s = w->stream;
  free(w);
  if (!s->of) return; /* it is closing */
  if (status < 0) {
    fail(s, status, "the connection to", uv_strerror(status));
    return;
  }
  if (!s->full || uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) >= FREE_BELOW) return;
  s->full = false;
  s->of->cfg.writable(s->of->cfg.ctx, s->peer, s->link, true);
}

/* What libuv must keep is copied; without memory the stream ends, which the reading side sees. */
static void write_later(struct stream *s, struct bytes bytes) {
  struct write *w = malloc(sizeof *w + bytes.n);
  if (!w) {
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0) (void)shutdown(fd, SHUT_RDWR);
    return;
  }
  w->request.data = w;
  w->stream = s;
  memcpy(w->bytes, bytes.p, bytes.n);
  uv_buf_t buf = uv_buf_init((char *)w->bytes, (unsigned)bytes.n);
  if (uv_write(&w->request, (uv_stream_t *)&s->tcp, &buf, 1, on_written) < 0) free(w);
  if (s->full || uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) <= FULL_ABOVE) return;
  s->full = true;
  s->of->cfg.writable(s->of->cfg.ctx, s->peer, s->link, false);
}

static void write_plain(void *ctx, struct bytes bytes) {
  struct stream *s = ctx;
  uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
  int n = uv_try_write((uv_stream_t *)&s->tcp, &buf, 1);
  size_t done = n > 0 ? (size_t)n : 0;
  if (done < bytes.n) write_later(s, (struct bytes){bytes.p + done, bytes.n - done});
}

/* --- in --- */

static void now_up(struct stream *s) {
  s->up = true;
  s->deadline = net_timer_free(s->deadline);
  s->of->cfg.opened(s->of->cfg.ctx, s->peer, s->link, 0, "");
}

static void on_plain(void *ctx, struct bytes bytes) {
  struct stream *s = ctx;
  s->of->cfg.received(s->of->cfg.ctx, s->peer, s->link, bytes);
}

static void read_tls(struct stream *s, struct bytes bytes) {
  bool was_up = s->up;
  int r = net_tls_feed(s->tls, bytes, on_plain, s);
  if (r < 0) {
    fail(s, r, "TLS to", net_tls_failure(s->tls));
    return;
  }
  if (!was_up && net_tls_is_up(s->tls)) now_up(s);
}

/* The bytes below are the server's now. */
static void reached(struct stream *s) {
  if (s->tls)
    net_tls_begin(s->tls);
  else
    now_up(s);
}

static void ask_proxy(struct stream *s) {
  uint8_t buf[800];
  struct writer w = writer_of(buf, sizeof buf);
  proxy_connect_request(&w, s->host, s->port);
  write_plain(s, writer_written(&w));
}

/* True: the tunnel is there, *bytes are the server's. */
static bool read_proxy(struct stream *s, struct bytes *bytes) {
  char why[120];
  size_t used = 0;
  switch (proxy_connect_feed(&s->proxy, *bytes, &used)) {
  case PROXY_CONNECT_MORE: return false;
  case PROXY_CONNECT_ESTABLISHED: break;
  case PROXY_CONNECT_REFUSED:
    proxy_connect_why(&s->proxy, why, sizeof why);
    fail(s, -ECONNREFUSED, "the tunnel through", why);
    return false;
  }
  s->proxied = false;
  *bytes = (struct bytes){bytes->p + used, bytes->n - used};
  reached(s);
  return true;
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf) {
  struct stream *s = h->data;
  (void)suggested;
  *buf = s->of ? uv_buf_init((char *)s->of->buf, READ_SIZE) : uv_buf_init(NULL, 0);
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *buf) {
  struct stream *s = h->data;
  if (n == 0 || !s->of) return;
  if (n < 0) {
    fail(s, (int)n, s->up ? "the connection to" : "TLS to",
         n == UV_EOF ? "closed by the other side" : uv_strerror((int)n));
    return;
  }
  struct bytes bytes = {(const uint8_t *)buf->base, (size_t)n};
  if (s->proxied && !read_proxy(s, &bytes)) return;
  if (bytes.n == 0) return;
  if (s->tls)
    read_tls(s, bytes);
  else
    on_plain(s, bytes);
}

static void on_connected(uv_connect_t *request, int status) {
  struct stream *s = request->data;
  if (!s->of) return;
  if (status == 0) status = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
  if (status < 0) {
    fail(s, status, "TCP to", uv_strerror(status));
    return;
  }
  if (s->proxied)
    ask_proxy(s);
  else
    reached(s);
}

static void on_deadline(void *ctx) {
  struct stream *s = ctx;
  fail(s, -ETIMEDOUT, s->tls ? "TCP and TLS to" : "TCP to", "no answer in 10 s");
}

/* --- the table --- */

static struct stream *find(struct net_streams *s, uint32_t peer, uint32_t link) {
  LIST_EACH(it, &s->streams) {
    struct stream *k = LIST_ENTRY(it, struct stream, node);
    if (k->peer == peer && k->link == link) return k;
  }
  return NULL;
}

int net_streams_new(struct net_streams **ret, const struct net_streams_cfg *cfg) {
  struct net_streams *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->cfg = *cfg;
  list_init(&s->streams);
  *ret = s;
  return 0;
}

struct net_streams *net_streams_free(struct net_streams *s) {
  if (!s) return NULL;
  LIST_EACH_SAFE(it, tmp, &s->streams) close_stream(LIST_ENTRY(it, struct stream, node));
  net_tls_context_free(s->tls);
  free(s);
  return NULL;
}

static int start_tls(struct net_streams *s, struct stream *k, const struct peer_stream *ask) {
  if (!s->tls) {
    int r = net_tls_context_new(&s->tls);
    if (r < 0) return r;
  }
  return net_tls_new(&k->tls, s->tls, ask->host, write_plain, k);
}

static int start(struct net_streams *s, struct stream *k, const struct peer_stream *ask) {
  struct sockaddr_storage to;
  (void)net_sockaddr_from(&ask->remote, &to);
  int r = net_timer_new(&k->deadline, s->cfg.loop, on_deadline, k);
  k->proxied = ask->proxied;
  k->port = ask->port;
  k->host = strdup(ask->host);
  if (!k->host) r = -ENOMEM;
  if (r == 0 && ask->tls) r = start_tls(s, k, ask);
  if (r == 0) r = uv_tcp_connect(&k->connect, &k->tcp, (const struct sockaddr *)&to, on_connected);
  if (r != 0) return r;
  (void)uv_tcp_nodelay(&k->tcp, 1);
  net_timer_set(k->deadline, net_clock_now() + OPEN_TIME);
  return 0;
}

int net_streams_open(struct net_streams *s, uint32_t peer, const struct peer_stream *ask) {
  struct stream *k = calloc(1, sizeof *k);
  if (!k) return -ENOMEM;
  int r = uv_tcp_init(s->cfg.loop, &k->tcp);
  if (r < 0) {
    free(k);
    return r;
  }
  k->of = s;
  k->peer = peer;
  k->link = ask->link;
  k->tcp.data = k->connect.data = k;
  (void)addr_format(&ask->remote, k->remote);
  list_push_back(&s->streams, &k->node);
  r = start(s, k, ask);
  if (r != 0) close_stream(k);
  return r;
}

void net_streams_send(struct net_streams *s, uint32_t peer, uint32_t link, struct bytes bytes) {
  struct stream *k = find(s, peer, link);
  if (!k || !k->up) return;
  if (k->tls)
    net_tls_write(k->tls, bytes);
  else
    write_plain(k, bytes);
}

void net_streams_close(struct net_streams *s, uint32_t peer, uint32_t link) {
  struct stream *k = find(s, peer, link);
  if (k) close_stream(k);
}

void net_streams_drop_peer(struct net_streams *s, uint32_t peer) {
  LIST_EACH_SAFE(it, tmp, &s->streams) {
    struct stream *k = LIST_ENTRY(it, struct stream, node);
    if (k->peer == peer) close_stream(k);
  }
}
