#ifndef SENSO_PLAN_PASSES_H
#define SENSO_PLAN_PASSES_H

#include "plan/result.h"

/* What the evidence of one row comes to, by one way: directly (prefix ""), or through the proxy
 * ("proxy." before the ids). The probes ask it to know whether to look deeper, the judge to judge.
 */

/* The value of the last observation of an id by that way; NULL: none. */
const char *row_value(const struct result *r, const char *prefix, const char *id);
bool row_is(const struct result *r, const char *prefix, const char *id, const char *value);

/* How the chain of certificates is to be taken. */
enum trust {
  TRUST_NONE, /* no chain was seen */
  TRUST_GOOD,
  TRUST_PIN_MISMATCH, /* public, and not the one expected */
  TRUST_SYSTEM,       /* by a root that was installed on this machine, or in its Chrome */
  TRUST_TIME,         /* but for its dates it would be good */
  TRUST_NAME,         /* but for its name it would be good */
  TRUST_BAD
};
enum trust row_trust(const struct result *r, const char *prefix);

/* What a ClientHello that was not answered by a handshake came to: a reset, an end, silence, an
 * alert, or what is neither TLS nor HTTP. NULL is none of them. */
bool hello_failed(const char *tls);

/* Of several tries of an exchange one was answered: id is "stun", "turn" or "dtls". */
bool row_was_answered(const struct result *r, const char *prefix, const char *id);
/* Any UDP of the row was answered: the check itself or a control beside it. */
bool row_udp_answered(const struct result *r);

/* Both end in the same two labels: what one owner has, mostly. An address shares one
 * with itself alone. */
bool hosts_share_domain(const char *a, const char *b);

/* TLS is spoken on it. */
bool row_has_tls(const struct result *r);
/* All that the check asks for was seen. */
bool row_passes(const struct result *r, const char *prefix);

#endif
