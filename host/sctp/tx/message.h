#ifndef SENSO_SCTP_TX_MESSAGE_H
#define SENSO_SCTP_TX_MESSAGE_H

#include "base/payload.h"
#include "sctp/association.h"
#include "sctp/heap.h"

/* A stream of ours. Zeroed until first used; kept small: a thousand channels have one each. */
struct out_stream {
  struct list queue;     /* struct tx_msg that still have bytes without a TSN */
  struct list released;  /* among the streams with bytes to announce */
  struct heap_node turn; /* key: virtual time of its next message */
  size_t buffered;       /* bytes queued or unacknowledged */
  size_t unannounced;    /* bytes released and not yet told by SCTP_EV_ACKED */
  uint32_t
      next_mid[2]; /* of ordered and of unordered messages; a DATA chunk's SSN is its low half */
  uint16_t id;
  bool resetting; /* takes no messages until the reset is through */
};

/* A message from sctp_send until its last chunk is acknowledged or abandoned. */
struct tx_msg {
  struct list link;     /* in its stream's queue */
  struct list partial;  /* among the messages that are partly taken */
  struct payload *data; /* NULL once abandoned */
  struct out_stream *stream;
  struct heap_node expiry; /* key: the owner's time after which it is abandoned, MONO_NEVER: none */
  uint64_t first_tsn;      /* of its first chunk, once taken > 0 */
  size_t taken;            /* bytes that have TSNs */
  size_t unreleased;       /* bytes that count as buffered */
  uint32_t chunks;         /* in the outstanding queue */
  uint32_t ppid, max_retransmits;
  uint32_t mid, next_fsn; /* once taken > 0 */
  uint16_t priority;
  bool unordered, limit_retransmits, abandoned, queued;
};

/* What a message costs the send buffer beside its bytes. */
#define TX_MSG_COST (sizeof(struct tx_msg) + sizeof(struct payload) + 32)

/* RFC 8831 section 6.4: "normal". */
#define PRIORITY_NORMAL 256u

/* Takes the payload on success only. NULL when out of memory. */
struct tx_msg *tx_msg_new(const struct sctp_send_info *info, struct payload *data, mono_us expires);

/* Frees it and its payload. It must be in no list or heap. */
void tx_msg_free(struct tx_msg *m);

#endif
