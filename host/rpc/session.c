#include "rpc/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/internal.h"

#define PAUSE_ABOVE  ((size_t)1024 * 1024) /* bytes unwritten: no more channel.message */
#define RESUME_BELOW ((size_t)512 * 1024)

int rpc_session_new(struct rpc_session **ret, const struct rpc_cfg *cfg, mono_us now) {
  struct rpc_session *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->cfg = *cfg;
  if (cfg->identity) dtls_identity_ref(cfg->identity);
  rpc_log_init(s, now);
  list_init(&s->frames);
  list_init(&s->owed);
  list_init(&s->peers);
  list_init(&s->dirty);
  *ret = s;
  return 0;
}

static void free_frame(struct rpc_frame *f) {
  if (f) payload_free(f->bytes);
  free(f);
}

static void free_frames(struct rpc_session *s) {
  for (struct list *l; (l = list_pop_front(&s->frames)) != NULL;)
    free_frame(LIST_ENTRY(l, struct rpc_frame, link));
  for (struct list *l; (l = list_pop_front(&s->owed)) != NULL;)
    free_frame(LIST_ENTRY(l, struct rpc_frame, link));
  free_frame(s->taken);
}

struct rpc_session *rpc_session_free(struct rpc_session *s) {
  if (!s) return NULL;
  LIST_EACH_SAFE(it, next, &s->peers) rpc_peer_free(s, LIST_ENTRY(it, struct rpc_peer, all));
  for (size_t i = 0; i < s->n_channels; i++) payload_free(s->channels[i].assembly);
  free_frames(s);
  rpc_network_free(s);
  dtls_identity_unref(s->cfg.identity);
  free(s->by_id);
  free(s->heap);
  free(s->channels);
  free(s);
  return NULL;
}

void rpc_session_set_identity(struct rpc_session *s, struct dtls_identity *identity) {
  dtls_identity_unref(s->cfg.identity);
  s->cfg.identity = dtls_identity_ref(identity);
}

int rpc_push(struct rpc_session *s, struct payload *frame, uint32_t channel, size_t credit) {
  struct rpc_frame *f = frame ? calloc(1, sizeof *f) : NULL;
  if (!f) {
    payload_free(frame);
    return -ENOMEM;
  }
  *f = (struct rpc_frame){.bytes = frame, .channel = channel, .credit = credit};
  list_push_back(&s->frames, &f->link);
  return 0;
}

int rpc_queue(struct rpc_session *s, struct text *t) {
  struct payload *frame =
      t->failed || !t->p ? NULL : payload_copy((struct bytes){(const uint8_t *)t->p, t->n});
  text_free(t);
  return rpc_push(s, frame, 0, 0);
}

int rpc_session_frame(struct rpc_session *s, mono_us now, struct bytes frame) {
  int r = s->ending ? 0 : rpc_dispatch(s, now, frame);
  if (r < 0) (void)rpc_session_end(s, now, "out-of-memory", 1); /* an answer is lost */
  return r;
}

int rpc_session_skipped(struct rpc_session *s, mono_us now, uint64_t n) {
  static const struct bytes null_id = {(const uint8_t *)"null", 4};
  struct rpc_error e;
  (void)now;
  if (s->ending) return 0;
  (void)rpc_error_set(&e, FAULT_MESSAGE_TOO_LARGE, NULL,
                      "a frame of %llu bytes was skipped: the limit is %zu", (unsigned long long)n,
                      s->cfg.max_frame_in);
  e.limit = (int64_t)s->cfg.max_frame_in;
  return rpc_answer_error(s, null_id, &e);
}

int rpc_session_end(struct rpc_session *s, mono_us now, const char *reason, int exit_status) {
  if (s->ending) return 0;
  s->ending = true;
  s->goodbye = reason;
  s->exit_status = exit_status;
  LIST_EACH(it, &s->peers) {
    struct rpc_peer *p = LIST_ENTRY(it, struct rpc_peer, all);
    peer_close(p->machine, now);
    p->closing = true;
    rpc_peer_touch(s, p);
  }
  return 0;
}

