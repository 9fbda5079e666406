/* The STUN and TURN servers, and the streams to them. */
#include <assert.h>
#include <stdlib.h>

#include "support/sim_state.h"
#include "turn/client.h"

#define PORT_STUN        3478
#define CONNECT_PATIENCE (8 * MONO_S) /* of the owner that opens streams */

static struct sim_stream *by_number(struct sim *s, uint32_t number) {
  for (struct sim_stream *it = s->streams; it; it = it->next)
    if (it->number == number) return it;
  return NULL;
}

static struct sim_stream *by_link(const struct sim_peer *sp, uint32_t link) {
  for (struct sim_stream *it = sp->sim->streams; it; it = it->next)
    if (it->peer == sp && it->link == link && !it->over) return it;
  return NULL;
}

static mono_us in_order(const struct sim *s, mono_us *last) {
  mono_us at = s->now + s->weather.delay;
  if (at < *last) at = *last;
  *last = at;
  return at;
}

static void push_stream(struct sim *s, mono_us at, enum sim_happening_kind kind,
                        struct sim_stream *stream, struct bytes bytes) {
  struct payload *copy = bytes.n > 0 ? payload_copy(bytes) : NULL;
  sim_push(s, (struct sim_happening){.at = at, .kind = kind, .data = copy, .arg = stream});
}

static const struct bytes nothing;

/* --- the server --- */

static void send_from(struct sim_server *server, const struct addr *from, const struct addr *to,
                      struct bytes payload) {
  struct sim *s = server->sim;
  struct payload *copy = payload_copy(payload);
  s->datagrams++;
  s->bytes += payload.n;
  if (!copy) return;
  if (sim_chance(s, s->weather.loss)) {
    payload_free(copy);
    return;
  }
  sim_net_send(s, s->now + s->weather.delay, (struct sim_sent){&s->internet, *from, *to, copy});
}

static void to_client(void *ctx, const struct turn_server_client *to, struct bytes message) {
  struct sim_server *server = ctx;
  if (to->stream == 0) {
    send_from(server, &to->local, &to->remote, message);
    return;
  }
  struct sim_stream *stream = by_number(server->sim, to->stream);
  server->sim->bytes += message.n;
  if (stream && !stream->over)
    push_stream(server->sim, in_order(server->sim, &stream->last_down), SIM_STREAM_DOWN, stream,
                message);
}

static void to_peer(void *ctx, const struct addr *from, const struct addr *to,
                    struct bytes payload) {
  send_from(ctx, from, to, payload);
}

struct sim_server *sim_server_new(struct sim *s, const char *username, const char *password) {
  struct sim_server *server = calloc(1, sizeof *server);
  assert(server);
  *server = (struct sim_server){
      .next = s->servers, .sim = s, .address = {sim_net_public(s), sim_net_v6(s)}};
  s->servers = server;
  for (size_t i = 0; i < 2; i++) {
    (void)addr_format_ip(&server->address[i], server->text[i]);
    sim_net_add(s, &s->internet, &server->address[i], SIM_NODE_SERVER, server);
  }
  const struct turn_server_cfg cfg = {.relay = {server->address[0], server->address[1]},
                                      .username = username,
                                      .password = password,
                                      .lifetime = 600 * MONO_S,
                                      .ctx = server,
                                      .to_client = to_client,
                                      .to_peer = to_peer};
  server->machine = turn_server_new(&cfg);
  assert(server->machine);
  return server;
}

const char *sim_server_host(const struct sim_server *server, enum addr_family family) {
  return server->text[family == ADDR_V4 ? 0 : 1];
}

struct turn_server_totals sim_server_totals(const struct sim_server *server) {
  return turn_server_totals(server->machine);
}

void sim_server_restart(struct sim_server *server) {
  turn_server_restart(server->machine);
  for (struct sim_stream *it = server->sim->streams; it; it = it->next)
    if (it->server == server && it->open && !it->over) {
      it->over = true;
      push_stream(server->sim, server->sim->now, SIM_STREAM_LOST, it, nothing);
    }
}

