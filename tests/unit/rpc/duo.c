#include "duo.h"

void duo_network(struct duo *d, int side) {
  const struct rpc_interface eth = {
      .name = "eth0", .index = 2, .mtu = 1500, .up = true, .type = "ethernet"};
  const struct ice_interface_addr a = {.name = "eth0",
                                       .addr = addr_v4(10, 0, 0, (uint8_t)(side + 1), 0)};
  const struct rpc_route route = {
      .gateway = addr_v4(10, 0, 0, 254, 0), .family = ADDR_V4, .interface = 2, .metric = 100};
  const struct rpc_network n = {&eth, 1, &a, 1, &route, 1};
  (void)rpc_session_network(d->c[side].s, d->now, &n);
}

void duo_prepare(struct duo *d, bool unchecked) {
  *d = (struct duo){.now = MONO_S, .unchecked = unchecked};
  list_init(&d->air);
  virtual_openssl_seed(1);
  virtual_openssl_time(d->now);
  seeded_rng_init(&d->rng, 1);
  assert_int_equal(dtls_identity_new(&d->identity, 1800000000), 0);
  for (int i = 0; i < 2; i++) {
    d->c[i].log = cJSON_CreateArray();
    d->c[i].replies = cJSON_CreateObject();
    d->c[i].wake_at = MONO_NEVER;
    d->c[i].next_port = 40000;
    d->c[i].next_id = 1;
  }
  if (unchecked) return;
  d->errors = schema_load("errors.json");
  d->host = schema_load("host.schema.json");
  d->results = schema_load("results.schema.json");
}

int duo_sessions(struct duo *d, const struct rpc_cfg *cfg) {
  for (int i = 0; i < 2; i++) {
    struct rpc_cfg own = cfg ? *cfg : duo_cfg;
    own.rng = &d->rng.rng;
    own.identity = d->identity;
    int r = rpc_session_new(&d->c[i].s, &own, d->now);
    if (r < 0) return r;
    duo_network(d, i);
  }
  return 0;
}

void duo_forget(struct duo *d, int side) {
  cJSON_Delete(d->c[side].log);
  d->c[side].log = cJSON_CreateArray();
}

void duo_end(struct duo *d) {
  for (int i = 0; i < 2; i++) {
    rpc_session_free(d->c[i].s);
    cJSON_Delete(d->c[i].log);
    cJSON_Delete(d->c[i].replies);
    for (int k = 0; k < 400; k++) free(d->c[i].asked[k]);
    free(d->c[i].last);
  }
  for (struct list *l; (l = list_pop_front(&d->air)) != NULL;) {
    struct duo_packet *p = LIST_ENTRY(l, struct duo_packet, link);
    payload_free(p->data);
    free(p);
  }
  cJSON_Delete(d->errors);
  cJSON_Delete(d->host);
  cJSON_Delete(d->results);
  dtls_identity_unref(d->identity);
  virtual_openssl_end();
}

static void duo_check(struct duo *d, int side, const cJSON *m, struct bytes frame) {
  if (d->unchecked) return;
  if (!schema_holds(d->host, d->host, m)) fail_msg("host.schema: %.*s", 1000, (char *)frame.p);
  const cJSON *id = schema_get(m, "id"), *result = schema_get(m, "result");
  const char *method =
      cJSON_IsNumber(id) && id->valueint < 400 ? d->c[side].asked[id->valueint] : NULL;
  if (!result || !method) return;
  const cJSON *s = schema_get(schema_get(d->results, "$defs"), method);
  if (!s || !schema_holds(d->results, s, result))
    fail_msg("results.schema, %s: %.*s", method, 1000, (char *)frame.p);
}

