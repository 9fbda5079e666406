#ifndef SENSO_PLAN_SIGNS_H
#define SENSO_PLAN_SIGNS_H

#include <stdbool.h>
#include <stddef.h>

/* What tells one product of filtering from another: data/vendors.json. It explains a finding, and
 * makes none by itself, but for block pages and addresses of sinkholes. */

enum sign_where {
  SIGN_ISSUER,  /* part of a certificate's issuer or subject, "O=Zscaler Inc." */
  SIGN_PAGE,    /* part of a block page: text, or the path it was redirected to */
  SIGN_HEADER,  /* part of a header line of an answer */
  SIGN_ADDRESS, /* that DNS answers for what is blocked */
  SIGN_NAME     /* ending of a host name: of a CNAME, or where a block page redirects to */
};

struct sign {
  char *vendor, *match;
  enum sign_where where;
};

struct signs {
  struct sign *list;
  size_t n;
};

/* 0, -EINVAL (not the shape of the file), -ENOMEM; *ret is untouched on failure. */
int signs_parse(struct signs *ret, const char *json);
void signs_free(struct signs *s);

/* The vendor whose sign is in the text; borrowed, NULL: none. Letters' case does not count. */
const char *signs_find(const struct signs *s, enum sign_where where, const char *text);

#endif
