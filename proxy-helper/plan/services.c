#include "plan/services.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "plan/evidence.h"
#include "plan/locate.h"

#define PATH_MAX_TEXT 160
#define HOST_MAX      253
#define LABEL_MAX     63 /* RFC 1035 section 2.3.4 */

static const char *const kinds[] = {"https", "wss", "stun", "turn", "download", "dtls", "tcp"};
static const char *const transports[] = {"udp", "tcp", "tls"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool index_of(const char *const *names, size_t n, const char *name, size_t *ret) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *ret = i;
    return true;
  }
  return false;
}

const char *check_kind_name(enum check_kind k) {
  return kinds[k];
}

const char *check_transport_name(enum check_transport t) {
  return transports[t];
}

bool check_is_udp(enum check_kind k, enum check_transport t) {
  return k == CHECK_STUN || k == CHECK_DTLS || (k == CHECK_TURN && t == TRANSPORT_UDP);
}

bool check_kind_of(const char *name, enum check_kind *ret) {
  size_t i;
  if (!index_of(kinds, COUNT(kinds), name, &i)) return false;
  *ret = (enum check_kind)i;
  return true;
}

bool check_transport_of(const char *name, enum check_transport *ret) {
  size_t i;
  if (!index_of(transports, COUNT(transports), name, &i)) return false;
  *ret = (enum check_transport)i;
  return true;
}

/* --- reading --- */

/* The text, the first thing that is wrong with it, and whether memory ran out. */
struct reader {
  const char *text;
  struct services_fault *fault;
  bool bad, no_memory;
};

/* One JSON object of the file and where it is. */
struct place {
  struct reader *r;
  const cJSON *object;
  char path[PATH_MAX_TEXT];
};

static void complain(struct reader *r, const char *path, const char *expected) {
  if (r->bad) return;
  r->bad = true;
  r->fault->line = locate_path(r->text, path);
  (void)snprintf(r->fault->text, sizeof r->fault->text, "%s: %s", *path ? path : "the file",
                 expected);
  evidence_make_harmless(r->fault->text); /* a field's name is the file's */
}

static void complain_of(const struct place *p, const char *name, const char *expected) {
  char path[PATH_MAX_TEXT + 40];
  (void)snprintf(path, sizeof path, "%s%s%s", p->path, *p->path ? "." : "", name);
  complain(p->r, path, expected);
}

static bool known_fields(const struct place *p, const char *const *names, size_t n) {
  if (!cJSON_IsObject(p->object)) {
    complain(p->r, p->path, "expected an object");
    return false;
  }
  const cJSON *member;
  cJSON_ArrayForEach(member, p->object) {
    size_t i;
    if (index_of(names, n, member->string, &i)) continue;
    complain_of(p, member->string, "no such field");
    return false;
  }
  return true;
}

static const cJSON *field(const struct place *p, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(p->object, name);
}

/* Printable ASCII without a space: it ends up in requests and on terminals. */
static bool is_plain(const char *text) {
  for (; *text; text++)
    if (*text <= ' ' || *text >= 0x7f) return false;
  return true;
}

typedef bool valid_fn(const char *text);

static char *read_text(const struct place *p, const char *name, bool needed, valid_fn *valid,
                       const char *expected) {
  const cJSON *item = field(p, name);
  if (!item && !needed) return NULL;
  if (!item || !cJSON_IsString(item) || !valid(item->valuestring)) {
    complain_of(p, name, expected);
    return NULL;
  }
  char *copy = strdup(item->valuestring);
  if (!copy) p->r->no_memory = true;
  return copy;
}

static unsigned read_number(const struct place *p, const char *name, unsigned most,
                            unsigned otherwise, const char *expected) {
  const cJSON *item = field(p, name);
  if (!item && otherwise <= most) return otherwise;
  double v = item && cJSON_IsNumber(item) ? item->valuedouble : -1;
  if (v >= 1 && v <= most && v == (unsigned)v) return (unsigned)v;
  complain_of(p, name, expected);
  return 1;
}

static bool read_bool(const struct place *p, const char *name, bool otherwise) {
  const cJSON *item = field(p, name);
  if (item && !cJSON_IsBool(item)) complain_of(p, name, "expected true or false");
  return item ? cJSON_IsTrue(item) : otherwise;
}