static void duo_frame(struct duo *d, int side, struct bytes frame) {
  struct duo_client *c = &d->c[side];
  struct json_scan scan;
  assert_true(utf8_valid(frame));
  json_scan(frame, &scan);
  assert_true(scan.ok);
  assert_true(frame.n <= duo_cfg.max_frame_out);
  if (frame.n > c->largest) c->largest = frame.n;
  c->unwritten = c->deaf ? c->unwritten + frame.n + 4 : 0;
  free(c->last);
  c->last = calloc(1, frame.n + 1);
  cJSON *m = cJSON_ParseWithLength((const char *)frame.p, frame.n);
  if (!c->last || !m) { /* no memory in the test itself */
    cJSON_Delete(m);
    return;
  }
  memcpy(c->last, frame.p, frame.n);
  duo_check(d, side, m, frame);
  const cJSON *id = schema_get(m, "id");
  if (!id) {
    cJSON_AddItemToArray(c->log, m);
    return;
  }
  char key[300];
  (void)snprintf(key, sizeof key, "%.*s", (int)scan.id.n, scan.id.p);
  cJSON_DeleteItemFromObjectCaseSensitive(c->replies, key);
  cJSON_AddItemToObject(c->replies, key, m);
}

static void duo_fly(struct duo *d, int from, const struct addr *source, const struct addr *dest,
                    struct bytes b) {
  struct duo_packet *p = calloc(1, sizeof *p);
  struct payload *copy = payload_copy(b);
  if (!p || !copy || d->cut) {
    free(p);
    payload_free(copy);
    return;
  }
  *p = (struct duo_packet){
      .at = d->now + DUO_DELAY, .to = 1 - from, .from = *source, .dest = *dest, .data = copy};
  list_push_back(&d->air, &p->link);
}

static void duo_transmit(struct duo *d, int side, uint32_t peer, const struct peer_out *out,
                         const uint8_t *buf) {
  struct duo_client *c = &d->c[side];
  size_t segment = out->u.tx.segment ? out->u.tx.segment : out->u.tx.n;
  for (size_t i = 0; i < c->n_links; i++) {
    if (c->links[i].peer != peer || c->links[i].link != out->u.tx.path.link) continue;
    for (size_t at = 0; at < out->u.tx.n; at += segment) {
      size_t n = out->u.tx.n - at < segment ? out->u.tx.n - at : segment;
      duo_fly(d, side, &c->links[i].local, &out->u.tx.path.remote, (struct bytes){buf + at, n});
    }
  }
}

static void duo_bind(struct duo *d, int side, uint32_t peer, const struct ice_bind *bind) {
  struct duo_client *c = &d->c[side];
  struct addr local = bind->local;
  assert(c->n_links < DUO_LINKS);
  local.port = c->next_port++;
  c->links[c->n_links++] = (struct duo_link){peer, bind->link, local};
  (void)rpc_session_bound(c->s, d->now, peer, bind->link, 0, &local);
}

static void duo_peer_out(struct duo *d, int side, uint32_t peer, const struct peer_out *out,
                         const uint8_t *buf) {
  switch (out->kind) {
  case OUT_TX: duo_transmit(d, side, peer, out, buf); break;
  case OUT_BIND: duo_bind(d, side, peer, &out->u.bind); break;
  case OUT_RESOLVE:
    (void)rpc_session_resolved(d->c[side].s, d->now, peer, out->u.resolve.id, -ENOENT, NULL, 0);
    break;
  case OUT_IDLE:
  case OUT_UNBIND:
  case OUT_EVENT:
  case OUT_PUBLISH:
  case OUT_STREAM: break;
  }
}

static void duo_gone(struct duo_client *c, uint32_t peer) {
  for (size_t i = 0; i < c->n_links; i++)
    if (c->links[i].peer == peer) c->links[i--] = c->links[--c->n_links];
  c->gone = true;
}

