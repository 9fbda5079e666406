#include "sdp/description.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "samples.h"
#include "support/fail_alloc.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define DATA "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define FULL                                                                                       \
  DATA "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n"                                \
       "a=fingerprint:sha-256 " SAMPLE_SHA256 "\r\na=mid:0\r\n"

static struct sdp_description d;

static void read_ok(const char *sdp) {
  struct fault f = {0};
  sdp_description_clear(&d);
  int r = sdp_parse(bytes_of(sdp), &d, &f);
  if (r != 0) print_error("%s\n", f.text);
  assert_int_equal(r, 0);
}

static void read_fails(const char *sdp, const char *text) {
  struct fault f = {0};
  struct sdp_description *untouched = malloc(sizeof *untouched);
  assert_non_null(untouched);
  memset(untouched, 0x5a, sizeof *untouched);
  assert_int_equal(sdp_parse(bytes_of(sdp), untouched, &f), -EINVAL);
  assert_int_equal(f.reason, FAULT_INVALID_SDP);
  assert_string_equal(f.text, text);
  for (size_t i = 0; i < sizeof *untouched; i++) assert_int_equal(((uint8_t *)untouched)[i], 0x5a);
  free(untouched);
}

static int clear_d(void **state) {
  (void)state;
  sdp_description_clear(&d);
  return 0;
}

static const struct {
  const char *name, *sdp, *ufrag, *pwd;
  uint64_t session_id, max_message_size;
  size_t n_candidates;
  bool trickle, ice2, end;
} samples[] = {
    {"chromium", sample_chromium, "7sFv", "dOTZKZNVlO9RSGsEGM63JXT2", 4611731400430051336u, 262144,
     2, true, false, false},
    {"firefox", sample_firefox, "c5a7d0f3", "0bd6b7bf6ba9b8c8e0fd5a0cbb6c1a2b",
     4294967296123456789u, 1073741823, 2, true, false, false},
    {"wrtc", sample_wrtc, "W/8t", "zjfnmO9zUgDTJzhZfk+0zq1a", 7205236714568413742u, 262144, 0, true,
     false, false},
    {"werift", sample_werift, "2d1a", "4bd08b2f8d5a1f0e93b9e2", 57292117, 65536, 1, true, false,
     true},
    {"aiortc", sample_aiortc, "wMiR", "YqNb4Bq1SGhVUgPFBpqmpm", 3911464498, 65536, 1, false, false,
     true},
    {"pion", sample_pion, "iAHnxTKTyVYXJzBe", "bVwRNmLjnGIoVsGzKvHFwbxyKczRTcWQ",
     5024537382912361549u, 1073741823, 2, false, false, true},
    {"libdatachannel", sample_libdatachannel, "4hjb", "Hx1FUTHBVDyD5BZ7QqGHdG", 3767197920, 262144,
     1, true, true, true},
};

static void test_offers_of_all_implementations_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
    read_ok(samples[i].sdp);
    assert_int_equal(d.n_sections, 1);
    assert_int_equal(d.data_section, 0);
    assert_true(d.sections[0].data && !d.sections[0].rejected && d.bundled);
    assert_string_equal(d.sections[0].mid, "0");
    assert_string_equal(d.ufrag, samples[i].ufrag);
    assert_string_equal(d.pwd, samples[i].pwd);
    assert_int_equal(d.session_id, samples[i].session_id);
    assert_int_equal(d.max_message_size, samples[i].max_message_size);
    assert_int_equal(d.n_candidates, samples[i].n_candidates);
    assert_int_equal(d.trickle, samples[i].trickle);
    assert_int_equal(d.ice2, samples[i].ice2);
    assert_int_equal(d.end_of_candidates, samples[i].end);
    assert_int_equal(d.setup, SDP_SETUP_ACTPASS);
    assert_int_equal(d.sctp_port, 5000);
    assert_int_equal(d.n_fingerprints, 1);
    assert_string_equal(d.fingerprints[0].hash, "sha-256");
    assert_int_equal(d.fingerprints[0].n, 32);
    assert_int_equal(d.fingerprints[0].value[0], 0x4a);
    assert_int_equal(d.fingerprints[0].value[31], 0xf1);
  }
}

