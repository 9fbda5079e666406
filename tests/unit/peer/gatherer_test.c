/* Servers are asked, answer, refuse, fall silent: with the servers played by the test. */
#include "peer/gatherer.h"

#include <errno.h>
#include <stdio.h>

#include "peer/gatherer_state.h"
#include "stun/attributes.h"
#include "stun/builder.h"
#include "support/fail_alloc.h"
#include "support/seeded_rng.h"
#include "support/unit.h"

#define BUF 8192

struct table {
  struct gatherer *g;
  struct seeded_rng random;
  mono_us now;
  uint8_t buf[BUF];
  struct gatherer_out out;
};

static const struct addr here = {.family = ADDR_V4, .port = 4000, .ip = {10, 0, 0, 2}};
static const struct addr seen = {.family = ADDR_V4, .port = 777, .ip = {192, 0, 2, 5}};
static const struct addr there = {.family = ADDR_V4, .port = 3478, .ip = {203, 0, 113, 9}};

static const struct peer_proxy no_proxy = {0};

static struct peer_server server(bool turn, enum peer_transport transport, const char *host) {
  return (struct peer_server){.turn = turn,
                              .transport = transport,
                              .host = bytes_of(host),
                              .port = 3478,
                              .url = bytes_of(turn ? "turn:it" : "stun:it"),
                              .username = bytes_of("u"),
                              .credential = bytes_of("p")};
}

static struct table *begin(const struct peer_server *list, size_t n) {
  struct table *t = test_calloc(1, sizeof *t);
  seeded_rng_init(&t->random, 3);
  t->now = MONO_S;
  assert_int_equal(gatherer_new(&t->g, &t->random.rng), 0);
  assert_int_equal(gatherer_set_servers(t->g, list, n, &no_proxy), 0);
  assert_int_equal(gatherer_start(t->g, t->now), 0);
  return t;
}

static void end(struct table *t) {
  gatherer_free(t->g);
  test_free(t);
}

static void poll(struct table *t) {
  gatherer_poll(t->g, t->now, t->buf, sizeof t->buf, &t->out);
}

/* Until something other than time passes. */
static void next(struct table *t) {
  for (;;) {
    poll(t);
    if (t->out.kind != OUT_IDLE) return;
    assert_true(t->out.u.wake_at != MONO_NEVER && t->out.u.wake_at > t->now);
    t->now = t->out.u.wake_at;
  }
}

/* A success answer to the Binding request that was just sent. */
static int answer_binding(struct table *t, const struct path *path) {
  struct stun_message m;
  uint8_t buf[100];
  struct gatherer_data data;
  struct writer w = writer_of(buf, sizeof buf);
  assert_int_equal(stun_parse((struct bytes){t->buf, t->out.u.tx.n}, &m), 0);
  stun_begin(&w, STUN_SUCCESS, STUN_BINDING, &m.tid);
  stun_put_xor_address(&w, STUN_ATTR_XOR_MAPPED_ADDRESS, &seen);
  return gatherer_recv(t->g, t->now, path, writer_written(&w), &data);
}

static void test_a_stun_server_tells_the_mapped_address(void **state) {
  (void)state;
  const struct peer_server s = server(false, PEER_TRANSPORT_UDP, "203.0.113.9");
  struct table *t = begin(&s, 1);
  assert_false(gatherer_busy(t->g)); /* no link yet */
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  assert_true(gatherer_busy(t->g));
  next(t);
  assert_int_equal(t->out.kind, OUT_TX);
  assert_int_equal(t->out.u.tx.path.link, 7);
  assert_true(addr_equal(&t->out.u.tx.path.remote, &there));
  const struct path wrong = {8, there}, right = {7, there};
  assert_int_equal(answer_binding(t, &wrong), -ENOENT);
  assert_int_equal(answer_binding(t, &right), 0);
  poll(t);
  assert_int_equal(t->out.kind, OUT_EVENT);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_REFLEXIVE);
  assert_int_equal(t->out.u.ev.link, 7);
  assert_int_equal(t->out.u.ev.server, 1);
  assert_true(addr_equal(&t->out.u.ev.mapped, &seen));
  assert_false(gatherer_busy(t->g));
  poll(t);
  assert_int_equal(t->out.kind, OUT_IDLE);
  assert_true(t->out.u.wake_at == MONO_NEVER);
  end(t);
}

