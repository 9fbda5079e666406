#include "sdp/description.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sdp/lines.h"
#include "sdp/scope.h"

#define GROUPS 32

/* Where an m-section stands in the text. */
struct place {
  struct sdp_lines after; /* the lines after m= */
  size_t line;
  bool bundle_only; /* RFC 9143 section 6: its port 0 is no refusal */
};

struct parser {
  struct sdp_description d;
  struct place places[SDP_SECTIONS];
  struct bytes groups[GROUPS]; /* mids of the BUNDLE groups */
  size_t n_groups;
  struct bytes all;
  struct sdp_scope session, tagged, data;
  struct fault *fault;
};

static int check_head(struct parser *p, struct sdp_lines *lines) {
  struct sdp_line line;
  int r = sdp_next_line(lines, &line, p->fault);
  if (r < 0) return r;
  if (r == 0 || line.type != 'v' || !sdp_is(line.value, "0"))
    return sdp_expected(p->fault, 1, "v=0");
  r = sdp_next_line(lines, &line, p->fault);
  if (r < 0) return r;
  if (r == 0 || line.type != 'o') return sdp_expected(p->fault, lines->number, "o=");
  (void)sdp_take_word(&line.value);
  struct bytes id = sdp_take_word(&line.value), version = sdp_take_word(&line.value);
  if (!sdp_number(id, UINT64_MAX, &p->d.session_id) ||
      !sdp_number(version, UINT64_MAX, &p->d.session_version))
    return sdp_expected(p->fault, line.number, "o= with a name and two numbers of 64 bits");
  return 0;
}

/* The word list as far as whole words fit. */
static void copy_words(struct bytes words, char *to, size_t cap) {
  size_t n = 0;
  for (struct bytes word; (word = sdp_take_word(&words)).n > 0;) {
    size_t gap = n > 0 ? 1 : 0;
    if (!sdp_copy(word, to + n + gap, cap - n - gap)) break;
    if (gap) to[n] = ' ';
    n += gap + word.n;
    if (n + 1 >= cap) break;
  }
  to[n] = '\0';
}

/* RFC 8841 section 4, and the form of its drafts up to 2016: "DTLS/SCTP" with the port as format.
 */
static bool is_data(const struct sdp_section *s, uint64_t *ret_port) {
  if (strcmp(s->media, "application") != 0) return false;
  if (strcmp(s->proto, "UDP/DTLS/SCTP") == 0 || strcmp(s->proto, "TCP/DTLS/SCTP") == 0)
    return strcmp(s->formats, "webrtc-datachannel") == 0;
  return strcmp(s->proto, "DTLS/SCTP") == 0 &&
         sdp_number(bytes_of(s->formats), UINT16_MAX, ret_port) && *ret_port > 0;
}

static int read_media(struct parser *p, const struct sdp_line *line, struct sdp_lines after) {
  if (p->d.n_sections == SDP_SECTIONS)
    return sdp_expected(p->fault, line->number, "at most 32 m= lines");
  struct sdp_section *s = &p->d.sections[p->d.n_sections];
  struct bytes rest = line->value;
  struct bytes media = sdp_take_word(&rest), port = sdp_take_word(&rest),
               proto = sdp_take_word(&rest);
  uint64_t number, sctp_port = 0;
  copy_words(rest, s->formats, sizeof s->formats);
  if (!s->formats[0] || !sdp_number(sdp_take_until(&port, '/'), UINT16_MAX, &number) ||
      !sdp_copy(media, s->media, sizeof s->media) || !sdp_copy(proto, s->proto, sizeof s->proto))
    return sdp_expected(p->fault, line->number, "m= with media, port, protocol and formats");
  s->rejected = number == 0;
  s->data = is_data(s, &sctp_port);
  p->places[p->d.n_sections++] = (struct place){after, line->number, false};
  return 0;
}

