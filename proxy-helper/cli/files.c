#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_FILE ((size_t)4 * 1024 * 1024)

static char *fail(char *why, size_t cap, const char *path, const char *what) {
  (void)snprintf(why, cap, "%s: %s", path, what);
  return NULL;
}

static char *read_all(FILE *f, size_t *ret_n) {
  char *text = malloc(SIZE_MAX_FILE + 1);
  if (!text) return NULL;
  *ret_n = fread(text, 1, SIZE_MAX_FILE, f);
  text[*ret_n] = '\0';
  char *less = realloc(text, *ret_n + 1);
  return less ? less : text;
}

char *file_read(const char *path, bool data, char *why, size_t cap) {
  FILE *f = fopen(path, "re");
  struct stat s;
  size_t n = 0;
  if (!f) return fail(why, cap, path, strerror(errno));
  if (data && fstat(fileno(f), &s) == 0 && S_ISREG(s.st_mode) && (s.st_mode & S_IWOTH)) {
    (void)fclose(f);
    return fail(why, cap, path, "anyone may write it; take that right away (chmod o-w)");
  }
  char *text = read_all(f, &n);
  bool failed = ferror(f) != 0, whole = n < SIZE_MAX_FILE;
  (void)fclose(f);
  if (text && !failed && whole && strlen(text) == n) return text;
  free(text);
  return fail(why, cap, path,
              failed  ? "it cannot be read"
              : whole ? "it holds a NUL"
                      : "over 4 MiB");
}

/* A device or a pipe is written to, and never replaced. */
static bool is_replaced(const char *path) {
  struct stat s;
  return lstat(path, &s) < 0 || S_ISREG(s.st_mode);
}

static FILE *open_part(const char *path, char *part, size_t cap) {
  if (!is_replaced(path)) {
    part[0] = '\0';
    return fopen(path, "we");
  }
  int n = snprintf(part, cap, "%s.part", path);
  if (n < 0 || (size_t)n >= cap) {
    errno = ENAMETOOLONG;
    return NULL;
  }
  int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
  if (fd >= 0 && !f) close(fd);
  return f;
}

int file_write(const char *path, const char *text, char *why, size_t cap) {
  char part[4096] = "";
  FILE *f = path ? open_part(path, part, sizeof part) : stdout;
  bool good = f && fputs(text, f) >= 0 && fflush(f) == 0;
  int e = errno;
  if (path && f) good = fclose(f) == 0 && good;
  if (good && part[0] && rename(part, path) < 0) {
    e = errno;
    good = false;
  }
  if (good) return 0;
  if (f && part[0]) (void)unlink(part);
  (void)fail(why, cap, path ? path : "the standard output", strerror(e));
  return -1;
}
