#ifndef SENSO_DTLS_IDENTITY_H
#define SENSO_DTLS_IDENTITY_H

#include <openssl/ssl.h>

#include "dtls/dtls.h"

/* What an association needs of its identity: the settings shared by all of them, and the BIO's
 * method. Both borrowed. */
SSL_CTX *dtls_identity_ctx(const struct dtls_identity *id);
const BIO_METHOD *dtls_identity_bio(const struct dtls_identity *id);

#endif