static void test_candidates_are_kept_as_they_came_one_a_line(void **state) {
  (void)state;
  read_ok(sample_firefox);
  assert_string_equal(d.candidates.p, "candidate:0 1 UDP 2122252543 "
                                      "a1b2c3d4-0000-4000-8000-a1b2c3d4e5f6.local 53177 typ host\n"
                                      "candidate:1 1 TCP 2105524479 "
                                      "a1b2c3d4-0000-4000-8000-a1b2c3d4e5f6.local 9 typ host "
                                      "tcptype active\n");
}

static void test_lf_alone_empty_lines_and_a_missing_last_line_end_are_read(void **state) {
  (void)state;
  read_ok("v=0\no=- 1 2 IN IP4 0.0.0.0\n\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
          "a=ice-ufrag:abcd\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\n"
          "a=fingerprint:SHA-256 " SAMPLE_SHA256 "\na=mid:x");
  assert_string_equal(d.sections[0].mid, "x");
  assert_false(d.bundled);
  assert_int_equal(d.setup, SDP_SETUP_NONE);
}

static void test_defaults_are_port_5000_and_64_kib(void **state) {
  (void)state;
  read_ok(HEAD FULL);
  assert_int_equal(d.sctp_port, 5000);
  assert_int_equal(d.max_message_size, 65536);
  read_ok(HEAD FULL "a=max-message-size:0\r\na=sctp-port:6001\r\n");
  assert_int_equal(d.sctp_port, 6001);
  assert_int_equal(d.max_message_size, 0);
}

static void test_the_port_of_the_old_form_is_its_format(void **state) {
  (void)state;
  read_ok(HEAD "m=application 9 DTLS/SCTP 5003\r\na=ice-ufrag:abcd\r\n"
               "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n"
               "a=fingerprint:sha-256 " SAMPLE_SHA256 "\r\na=mid:data\r\n"
               "a=sctpmap:5003 webrtc-datachannel 1024\r\n");
  assert_int_equal(d.sctp_port, 5003);
}

static void test_the_session_level_speaks_for_a_silent_section(void **state) {
  (void)state;
  read_ok(HEAD "a=ice-lite\r\na=ice-pacing:20\r\na=ice-options:ice2 trickle renomination\r\n"
               "a=ice-ufrag:sess\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbbbb\r\na=setup:passive\r\n"
               "a=tls-id:0123456789abcdef0123\r\n"
               "a=fingerprint:sha-256 " SAMPLE_SHA256 "\r\n" DATA "a=mid:0\r\n");
  assert_string_equal(d.ufrag, "sess");
  assert_string_equal(d.pwd, "bbbbbbbbbbbbbbbbbbbbbbbb");
  assert_string_equal(d.tls_id, "0123456789abcdef0123");
  assert_int_equal(d.setup, SDP_SETUP_PASSIVE);
  assert_int_equal(d.ice_pacing_ms, 20);
  assert_true(d.ice_lite && d.ice2 && d.trickle && d.renomination);
  assert_int_equal(d.n_fingerprints, 1);
}

static void test_the_section_overrides_the_session_level(void **state) {
  (void)state;
  read_ok(HEAD "a=ice-ufrag:sess\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbbbb\r\na=setup:passive\r\n"
               "a=fingerprint:sha-1 "
               "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13\r\n" FULL
               "a=setup:active\r\n");
  assert_string_equal(d.ufrag, "abcd");
  assert_string_equal(d.pwd, "aaaaaaaaaaaaaaaaaaaaaaaa");
  assert_int_equal(d.setup, SDP_SETUP_ACTIVE);
  assert_int_equal(d.n_fingerprints, 1);
  assert_string_equal(d.fingerprints[0].hash, "sha-256");
}

