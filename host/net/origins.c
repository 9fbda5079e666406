#include "net/origins.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME   "chrome-extension://"
#define ID_SIZE  32
#define FILE_MAX 65536

bool net_origin_valid(const char *origin) {
  size_t scheme = strlen(SCHEME);
  if (strncmp(origin, SCHEME, scheme) != 0) return false;
  const char *id = origin + scheme;
  return strspn(id, "abcdefghijklmnop") == ID_SIZE && strcmp(id + ID_SIZE, "/") == 0;
}

static bool refuse(struct text *why, const char *file, const char *what) {
  text_addf(why, "senso-host: %s: %s\n", file, what);
  return false;
}

/* The whole file, at most FILE_MAX bytes. */
static bool read_all(int fd, struct text *to) {
  while (to->n < FILE_MAX) {
    char *at = text_reserve(to, FILE_MAX - to->n);
    if (!at) return false;
    ssize_t n = read(fd, at, FILE_MAX - to->n);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    to->n += (size_t)n;
  }
  return false;
}

static bool read_trusted(const char *file, uid_t owner, struct text *to, struct text *why) {
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return refuse(why, file, strerror(errno));
  struct stat s;
  bool trusted = fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_uid == owner &&
                 (s.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  bool read = trusted && read_all(fd, to);
  close(fd);
  if (!trusted) return refuse(why, file, "must be a file of root's that nobody else can write");
  return read || refuse(why, file, "cannot be read, or is too long");
}

static bool lists(const char *p, size_t n, const char *origin) {
  size_t size = strlen(origin);
  for (const char *end = p + n; p < end;) {
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    const char *stop = newline ? newline : end;
    size_t line = (size_t)(stop - p);
    while (line > 0 && strchr(" \t\r", p[line - 1])) line--;
    if (line == size && memcmp(p, origin, size) == 0) return true;
    p = stop + 1;
  }
  return false;
}

bool net_origins_allow(const char *file, uid_t owner, const char *origin, struct text *why) {
  if (!net_origin_valid(origin)) return refuse(why, origin, "is not the origin of an extension");
  struct text content = {0};
  bool allowed = read_trusted(file, owner, &content, why);
  if (allowed && !(content.p && lists(content.p, content.n, origin)))
    allowed = refuse(why, file, "does not list the extension that started this host");
  text_free(&content);
  return allowed;
}
