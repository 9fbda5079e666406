/* From a frame to its method, and from there to the reply. */
#include <errno.h>
#include <string.h>

#include "rpc/internal.h"

static const struct {
  const char *name;
  int (*run)(struct rpc_call *c);
} methods[] = {
    {"channel.send", rpc_channel_send},
    {"channel.credit", rpc_channel_credit},
    {"channel.create", rpc_channel_create},
    {"channel.close", rpc_channel_close},
    {"channel.setBufferedAmountLowThreshold", rpc_channel_set_threshold},
    {"hello", rpc_hello},
    {"network.get", rpc_network_get},
    {"peer.addIceCandidate", rpc_peer_add_candidate},
    {"peer.close", rpc_peer_close},
    {"peer.create", rpc_peer_create},
    {"peer.createAnswer", rpc_peer_create_answer},
    {"peer.createOffer", rpc_peer_create_offer},
    {"peer.get", rpc_peer_get},
    {"peer.getStats", rpc_peer_get_stats},
    {"peer.restartIce", rpc_peer_restart_ice},
    {"peer.setConfiguration", rpc_peer_set_configuration},
    {"peer.setLocalDescription", rpc_peer_set_local},
    {"peer.setRemoteDescription", rpc_peer_set_remote},
    {"ping", rpc_ping},
};

int rpc_fail(struct rpc_call *c, const struct fault *fault) {
  int r = rpc_error_set(c->error, fault->reason, NULL, "%s", fault->text);
  if (fault->reason == FAULT_TOO_MANY) c->error->limit = (int64_t)c->s->cfg.max_channels;
  return r;
}

static struct json_writer begin_reply(struct text *t, struct bytes id) {
  struct json_writer w = {.to = t};
  json_open(&w, '{');
  json_key(&w, "jsonrpc");
  json_text(&w, "2.0");
  json_key(&w, "id");
  json_raw(&w, id);
  return w;
}

static void write_data(struct json_writer *w, const struct rpc_error *e) {
  json_open(w, '{');
  json_key(w, "reason");
  json_text(w, fault_reason_name(e->fault.reason));
  if (e->exception) {
    json_key(w, "exception");
    json_text(w, e->exception);
  }
  if (e->path[0]) {
    json_key(w, "path");
    json_text(w, e->path);
  }
  if (e->offset >= 0) {
    json_key(w, "offset");
    json_int(w, e->offset);
  }
  if (e->limit >= 0) {
    json_key(w, "limit");
    json_int(w, e->limit);
  }
  json_close(w, '}');
}

int rpc_answer_error(struct rpc_session *s, struct bytes id, const struct rpc_error *e) {
  struct text t = {0};
  struct json_writer w = begin_reply(&t, id);
  json_key(&w, "error");
  json_open(&w, '{');
  json_key(&w, "code");
  json_int(&w, rpc_error_code(e->fault.reason));
  json_key(&w, "message");
  json_text(&w, e->fault.text);
  json_key(&w, "data");
  write_data(&w, e);
  json_close(&w, '}');
  json_close(&w, '}');
  return rpc_queue(s, &t);
}

static int run_method(struct rpc_call *c) {
  const char *name = c->request->method;
  bool is_hello = strcmp(name, "hello") == 0;
  if (!c->s->greeted && !is_hello)
    return rpc_error_set(c->error, FAULT_NOT_HELLO, NULL, "the first call must be hello, not %.80s",
                         name);
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(methods[i].name, name) == 0) return methods[i].run(c);
  return rpc_error_set(c->error, FAULT_UNKNOWN_METHOD, NULL, "there is no method %.80s", name);
}

/* Queues the reply unless it is larger than what the client can take. */
static int queue_reply(struct rpc_session *s, struct text *t, struct rpc_error *e) {
  size_t n = t->n, limit = s->cfg.max_frame_out;
  if (n <= limit || t->failed)
    return rpc_queue(s, t) == 0 ? 0 : rpc_error_set(e, FAULT_OUT_OF_MEMORY, NULL, "out of memory");
  text_free(t);
  int r = rpc_error_set(e, FAULT_MESSAGE_TOO_LARGE, NULL,
                        "the answer has %zu bytes, a frame holds %zu", n, limit);
  e->limit = (int64_t)limit;
  return r;
}

/* The reply is built beside the call, so that a failing call leaves nothing of it. */
static int call(struct rpc_session *s, mono_us now, struct rpc_request *request,
                const struct hot_send *hot, struct rpc_error *e) {
  struct text t = {0};
  struct json_writer w = begin_reply(&t, request->id);
  struct rpc_call c = {s, now, request, e, &w};
  json_key(&w, "result");
  json_open(&w, '{');
  int r = hot ? rpc_channel_send_hot(&c, hot) : run_method(&c);
  json_close(&w, '}');
  json_close(&w, '}');
  if (r == 0 && request->id.n > 0) return queue_reply(s, &t, e);
  text_free(&t);
  return r;
}

int rpc_dispatch(struct rpc_session *s, mono_us now, struct bytes frame) {
  struct rpc_request request;
  struct rpc_error e = {.offset = -1, .limit = -1};
  struct hot_send hot;
  bool is_hot = s->greeted && hot_send_read(frame, &hot);
  int r = 0;
  if (is_hot)
    request = (struct rpc_request){.id = hot.id};
  else
    r = rpc_request_parse(frame, &request, &e);
  if (r == 0) r = call(s, now, &request, is_hot ? &hot : NULL, &e);
  r = r < 0 && request.id.n > 0 ? rpc_answer_error(s, request.id, &e) : 0;
  rpc_request_clear(&request);
  return r;
}