static void test_servers_are_asked_again_when_the_path_is_in_doubt(void **state) {
  (void)state;
  const struct peer_server s = server(false, PEER_TRANSPORT_UDP, "203.0.113.9");
  const struct path path = {7, there};
  struct table *t = begin(&s, 1);
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  next(t);
  assert_int_equal(answer_binding(t, &path), 0);
  next(t);
  gatherer_recheck(t->g, t->now); /* it has just been asked */
  poll(t);
  assert_int_equal(t->out.kind, OUT_IDLE);
  t->now += MONO_S;
  gatherer_recheck(t->g, t->now);
  assert_false(gatherer_busy(t->g)); /* gathering is over all the same */
  next(t);
  assert_int_equal(t->out.kind, OUT_TX);
  assert_int_equal(answer_binding(t, &path), 0);
  poll(t);
  assert_int_equal(t->out.kind, OUT_EVENT);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_REFLEXIVE);
  poll(t);
  assert_int_equal(t->out.kind, OUT_IDLE);
  end(t);
}

static void test_a_silent_server_is_701_with_its_evidence(void **state) {
  (void)state;
  char why[160];
  const struct peer_server s = server(false, PEER_TRANSPORT_UDP, "203.0.113.9");
  struct table *t = begin(&s, 1);
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  mono_us since = t->now;
  unsigned sent = 0;
  for (next(t); t->out.kind == OUT_TX; next(t)) sent++;
  assert_int_equal(sent, 7);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_ERROR);
  assert_int_equal(t->out.u.ev.code, 701);
  assert_true(addr_equal(&t->out.u.ev.local, &here));
  assert_true(t->now - since < 10 * MONO_S);
  assert_true(gatherer_why(t->g, false, why, sizeof why));
  assert_string_equal(
      why, "UDP to 203.0.113.9:3478 got no answer in 7 tries: ask for outbound UDP 3478");
  assert_false(gatherer_why(t->g, true, why, sizeof why));
  assert_false(gatherer_busy(t->g));
  end(t);
}

static void test_names_are_resolved_and_one_that_is_not_found_is_701(void **state) {
  (void)state;
  struct peer_server list[] = {server(false, PEER_TRANSPORT_UDP, "good.test"),
                               server(false, PEER_TRANSPORT_UDP, "bad.test")};
  struct table *t;
  list[1].url = bytes_of("stun:other");
  t = begin(list, 2);
  uint32_t id[2];
  for (int i = 0; i < 2; i++) {
    poll(t);
    assert_int_equal(t->out.kind, OUT_RESOLVE);
    assert_string_equal(t->out.u.resolve.name, i ? "bad.test" : "good.test");
    id[i] = t->out.u.resolve.id;
  }
  assert_true(gatherer_busy(t->g));
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  assert_false(gatherer_resolved(t->g, t->now, 1, 0, &there, 1)); /* the agent's */
  assert_true(gatherer_resolved(t->g, t->now, id[1], -ENOENT, NULL, 0));
  poll(t);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_ERROR);
  assert_int_equal(t->out.u.ev.server, 2);
  assert_true(gatherer_resolved(t->g, t->now, id[0], 0, &there, 1));
  next(t);
  assert_int_equal(t->out.kind, OUT_TX);
  assert_true(addr_equal(&t->out.u.tx.path.remote, &there));
  end(t);
}

static const struct addr moved = {.family = ADDR_V4, .port = 3478, .ip = {203, 0, 113, 77}};

/* A TURN server, named, that is being asked; its request is the first. */
static struct table *asked(enum peer_transport transport) {
  const struct peer_server s = server(true, transport, "turn.test");
  struct table *t = begin(&s, 1);
  poll(t);
  assert_true(gatherer_resolved(t->g, t->now, t->out.u.resolve.id, 0, &there, 1));
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  next(t);
  return t;
}

static struct gatherer_ask *the_ask(const struct table *t) {
  return LIST_ENTRY(t->g->asks.next, struct gatherer_ask, node);
}

/* The owner knew its allocation as relay 9, and it was lost. */
static struct table *lost(enum peer_transport transport) {
  struct table *t = asked(transport);
  if (transport != PEER_TRANSPORT_UDP)
    assert_true(gatherer_stream(t->g, t->now, t->out.u.stream.link, 0, ""));
  the_ask(t)->relays[0] = 9;
  ask_fail(the_ask(t), t->now, TURN_ERR_UNREACHABLE, "it is gone");
  next(t);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_LOST);
  next(t);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_ERROR);
  return t;
}

