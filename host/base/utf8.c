#include "base/utf8.h"

#include <string.h>

/* A lead byte's continuation count and the range of the first continuation byte (Unicode, table
 * 3-7). */
struct utf8_lead {
  uint8_t follow, low, high;
};

static struct utf8_lead utf8_lead(uint8_t c) {
  if (c >= 0xc2 && c <= 0xdf) return (struct utf8_lead){1, 0x80, 0xbf};
  if (c == 0xe0) return (struct utf8_lead){2, 0xa0, 0xbf};
  if (c == 0xed) return (struct utf8_lead){2, 0x80, 0x9f};
  if (c >= 0xe1 && c <= 0xef) return (struct utf8_lead){2, 0x80, 0xbf};
  if (c == 0xf0) return (struct utf8_lead){3, 0x90, 0xbf};
  if (c >= 0xf1 && c <= 0xf3) return (struct utf8_lead){3, 0x80, 0xbf};
  if (c == 0xf4) return (struct utf8_lead){3, 0x80, 0x8f};
  return (struct utf8_lead){0, 0, 0};
}

/* Bytes of the code point at b, or the negated size of the maximal ill-formed part. b is not empty.
 */
static int utf8_step(struct bytes b) {
  if (b.p[0] < 0x80) return 1;
  struct utf8_lead lead = utf8_lead(b.p[0]);
  if (lead.follow == 0) return -1;
  for (int i = 1; i <= lead.follow; i++) {
    if ((size_t)i >= b.n) return -i;
    uint8_t low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xbf;
    if (b.p[i] < low || b.p[i] > high) return -i;
  }
  return lead.follow + 1;
}

/* Bytes of pure ASCII at the start, eight at a time. */
static size_t ascii_run(struct bytes b) {
  size_t i = 0;
  for (; i + 8 <= b.n; i += 8) {
    uint64_t word;
    memcpy(&word, b.p + i, 8);
    if (word & 0x8080808080808080u) break;
  }
  return i;
}

bool utf8_valid(struct bytes b) {
  while (b.n > 0) {
    size_t run = ascii_run(b);
    if (run == 0) {
      int step = utf8_step(b);
      if (step < 0) return false;
      run = (size_t)step;
    }
    b.p += run;
    b.n -= run;
  }
  return true;
}

size_t utf8_cut(struct bytes b, size_t max) {
  if (b.n <= max) return b.n;
  size_t cut = max;
  while (cut > 0 && max - cut < 3 && (b.p[cut] & 0xc0) == 0x80) cut--;
  return (b.p[cut] & 0xc0) == 0x80 ? max : cut;
}

void utf8_add_repaired(struct text *t, struct bytes b) {
  static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
  while (b.n > 0) {
    size_t good = 0;
    int step = 1;
    while (good < b.n && (step = utf8_step((struct bytes){b.p + good, b.n - good})) > 0)
      good += (size_t)step;
    text_add_bytes(t, (struct bytes){b.p, good});
    size_t bad = 0;
    if (good < b.n) {
      bad = (size_t)-step;
      text_add_bytes(t, (struct bytes){replacement, sizeof replacement});
    }
    b.p += good + bad;
    b.n -= good + bad;
  }
}
