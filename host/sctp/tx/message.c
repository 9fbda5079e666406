#include "sctp/tx/message.h"

#include <stdlib.h>

struct tx_msg *tx_msg_new(const struct sctp_send_info *info, struct payload *data,
                          mono_us expires) {
  struct tx_msg *m = malloc(sizeof *m);
  if (!m) return NULL;
  *m = (struct tx_msg){.data = data,
                       .expiry = {.key = expires},
                       .unreleased = data->n,
                       .ppid = info->ppid,
                       .max_retransmits = info->max_retransmits,
                       .priority = info->priority > 0 ? info->priority : PRIORITY_NORMAL,
                       .unordered = info->unordered,
                       .limit_retransmits = info->limit_retransmits};
  list_init(&m->link);
  list_init(&m->partial);
  return m;
}

void tx_msg_free(struct tx_msg *m) {
  payload_free(m->data);
  free(m);
}
