#ifndef SENSO_PROBE_ATTEMPT_H
#define SENSO_PROBE_ATTEMPT_H

#include <openssl/ssl.h>
#include <uv.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/mono.h"

/*
 * One TCP connection that is tried for what it tells: connect, then CONNECT through a proxy, then
 * TLS with a name or without one, and then the owner's bytes. Certificates are looked at after the
 * handshake by the owner (chain.h) and never trusted here: nothing secret may be sent. A proxy's is
 * not looked at: all that it is told is where to connect to.
 */
struct attempt;

enum attempt_step { STEP_TCP, STEP_PROXY, STEP_TLS, STEP_UP };

enum attempt_end {
  END_TIMEOUT,    /* silence */
  END_RESET,      /* RST; at STEP_TCP: refused */
  END_FIN,        /* closed by the other side */
  END_PROHIBITED, /* an ICMP error says so; at STEP_TCP only */
  END_ALERT,      /* a fatal TLS alert */
  END_HTTP,       /* plain HTTP in the place of TLS */
  END_REFUSED,    /* by the proxy: attempt_proxy_status says how */
  END_ODD         /* what came is not the protocol, or there was no memory */
};

struct attempt_cfg {
  uv_loop_t *loop;
  struct addr remote; /* the host's address, or the proxy's */
  const char *host;   /* for CONNECT; borrowed for the attempt's life, as is sni */
  uint16_t port;
  const char *sni; /* NULL: without a name */
  SSL_CTX *tls;    /* NULL: no TLS; borrowed */
  bool proxied;
  SSL_CTX *proxy_tls;     /* CONNECT goes over TLS; NULL: it does not */
  const char *proxy_name; /* for its SNI, or NULL */
  int ttl;                /* 0: the system's */
  mono_us tcp_time, time; /* for connecting, and for each further step; with progress twice that */
  mono_us up_time;        /* for the whole answer once it is up */
  bool long_answer;       /* as long as it makes progress, `time` for each part */
  void *ctx;
  void (*up)(void *ctx); /* bytes may be sent now */
  void (*received)(void *ctx, struct bytes bytes);
  /* It is over; nothing more comes. The owner frees it, then or later. */
  void (*ended)(void *ctx, enum attempt_step step, enum attempt_end how);
};

/* 0, or a negative errno; the callbacks come from the loop. */
int attempt_new(struct attempt **ret, const struct attempt_cfg *cfg);
struct attempt *attempt_free(struct attempt *a);

/* After `up`: the whole of it, as far as the kernel takes it at once; requests are small. */
void attempt_send(struct attempt *a, struct bytes bytes);

/* Of the TCP handshake; 0: it is not over. */
mono_us attempt_rtt(const struct attempt *a);
/* NULL without TLS, or before the handshake is over. Borrowed. */
SSL *attempt_ssl(const struct attempt *a);
/* Of the answer to CONNECT; 0: none. And its whole head, "" before. */
unsigned attempt_proxy_status(const struct attempt *a);
const char *attempt_proxy_head(const struct attempt *a);

#endif
