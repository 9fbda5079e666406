#ifndef SENSO_BASE_OUT_H
#define SENSO_BASE_OUT_H

#include <stdint.h>

#include "base/addr.h"

/*
 * What a machine asks of its owner. After every input the owner polls until OUT_IDLE.
 * Poll, never call back: a machine calls nobody but the allocator and the rng it was given.
 */
enum out_kind {
  OUT_IDLE,   /* drained; call wake() at wake_at (MONO_NEVER: only an input wakes it). wake_at > now
                 always */
  OUT_TX,     /* bytes are in the caller's buffer: send them */
  OUT_EVENT,  /* something the layer above must know; borrowed until the next call */
  OUT_BIND,   /* open a UDP socket for a link; answer with ..._bound() */
  OUT_UNBIND, /* the link is no longer needed: close its socket */
  OUT_RESOLVE, /* look up a name; answer with ..._resolved() */
  OUT_PUBLISH, /* answer for a name of ours in multicast DNS */
  OUT_STREAM,  /* open a TCP or TLS stream for a link (TURN); answer with the stream inputs */
};

/*
 * A datagram's way: a link (the id a machine chose in OUT_BIND or OUT_STREAM, unique within that
 * machine, never 0, never used again) and the remote transport address.
 */
struct path {
  uint32_t link;
  struct addr remote;
};

#endif
