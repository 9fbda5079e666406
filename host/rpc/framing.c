#include "rpc/framing.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_SIZE sizeof(uint32_t)

/* A read asks for at least this much. */
#define READ_SIZE ((size_t)64 * 1024)

/* A buffer above this is given back as soon as it is empty; a smaller one only after a small frame,
 * so that a stream of big frames does not allocate for each. */
#define KEEP_SIZE ((size_t)1024 * 1024)

struct framing {
  enum framing_mode mode;
  size_t max_frame;
  uint8_t *buf;
  size_t cap, start, end; /* unread bytes are [start, end) */
  size_t searched;        /* lines: bytes from start on known to hold no newline */
  bool skipping;
  uint64_t skip_left; /* length mode: bytes still to drop */
  uint64_t skip_size; /* what was, or will be, dropped */
  size_t last_frame;
  bool too_long;
};

int framing_new(struct framing **ret, enum framing_mode mode, size_t max_frame) {
  assert(max_frame > 0 && max_frame < FRAMING_HARD_CAP);
  struct framing *f = calloc(1, sizeof *f);
  if (!f) return -ENOMEM;
  f->mode = mode;
  f->max_frame = max_frame;
  *ret = f;
  return 0;
}

struct framing *framing_free(struct framing *f) {
  if (f) free(f->buf);
  free(f);
  return NULL;
}

size_t framing_pending(const struct framing *f) {
  return f->end - f->start + (f->skipping ? 1 : 0);
}

static uint32_t prefix_at(const uint8_t *p) {
  uint32_t n;
  memcpy(&n, p, sizeof n);
  return n;
}

/* Bytes of the frame under way that are not here yet; 0 when unknown. */
static size_t still_needed(const struct framing *f) {
  size_t have = f->end - f->start;
  if (f->mode != FRAMING_LENGTH || f->skipping || have < PREFIX_SIZE) return 0;
  uint32_t n = prefix_at(f->buf + f->start);
  if (n > f->max_frame) return 0;
  size_t whole = PREFIX_SIZE + n;
  return whole > have ? whole - have : 0;
}

/* Gives an empty buffer back when it is bigger than the traffic needs. */
static void shrink(struct framing *f) {
  if (f->start != f->end) return;
  f->start = f->end = 0;
  bool big = f->cap > KEEP_SIZE || (f->cap > 2 * READ_SIZE && f->last_frame < READ_SIZE);
  if (!big) return;
  free(f->buf);
  f->buf = NULL;
  f->cap = 0;
}

uint8_t *framing_space(struct framing *f, size_t *ret_cap) {
  shrink(f);
  size_t want = still_needed(f), have = f->end - f->start;
  if (want < READ_SIZE) want = READ_SIZE;
  if (f->start > 0 && f->cap - f->end < want) {
    memmove(f->buf, f->buf + f->start, have);
    f->start = 0;
    f->end = have;
  }
  if (f->cap - f->end < want) {
    size_t cap = f->end + want;
    /* A line's size is not known ahead: double, so that a long one is not copied at every read. */
    if (f->mode == FRAMING_LINES && cap < 2 * f->cap) cap = 2 * f->cap;
    uint8_t *buf = realloc(f->buf, cap);
    if (!buf) return NULL;
    f->buf = buf;
    f->cap = cap;
  }
  *ret_cap = f->cap - f->end;
  return f->buf + f->end;
}

void framing_fed(struct framing *f, size_t n) {
  assert(n <= f->cap - f->end);
  f->end += n;
}

static struct framing_out more(void) {
  return (struct framing_out){.kind = FRAMING_MORE};
}

static struct framing_out too_long(struct framing *f, uint64_t size) {
  f->too_long = true;
  f->skip_size = size;
  f->start = f->end;
  return (struct framing_out){.kind = FRAMING_TOO_LONG, .size = size};
}