void sim_server_datagram(struct sim_server *server, const struct addr *from, const struct addr *to,
                         struct bytes datagram) {
  const struct turn_server_client client = {.local = *to, .remote = *from};
  if (to->port == PORT_STUN)
    turn_server_recv(server->machine, server->sim->now, &client, datagram);
  else
    turn_server_relay(server->machine, server->sim->now, from, to, datagram);
}

void sim_server_free_all(struct sim *s) {
  while (s->servers) {
    struct sim_server *server = s->servers;
    s->servers = server->next;
    turn_server_free(server->machine);
    free(server);
  }
  while (s->streams) {
    struct sim_stream *stream = s->streams;
    s->streams = stream->next;
    free(stream);
  }
}

/* --- streams --- */

void sim_stream_ask(struct sim_peer *sp, const struct peer_stream *ask) {
  struct sim *s = sp->sim;
  struct addr from;
  struct sim_server *server = sim_net_connect(sp, &ask->remote, &from);
  struct sim_stream *stream = calloc(1, sizeof *stream);
  assert(stream);
  *stream = (struct sim_stream){.next = s->streams,
                                .number = ++s->last_stream,
                                .link = ask->link,
                                .peer = sp,
                                .server = server};
  stream->client = (struct turn_server_client){stream->number, ask->remote, from};
  stream->client.remote.port = (uint16_t)(1024 + stream->number % 60000);
  s->streams = stream;
  if (!server) { /* dropped on the way, silently */
    push_stream(s, s->now + CONNECT_PATIENCE, SIM_STREAM_LOST, stream, nothing);
    return;
  }
  /* A round trip for TCP, one more for TLS. */
  push_stream(s, s->now + s->weather.delay * (ask->tls ? 4 : 2), SIM_STREAM_OPEN, stream, nothing);
}

void sim_stream_send(struct sim_peer *sp, uint32_t link, struct bytes bytes) {
  struct sim_stream *stream = by_link(sp, link);
  sp->sim->bytes += bytes.n;
  if (stream && stream->open && sp->connected)
    push_stream(sp->sim, in_order(sp->sim, &stream->last_up), SIM_STREAM_UP, stream, bytes);
}

void sim_stream_close(struct sim_peer *sp, uint32_t link) {
  struct sim_stream *stream = by_link(sp, link);
  if (!stream) return;
  stream->over = true;
  if (stream->server)
    push_stream(sp->sim, in_order(sp->sim, &stream->last_up), SIM_STREAM_CLOSED, stream, nothing);
}

/* Whole messages: the machines send nothing less at once. */
static void take_up(struct sim_stream *stream, struct bytes bytes) {
  while (bytes.n > 0) {
    int n = turn_message_size(bytes);
    assert(n > 0 && (size_t)n <= bytes.n);
    turn_server_recv(stream->server->machine, stream->server->sim->now, &stream->client,
                     (struct bytes){bytes.p, (size_t)n});
    bytes = (struct bytes){bytes.p + n, bytes.n - (size_t)n};
  }
}

static void tell_peer(struct sim_stream *stream, const struct sim_happening *h) {
  struct sim_peer *sp = stream->peer;
  mono_us now = sp->sim->now;
  if (!sp->machine) return;
  if (h->kind == SIM_STREAM_OPEN) {
    stream->open = true;
    (void)peer_stream(sp->machine, now, stream->link, 0, NULL);
  } else if (h->kind == SIM_STREAM_LOST) {
    (void)peer_stream(sp->machine, now, stream->link, -104,
                      stream->server ? "the server closed the connection" : "no answer");
  } else if (h->data) {
    (void)peer_stream_bytes(sp->machine, now, stream->link, payload_bytes(h->data));
  }
  sim_peer_drain(sp);
}

void sim_stream_happen(struct sim *s, const struct sim_happening *h) {
  struct sim_stream *stream = h->arg;
  (void)s;
  if (h->kind == SIM_STREAM_CLOSED)
    turn_server_hung_up(stream->server->machine, stream->number);
  else if (h->kind == SIM_STREAM_UP && h->data)
    take_up(stream, payload_bytes(h->data));
  else if (!stream->over || h->kind == SIM_STREAM_LOST)
    tell_peer(stream, h);
}
