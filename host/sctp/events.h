#ifndef SENSO_SCTP_EVENTS_H
#define SENSO_SCTP_EVENTS_H

#include "base/list.h"
#include "sctp/association.h"

/* What waits to be told to the owner, in order: the first member of what carries it. */
struct event_item {
  struct list link;
  enum sctp_event_kind kind; /* MESSAGE: struct rx_msg; RESET_*: struct reset_event */
};

/* A finished stream reset. */
struct reset_event {
  struct event_item item;
  int err;
  size_t n; /* 0: all streams */
  uint16_t streams[];
};

/* One for n streams; NULL when out of memory. */
struct reset_event *reset_event_new(enum sctp_event_kind kind, size_t n);

#endif