static bool duo_poll(struct duo *d, int side) {
  static uint8_t buf[65536];
  struct duo_client *c = &d->c[side];
  struct rpc_out out;
  rpc_session_poll(c->s, d->now, buf, sizeof buf, &out);
  switch (out.kind) {
  case RPC_IDLE: c->wake_at = out.wake_at; return false;
  case RPC_FRAME: duo_frame(d, side, out.frame); break;
  case RPC_PEER: duo_peer_out(d, side, out.peer, &out.out, buf); break;
  case RPC_PEER_GONE: duo_gone(c, out.peer); break;
  case RPC_END:
    c->ended = true;
    c->exit_status = out.exit_status;
    c->wake_at = MONO_NEVER;
    return false;
  }
  (void)rpc_session_unwritten(c->s, d->now, c->unwritten);
  return true;
}

void duo_drain(struct duo *d, int side) {
  do
    while (duo_poll(d, side)) continue;
  while (!d->c[side].ended && rpc_session_unwritten(d->c[side].s, d->now, d->c[side].unwritten));
  assert(d->c[side].ended || d->c[side].wake_at > d->now);
}

static void duo_arrive(struct duo *d, struct duo_packet *p) {
  struct duo_client *c = &d->c[p->to];
  for (size_t i = 0; i < c->n_links; i++) {
    if (!addr_equal(&c->links[i].local, &p->dest)) continue;
    const struct path path = {c->links[i].link, p->from};
    (void)rpc_session_recv(c->s, d->now, c->links[i].peer, &path, payload_bytes(p->data));
    break;
  }
  duo_drain(d, p->to);
}

static bool duo_step(struct duo *d, mono_us until) {
  struct duo_packet *p =
      list_empty(&d->air) ? NULL : LIST_ENTRY(d->air.next, struct duo_packet, link);
  int i = d->c[0].wake_at <= d->c[1].wake_at ? 0 : 1;
  mono_us wake = d->c[i].wake_at, at = p && p->at <= wake ? p->at : wake;
  d->now = at > until ? until : at > d->now ? at : d->now;
  virtual_openssl_time(d->now);
  if (at > until) return false;
  if (p && p->at <= wake) {
    list_remove(&p->link);
    duo_arrive(d, p);
    payload_free(p->data);
    free(p);
  } else {
    (void)rpc_session_wake(d->c[i].s, d->now);
    duo_drain(d, i);
  }
  return true;
}

void duo_run(struct duo *d, mono_us for_us) {
  mono_us until = d->now + for_us;
  for (int i = 0; i < 2; i++)
    if (!d->c[i].ended) duo_drain(d, i);
  while (duo_step(d, until)) continue;
}

static void duo_send(struct duo *d, int side, struct bytes frame) {
  uint8_t *copy = malloc(frame.n ? frame.n : 1); /* so that a read past the end is seen */
  if (!copy) return;
  if (frame.n > 0) memcpy(copy, frame.p, frame.n);
  (void)rpc_session_frame(d->c[side].s, d->now, (struct bytes){copy, frame.n});
  free(copy);
  duo_drain(d, side);
}

void duo_say(struct duo *d, int side, const char *frame) {
  duo_send(d, side, bytes_of(frame));
}

const cJSON *duo_ask(struct duo *d, int side, const char *method, const char *params) {
  struct text t = {0};
  char key[16];
  struct duo_client *c = &d->c[side];
  int id = c->next_id++ % 400;
  free(c->asked[id]);
  c->asked[id] = strdup(method);
  text_addf(&t, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":{%s}}", id, method,
            params);
  if (!t.failed) duo_send(d, side, (struct bytes){(uint8_t *)t.p, t.n});
  text_free(&t);
  (void)snprintf(key, sizeof key, "%d", id);
  return schema_get(c->replies, key);
}

const cJSON *duo_call(struct duo *d, int side, const char *method, const char *format, ...) {
  char *params = NULL;
  va_list args;
  va_start(args, format);
  assert_true(vasprintf(&params, format, args) >= 0);
  va_end(args);
  const cJSON *reply = duo_ask(d, side, method, params);
  const cJSON *result = reply ? schema_get(reply, "result") : NULL;
  if (!result && !d->unchecked) fail_msg("%s {%s}: %s", method, params, d->c[side].last);
  free(params);
  return result;
}

