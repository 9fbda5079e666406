#include "base/redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"

#define WORD_MAX 256u /* a longer word is no address */

static const char *const secret_words[] = {"pwd",   "ufrag",  "password",      "credential",
                                           "token", "secret", "authorization", "passphrase"};

static bool is_word(uint8_t c) {
  return isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '%';
}

static bool ends_with_secret_word(struct bytes word) {
  for (size_t i = 0; i < sizeof secret_words / sizeof *secret_words; i++) {
    size_t n = strlen(secret_words[i]);
    if (word.n < n) continue;
    bool same = true;
    for (size_t k = 0; k < n; k++)
      same = same && tolower(word.p[word.n - n + k]) == secret_words[i][k];
    if (same) return true;
  }
  return false;
}

/* A literal, with a zone or without. */
static bool is_address(struct bytes word) {
  char copy[64];
  struct addr ignored;
  if (word.n == 0 || word.n >= sizeof copy) return false;
  memcpy(copy, word.p, word.n);
  copy[word.n] = '\0';
  char *zone = strchr(copy, '%');
  if (zone) *zone = '\0';
  return addr_parse_ip(copy, 0, &ignored);
}

static bool is_local_name(struct bytes word) {
  static const char suffix[] = ".local";
  size_t n = sizeof suffix - 1;
  return word.n > n && memcmp(word.p + word.n - n, suffix, n) == 0;
}

static bool is_joint(uint8_t c) {
  return c == ':' || c == '-' || c == '.';
}

/* The longest beginning of the word, up to a joint, that is to be masked; 0: none. */
static size_t masked_prefix(struct bytes word, const char **ret_mask) {
  for (size_t n = word.n; n > 0; n--) {
    if (n < word.n && !is_joint(word.p[n])) continue;
    struct bytes part = {word.p, n};
    *ret_mask = is_address(part) ? "<address>" : is_local_name(part) ? "<name>" : NULL;
    if (*ret_mask) return n;
  }
  return 0;
}

/* "10.0.0.1:5000.", "host:fe80::1": addresses wherever they begin behind a joint. */
static void add_addresses_masked(struct bytes word, struct text *to) {
  while (word.n > 0) {
    const char *mask;
    size_t n = word.n <= WORD_MAX ? masked_prefix(word, &mask) : 0;
    if (n > 0) {
      text_add(to, mask);
    } else {
      while (n < word.n && word.p[n] != ':' && word.p[n] != '-') n++;
      if (n < word.n) n++;
      text_add_bytes(to, (struct bytes){word.p, n});
    }
    word.p += n;
    word.n -= n;
  }
}

/* Behind "//": what stands before an @ of the authority (RFC 3986 section 3.2.1). 0: nothing. */
static size_t userinfo_size(struct bytes in) {
  size_t size = 0;
  for (size_t i = 0; i < in.n && !isspace(in.p[i]) && !memchr("/?#\"'<>", in.p[i], 7); i++)
    if (in.p[i] == '@') size = i;
  return size;
}

static bool is_scheme(struct bytes word) {
  static const char *const schemes[] = {"bearer", "basic", "digest", "negotiate", "ntlm"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (word.n == strlen(schemes[i]) && strncasecmp((const char *)word.p, schemes[i], word.n) == 0)
      return true;
  return false;
}

/* Splits "key:value" and "key=value" words at the first separator that follows a secret's name. */
static size_t secret_key_size(struct bytes word) {
  for (size_t i = 1; i < word.n; i++)
    if (word.p[i] == ':' && ends_with_secret_word((struct bytes){word.p, i})) return i + 1;
  return 0;
}

static void add_word(struct bytes word, bool secret, bool addresses, struct text *to) {
  size_t key = secret_key_size(word);
  if (secret) {
    text_add(to, "<secret>");
  } else if (key > 0) {
    text_add_bytes(to, (struct bytes){word.p, key});
    if (key < word.n) text_add(to, "<secret>");
  } else if (addresses) {
    add_addresses_masked(word, to);
  } else {
    text_add_bytes(to, word);
  }
}

/* A secret may hold more characters than a word does. */
static bool in_secret(uint8_t c) {
  return !isspace(c) && c != '"' && c != '\'' && c != ',' && c != ';' && c != '}';
}

static size_t run_of(struct bytes in, size_t at, bool (*is)(uint8_t)) {
  size_t n = 0;
  while (at + n < in.n && is(in.p[at + n])) n++;
  return n;
}

/* Whether what follows the word is a secret: "password", "password:", "authorization:Bearer". */
static bool announces_secret(struct bytes word) {
  size_t key = secret_key_size(word);
  struct bytes value = {word.p + key, word.n - key};
  return ends_with_secret_word(word) || (key > 0 && (value.n == 0 || is_scheme(value)));
}

/* One separator. Returns how much of what follows belongs to a secret and is masked with it. */
static size_t add_separator(struct bytes in, size_t i, struct text *to) {
  text_add_bytes(to, (struct bytes){in.p + i, 1});
  bool slashes = i > 0 && in.p[i] == '/' && in.p[i - 1] == '/';
  size_t n = slashes ? userinfo_size((struct bytes){in.p + i + 1, in.n - i - 1}) : 0;
  if (n > 0) text_add(to, "<secret>");
  return n;
}

void redact(struct bytes in, bool addresses, struct text *to) {
  bool secret = false;
  for (size_t i = 0; i < in.n;) {
    bool sign = in.p[i] == '=' || in.p[i] == ':';
    size_t n = secret && sign ? 0 : run_of(in, i, secret ? in_secret : is_word);
    if (n == 0) {
      i += 1 + add_separator(in, i, to);
      continue;
    }
    struct bytes word = {in.p + i, n};
    bool scheme = secret && is_scheme(word); /* "Authorization: Bearer xyz": xyz is it */
    add_word(word, secret && !scheme, addresses, to);
    secret = scheme || (!secret && announces_secret(word));
    i += n;
  }
}