static void test_a_lost_server_is_looked_up_again_and_followed(void **state) {
  (void)state;
  for (int late = 0; late < 2; late++) {
    struct table *t = lost(PEER_TRANSPORT_UDP);
    poll(t);
    assert_int_equal(t->out.kind, OUT_RESOLVE);
    assert_string_equal(t->out.u.resolve.name, "turn.test");
    uint32_t id = t->out.u.resolve.id;
    assert_false(gatherer_busy(t->g));
    if (late) next(t); /* meanwhile the former address is tried */
    assert_true(!late || addr_equal(&t->out.u.tx.path.remote, &there));
    assert_true(gatherer_resolved(t->g, t->now, id, 0, &moved, 1));
    next(t);
    assert_int_equal(t->out.kind, OUT_TX);
    assert_true(addr_equal(&t->out.u.tx.path.remote, &moved));
    end(t);
  }
}

static void test_a_server_that_moved_is_asked_beside_what_stands(void **state) {
  (void)state;
  struct table *t = asked(PEER_TRANSPORT_UDP);
  struct gatherer_ask *a = the_ask(t);
  a->relays[0] = 9;
  a->state = ASK_UP;
  for (int time = 0; time < 2; time++) {
    gatherer_suspect(t->g, t->now, 9);
    for (poll(t); t->out.kind == OUT_TX; poll(t)) continue;
    assert_int_equal(t->out.kind, OUT_RESOLVE);
    assert_true(gatherer_resolved(t->g, t->now, t->out.u.resolve.id, 0, &moved, 1));
    assert_int_equal(t->g->n_asks, 2); /* once */
    assert_false(gatherer_busy(t->g));
    gatherer_suspect(t->g, t->now, 9); /* too soon to look it up again */
    for (poll(t); t->out.kind == OUT_TX; poll(t)) assert_int_equal(t->out.u.tx.path.link, 7);
    assert_int_equal(t->out.kind, OUT_IDLE);
    t->now += MONO_S;
  }
  ask_fail(a, t->now, TURN_ERR_UNREACHABLE, "it is gone");
  while (a->state != ASK_OVER) {
    next(t);
    if (t->out.kind == OUT_RESOLVE)
      assert_true(gatherer_resolved(t->g, t->now, t->out.u.resolve.id, 0, &moved, 1));
  }
  end(t);
}

/* Whatever became of the one before: it is closed by its own number, and then another is opened. */
static void test_a_stream_to_the_former_address_is_closed_before_the_next_one(void **state) {
  (void)state;
  for (int opened = 0; opened < 2; opened++) {
    struct table *t = lost(PEER_TRANSPORT_TCP);
    uint32_t id = 0, former = 0;
    while (former == 0) {
      next(t);
      if (t->out.kind == OUT_RESOLVE) id = t->out.u.resolve.id;
      if (t->out.kind == OUT_STREAM) former = t->out.u.stream.link;
    }
    if (opened) {
      assert_true(gatherer_stream(t->g, t->now, former, 0, ""));
      next(t);
      assert_int_equal(t->out.kind, OUT_TX);
    }
    assert_true(gatherer_resolved(t->g, t->now, id, 0, &moved, 1));
    next(t);
    assert_int_equal(t->out.kind, OUT_UNBIND);
    assert_int_equal(t->out.u.unbind_link, former);
    assert_true(gatherer_stream(t->g, t->now, former, 0, "")); /* too late to count */
    next(t);
    assert_int_equal(t->out.kind, OUT_STREAM);
    assert_int_not_equal(t->out.u.stream.link, former);
    assert_true(addr_equal(&t->out.u.stream.remote, &moved));
    end(t);
  }
}

static void test_a_name_that_is_not_found_again_keeps_its_address(void **state) {
  (void)state;
  struct table *t = lost(PEER_TRANSPORT_UDP);
  poll(t);
  assert_true(gatherer_resolved(t->g, t->now, t->out.u.resolve.id, -ENOENT, NULL, 0));
  next(t);
  assert_int_equal(t->out.kind, OUT_TX);
  assert_true(addr_equal(&t->out.u.tx.path.remote, &there));
  end(t);
}

