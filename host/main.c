/* Wiring only: reads the command line, makes the parts, runs the loop, frees the parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtls/dtls.h"
#include "net/check_install.h"
#include "net/client.h"
#include "net/clock.h"
#include "net/entropy.h"
#include "net/monitor.h"
#include "net/options.h"
#include "net/origins.h"
#include "net/process.h"
#include "net/signals.h"
#include "net/stdio.h"

#define MAX_FRAME_IN    ((size_t)4 * 1024 * 1024)
#define MAX_FRAME_OUT   ((size_t)1024 * 1024) /* a browser takes no more */
#define MAX_MESSAGE     ((size_t)1024 * 1024)
#define MAX_PEERS       1024
#define MAX_CHANNELS    1024
#define MAX_BUFFERED    ((size_t)16 * 1024 * 1024)
#define EXIT_BAD_ORIGIN 1

#ifndef SENSO_DEVELOPMENT_ORIGIN
#define SENSO_DEVELOPMENT_ORIGIN "" /* none */
#endif

struct host {
  struct net_options options;
  uv_loop_t loop;
  struct net_entropy entropy;
  struct net_stdio stdio;
  struct rpc_session *session;
  struct net_pump *pump;
  struct net_client *client;
  struct net_monitor *monitor;
  struct net_signals *signals;
  int exit_status;
};

static enum framing_mode framing_of(enum net_mode mode) {
  return mode == NET_MODE_LINES ? FRAMING_LINES : FRAMING_LENGTH;
}

static void on_ended(void *ctx, int exit_status) {
  struct host *h = ctx;
  h->exit_status = exit_status;
  uv_stop(&h->loop);
}

static void on_signal(void *ctx, int signal) {
  struct host *h = ctx;
  (void)signal;
  net_pump_end(h->pump, "signal", 0);
}

static void on_network(void *ctx, const struct rpc_network *network) {
  struct host *h = ctx;
  (void)rpc_session_network(h->session, net_pump_now(h->pump), network);
  net_pump_touch(h->pump);
}

/* Some milliseconds of work that the first answer need not wait for. */
static void on_greeted(void *ctx) {
  struct host *h = ctx;
  struct dtls_identity *identity;
  if (dtls_identity_new(&identity, net_clock_unix_us() / 1000000) != 0) {
    (void)fputs("senso-host: no key could be made: peers cannot be created\n", stderr);
    return;
  }
  rpc_session_set_identity(h->session, identity);
  dtls_identity_unref(identity);
}

static int make_session(struct host *h) {
  struct rpc_cfg cfg = {.rng = &h->entropy.rng,
                        .unix_offset_us = net_clock_unix_offset_us(),
                        .version = SENSO_VERSION,
                        .engine = "native",
                        .max_frame_in = MAX_FRAME_IN,
                        .max_frame_out = MAX_FRAME_OUT,
                        .max_message_size = MAX_MESSAGE,
                        .max_peers = MAX_PEERS,
                        .max_channels = MAX_CHANNELS,
                        .max_buffered = MAX_BUFFERED};
  return rpc_session_new(&h->session, &cfg, net_clock_now());
}

static int make_pump(struct host *h) {
  struct net_pump_cfg cfg = {.loop = &h->loop,
                             .session = h->session,
                             .rng = &h->entropy.rng,
                             .mode = framing_of(h->options.mode),
                             .out = h->stdio.out,
                             .out_own = h->stdio.out_own,
                             .ctx = h,
                             .ended = on_ended};
  return net_pump_new(&h->pump, &cfg);
}

static int make_client(struct host *h) {
  struct net_client_cfg cfg = {.loop = &h->loop,
                               .session = h->session,
                               .pump = h->pump,
                               .mode = framing_of(h->options.mode),
                               .max_frame = MAX_FRAME_IN,
                               .in = h->stdio.in,
                               .in_own = h->stdio.in_own,
                               .ctx = h,
                               .greeted = on_greeted};
  return net_client_new(&h->client, &cfg);
}

/* A machine whose network cannot be read still has a client to answer. */
static void make_monitor(struct host *h) {
  if (net_monitor_new(&h->monitor, &h->loop, on_network, h) == 0)
    on_network(h, net_monitor_network(h->monitor));
  else
    (void)fputs("senso-host: the network's state cannot be read\n", stderr);
}

static bool origin_allowed(const char *origin) {
  struct text why = {0};
  bool allowed = net_origin_valid(origin) && strcmp(origin, SENSO_DEVELOPMENT_ORIGIN) == 0;
  if (!allowed) allowed = net_origins_allow(NET_ORIGINS_FILE, 0, origin, &why);
  if (!allowed && why.p) (void)fputs(why.p, stderr);
  text_free(&why);
  return allowed;
}

static int make(struct host *h) {
  int r = net_stdio_take(&h->stdio);
  if (r == 0) r = net_signals_new(&h->signals, &h->loop, on_signal, h);
  if (r == 0) r = make_session(h);
  if (r == 0) r = make_pump(h);
  if (r != 0) return r;
  if (h->options.mode == NET_MODE_BROWSER && !origin_allowed(h->options.origin)) {
    net_pump_end(h->pump, "bad-origin", EXIT_BAD_ORIGIN);
    return 0;
  }
  make_monitor(h);
  return make_client(h);
}

static void unmake(struct host *h) {
  net_client_free(h->client);
  net_monitor_free(h->monitor);
  net_pump_free(h->pump);
  rpc_session_free(h->session);
  net_signals_free(h->signals);
  net_stdio_close(&h->stdio);
  net_entropy_wipe(&h->entropy);
}

static int serve(const struct net_options *options) {
  struct host h = {.options = *options, .stdio = {.in = -1, .out = -1}};
  net_entropy_init(&h.entropy);
  int r = net_process_prepare();
  if (r == 0) r = uv_loop_init(&h.loop);
  if (r != 0) {
    (void)fprintf(stderr, "senso-host: cannot start: %s\n", strerror(-r));
    return 1;
  }
  r = make(&h);
  if (r == 0) {
    (void)uv_run(&h.loop, UV_RUN_DEFAULT);
  } else {
    (void)fprintf(stderr, "senso-host: cannot start: %s\n", strerror(-r));
    h.exit_status = 1;
  }
  unmake(&h);
  (void)uv_run(&h.loop, UV_RUN_DEFAULT); /* libuv lets go of what was closed */
  (void)uv_loop_close(&h.loop);
  return h.exit_status;
}

static int check_install(const char *root) {
  struct text report = {0};
  const struct net_check_install cfg = {.root = root, .home = getenv("HOME")};
  int mistakes = net_check_install(&cfg, &report);
  if (report.p) (void)fputs(report.p, stdout);
  (void)printf("%d mistake%s\n", mistakes, mistakes == 1 ? "" : "s");
  text_free(&report);
  return mistakes == 0 ? 0 : 1;
}

int main(int argc, char *argv[]) {
  struct text why = {0};
  struct net_options options;
  if (net_options_read(argc, argv, &options, &why) != 0) {
    (void)fprintf(stderr, "%s%s", why.p ? why.p : "", net_options_usage());
    text_free(&why);
    return NET_EXIT_USAGE;
  }
  switch (options.mode) {
  case NET_MODE_VERSION: return puts("senso-host " SENSO_VERSION) < 0;
  case NET_MODE_HELP: return fputs(net_options_usage(), stdout) < 0;
  case NET_MODE_CHECK_INSTALL: return check_install(options.root);
  case NET_MODE_BROWSER:
  case NET_MODE_STDIO:
  case NET_MODE_LINES: break;
  }
  return serve(&options);
}