static int read_mid(struct parser *p, struct bytes mid, size_t line) {
  struct sdp_section *s = &p->d.sections[p->d.n_sections - 1];
  while (mid.n > 0 && mid.p[mid.n - 1] == ' ') mid.n--;
  for (size_t i = 0; i + 1 < p->d.n_sections; i++)
    if (mid.n > 0 && sdp_is(mid, p->d.sections[i].mid))
      return sdp_expected(p->fault, line, "a mid that no section before has");
  if (mid.n == 0 || memchr(mid.p, ' ', mid.n) || !sdp_copy(mid, s->mid, sizeof s->mid))
    return sdp_expected(p->fault, line, "a mid of 1 to 256 characters");
  return 0;
}

/* The attributes that make the structure; the others wait until it is known. */
static int read_structure(struct parser *p, const struct sdp_line *line) {
  struct bytes value = line->value;
  struct bytes name = sdp_take_until(&value, ':');
  if (p->d.n_sections == 0) {
    if (!sdp_is(name, "group") || !sdp_is(sdp_take_word(&value), "BUNDLE")) return 0;
    if (p->n_groups == GROUPS) return sdp_expected(p->fault, line->number, "at most 32 groups");
    p->groups[p->n_groups++] = value;
    return 0;
  }
  if (sdp_is(name, "mid")) return read_mid(p, value, line->number);
  if (sdp_is(name, "bundle-only")) p->places[p->d.n_sections - 1].bundle_only = true;
  return 0;
}

static int read_sections(struct parser *p, struct sdp_lines *lines) {
  struct sdp_line line;
  int r;
  while ((r = sdp_next_line(lines, &line, p->fault)) > 0) {
    if (line.type == 'm') r = read_media(p, &line, *lines);
    if (line.type == 'a') r = read_structure(p, &line);
    if (r < 0) return r;
  }
  return r;
}

/* The mid that the group lists first when it also lists `mid`; empty when it does not. */
static struct bytes tag_of_group(struct bytes group, const char *mid) {
  struct bytes rest = group;
  for (struct bytes word; (word = sdp_take_word(&rest)).n > 0;)
    if (sdp_is(word, mid)) return sdp_take_word(&group);
  return (struct bytes){NULL, 0};
}

/* The mid whose section speaks for the BUNDLE group of `mid`; empty: not bundled. */
static struct bytes find_tag(const struct parser *p, const char *mid) {
  for (size_t i = 0; mid[0] && i < p->n_groups; i++) {
    struct bytes tag = tag_of_group(p->groups[i], mid);
    if (tag.n > 0) return tag;
  }
  return (struct bytes){NULL, 0};
}

static void find_data_section(struct parser *p) {
  struct sdp_description *d = &p->d;
  d->data_section = SIZE_MAX;
  for (size_t i = 0; i < d->n_sections; i++) {
    struct sdp_section *s = &d->sections[i];
    bool bundled = find_tag(p, s->mid).n > 0;
    if (s->rejected && p->places[i].bundle_only && bundled) s->rejected = false;
    if (!s->data || s->rejected || d->data_section != SIZE_MAX) continue;
    d->data_section = i;
    d->bundled = bundled;
  }
}

/* Reads the attributes from there to the next m= line. */
static int read_scope(struct parser *p, struct sdp_lines lines, struct sdp_scope *scope) {
  struct sdp_line line;
  int r;
  while ((r = sdp_next_line(&lines, &line, p->fault)) > 0 && line.type != 'm') {
    if (line.type == 'a') r = sdp_scope_read(scope, &line, p->fault);
    if (r < 0) return r;
  }
  return r < 0 ? r : 0;
}

/* What the section that speaks for the group adds to the data section (RFC 9143 section 7.1.3). */
static int read_tagged(struct parser *p) {
  struct bytes tag = find_tag(p, p->d.sections[p->d.data_section].mid);
  for (size_t i = 0; tag.n > 0 && i < p->d.n_sections; i++) {
    if (i == p->d.data_section || !sdp_is(tag, p->d.sections[i].mid)) continue;
    int r = read_scope(p, p->places[i].after, &p->tagged);
    bool same = !p->data.ufrag[0] || strcmp(p->data.ufrag, p->tagged.ufrag) == 0;
    if (r == 0 && same) r = sdp_scope_inherit(&p->data, &p->tagged);
    return r;
  }
  return 0;
}