static void test_a_stream_that_fails_says_why_and_closes_nothing(void **state) {
  (void)state;
  const struct peer_server s = server(true, PEER_TRANSPORT_TLS, "203.0.113.9");
  struct table *t = begin(&s, 1);
  poll(t);
  assert_int_equal(t->out.kind, OUT_STREAM);
  uint32_t link = t->out.u.stream.link;
  assert_true(link & PEER_STREAM_LINK);
  assert_true(t->out.u.stream.tls);
  assert_string_equal(t->out.u.stream.host, "203.0.113.9");
  assert_true(gatherer_stream(t->g, t->now, link, -ECONNREFUSED, "TCP to it: refused"));
  poll(t);
  assert_int_equal(t->out.u.ev.kind, GATHERER_EV_ERROR);
  assert_string_equal(t->out.u.ev.text, "TCP to it: refused");
  poll(t);
  assert_int_equal(t->out.kind, OUT_IDLE);
  assert_false(gatherer_busy(t->g));
  end(t);
}

static void test_behind_a_proxy_its_name_is_resolved_and_not_the_servers(void **state) {
  (void)state;
  const struct peer_proxy proxy = {bytes_of("proxy.test"), 3128};
  const struct peer_server s = server(true, PEER_TRANSPORT_TLS, "turn.test");
  struct table *t = begin(&s, 1);
  poll(t);
  assert_string_equal(t->out.u.resolve.name, "turn.test");
  assert_int_equal(gatherer_set_servers(t->g, &s, 1, &proxy), 0);
  assert_int_equal(gatherer_start(t->g, t->now), 0);
  poll(t);
  assert_int_equal(t->out.kind, OUT_RESOLVE);
  assert_string_equal(t->out.u.resolve.name, "proxy.test");
  uint32_t id = t->out.u.resolve.id;
  assert_true(gatherer_busy(t->g));
  assert_true(gatherer_resolved(t->g, t->now, id, 0, &there, 1));
  poll(t);
  assert_int_equal(t->out.kind, OUT_STREAM);
  assert_true(t->out.u.stream.proxied);
  assert_int_equal(t->out.u.stream.remote.port, 3128);
  assert_string_equal(t->out.u.stream.host, "turn.test");
  assert_int_equal(t->out.u.stream.port, 3478);
  assert_int_equal(gatherer_start(t->g, t->now), 0);
  poll(t);
  assert_true(gatherer_resolved(t->g, t->now, t->out.u.resolve.id, -ENOENT, NULL, 0));
  poll(t);
  assert_int_equal(t->out.kind, OUT_EVENT);
  assert_string_equal(t->out.u.ev.text, "the proxy's name was not found in DNS");
  end(t);
}