static void pause_all(struct rpc_session *s, bool paused) {
  s->paused = paused;
  LIST_EACH(it, &s->peers) {
    struct rpc_peer *p = LIST_ENTRY(it, struct rpc_peer, all);
    dc_set_paused(peer_channels(p->machine), paused);
    peer_touch(p->machine, 0);
    rpc_peer_touch(s, p);
  }
}

/* The frame was written: what its message took of the channel's standing window is given back. */
static void renew(struct rpc_session *s, mono_us now, const struct rpc_frame *f) {
  struct rpc_peer *p;
  if (!rpc_find_channel(s, f->channel, &p)) return;
  (void)dc_credit(peer_channels(p->machine), now, f->channel, f->credit, NULL);
  peer_touch(p->machine, now);
  rpc_peer_touch(s, p);
}

bool rpc_session_unwritten(struct rpc_session *s, mono_us now, size_t n) {
  if (!s->paused && n > PAUSE_ABOVE) pause_all(s, true);
  if (s->paused && n < RESUME_BELOW) pause_all(s, false);
  LIST_EACH_SAFE(it, next, &s->owed) {
    struct rpc_frame *f = LIST_ENTRY(it, struct rpc_frame, link);
    if (n > s->handed - f->end) break; /* prefixes and newlines are not counted: it may be late */
    renew(s, now, f);
    list_remove(&f->link);
    free_frame(f);
  }
  return !list_empty(&s->dirty);
}

int rpc_session_network(struct rpc_session *s, mono_us now, const struct rpc_network *network) {
  struct text t = {0};
  char *before = s->network_json;
  s->network_json = NULL;
  int r = rpc_network_copy(s, network);
  if (r < 0) {
    s->network_json = before;
    return r;
  }
  LIST_EACH(it, &s->peers) {
    struct rpc_peer *p = LIST_ENTRY(it, struct rpc_peer, all);
    if (r == 0 && !p->closing) r = rpc_network_apply(s, now, p);
  }
  if (r == 0 && s->greeted && before && strcmp(before, s->network_json) != 0) {
    struct json_writer w = rpc_notification(&t, "network.change");
    json_raw(&w, bytes_of(s->network_json));
    r = rpc_notification_end(s, &w);
  }
  free(before);
  return r;
}

/* Without its socket an address brings no candidate: that is said, or nobody would know why. */
static void say_unbound(struct rpc_session *s, mono_us now, const struct rpc_peer *p, int err) {
  char text[160], ports[48] = "";
  if (p->fixed.port_max > 0)
    (void)snprintf(ports, sizeof ports, " (udpPortRange %u to %u)", p->fixed.port_min,
                   p->fixed.port_max);
  (void)snprintf(text, sizeof text, "no socket for an address of this machine: %s%s",
                 strerror(-err), ports);
  rpc_log(s, now, RPC_LOG_WARN, p->id, text);
}

int rpc_session_bound(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link, int err,
                      const struct addr *local) {
  struct rpc_peer *p = rpc_find_peer(s, peer);
  if (!p) return 0;
  rpc_peer_touch(s, p);
  if (err < 0) say_unbound(s, now, p, err);
  return peer_bound(p->machine, now, link, err, local);
}

int rpc_session_resolved(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t id, int err,
                         const struct addr *addrs, size_t n) {
  struct rpc_peer *p = rpc_find_peer(s, peer);
  if (!p) return 0;
  rpc_peer_touch(s, p);
  return peer_resolved(p->machine, now, id, err, addrs, n);
}

int rpc_session_recv(struct rpc_session *s, mono_us now, uint32_t peer, const struct path *path,
                     struct bytes datagram) {
  struct rpc_peer *p = rpc_find_peer(s, peer);
  if (!p) return 0;
  rpc_peer_touch(s, p);
  return peer_recv(p->machine, now, path, datagram);
}

