/* The way that data goes: which pair, what it carries, and whether it is silent. */
#include "peer/internal.h"

void peer_learn_rtt(struct peer *p, mono_us rtt) {
  p->rtt = rtt;
  dtls_set_rtt(p->dtls, rtt);
  dc_hint_rtt(p->channels, rtt);
}

bool peer_same_path(const struct path *a, const struct path *b) {
  return a->link == b->link && addr_equal(&a->remote, &b->remote);
}

static void settle(struct peer *p, struct peer_traffic *t) {
  if (t->n.packets_sent + t->n.packets_received > 0) ice_agent_add_traffic(p->ice, &t->path, &t->n);
  t->n = (struct ice_traffic){0};
}

void peer_settle_traffic(struct peer *p) {
  settle(p, &p->sent);
  settle(p, &p->received);
}

static struct ice_traffic *traffic_on(struct peer *p, struct peer_traffic *t,
                                      const struct path *path) {
  if (!peer_same_path(path, &t->path)) {
    settle(p, t);
    t->path = *path;
  }
  return &t->n;
}

void peer_count_sent(struct peer *p, mono_us now, size_t n, size_t datagrams) {
  struct ice_traffic *t = traffic_on(p, &p->sent, &p->data_path);
  t->packets_sent += datagrams;
  t->bytes_sent += n;
  t->last_sent = now;
  p->counters.packets_sent += datagrams;
  p->counters.bytes_sent += n;
}

void peer_count_received(struct peer *p, mono_us now, const struct path *path, size_t n) {
  struct ice_traffic *t = traffic_on(p, &p->received, path);
  t->packets_received++;
  t->bytes_received += n;
  t->last_received = now;
  p->counters.packets_received++;
  p->counters.bytes_received += n;
}

/* A path that stays silent may be lost long before its consent is due. */
static mono_us silence_lasts_until(const struct peer *p) {
  mono_us wait =
      p->rtt + PEER_SILENCE_MORE > PEER_SILENCE ? p->rtt + PEER_SILENCE_MORE : PEER_SILENCE;
  return mono_add(p->silent_since, wait);
}

void peer_watch_silence(struct peer *p, mono_us now) {
  if (p->silent_since == 0 || now < silence_lasts_until(p)) return;
  p->silent_since = now;
  ice_agent_suspect(p->ice, now);
  gatherer_suspect(p->gatherer, now, p->data_path.link);
  p->ice_turn.dirty = p->gatherer_turn.dirty = true;
}

/* The machines above send again what is not acknowledged. */
void peer_note_unanswered(struct peer *p, mono_us now) {
  if (p->silent_since == 0) p->silent_since = now;
  peer_watch_silence(p, now);
}

mono_us peer_silence_deadline(const struct peer *p) {
  bool counts = p->silent_since != 0 && p->path_writable && dc_awaits_answer(p->channels);
  return counts ? silence_lasts_until(p) : MONO_NEVER;
}

static size_t packet_of(const struct peer *p, size_t datagram) {
  return (datagram - dtls_overhead(p->dtls)) & ~(size_t)3;
}

void peer_set_mtu(struct peer *p, mono_us now) {
  bool v6 = p->data_path.remote.family == ADDR_V6;
  size_t most = v6 ? PEER_DATAGRAM_MAX_V6 : PEER_DATAGRAM_MAX_V4;
  if (p->relayed) most -= PEER_RELAY_ROOM;
  dc_set_mtu(p->channels, now, packet_of(p, PEER_DATAGRAM_SAFE),
             p->cfg.mtu_discovery ? packet_of(p, most) : 0);
}

static void move_to_path(struct peer *p, mono_us now, const struct path *path) {
  bool moved = p->data_path.link != 0;
  p->data_path = p->wire_path = *path;
  p->relayed = gatherer_route(p->gatherer, path->link, &p->wire_path);
  struct ice_pair_info info;
  if (ice_agent_selected(p->ice, &info) && info.rtt > 0) peer_learn_rtt(p, info.rtt);
  if (moved && p->associated) {
    peer_set_mtu(p, now);
    dc_path_changed(p->channels, now);
  }
  p->dtls_turn.dirty = p->dc_turn.dirty = true;
}

void peer_update_path(struct peer *p, mono_us now) {
  const struct path *path = ice_agent_data_path(p->ice);
  if (path && !peer_same_path(path, &p->data_path)) move_to_path(p, now, path);
  bool writable = path && p->wire_path.link != p->blocked_link;
  if (writable == p->path_writable) return;
  p->path_writable = writable;
  dtls_set_writable(p->dtls, now, writable);
  dc_set_writable(p->channels, now, writable);
  p->dtls_turn.dirty = p->dc_turn.dirty = true;
}