static bool is_label_char(char c) {
  return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* A host name (RFC 1123, and underscores as they occur; without a dot at its end) or a literal
 * address. */
static bool is_host(const char *text) {
  size_t n = strlen(text);
  struct addr literal;
  size_t label = 0;
  if (n == 0 || n > HOST_MAX || text[0] == '-') return false;
  if (strchr(text, ':')) return addr_parse_ip(text, 0, &literal);
  for (size_t i = 0; i < n; i++) {
    bool dot = text[i] == '.';
    if (!dot && !is_label_char(text[i])) return false;
    if (dot ? label == 0 : label == LABEL_MAX) return false;
    label = dot ? 0 : label + 1;
  }
  return label > 0;
}

static bool is_pattern(const char *text) {
  return is_host(strncmp(text, "*.", 2) == 0 ? text + 2 : text);
}

static bool is_pin(const char *text) {
  size_t n = strlen(text);
  return n == 7 + 44 && strncmp(text, "sha256/", 7) == 0 && text[n - 1] == '=' &&
         strspn(text + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == 43;
}

static bool is_sha256(const char *text) {
  return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static bool is_path(const char *text) {
  return text[0] == '/' && is_plain(text) && strlen(text) <= 1000;
}

static bool is_id(const char *text) {
  return text[0] && is_plain(text) && strlen(text) <= 64;
}

static bool is_short(const char *text) {
  return evidence_is_harmless(text) && strlen(text) <= 512;
}

static char **read_texts(const struct place *p, const char *name, valid_fn *valid, size_t *ret_n,
                         const char *expected) {
  const cJSON *array = field(p, name), *item;
  if (!array) return NULL;
  if (!cJSON_IsArray(array)) {
    complain_of(p, name, "expected a list");
    return NULL;
  }
  char **list = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *list);
  if (!list) p->r->no_memory = true;
  cJSON_ArrayForEach(item, array) {
    char at[60];
    (void)snprintf(at, sizeof at, "%s[%zu]", name, *ret_n);
    if (!list || !cJSON_IsString(item) || !valid(item->valuestring)) {
      complain_of(p, at, expected);
      return list;
    }
    list[*ret_n] = strdup(item->valuestring);
    if (!list[*ret_n]) p->r->no_memory = true;
    (*ret_n)++;
  }
  return list;
}

static enum check_transport transport_of(const struct place *p, enum check_kind kind) {
  static const char *const udp = "expected \"udp\"", *const any = "expected \"udp\", \"tcp\" or "
                                                                  "\"tls\"";
  const cJSON *item = field(p, "transport");
  enum check_transport t = TRANSPORT_UDP;
  if (kind != CHECK_TURN && !check_is_udp(kind, t)) {
    if (item) complain_of(p, "transport", "only stun, turn and dtls checks have one");
    return TRANSPORT_TCP;
  }
  if (!item) return TRANSPORT_UDP;
  bool known = cJSON_IsString(item) && check_transport_of(item->valuestring, &t);
  if (!known || (kind != CHECK_TURN && t != TRANSPORT_UDP))
    complain_of(p, "transport", kind == CHECK_TURN ? any : udp);
  return t;
}

static bool scope_is_lan(const struct place *p) {
  const cJSON *scope = field(p, "scope");
  if (!scope) return false;
  if (cJSON_IsString(scope) && strcmp(scope->valuestring, "lan") == 0) return true;
  complain_of(p, "scope", "expected \"lan\"");
  return false;
}

static void read_check(void *to, const struct place *p) {
  struct check *c = to;
  static const char *const names[] = {"kind",     "port",       "path",   "transport",
                                      "username", "credential", "sha256", "scope"};
  if (!known_fields(p, names, COUNT(names))) return;
  const cJSON *kind = field(p, "kind");
  if (!cJSON_IsString(kind) || !check_kind_of(kind->valuestring, &c->kind)) {
    complain_of(
        p, "kind",
        "expected \"https\", \"wss\", \"stun\", \"turn\", \"download\", \"dtls\" or \"tcp\"");
    return;
  }
  c->transport = transport_of(p, c->kind);
  c->port = (uint16_t)read_number(p, "port", 65535, 65536, "expected a number from 1 to 65535");
  c->path = read_text(p, "path", false, is_path, "expected a path that begins with /");
  c->username = read_text(p, "username", false, is_short, "expected a text of 512 bytes at most");
  c->credential =
      read_text(p, "credential", false, is_short, "expected a text of 512 bytes at most");
  c->sha256 = read_text(p, "sha256", c->kind == CHECK_DOWNLOAD, is_sha256,
                        "expected 64 hexadecimal digits: the SHA-256 of what is downloaded");
  if (!c->credential != !c->username)
    complain_of(p, c->username ? "credential" : "username", "username and credential go together");
  c->lan = scope_is_lan(p);
}

typedef void read_fn(void *to, const struct place *p);

/* A list of objects, each read into one of `size` bytes of a new array. NULL when it is bad. */
static void *read_objects(const struct place *p, const char *name, size_t size, read_fn *fn,
                          size_t *ret_n) {
  const cJSON *array = field(p, name), *item;
  if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) == 0) {
    complain_of(p, name, "expected a list of at least one");
    return NULL;
  }
  char *list = calloc((size_t)cJSON_GetArraySize(array), size);
  if (!list) p->r->no_memory = true;
  cJSON_ArrayForEach(item, array) {
    struct place at = {.r = p->r, .object = item};
    (void)snprintf(at.path, sizeof at.path, "%.100s%s%s[%zu]", p->path, *p->path ? "." : "", name,
                   *ret_n);
    if (!list || p->r->bad) break;
    fn(list + size * (*ret_n)++, &at);
  }
  return list;
}