int rpc_session_stream(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link, int err,
                       const char *why) {
  struct rpc_peer *p = rpc_find_peer(s, peer);
  if (!p) return 0;
  rpc_peer_touch(s, p);
  return peer_stream(p->machine, now, link, err, why);
}

int rpc_session_stream_bytes(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link,
                             struct bytes bytes) {
  struct rpc_peer *p = rpc_find_peer(s, peer);
  if (!p) return 0;
  rpc_peer_touch(s, p);
  return peer_stream_bytes(p->machine, now, link, bytes);
}

void rpc_session_writable(struct rpc_session *s, mono_us now, uint32_t peer, uint32_t link,
                          bool writable) {
  struct rpc_peer *p = rpc_find_peer(s, peer);
  if (!p) return;
  rpc_peer_touch(s, p);
  peer_link_writable(p->machine, now, link, writable);
}

int rpc_session_wake(struct rpc_session *s, mono_us now) {
  return rpc_peers_wake(s, now);
}

/* The owner has copied the frame that it was given. */
static void let_go(struct rpc_session *s) {
  struct rpc_frame *f = s->taken;
  s->taken = NULL;
  if (!f || f->credit == 0) {
    free_frame(f);
    return;
  }
  f->bytes = payload_free(f->bytes);
  list_push_back(&s->owed, &f->link);
}

static bool next_frame(struct rpc_session *s, struct rpc_out *ret) {
  let_go(s);
  struct list *first = list_pop_front(&s->frames);
  if (!first) return false;
  s->taken = LIST_ENTRY(first, struct rpc_frame, link);
  s->handed += s->taken->bytes->n;
  s->taken->end = s->handed;
  ret->kind = RPC_FRAME;
  ret->frame = payload_bytes(s->taken->bytes);
  return true;
}

/* A peer's turn: true when *ret was filled. */
static bool poll_peer(struct rpc_session *s, mono_us now, struct rpc_peer *p, uint8_t *buf,
                      size_t cap, struct rpc_out *ret) {
  peer_poll(p->machine, now, buf, cap, &ret->out);
  if (ret->out.kind == OUT_EVENT) {
    if (!p->closing && rpc_on_peer_event(s, now, p, &ret->out.u.ev) == -ENOMEM)
      (void)rpc_session_end(s, now, "out-of-memory", 1); /* the client would miss something */
    return false;
  }
  ret->peer = p->id;
  if (ret->out.kind != OUT_IDLE) {
    ret->kind = RPC_PEER;
    return true;
  }
  rpc_peer_sleep(s, p, ret->out.u.wake.at);
  if (!p->closing) return false;
  ret->kind = RPC_PEER_GONE;
  rpc_peer_free(s, p);
  return true;
}

static void say_goodbye(struct rpc_session *s) {
  struct text t = {0};
  struct json_writer w = rpc_notification(&t, "goodbye");
  json_key(&w, "reason");
  json_text(&w, s->goodbye);
  (void)rpc_notification_end(s, &w);
  s->said_goodbye = true;
}

void rpc_session_poll(struct rpc_session *s, mono_us now, uint8_t *buf, size_t cap,
                      struct rpc_out *ret) {
  for (;;) {
    if (next_frame(s, ret)) return;
    if (rpc_peers_next_wake(s) <= now) (void)rpc_peers_wake(s, now);
    if (!list_empty(&s->dirty)) {
      if (poll_peer(s, now, LIST_ENTRY(s->dirty.next, struct rpc_peer, dirty), buf, cap, ret))
        return;
    } else if (s->ending && !s->said_goodbye) {
      say_goodbye(s);
    } else {
      break;
    }
  }
  ret->wake_at = rpc_peers_next_wake(s);
  ret->kind = s->ending && !s->ended ? RPC_END : RPC_IDLE;
  ret->exit_status = s->exit_status;
  s->ended = s->ending;
}
