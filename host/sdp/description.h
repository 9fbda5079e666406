#ifndef SENSO_SDP_DESCRIPTION_H
#define SENSO_SDP_DESCRIPTION_H

#include "base/bytes.h"
#include "base/fault.h"
#include "base/text.h"

/*
 * Offers and answers of data-channel sessions (RFC 9429, 8841, 8839, 8842, 8122): one application
 * m-section that we use; other m-sections of an offer are read far enough to reject them with port
 * 0 in the answer.
 */
enum sdp_setup {
  SDP_SETUP_NONE,
  SDP_SETUP_ACTPASS,
  SDP_SETUP_ACTIVE,
  SDP_SETUP_PASSIVE,
  SDP_SETUP_HOLDCONN
};

#define SDP_FINGERPRINTS 8
#define SDP_SECTIONS     32
#define SDP_CANDIDATES   64
#define SDP_TOKEN_MAX    256
#define SDP_SIZE_MAX     ((size_t)160 * 1024) /* bytes of a description: a frame shows three */
#define SDP_LINE_MAX     ((size_t)16384)      /* bytes of one line */

struct sdp_fingerprint {
  char hash[16]; /* lower case: "sha-256" */
  size_t n;
  uint8_t value[64];
};

/* An m-section: what an answer must repeat, to accept it or to reject it. Left empty for the data
 * section, media, proto and formats are written in the form of RFC 8841. */
struct sdp_section {
  char media[32];
  char proto[64];
  char formats[256];           /* cut between formats when they do not fit */
  char mid[SDP_TOKEN_MAX + 1]; /* "": none */
  bool data;                   /* a data-channel section: ours, or one more that is not used */
  bool rejected;               /* port 0 without a=bundle-only */
};

/* Ours to write and the peer's as read. Strings are NUL-terminated and live inside it. Some 22 KB
 * large: keep it on the heap or inside an object that is. */
struct sdp_description {
  uint64_t session_id;
  uint64_t session_version;
  struct sdp_section sections[SDP_SECTIONS];
  size_t n_sections;
  size_t data_section; /* index in sections of the first not rejected; SIZE_MAX: none, and then the
                          transport's fields below are empty */
  bool bundled;        /* a=group:BUNDLE names it */
  char ufrag[SDP_TOKEN_MAX + 1];
  char pwd[SDP_TOKEN_MAX + 1];
  bool ice_lite, ice2, trickle, renomination;
  uint32_t ice_pacing_ms; /* 0: not stated */
  struct sdp_fingerprint fingerprints[SDP_FINGERPRINTS];
  size_t n_fingerprints;
  enum sdp_setup setup;
  char tls_id[SDP_TOKEN_MAX + 1];
  uint16_t sctp_port;        /* 5000 */
  uint64_t max_message_size; /* 65536 when not stated (RFC 8841 section 6.1), 0: no limit */
  struct text candidates;    /* "candidate:..." lines, '\n' after each; as read, unchecked. What is
                                past    SDP_CANDIDATES is left out */
  size_t n_candidates;
  bool end_of_candidates;
};

/*
 * Reads a description. 0 and *ret, to be freed with sdp_description_clear; -EINVAL with
 * FAULT_INVALID_SDP that names the line number and what was expected; -ENOMEM. The transport's
 * fields come from the data section, then from the first section of its BUNDLE group (RFC 9143:
 * when the data section has no ICE credentials or the same), then from the session level. A data
 * section that is not rejected has mid, ufrag, pwd and a fingerprint.
 */
int sdp_parse(struct bytes sdp, struct sdp_description *ret, struct fault *ret_fault);

/* Appends the text of d, CRLF after each line. Which lines are written follows from d: every
 * section but data_section is written as rejected, empty strings and SDP_SETUP_NONE are left out.
 * Check to->failed. */
void sdp_format(const struct sdp_description *d, struct text *to);

/* Frees what d holds; d is empty then. NULL is fine. */
void sdp_description_clear(struct sdp_description *d);

#endif
