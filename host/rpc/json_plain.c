#include "rpc/json_plain.h"

#include <string.h>

#define EACH(byte) (0x0101010101010101u * (byte))
#define TOPS       EACH(0x80u)

/* The top bit of each byte below n (at most 0x80), as long as no byte's own top bit is set. */
static uint64_t below(uint64_t word, uint64_t n) {
  return (word - EACH(n)) & ~word & TOPS;
}

static uint64_t equal(uint64_t word, uint64_t byte) {
  return below(word ^ EACH(byte), 1);
}

static bool is_plain(uint8_t c, bool ascii) {
  return c >= 0x20 && c != '"' && c != '\\' && (c < 0x80 || !ascii);
}

size_t json_plain_run(struct bytes b, bool ascii) {
  size_t i = 0;
  for (; i + 8 <= b.n; i += 8) {
    uint64_t word;
    memcpy(&word, b.p + i, sizeof word);
    uint64_t found = below(word, 0x20) | equal(word, '"') | equal(word, '\\');
    if (ascii) found |= word & TOPS;
    /* A borrow can only make a plain byte behind a found one look found. */
    if (found) break;
  }
  while (i < b.n && is_plain(b.p[i], ascii)) i++;
  return i;
}