static void test_what_is_not_turn_ends_the_stream(void **state) {
  (void)state;
  const struct peer_server s = server(true, PEER_TRANSPORT_TCP, "203.0.113.9");
  struct table *t = begin(&s, 1);
  struct gatherer_data data;
  poll(t);
  uint32_t link = t->out.u.stream.link;
  assert_true(gatherer_stream(t->g, t->now, link, 0, ""));
  poll(t);
  assert_int_equal(t->out.kind, OUT_TX);
  assert_int_equal(t->out.u.tx.path.link, link);
  gatherer_stream_bytes(t->g, t->now, link, bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n"));
  assert_false(gatherer_stream_next(t->g, t->now, link, &data));
  poll(t);
  assert_int_equal(t->out.kind, OUT_EVENT);
  assert_string_equal(t->out.u.ev.text, "what the server sends is not TURN");
  poll(t);
  assert_int_equal(t->out.kind, OUT_UNBIND);
  assert_int_equal(t->out.u.unbind_link, link);
  end(t);
}

static void test_a_link_that_goes_takes_its_requests_along(void **state) {
  (void)state;
  const struct peer_server s = server(false, PEER_TRANSPORT_UDP, "203.0.113.9");
  struct table *t = begin(&s, 1);
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  next(t);
  gatherer_link_gone(t->g, 7);
  assert_false(gatherer_busy(t->g));
  poll(t);
  assert_true(t->out.kind == OUT_IDLE && t->out.u.wake_at == MONO_NEVER);
  assert_int_equal(gatherer_link_up(t->g, t->now, 8, &here), 0);
  next(t);
  assert_int_equal(t->out.u.tx.path.link, 8);
  end(t);
}

static void test_servers_are_asked_only_by_links_of_their_family_and_scope(void **state) {
  (void)state;
  struct addr v6, loopback = addr_v4(127, 0, 0, 1, 9);
  assert_true(addr_parse_ip("2001:db8::1", 1, &v6));
  const struct peer_server s = server(false, PEER_TRANSPORT_UDP, "203.0.113.9");
  struct table *t = begin(&s, 1);
  assert_int_equal(gatherer_link_up(t->g, t->now, 1, &v6), 0);
  assert_int_equal(gatherer_link_up(t->g, t->now, 2, &loopback), 0);
  assert_false(gatherer_busy(t->g));
  end(t);
}

static void test_the_next_servers_come_with_the_next_start(void **state) {
  (void)state;
  const char *url;
  enum peer_transport transport;
  const struct peer_server first = server(false, PEER_TRANSPORT_UDP, "203.0.113.9");
  struct peer_server second[] = {first, server(false, PEER_TRANSPORT_UDP, "203.0.113.10")};
  second[1].url = bytes_of("stun:other");
  struct table *t = begin(&first, 1);
  assert_int_equal(gatherer_set_servers(t->g, second, 2, &no_proxy), 0);
  assert_false(gatherer_server(t->g, 2, &url, &transport));
  assert_int_equal(gatherer_start(t->g, t->now), 0);
  assert_true(gatherer_server(t->g, 1, &url, &transport));
  assert_string_equal(url, "stun:it"); /* known, and keeps its number */
  assert_true(gatherer_server(t->g, 2, &url, &transport));
  assert_string_equal(url, "stun:other");
  assert_false(gatherer_server(t->g, 3, &url, &transport));
  assert_int_equal(gatherer_set_servers(t->g, NULL, 0, &no_proxy), 0);
  assert_int_equal(gatherer_start(t->g, t->now), 0);
  assert_int_equal(gatherer_link_up(t->g, t->now, 7, &here), 0);
  assert_false(gatherer_busy(t->g)); /* none is left to ask */
  end(t);
}

static int whole_life(void) {
  const struct peer_server list[] = {server(true, PEER_TRANSPORT_UDP, "203.0.113.9"),
                                     server(false, PEER_TRANSPORT_UDP, "203.0.113.9"),
                                     server(true, PEER_TRANSPORT_TCP, "203.0.113.9")};
  struct seeded_rng random;
  struct gatherer *g = NULL;
  struct gatherer_out out;
  static uint8_t buf[BUF];
  seeded_rng_init(&random, 3);
  int r = gatherer_new(&g, &random.rng);
  if (r == 0) r = gatherer_set_servers(g, list, 3, &no_proxy);
  if (r == 0) r = gatherer_start(g, MONO_S);
  if (r == 0) r = gatherer_link_up(g, MONO_S, 7, &here);
  for (int i = 0; r == 0 && i < 20; i++)
    gatherer_poll(g, MONO_S + MONO_S * (unsigned)i, buf, BUF, &out);
  gatherer_free(g);
  return r;
}

static void test_any_allocation_may_fail(void **state) {
  (void)state;
  for (size_t n = 0; n < 200; n++) {
    fail_alloc_at(n);
    int r = whole_life();
    fail_alloc_never();
    assert_true(r == 0 || r == -ENOMEM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_stun_server_tells_the_mapped_address),
      cmocka_unit_test(test_servers_are_asked_again_when_the_path_is_in_doubt),
      cmocka_unit_test(test_a_silent_server_is_701_with_its_evidence),
      cmocka_unit_test(test_names_are_resolved_and_one_that_is_not_found_is_701),
      cmocka_unit_test(test_a_lost_server_is_looked_up_again_and_followed),
      cmocka_unit_test(test_a_server_that_moved_is_asked_beside_what_stands),
      cmocka_unit_test(test_a_stream_to_the_former_address_is_closed_before_the_next_one),
      cmocka_unit_test(test_a_name_that_is_not_found_again_keeps_its_address),
      cmocka_unit_test(test_a_stream_that_fails_says_why_and_closes_nothing),
      cmocka_unit_test(test_behind_a_proxy_its_name_is_resolved_and_not_the_servers),
      cmocka_unit_test(test_what_is_not_turn_ends_the_stream),
      cmocka_unit_test(test_a_link_that_goes_takes_its_requests_along),
      cmocka_unit_test(test_servers_are_asked_only_by_links_of_their_family_and_scope),
      cmocka_unit_test(test_the_next_servers_come_with_the_next_start),
      cmocka_unit_test(test_any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