static struct framing_out skipped(struct framing *f) {
  f->skipping = false;
  f->searched = 0;
  return (struct framing_out){.kind = FRAMING_SKIPPED, .size = f->skip_size};
}

static struct framing_out frame(struct framing *f, size_t at, size_t n) {
  f->last_frame = n;
  return (struct framing_out){.kind = FRAMING_FRAME, .frame = {f->buf + f->start + at, n}};
}

static struct framing_out skip_length(struct framing *f) {
  size_t have = f->end - f->start;
  size_t n = f->skip_left < have ? (size_t)f->skip_left : have;
  f->start += n;
  f->skip_left -= n;
  return f->skip_left == 0 ? skipped(f) : more();
}

static struct framing_out next_length(struct framing *f) {
  if (f->skipping) return skip_length(f);
  size_t have = f->end - f->start;
  if (have < PREFIX_SIZE) return more();
  uint32_t n = prefix_at(f->buf + f->start);
  if (n > FRAMING_HARD_CAP) return too_long(f, n);
  if (n > f->max_frame) {
    f->start += PREFIX_SIZE;
    f->skipping = true;
    f->skip_left = f->skip_size = n;
    return skip_length(f);
  }
  if (have - PREFIX_SIZE < n) return more();
  struct framing_out out = frame(f, PREFIX_SIZE, n);
  f->start += PREFIX_SIZE + n;
  return out;
}

static bool is_blank(struct bytes line) {
  for (size_t i = 0; i < line.n; i++)
    if (line.p[i] != ' ' && line.p[i] != '\t') return false;
  return true;
}

/* No newline in what is here: keep it, or drop it when the line is too long. */
static struct framing_out unfinished_line(struct framing *f) {
  size_t have = f->end - f->start;
  f->searched = have;
  if (!f->skipping && have <= f->max_frame + 1) return more(); /* 1: a carriage return */
  if (!f->skipping) {
    f->skipping = true;
    f->skip_size = 0;
  }
  f->skip_size += have;
  f->start = f->end;
  f->searched = 0;
  return f->skip_size > FRAMING_HARD_CAP ? too_long(f, f->skip_size) : more();
}

/* Takes the line that ends with the newline at offset n; false when it is blank. */
static bool take_line(struct framing *f, size_t n, struct framing_out *ret) {
  struct bytes line = {f->buf + f->start, n};
  if (f->skipping) {
    f->skip_size += n;
    *ret = f->skip_size > FRAMING_HARD_CAP ? too_long(f, f->skip_size) : skipped(f);
    if (ret->kind == FRAMING_TOO_LONG) return true;
  } else {
    if (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
    *ret = frame(f, 0, line.n);
    if (line.n > f->max_frame) *ret = (struct framing_out){.kind = FRAMING_SKIPPED, .size = n};
  }
  f->start += n + 1;
  f->searched = 0;
  return ret->kind == FRAMING_SKIPPED || !is_blank(line);
}

static struct framing_out next_line(struct framing *f) {
  struct framing_out out;
  for (;;) {
    size_t have = f->end - f->start;
    const uint8_t *from = have > f->searched ? f->buf + f->start + f->searched : NULL;
    const uint8_t *newline = from ? memchr(from, '\n', have - f->searched) : NULL;
    if (!newline) return unfinished_line(f);
    if (take_line(f, (size_t)(newline - (f->buf + f->start)), &out)) return out;
  }
}

void framing_next(struct framing *f, struct framing_out *ret) {
  if (f->too_long)
    *ret = too_long(f, f->skip_size);
  else
    *ret = f->mode == FRAMING_LENGTH ? next_length(f) : next_line(f);
}

void framing_add(enum framing_mode mode, struct text *to, struct bytes body) {
  uint32_t n = (uint32_t)body.n;
  if (mode == FRAMING_LENGTH) text_add_bytes(to, (struct bytes){(const uint8_t *)&n, sizeof n});
  text_add_bytes(to, body);
  if (mode == FRAMING_LINES) text_add(to, "\n");
}
