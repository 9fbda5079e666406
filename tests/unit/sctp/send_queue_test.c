#include "sctp/tx/send_queue.h"

#include "support/unit.h"

static void queue(struct send_queue *q, uint16_t stream, uint16_t priority, size_t n) {
  const struct sctp_send_info info = {.stream = stream, .priority = priority};
  struct payload *p = payload_new(n);
  assert_non_null(p);
  p->n = n;
  assert_int_equal(send_queue_add(q, &info, p, MONO_NEVER), 0);
}

/* Takes the whole head message; its stream. */
static uint16_t take_head(struct send_queue *q) {
  struct tx_msg *m = send_queue_head(q);
  assert_non_null(m);
  uint16_t id = m->stream->id;
  send_queue_took(q, m, m->data->n - m->taken);
  send_queue_release(q, m, m->unreleased);
  send_queue_settle(q, m);
  return id;
}

static void test_streams_of_one_priority_take_turns(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  for (int i = 0; i < 3; i++) {
    queue(&q, 1, 256, 100);
    queue(&q, 2, 256, 100);
  }
  int seen[3] = {0};
  for (int i = 0; i < 6; i++) {
    seen[take_head(&q)]++;
    assert_true(seen[1] - seen[2] <= 1 && seen[2] - seen[1] <= 1);
  }
  assert_null(send_queue_head(&q));
  send_queue_free(&q);
}

static void test_bytes_are_shared_by_priority(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 24);
  for (int i = 0; i < 400; i++) {
    queue(&q, 1, 128, 1000);
    queue(&q, 2, 256, 500);
    queue(&q, 3, 1024, 1000);
  }
  size_t bytes[4] = {0};
  for (int i = 0; i < 300; i++) {
    size_t n = send_queue_head(&q)->data->n;
    bytes[take_head(&q)] += n;
  }
  assert_in_range(bytes[2] * 10 / bytes[1], 19, 21);
  assert_in_range(bytes[3] * 10 / bytes[1], 78, 82);
  send_queue_free(&q);
}

static void test_a_stream_that_was_idle_gets_no_arrears(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  for (int i = 0; i < 100; i++) queue(&q, 1, 256, 1000);
  for (int i = 0; i < 50; i++) (void)take_head(&q);
  for (int i = 0; i < 10; i++) queue(&q, 2, 256, 1000);
  int second = 0;
  for (int i = 0; i < 10; i++) second += take_head(&q) == 2;
  assert_in_range(second, 4, 6);
  send_queue_free(&q);
}

static void test_a_message_goes_out_whole_before_another(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  queue(&q, 1, 128, 3000);
  struct tx_msg *m = send_queue_head(&q);
  send_queue_took(&q, m, 1000);
  queue(&q, 2, 1024, 10);
  assert_ptr_equal(send_queue_head(&q), m);
  send_queue_took(&q, m, 2000);
  assert_int_equal(send_queue_head(&q)->stream->id, 2);
  m->chunks = 0;
  send_queue_settle(&q, m);
  send_queue_free(&q);
}

static void test_ssns_are_given_when_a_message_starts(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  const struct sctp_send_info unordered = {.stream = 1, .unordered = true};
  assert_int_equal(send_queue_add(&q, &unordered, payload_copy(bytes_of("u")), MONO_NEVER), 0);
  queue(&q, 1, 256, 10);
  (void)take_head(&q);
  assert_int_equal(send_queue_stream(&q, 1)->next_mid[0], 0);
  (void)take_head(&q);
  assert_int_equal(send_queue_stream(&q, 1)->next_mid[0], 1);
  send_queue_free(&q);
}

static void test_the_limit_counts_bytes_and_many_small_messages(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1000);
  assert_false(send_queue_is_full(&q, 5000)); /* one always fits */
  queue(&q, 1, 256, 600);
  assert_false(send_queue_is_full(&q, 400));
  assert_true(send_queue_is_full(&q, 401));
  for (int i = 0; i < 100 && !send_queue_is_full(&q, 1); i++) queue(&q, 1, 256, 1);
  assert_true(send_queue_is_full(&q, 1));
  assert_true(q.buffered < 700);
  send_queue_free(&q);
}