static void
test_media_sections_are_kept_and_a_bundle_only_section_uses_the_first_ones_transport(void **state) {
  (void)state;
  read_ok(sample_media);
  assert_int_equal(d.n_sections, 3);
  assert_int_equal(d.data_section, 2);
  assert_true(d.bundled);
  assert_string_equal(d.sections[0].media, "audio");
  assert_string_equal(d.sections[0].proto, "UDP/TLS/RTP/SAVPF");
  assert_string_equal(d.sections[0].formats, "111 63 9 0 8 13 110 126");
  assert_string_equal(d.sections[1].mid, "video");
  assert_false(d.sections[0].data || d.sections[1].data || d.sections[2].rejected);
  assert_string_equal(d.ufrag, "abcd");
  assert_int_equal(d.setup, SDP_SETUP_ACTPASS);
  assert_string_equal(d.candidates.p, "candidate:1 1 udp 2113937151 192.0.2.1 40000 typ host\n");
}

static void test_a_section_with_its_own_credentials_keeps_to_its_own_transport(void **state) {
  (void)state;
  read_ok(HEAD "a=group:BUNDLE a 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\n"
               "a=ice-ufrag:other\r\na=ice-pwd:cccccccccccccccccccccccc\r\n"
               "a=candidate:9 1 udp 1 192.0.2.1 1 typ host\r\n" FULL);
  assert_string_equal(d.ufrag, "abcd");
  assert_int_equal(d.n_candidates, 0);
}

static void test_port_0_is_a_refusal(void **state) {
  (void)state;
  read_ok(HEAD "a=group:BUNDLE 0\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
               "a=mid:0\r\n");
  assert_int_equal(d.n_sections, 1);
  assert_true(d.sections[0].data && d.sections[0].rejected);
  assert_true(d.data_section == SIZE_MAX);
  /* bundle-only counts only for a section that a group names */
  read_ok(HEAD "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=bundle-only\r\n");
  assert_true(d.data_section == SIZE_MAX);
}