static int check_complete(const struct parser *p) {
  const struct sdp_scope *s = &p->data;
  size_t line = p->places[p->d.data_section].line;
  const char *missing = NULL;
  if (!p->d.sections[p->d.data_section].mid[0]) missing = "an a=mid line in this section";
  if (s->n_fingerprints == 0)
    missing = "an a=fingerprint line with a known hash function for this section";
  if (!s->pwd[0]) missing = "an a=ice-pwd line for this section";
  if (!s->ufrag[0]) missing = "an a=ice-ufrag line for this section";
  return missing ? sdp_expected(p->fault, line, missing) : 0;
}

static void take_scope(struct sdp_description *d, struct sdp_scope *s) {
  memcpy(d->ufrag, s->ufrag, sizeof d->ufrag);
  memcpy(d->pwd, s->pwd, sizeof d->pwd);
  memcpy(d->tls_id, s->tls_id, sizeof d->tls_id);
  d->ice_lite = s->ice_lite;
  d->ice2 = s->ice2;
  d->trickle = s->trickle;
  d->renomination = s->renomination;
  d->ice_pacing_ms = s->ice_pacing_ms;
  memcpy(d->fingerprints, s->fingerprints, sizeof d->fingerprints);
  d->n_fingerprints = s->n_fingerprints;
  d->setup = s->setup;
  d->candidates = s->candidates;
  d->n_candidates = s->n_candidates;
  d->end_of_candidates = s->end_of_candidates;
  s->candidates = (struct text){.n = 0};
}

static int read_data_section(struct parser *p, struct sdp_lines session) {
  struct sdp_description *d = &p->d;
  int r = read_scope(p, session, &p->session);
  if (r == 0) r = read_scope(p, p->places[d->data_section].after, &p->data);
  if (r == 0) r = read_tagged(p);
  if (r == 0) r = sdp_scope_inherit(&p->data, &p->session);
  if (r == -ENOMEM) return fault_oom(p->fault);
  if (r == 0) r = check_complete(p);
  if (r < 0) return r;
  uint64_t port = 5000; /* what everybody uses; RFC 8841 section 5 has no default */
  (void)is_data(&d->sections[d->data_section], &port);
  d->sctp_port = p->data.has_sctp_port ? p->data.sctp_port : (uint16_t)port;
  d->max_message_size = p->data.has_max_message_size ? p->data.max_message_size : 65536;
  take_scope(d, &p->data);
  return 0;
}

static int parse(struct parser *p) {
  struct sdp_lines lines = sdp_lines_of(p->all);
  int r = check_head(p, &lines);
  if (r < 0) return r;
  struct sdp_lines session = lines;
  r = read_sections(p, &lines);
  if (r < 0) return r;
  find_data_section(p);
  return p->d.data_section == SIZE_MAX ? 0 : read_data_section(p, session);
}

int sdp_parse(struct bytes sdp, struct sdp_description *ret, struct fault *ret_fault) {
  if (sdp.n > SDP_SIZE_MAX)
    return fault_set(ret_fault, FAULT_INVALID_SDP, "expected at most %zu bytes, not %zu",
                     SDP_SIZE_MAX, sdp.n);
  struct parser *p = calloc(1, sizeof *p);
  if (!p) return fault_oom(ret_fault);
  p->all = sdp;
  p->fault = ret_fault;
  int r = parse(p);
  if (r == 0) *ret = p->d;
  sdp_scope_clear(&p->session);
  sdp_scope_clear(&p->tagged);
  sdp_scope_clear(&p->data);
  free(p);
  return r;
}

void sdp_description_clear(struct sdp_description *d) {
  if (!d) return;
  text_free(&d->candidates);
  memset(d, 0, sizeof *d);
}
