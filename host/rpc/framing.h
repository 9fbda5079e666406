#ifndef SENSO_RPC_FRAMING_H
#define SENSO_RPC_FRAMING_H

#include "base/bytes.h"
#include "base/text.h"

/*
 * Native messaging frames (uint32 length in native byte order, then UTF-8 JSON) or lines, read from
 * a byte stream. Pure: bytes go in, frames come out. The buffer grows with the frame and shrinks
 * after it.
 */
enum framing_mode { FRAMING_LENGTH, FRAMING_LINES };

#define FRAMING_HARD_CAP ((uint64_t)64 * 1024 * 1024) /* Chrome's own limit towards a host */

enum framing_kind {
  FRAMING_MORE,     /* feed more bytes */
  FRAMING_FRAME,    /* a whole frame, borrowed until the next call */
  FRAMING_SKIPPED,  /* a frame of `size` bytes above the limit was skipped whole */
  FRAMING_TOO_LONG, /* a length above the hard cap: the stream cannot go on */
};

struct framing;

struct framing_out {
  enum framing_kind kind;
  struct bytes frame;
  uint64_t size;
};

int framing_new(struct framing **ret, enum framing_mode mode, size_t max_frame);
struct framing *framing_free(struct framing *f);

/* Where the next read() goes: at least 64 KiB, or what the frame under way still needs, whichever
 * is more; then framing_fed. NULL: out of memory. */
uint8_t *framing_space(struct framing *f, size_t *ret_cap);
void framing_fed(struct framing *f, size_t n);

/* The next thing that was read; call until FRAMING_MORE. */
void framing_next(struct framing *f, struct framing_out *ret);

/* Bytes of an unfinished frame at the end of input. */
size_t framing_pending(const struct framing *f);

/* Appends body with its prefix or newline. */
void framing_add(enum framing_mode mode, struct text *to, struct bytes body);

#endif