static void test_a_description_without_data_section_is_read(void **state) {
  (void)state;
  read_ok(HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n");
  assert_int_equal(d.n_sections, 1);
  assert_true(d.data_section == SIZE_MAX);
  read_ok(HEAD);
  assert_int_equal(d.n_sections, 0);
}

static void test_of_two_data_sections_the_first_is_used(void **state) {
  (void)state;
  read_ok(HEAD FULL "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n");
  assert_int_equal(d.data_section, 0);
  assert_true(d.sections[1].data);
}

static void test_another_sctp_application_is_not_ours(void **state) {
  (void)state;
  read_ok(HEAD "m=application 9 UDP/DTLS/SCTP t38\r\nm=application 9 UDP/BFCP *\r\n"
               "m=application 9 DTLS/SCTP 0\r\nm=application 9 DTLS/SCTP 70000\r\n");
  for (size_t i = 0; i < d.n_sections; i++) assert_false(d.sections[i].data);
}

static void test_formats_are_cut_between_words(void **state) {
  (void)state;
  struct text sdp = {0};
  text_add(&sdp, HEAD "m=video 9 UDP/TLS/RTP/SAVPF");
  for (int i = 100; i < 200; i++) text_addf(&sdp, " %d", i);
  read_ok(sdp.p);
  text_free(&sdp);
  /* 64 words of three digits and 63 spaces are 255 bytes */
  assert_int_equal(strlen(d.sections[0].formats), 255);
  assert_memory_equal(d.sections[0].formats + 248, "162 163", 8);
}

static char *repeat(const char *head, const char *piece, size_t times) {
  char *sdp = malloc(strlen(head) + strlen(piece) * times + 1);
  assert_non_null(sdp);
  size_t at = strlen(head), n = strlen(piece);
  memcpy(sdp, head, at);
  for (size_t i = 0; i < times; i++, at += n) memcpy(sdp + at, piece, n);
  sdp[at] = '\0';
  return sdp;
}

static void test_candidates_past_the_limit_are_left_out(void **state) {
  (void)state;
  char *sdp =
      repeat(HEAD FULL, "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", SDP_CANDIDATES + 5);
  read_ok(sdp);
  assert_int_equal(d.n_candidates, SDP_CANDIDATES);
  free(sdp);
}

static void test_a_message_size_past_64_bits_is_an_error(void **state) {
  (void)state;
  read_ok(HEAD FULL "a=max-message-size:18446744073709551615\r\n");
  assert_true(d.max_message_size == UINT64_MAX);
  read_fails(HEAD FULL "a=max-message-size:18446744073709551616\r\n",
             "line 10: expected max-message-size in bytes");
}

static const struct {
  const char *sdp, *text;
} errors[] = {
    {"", "line 1: expected v=0"},
    {"v=1\r\n", "line 1: expected v=0"},
    {"hello", "line 1: expected a small letter and '=' at the start"},
    {"v=0\r\ns=-\r\n", "line 2: expected o="},
    {"v=0\r\n", "line 1: expected o="},
    {"v=0\r\no=- x 1 IN IP4 0.0.0.0\r\n",
     "line 2: expected o= with a name and two numbers of 64 bits"},
    {HEAD "M=audio\r\n", "line 5: expected a small letter and '=' at the start"},
    {HEAD "a=x\ry\r\n", "line 5: expected no NUL and no lone CR inside"},
    {HEAD "m=application UDP/DTLS/SCTP webrtc-datachannel\r\n",
     "line 5: expected m= with media, port, protocol and formats"},
    {HEAD "m=application 65536 UDP/DTLS/SCTP webrtc-datachannel\r\n",
     "line 5: expected m= with media, port, protocol and formats"},
    {HEAD "m=application 9 UDP/DTLS/SCTP\r\n",
     "line 5: expected m= with media, port, protocol and formats"},
    {HEAD "m=application 9 UDP/DTLS/SCTP  \r\n",
     "line 5: expected m= with media, port, protocol and formats"},
    {HEAD "m=audio 9 RTP/AVP 0\r\na=mid:\r\n", "line 6: expected a mid of 1 to 256 characters"},
    {HEAD "m=audio 9 RTP/AVP 0\r\na=mid:0\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n",
     "line 8: expected a mid that no section before has"},
    {HEAD DATA "a=mid:0\r\n", "line 5: expected an a=ice-ufrag line for this section"},
    {HEAD DATA "a=mid:0\r\na=ice-ufrag:abcd\r\n",
     "line 5: expected an a=ice-pwd line for this section"},
    {HEAD DATA "a=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n"
               "a=fingerprint:md5 00:11\r\n",
     "line 5: expected an a=fingerprint line with a known hash function for this section"},
    {HEAD "a=fingerprint:sha-256 " SAMPLE_SHA256 "\r\n" DATA
          "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n",
     "line 6: expected an a=mid line in this section"},
    {HEAD FULL "a=ice-ufrag:abc\r\n", "line 10: expected an ice-ufrag of 4 to 256 characters"},
    {HEAD FULL "a=ice-ufrag:ab:cd\r\n", "line 10: expected an ice-ufrag of 4 to 256 characters"},
    {HEAD FULL "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaa\r\n",
     "line 10: expected an ice-pwd of 22 to 256 characters"},
    {HEAD FULL "a=setup:maybe\r\n", "line 10: expected setup actpass, active, passive or holdconn"},
    {HEAD FULL "a=fingerprint:sha-256 00:11\r\n",
     "line 10: expected a fingerprint of the hash's size, as pairs of hex digits and colons"},
    {HEAD FULL "a=fingerprint:\r\n", "line 10: expected a hash function and a fingerprint"},
    {HEAD FULL "a=sctp-port:65536\r\n", "line 10: expected an sctp-port from 1 to 65535"},
    {HEAD FULL "a=sctp-port:0\r\n", "line 10: expected an sctp-port from 1 to 65535"},
    {HEAD FULL "a=max-message-size:-1\r\n", "line 10: expected max-message-size in bytes"},
    {HEAD FULL "a=ice-pacing:x\r\n", "line 10: expected ice-pacing in milliseconds"},
    {HEAD FULL "a=tls-id:\r\n", "line 10: expected a tls-id of at most 256 characters"},
    {HEAD FULL "a=candidate:\r\n", "line 10: expected a candidate"},
};

static void test_errors_name_the_line_and_what_was_expected(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
    read_fails(errors[i].sdp, errors[i].text);
}

static void test_limits_hold(void **state) {
  (void)state;
  char *sdp = repeat(HEAD, "m=audio 9 RTP/AVP 0\r\n", 32);
  read_ok(sdp);
  free(sdp);
  sdp = repeat(HEAD, "m=audio 9 RTP/AVP 0\r\n", 33);
  read_fails(sdp, "line 37: expected at most 32 m= lines");
  free(sdp);
  sdp = repeat(HEAD "a=", "x", SDP_LINE_MAX - 2);
  read_ok(sdp);
  free(sdp);
  sdp = repeat(HEAD "a=", "x", SDP_LINE_MAX - 1);
  read_fails(sdp, "line 5: expected at most 16384 bytes");
  free(sdp);
  sdp = repeat(HEAD, "\n", SDP_SIZE_MAX - strlen(HEAD));
  read_ok(sdp);
  free(sdp);
  sdp = repeat(HEAD, "\n", SDP_SIZE_MAX - strlen(HEAD) + 1);
  read_fails(sdp, "expected at most 163840 bytes, not 163841");
  free(sdp);
  sdp = repeat(HEAD FULL, "a=fingerprint:sha-256 " SAMPLE_SHA256 "\r\n", 8);
  read_fails(sdp, "line 17: expected at most 8 fingerprints");
  free(sdp);
  sdp = repeat(HEAD, "a=group:BUNDLE 0\r\n", 33);
  read_fails(sdp, "line 37: expected at most 32 groups");
  free(sdp);
}

static void test_a_nul_is_refused(void **state) {
  (void)state;
  static const char sdp[] = HEAD "a=mid:0\0evil\r\n";
  struct fault f;
  assert_int_equal(sdp_parse((struct bytes){(const uint8_t *)sdp, sizeof sdp - 1}, &d, &f),
                   -EINVAL);
  assert_string_equal(f.text, "line 5: expected no NUL and no lone CR inside");
}

static int read_and_write(void *ctx) {
  struct sdp_description *out = ctx;
  struct fault f;
  struct text text = {0};
  int r = sdp_parse(bytes_of(sample_media), out, &f);
  if (r == -ENOMEM) assert_int_equal(f.reason, FAULT_OUT_OF_MEMORY);
  if (r == 0) {
    sdp_format(out, &text);
    if (text.failed) r = -ENOMEM;
    text_free(&text);
    sdp_description_clear(out);
  }
  return r;
}

static void test_out_of_memory_is_reported(void **state) {
  (void)state;
  fail_alloc_each(read_and_write, &d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_offers_of_all_implementations_are_read),
      cmocka_unit_test(test_candidates_are_kept_as_they_came_one_a_line),
      cmocka_unit_test(test_lf_alone_empty_lines_and_a_missing_last_line_end_are_read),
      cmocka_unit_test(test_defaults_are_port_5000_and_64_kib),
      cmocka_unit_test(test_the_port_of_the_old_form_is_its_format),
      cmocka_unit_test(test_the_session_level_speaks_for_a_silent_section),
      cmocka_unit_test(test_the_section_overrides_the_session_level),
      cmocka_unit_test(
          test_media_sections_are_kept_and_a_bundle_only_section_uses_the_first_ones_transport),
      cmocka_unit_test(test_a_section_with_its_own_credentials_keeps_to_its_own_transport),
      cmocka_unit_test(test_port_0_is_a_refusal),
      cmocka_unit_test(test_a_description_without_data_section_is_read),
      cmocka_unit_test(test_of_two_data_sections_the_first_is_used),
      cmocka_unit_test(test_another_sctp_application_is_not_ours),
      cmocka_unit_test(test_formats_are_cut_between_words),
      cmocka_unit_test(test_candidates_past_the_limit_are_left_out),
      cmocka_unit_test(test_a_message_size_past_64_bits_is_an_error),
      cmocka_unit_test(test_errors_name_the_line_and_what_was_expected),
      cmocka_unit_test(test_limits_hold),
      cmocka_unit_test(test_a_nul_is_refused),
      cmocka_unit_test(test_out_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, clear_d);
}
