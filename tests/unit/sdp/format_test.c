#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "samples.h"
#include "sdp/description.h"

static struct sdp_description *parsed(struct bytes sdp) {
  struct sdp_description *d = malloc(sizeof *d);
  struct fault f;
  assert_non_null(d);
  assert_int_equal(sdp_parse(sdp, d, &f), 0);
  return d;
}

static struct sdp_description *freed(struct sdp_description *d) {
  sdp_description_clear(d);
  free(d);
  return NULL;
}

static struct sdp_description *ours(void) {
  struct sdp_description *d = calloc(1, sizeof *d);
  assert_non_null(d);
  d->session_id = 77;
  d->session_version = 3;
  d->n_sections = 1;
  d->bundled = true;
  d->sections[0].data = true;
  (void)strcpy(d->sections[0].mid, "0");
  (void)strcpy(d->ufrag, "abcd");
  (void)strcpy(d->pwd, "aaaaaaaaaaaaaaaaaaaaaaaa");
  (void)strcpy(d->tls_id, "0123456789abcdef0123");
  (void)strcpy(d->fingerprints[0].hash, "sha-1");
  d->fingerprints[0].n = 20;
  memset(d->fingerprints[0].value, 0xaf, 20);
  d->n_fingerprints = 1;
  d->trickle = d->ice2 = true;
  d->ice_pacing_ms = 5;
  d->setup = SDP_SETUP_ACTPASS;
  d->sctp_port = 5000;
  d->max_message_size = 262144;
  text_add(&d->candidates, "candidate:1 1 udp 1 192.0.2.1 9 typ host\n");
  d->n_candidates = 1;
  d->end_of_candidates = true;
  return d;
}

static void test_an_offer_is_written_like_a_browsers(void **state) {
  (void)state;
  struct sdp_description *d = ours();
  struct text t = {0};
  sdp_format(d, &t);
  assert_false(t.failed);
  assert_string_equal(t.p, "v=0\r\n"
                           "o=- 77 3 IN IP4 127.0.0.1\r\n"
                           "s=-\r\n"
                           "t=0 0\r\n"
                           "a=group:BUNDLE 0\r\n"
                           "a=ice-pacing:5\r\n"
                           "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                           "c=IN IP4 0.0.0.0\r\n"
                           "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
                           "a=end-of-candidates\r\n"
                           "a=ice-ufrag:abcd\r\n"
                           "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n"
                           "a=ice-options:trickle ice2\r\n"
                           "a=fingerprint:sha-1 "
                           "AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF:AF\r\n"
                           "a=setup:actpass\r\n"
                           "a=mid:0\r\n"
                           "a=tls-id:0123456789abcdef0123\r\n"
                           "a=sctp-port:5000\r\n"
                           "a=max-message-size:262144\r\n");
  text_free(&t);
  freed(d);
}

static void test_what_is_not_set_is_not_written(void **state) {
  (void)state;
  struct sdp_description *d = ours();
  struct text t = {0};
  d->tls_id[0] = '\0';
  d->setup = SDP_SETUP_NONE;
  d->bundled = d->trickle = d->ice2 = d->end_of_candidates = false;
  d->ice_pacing_ms = 0;
  sdp_format(d, &t);
  static const char *const absent[] = {"a=group",       "a=tls-id", "a=setup",
                                       "a=ice-options", "a=end",    "a=ice-pacing"};
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) assert_null(strstr(t.p, absent[i]));
  text_free(&t);
  freed(d);
}

static void test_other_sections_are_written_as_rejected(void **state) {
  (void)state;
  struct sdp_description *d = parsed(bytes_of(sample_media));
  struct text t = {0};
  sdp_format(d, &t);
  assert_non_null(strstr(t.p, "a=group:BUNDLE data\r\n"
                              "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
                              "c=IN IP4 0.0.0.0\r\n"
                              "a=inactive\r\n"
                              "a=mid:audio\r\n"
                              "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\n"
                              "c=IN IP4 0.0.0.0\r\n"
                              "a=inactive\r\n"
                              "a=mid:video\r\n"
                              "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
  text_free(&t);
  freed(d);
}

static void test_a_description_without_data_section_is_all_rejections(void **state) {
  (void)state;
  static const char sdp[] = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                            "m=audio 9 RTP/AVP 0\r\na=mid:a\r\n"
                            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:b\r\n";
  struct sdp_description *d = parsed(bytes_of(sdp));
  struct text t = {0};
  sdp_format(d, &t);
  assert_string_equal(t.p, "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                           "m=audio 0 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:a\r\n"
                           "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                           "c=IN IP4 0.0.0.0\r\na=mid:b\r\n");
  text_free(&t);
  freed(d);
}

static void test_the_old_form_is_answered_in_the_old_form(void **state) {
  (void)state;
  struct sdp_description *d = parsed(bytes_of(sample_aiortc));
  struct text t = {0};
  d->sctp_port = 5005;
  sdp_format(d, &t);
  assert_non_null(strstr(t.p, "m=application 9 DTLS/SCTP 5005\r\n"));
  assert_non_null(strstr(t.p, "a=sctpmap:5005 webrtc-datachannel 65535\r\n"));
  assert_null(strstr(t.p, "a=sctp-port"));
  text_free(&t);
  freed(d);
}

static void test_a_written_description_reads_back_the_same(void **state) {
  (void)state;
  static const char *const all[] = {sample_chromium,       sample_firefox, sample_wrtc,
                                    sample_werift,         sample_aiortc,  sample_pion,
                                    sample_libdatachannel, sample_media};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    struct sdp_description *first = parsed(bytes_of(all[i]));
    struct text once = {0}, twice = {0};
    sdp_format(first, &once);
    struct sdp_description *second = parsed((struct bytes){(const uint8_t *)once.p, once.n});
    sdp_format(second, &twice);
    assert_string_equal(once.p, twice.p);
    assert_string_equal(first->ufrag, second->ufrag);
    assert_string_equal(first->pwd, second->pwd);
    assert_string_equal(first->candidates.p ? first->candidates.p : "",
                        second->candidates.p ? second->candidates.p : "");
    assert_memory_equal(first->fingerprints, second->fingerprints, sizeof first->fingerprints);
    assert_int_equal(first->max_message_size, second->max_message_size);
    text_free(&once);
    text_free(&twice);
    freed(first);
    freed(second);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_offer_is_written_like_a_browsers),
      cmocka_unit_test(test_what_is_not_set_is_not_written),
      cmocka_unit_test(test_other_sections_are_written_as_rejected),
      cmocka_unit_test(test_a_description_without_data_section_is_all_rejections),
      cmocka_unit_test(test_the_old_form_is_answered_in_the_old_form),
      cmocka_unit_test(test_a_written_description_reads_back_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