static bool roots_are_pinned(const struct place *p) {
  const cJSON *roots = field(p, "expectedRoots");
  if (!roots) return false;
  if (cJSON_IsString(roots) && strcmp(roots->valuestring, "public") == 0) return false;
  if (cJSON_IsString(roots) && strcmp(roots->valuestring, "pinned") == 0) return true;
  complain_of(p, "expectedRoots", "expected \"public\" or \"pinned\"");
  return false;
}

static void read_service(void *to, const struct place *p) {
  struct service *s = to;
  static const char *const names[] = {"id",         "purpose",  "pattern", "hosts",
                                      "region",     "required", "pins",    "expectedRoots",
                                      "generation", "checks"};
  if (!known_fields(p, names, COUNT(names))) return;
  s->id = read_text(p, "id", true, is_id, "expected a short word");
  s->purpose = read_text(p, "purpose", false, is_short, "expected a text of 512 bytes at most");
  s->pattern = read_text(p, "pattern", false, is_pattern, "expected a host name, or *. and one");
  s->region = read_text(p, "region", false, is_id, "expected a region's name, or \"all\"");
  s->hosts = read_texts(p, "hosts", is_host, &s->n_hosts, "expected a host name");
  s->pins = read_texts(p, "pins", is_pin, &s->n_pins, "expected sha256/ and the base64 of a hash");
  s->required = read_bool(p, "required", true);
  s->generation = (int)read_number(p, "generation", 2, 0, "expected 1 or 2");
  s->pinned = roots_are_pinned(p);
  if (s->pinned && s->n_pins == 0) complain_of(p, "pins", "\"pinned\" needs at least one pin");
  if (s->n_hosts == 0 && !s->pattern) complain_of(p, "hosts", "a host or a pattern is needed");
  s->checks = read_objects(p, "checks", sizeof *s->checks, read_check, &s->n_checks);
}

static void read_ports(const struct place *p, const char *name, uint16_t ports[2]) {
  const cJSON *array = field(p, name);
  if (!array) return;
  double v[2] = {-1, -1};
  for (int i = 0; i < 2 && cJSON_GetArraySize(array) == 2; i++) {
    const cJSON *item = cJSON_GetArrayItem(array, i);
    if (cJSON_IsNumber(item)) v[i] = item->valuedouble;
  }
  if (v[0] >= 0 && v[0] <= v[1] && v[1] <= 65535) {
    for (int i = 0; i < 2; i++) ports[i] = (uint16_t)v[i];
    return;
  }
  complain_of(p, name, "expected the lowest and the highest port, [49152,65535]");
}

static void read_file(struct services *s, const struct place *p) {
  static const char *const names[] = {"version",  "relayPorts", "peerPorts", "defaultRegion",
                                      "services", "responder",  "$schema",   "note"};
  if (!known_fields(p, names, COUNT(names))) return;
  (void)read_number(p, "version", 1, 2, "expected 1");
  read_ports(p, "relayPorts", s->relay_ports);
  read_ports(p, "peerPorts", s->peer_ports);
  s->default_region = read_text(p, "defaultRegion", false, is_id, "expected a region's name");
  s->list = read_objects(p, "services", sizeof *s->list, read_service, &s->n);
}

int services_parse(struct services **ret, const char *text, struct services_fault *fault) {
  const char *end = NULL;
  struct reader r = {.text = text, .fault = fault};
  cJSON *json = cJSON_ParseWithOpts(text, &end, 1);
  if (!json) {
    fault->line = locate_line(text, end ? (size_t)(end - text) : 0);
    (void)snprintf(fault->text, sizeof fault->text, "this is not JSON");
    return -EINVAL;
  }
  struct services *s = calloc(1, sizeof *s);
  if (!s) {
    cJSON_Delete(json);
    return -ENOMEM;
  }
  s->relay_ports[0] = 49152;
  s->relay_ports[1] = s->peer_ports[1] = 65535;
  const struct place top = {.r = &r, .object = json};
  read_file(s, &top);
  cJSON_Delete(json);
  if (!r.bad && !r.no_memory) {
    *ret = s;
    return 0;
  }
  services_free(s);
  return r.no_memory ? -ENOMEM : -EINVAL;
}

static void free_texts(char **list, size_t n) {
  for (size_t i = 0; list && i < n; i++) free(list[i]);
  free(list);
}

static void free_check(struct check *c) {
  free(c->path);
  free(c->username);
  free(c->credential);
  free(c->sha256);
}

static void free_service(struct service *s) {
  free(s->id);
  free(s->purpose);
  free(s->pattern);
  free(s->region);
  free_texts(s->hosts, s->n_hosts);
  free_texts(s->pins, s->n_pins);
  for (size_t i = 0; i < s->n_checks; i++) free_check(&s->checks[i]);
  free(s->checks);
}

struct services *services_free(struct services *s) {
  if (!s) return NULL;
  for (size_t i = 0; i < s->n; i++) free_service(&s->list[i]);
  free(s->list);
  free(s->default_region);
  free(s);
  return NULL;
}
