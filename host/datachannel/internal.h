#ifndef SENSO_DATACHANNEL_INTERNAL_H
#define SENSO_DATACHANNEL_INTERNAL_H

#include "base/list.h"
#include "datachannel/datachannel.h"
#include "datachannel/waiting.h"

/* What a channel has yet to say, in the order in which it is said; messages come between OPEN and
 * LOW. */
enum dc_pending {
  DC_SAY_INCOMING = 1 << 0,
  DC_SAY_OPEN = 1 << 1,
  DC_SAY_LOW = 1 << 2,
  DC_SAY_CLOSING = 1 << 3,
  DC_SAY_ERROR = 1 << 4,
  DC_SAY_CLOSED = 1 << 5,
};

/* Bytes of the association's buffer that are not the caller's: DCEP messages, and the byte that an
 * empty message is. */
struct dc_extra {
  uint64_t at; /* in all bytes the channel ever submitted */
  size_t n;
};

struct dc_channel {
  struct dc_channel *next_by_handle, *next_by_stream;
  struct list ready; /* in dc_set.ready while it has something to say */
  dc_handle handle;
  enum dc_state state;
  struct dc_init init;
  char *strings;       /* label and protocol, owned */
  size_t names_charge; /* its part of dc_set.peer_names */
  int32_t id;          /* -1: not assigned */
  bool incoming;
  bool held;      /* counted in dc_set.held */
  bool on_stream; /* in the table of streams */
  bool
      acknowledged; /* the peer knows the channel: messages may be unordered (RFC 8832 section 6) */
  bool reset_sent, reset_out_done, reset_in_done;
  uint8_t pending; /* enum dc_pending */
  enum fault_reason error_reason;
  char *error_text; /* owned; NULL: a fixed text */
  size_t buffered;
  uint64_t submitted, released; /* bytes given to the association, and let go by it again */
  struct dc_extra *extras;      /* owned; those not released yet are from first_extra on */
  size_t n_extras, first_extra, cap_extras;
  size_t empties; /* empty messages sent since nothing waited to be released */
  uint64_t threshold;
  uint64_t credit;
  uint64_t seq;
  struct waiting waiting;
  struct list closed; /* in dc_set.closed once CLOSED was said */
  uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
};

/* Chained hash tables, grown as they fill. */
struct dc_table {
  struct dc_channel **slots;
  size_t n, n_slots; /* n_slots: 0 or a power of two */
};

/* Closed channels that dc_info still knows. A peer may open and close as many as it likes. */
#define DC_CLOSED_KEPT 256u
/* Bytes of label and protocol that all channels of the peer may have together. */
#define DC_PEER_NAMES_MAX ((size_t)1024 * 1024)

struct dc_set {
  struct dc_cfg cfg;
  struct sctp *sctp;
  struct dc_table by_handle, by_stream;
  struct list ready;
  struct list unannounced; /* channels of the peer that are not told of while paused; by `ready` */
  struct list closed;      /* the last DC_CLOSED_KEPT channels that closed, the oldest first */
  size_t n_closed;
  size_t held;       /* channels that are open, or closed with something yet to be delivered */
  size_t peer_names; /* bytes of label and protocol that the peer's held channels have */
  uint32_t next_announced; /* handles given to the peer's channels until they are renamed */
  uint32_t next_id;
  uint64_t initial_credit;
  size_t max_piece;
  size_t waiting_charge; /* of all channels */
  bool client, started, connected, down, say_associated, say_down, unwritable;
  bool stalled, say_stalled, paused;
  struct fault down_fault;
  struct dc_message current; /* what DC_EV_MESSAGE announced */
  dc_handle *stalled_handles;
};

/* table.c. Adding may fail with -ENOMEM; nothing is in the table then. */
struct dc_channel *dc_find(const struct dc_set *s, dc_handle handle);
struct dc_channel *dc_find_stream(const struct dc_set *s, uint16_t stream);
int dc_table_add_handle(struct dc_table *t, struct dc_channel *c);
int dc_table_add_stream(struct dc_table *t, struct dc_channel *c);
void dc_table_remove_handle(struct dc_table *t, struct dc_channel *c);
void dc_table_remove_stream(struct dc_table *t, struct dc_channel *c);
void dc_table_free(struct dc_table *t);

/* channel.c */
/* A channel with copies of label and protocol, in the table of handles. NULL when out of memory. */
struct dc_channel *dc_channel_new(struct dc_set *s, dc_handle handle, const struct dc_init *init);
void dc_channel_free(struct dc_set *s, struct dc_channel *c);
/* Puts it on a stream. 0 or -ENOMEM. */
int dc_channel_attach(struct dc_set *s, struct dc_channel *c, uint16_t stream);
void dc_channel_detach(struct dc_set *s, struct dc_channel *c);
/* It has something to say. */
void dc_channel_say(struct dc_set *s, struct dc_channel *c, uint8_t what);
/* To DC_CLOSED at once, with an error first if reason is not FAULT_NONE. */
void dc_channel_end(struct dc_set *s, struct dc_channel *c, enum fault_reason reason,
                    const char *text);

/* Lets long names of a closed channel go: they are the peer's to choose. */
void dc_channel_shorten(struct dc_set *s, struct dc_channel *c);
/* CLOSED was said: kept for dc_info until too many others have closed since. */
void dc_channel_retire(struct dc_set *s, struct dc_channel *c);

/* open.c */
/* Tells the peer that a stream is no channel here. */
void dc_refuse_stream(struct dc_set *s, mono_us now, uint16_t stream);
/* Streams for the channels that were made early, and their OPENs. */
void dc_open_all(struct dc_set *s, mono_us now);
void dc_receive_control(struct dc_set *s, mono_us now, uint16_t stream, struct bytes message);

/* close.c */
void dc_begin_reset(struct dc_set *s, mono_us now, struct dc_channel *c);
void dc_on_reset(struct dc_set *s, mono_us now, const struct sctp_event *ev);
void dc_on_down(struct dc_set *s, int err, const char *text);

/* delivery.c */
void dc_receive_message(struct dc_set *s, mono_us now, const struct sctp_event *ev);
/* True when a piece may be delivered now. */
bool dc_deliverable(const struct dc_set *s, const struct dc_channel *c);
/* Moves the next piece to s->current. False when out of memory. */
bool dc_deliver(struct dc_set *s, mono_us now, struct dc_channel *c);
/* True when there is news for say_stalled. */
bool dc_check_stall(struct dc_set *s);
void dc_drop_waiting(struct dc_set *s, struct dc_channel *c);

/* send.c */
/* Queues one of our own control messages; takes it (NULL: out of memory). 0 or negative. */
int dc_send_control(struct dc_set *s, mono_us now, struct dc_channel *c, struct payload *message);
void dc_on_acked(struct dc_set *s, uint16_t stream, size_t bytes);

#endif
