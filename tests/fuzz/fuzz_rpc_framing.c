/*
 * Framing of a byte stream, cut into reads as the input says: the frames must not depend on the
 * cuts. The first byte chooses the mode and the size of the reads.
 */
#include <stdlib.h>
#include <string.h>

#include "rpc/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 300

/* What came out, as text: each frame with its kind and size. False: the stream cannot go on. */
static bool drain(struct framing *f, struct text *log) {
  for (struct framing_out out;;) {
    framing_next(f, &out);
    if (out.kind == FRAMING_MORE) return true;
    text_addf(log, "%d %zu %llu:", (int)out.kind, out.frame.n, (unsigned long long)out.size);
    if (out.kind == FRAMING_FRAME) text_add_bytes(log, out.frame);
    if (out.kind == FRAMING_FRAME && out.frame.n > LIMIT) abort();
    if (out.kind == FRAMING_TOO_LONG) return false;
  }
}

static struct text run(enum framing_mode mode, struct bytes in, size_t step) {
  struct framing *f;
  struct text log = {0};
  if (framing_new(&f, mode, LIMIT) < 0) abort();
  for (size_t at = 0; at < in.n;) {
    size_t cap, n = in.n - at < step ? in.n - at : step;
    uint8_t *space = framing_space(f, &cap);
    if (!space || cap < n) abort();
    memcpy(space, in.p + at, n);
    framing_fed(f, n);
    at += n;
    if (!drain(f, &log)) break;
  }
  framing_free(f);
  return log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  enum framing_mode mode = data[0] & 1 ? FRAMING_LINES : FRAMING_LENGTH;
  struct bytes in = {data + 1, size - 1};
  struct text once = run(mode, in, in.n ? in.n : 1);
  struct text cut = run(mode, in, 1 + (size_t)(data[0] >> 1));
  /* a line that is skipped as it comes, or found too long once it is whole, has the same size */
  if (once.n != cut.n || (once.n > 0 && memcmp(once.p, cut.p, once.n) != 0)) abort();
  text_free(&once);
  text_free(&cut);
  return 0;
}
