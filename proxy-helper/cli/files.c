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

/* Its group counts as its owner's own where that is the group of who runs this. */
static bool others_may_write(const struct stat *s) {
  bool group = (s->st_mode & S_IWGRP) && s->st_gid != getegid();
  return !S_ISCHR(s->st_mode) && (group || (s->st_mode & S_IWOTH));
}

char *file_read(const char *path, bool data, char *why, size_t cap) {
  FILE *f = fopen(path, "re");
  struct stat s;
  size_t n = 0;
  if (!f) return fail(why, cap, path, strerror(errno));
  if (data && fstat(fileno(f), &s) == 0 && others_may_write(&s)) {
    (void)fclose(f);
    return fail(why, cap, path, "others may write it; take that right away (chmod go-w)");
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

static int mode_of(const char *path) {
  struct stat s;
  mode_t mask = umask(0);
  (void)umask(mask);
  return lstat(path, &s) == 0 ? (int)(s.st_mode & 0777) : (int)(0666 & ~mask);
}

/* A file of our own beside it, which nobody else can have made. */
static int open_part(const char *path, char *part, size_t cap) {
  int n = snprintf(part, cap, "%s.XXXXXX", path);
  if (n < 0 || (size_t)n >= cap) {
    errno = ENAMETOOLONG;
    part[0] = '\0';
    return -1;
  }
  int fd = mkostemp(part, O_CLOEXEC);
  if (fd < 0) part[0] = '\0';
  return fd;
}

int file_check_output(const char *path, char *why, size_t cap) {
  char part[4096];
  struct stat s;
  int e = 0;
  if (!path) return 0;
  if (is_replaced(path)) {
    int fd = open_part(path, part, sizeof part);
    e = fd < 0 ? errno : 0;
    if (fd >= 0) {
      close(fd);
      (void)unlink(part);
    }
  } else if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
    e = EISDIR;
  } else if (access(path, W_OK) < 0) {
    e = errno;
  }
  if (e != 0) (void)fail(why, cap, path, strerror(e));
  return e != 0 ? -1 : 0;
}

static FILE *open_output(const char *path, char *part, size_t cap) {
  part[0] = '\0';
  if (!is_replaced(path)) return fopen(path, "we");
  int fd = open_part(path, part, cap);
  FILE *f = fd < 0 || fchmod(fd, (mode_t)mode_of(path)) < 0 ? NULL : fdopen(fd, "w");
  if (fd >= 0 && !f) close(fd);
  return f;
}

int file_write(const char *path, const char *text, char *why, size_t cap) {
  char part[4096] = "";
  FILE *f = path ? open_output(path, part, sizeof part) : stdout;
  bool good = f && fputs(text, f) >= 0 && fflush(f) == 0;
  int e = errno;
  if (path && f) good = fclose(f) == 0 && good;
  if (good && part[0] && rename(part, path) < 0) {
    e = errno;
    good = false;
  }
  if (good) return 0;
  if (part[0]) (void)unlink(part);
  (void)fail(why, cap, path ? path : "the standard output", strerror(e));
  return -1;
}
