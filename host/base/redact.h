#ifndef SENSO_BASE_REDACT_H
#define SENSO_BASE_REDACT_H

#include "base/text.h"

/*
 * The one redactor: appends `in` with secrets masked, always, and with addresses masked if asked.
 * Secrets are what follows a word that ends in pwd, ufrag, password, passphrase, credential, token,
 * secret or authorization and a ":", "=" or white space, with or without quotes around, and what
 * stands before an "@" in a URL; they become "<secret>". IPv4 and
 * IPv6 literals become "<address>", names under .local "<name>".
 */
void redact(struct bytes in, bool addresses, struct text *to);

#endif