const cJSON *duo_refused(struct duo *d, int side, const char *method, const char *params,
                         const char *reason, const char *path) {
  const cJSON *reply = duo_ask(d, side, method, params);
  const cJSON *error = reply ? schema_get(reply, "error") : NULL;
  if (!error) fail_msg("%s {%s}: %s", method, params, d->c[side].last);
  const cJSON *data = schema_get(error, "data");
  const char *got = schema_get(data, "reason")->valuestring;
  if (strcmp(got, reason) != 0) fail_msg("%s {%s}: %s", method, params, d->c[side].last);
  const cJSON *at = schema_get(data, "path");
  if (path && (!at || strcmp(at->valuestring, path) != 0))
    fail_msg("%s {%s}: %s", method, params, d->c[side].last);
  return error;
}

const cJSON *duo_event(const struct duo *d, int side, const char *name, size_t k) {
  for (const cJSON *m = d->c[side].log->child; m; m = m->next)
    if (strcmp(schema_get(m, "method")->valuestring, name) == 0 && k-- == 0)
      return schema_get(m, "params");
  return NULL;
}

size_t duo_count(const struct duo *d, int side, const char *name) {
  size_t n = 0;
  for (const cJSON *m = d->c[side].log->child; m; m = m->next)
    n += strcmp(schema_get(m, "method")->valuestring, name) == 0;
  return n;
}

const char *duo_string(const cJSON *o, const char *key) {
  const cJSON *v = o ? schema_get(o, key) : NULL;
  return v && cJSON_IsString(v) ? v->valuestring : "(none)";
}

int duo_int(const cJSON *o, const char *key) {
  const cJSON *v = o ? schema_get(o, key) : NULL;
  return v && cJSON_IsNumber(v) ? v->valueint : -1;
}

void duo_begin(struct duo *d, const struct rpc_cfg *cfg, const char *hello) {
  duo_prepare(d, false);
  assert_int_equal(duo_sessions(d, cfg), 0);
  for (int i = 0; i < 2; i++) (void)duo_call(d, i, "hello", DUO_HELLO "%s", hello ? hello : "");
}

void duo_pass(struct duo *d, int side, int from, int to) {
  const cJSON *view = duo_call(d, side, "peer.get", "\"peer\":%d", from);
  const cJSON *local = view ? schema_get(view, "localDescription") : NULL;
  char *text = cJSON_IsObject(local) ? cJSON_PrintUnformatted(local) : NULL;
  if (!text) return;
  (void)duo_call(d, 1 - side, "peer.setRemoteDescription", "\"peer\":%d,\"description\":%s", to,
                 text);
  cJSON_free(text);
}

void duo_connect(struct duo *d, int a, int b) {
  (void)duo_call(d, 0, "peer.setLocalDescription", "\"peer\":%d", a);
  duo_pass(d, 0, a, b);
  (void)duo_call(d, 1, "peer.setLocalDescription", "\"peer\":%d", b);
  duo_pass(d, 1, b, a);
  duo_run(d, 2 * MONO_S);
}

void duo_open(struct duo *d, const char *init) {
  for (int i = 0; i < 2; i++) (void)duo_call(d, i, "peer.create", "%s", "");
  (void)duo_call(d, 0, "channel.create", "\"peer\":1,\"label\":\"x\"%s%s", init ? ",\"init\":" : "",
                 init ? init : "");
  duo_connect(d, 1, 1);
}

void duo_text(struct duo *d, int side, int channel, const char *escaped) {
  (void)duo_call(d, side, "channel.send", "\"channel\":%d,\"text\":\"%s\"", channel, escaped);
  duo_run(d, 100 * MONO_MS);
}

void duo_credit(struct duo *d, int side, int channel, int bytes) {
  (void)duo_call(d, side, "channel.credit", "\"channel\":%d,\"bytes\":%d", channel, bytes);
  duo_run(d, 100 * MONO_MS);
}
