#include "net/sockaddr.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

socklen_t net_sockaddr_from(const struct addr *a, struct sockaddr_storage *ret) {
  assert(a->family != ADDR_NONE);
  if (a->family == ADDR_V4) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&v4.sin_addr, a->ip, sizeof v4.sin_addr);
    memcpy(ret, &v4, sizeof v4);
    return sizeof v4;
  }
  struct sockaddr_in6 v6 = {
      .sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope};
  memcpy(&v6.sin6_addr, a->ip, sizeof v6.sin6_addr);
  memcpy(ret, &v6, sizeof v6);
  return sizeof v6;
}

static void read_v4(const struct sockaddr *s, struct addr *ret) {
  struct sockaddr_in v4;
  memcpy(&v4, s, sizeof v4);
  *ret = (struct addr){.family = ADDR_V4, .port = ntohs(v4.sin_port)};
  memcpy(ret->ip, &v4.sin_addr, sizeof v4.sin_addr);
}

static void read_v6(const struct sockaddr *s, struct addr *ret) {
  struct sockaddr_in6 v6;
  memcpy(&v6, s, sizeof v6);
  *ret = (struct addr){.family = ADDR_V6, .port = ntohs(v6.sin6_port)};
  memcpy(ret->ip, &v6.sin6_addr, sizeof v6.sin6_addr);
  if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) ret->scope = v6.sin6_scope_id;
}

bool net_sockaddr_to(const struct sockaddr *s, struct addr *ret) {
  if (s->sa_family == AF_INET)
    read_v4(s, ret);
  else if (s->sa_family == AF_INET6)
    read_v6(s, ret);
  else
    return false;
  return true;
}