static void test_released_bytes_are_announced_together(void **state) {
  (void)state;
  struct send_queue q;
  size_t bytes;
  send_queue_init(&q, 10000);
  queue(&q, 5, 256, 30);
  queue(&q, 5, 256, 40);
  (void)take_head(&q);
  (void)take_head(&q);
  assert_int_equal(send_queue_announce(&q, &bytes)->id, 5);
  assert_int_equal(bytes, 70);
  assert_null(send_queue_announce(&q, &bytes));
  assert_int_equal(q.messages, 0);
  send_queue_free(&q);
}

static void test_an_unused_stream_is_cheap(void **state) {
  (void)state;
  assert_true(sizeof(struct out_stream) <= 88);
}

/* The head gets a TSN for n bytes, as a chunk does; its stream. */
static uint16_t take_some(struct send_queue *q, size_t n) {
  struct tx_msg *m = send_queue_head(q);
  assert_non_null(m);
  uint16_t id = m->stream->id;
  size_t left = m->data->n - m->taken;
  send_queue_took(q, m, left < n ? left : n);
  send_queue_release(q, m, left < n ? left : n);
  send_queue_settle(q, m);
  return id;
}

static void test_a_message_goes_out_whole_before_the_next(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  queue(&q, 1, 256, 1000);
  queue(&q, 2, 256, 1000);
  for (int i = 0; i < 10; i++) assert_int_equal(take_some(&q, 100), 1);
  assert_int_equal(take_some(&q, 100), 2);
  send_queue_free(&q);
}

static void test_interleaved_messages_take_turns_chunk_by_chunk(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  send_queue_interleave(&q, 100000);
  queue(&q, 1, 256, 1000);
  queue(&q, 2, 256, 1000);
  int seen[3] = {0};
  for (int i = 0; i < 20; i++) {
    seen[take_some(&q, 100)]++;
    assert_true(seen[1] - seen[2] <= 1 && seen[2] - seen[1] <= 1);
  }
  assert_null(send_queue_head(&q));
  send_queue_free(&q);
}

static void test_what_is_begun_fits_into_half_the_window(void **state) {
  (void)state;
  struct send_queue q;
  send_queue_init(&q, 1 << 20);
  send_queue_interleave(&q, 4000);
  for (uint16_t i = 1; i <= 4; i++) queue(&q, i, 256, 1000);
  queue(&q, 5, 256, 200); /* never half at the peer */
  bool begun[6] = {false};
  for (int i = 0; i < 8; i++) begun[take_some(&q, 100)] = true;
  assert_int_equal(begun[1] + begun[2] + begun[3] + begun[4], 2);
  assert_true(begun[5]);
  while (send_queue_head(&q)) begun[take_some(&q, 100)] = true;
  assert_true(begun[1] && begun[2] && begun[3] && begun[4]);
  assert_int_equal(q.partial_bytes, 0);
  send_queue_free(&q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_streams_of_one_priority_take_turns),
      cmocka_unit_test(test_bytes_are_shared_by_priority),
      cmocka_unit_test(test_a_stream_that_was_idle_gets_no_arrears),
      cmocka_unit_test(test_a_message_goes_out_whole_before_another),
      cmocka_unit_test(test_ssns_are_given_when_a_message_starts),
      cmocka_unit_test(test_the_limit_counts_bytes_and_many_small_messages),
      cmocka_unit_test(test_released_bytes_are_announced_together),
      cmocka_unit_test(test_an_unused_stream_is_cheap),
      cmocka_unit_test(test_a_message_goes_out_whole_before_the_next),
      cmocka_unit_test(test_interleaved_messages_take_turns_chunk_by_chunk),
      cmocka_unit_test(test_what_is_begun_fits_into_half_the_window),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
