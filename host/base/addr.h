#ifndef SENSO_BASE_ADDR_H
#define SENSO_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_family { ADDR_NONE = 0, ADDR_V4 = 4, ADDR_V6 = 6 };

/* A transport address. IPv4 uses ip[0..3], the rest is 0. port in host order, 0: any. scope: IPv6
 * interface index or 0. */
struct addr {
  uint8_t family; /* enum addr_family */
  uint16_t port;
  uint32_t scope;
  uint8_t ip[16];
};

/* Longest text of addr_format: "[ipv6]:65535" and the NUL. */
#define ADDR_TEXT_MAX 56

/* Where an address may reach; the order is from narrow to wide (RFC 6890, RFC 4193, RFC 6598). */
enum addr_scope { ADDR_SCOPE_LOOPBACK, ADDR_SCOPE_LINK, ADDR_SCOPE_PRIVATE, ADDR_SCOPE_GLOBAL };

/* An IPv4 address from its four bytes. */
struct addr addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);

/* Parses a literal IPv4 or IPv6 address without port, brackets or zone. True and *ret set; false
 * and *ret untouched. */
bool addr_parse_ip(const char *text, uint16_t port, struct addr *ret);

/* Writes the IP alone ("192.0.2.1", "2001:db8::1", RFC 5952). buf must hold ADDR_TEXT_MAX bytes.
 * Returns buf. */
char *addr_format_ip(const struct addr *addr, char *buf);

/* Writes "192.0.2.1:80" or "[2001:db8::1]:80". buf must hold ADDR_TEXT_MAX bytes. Returns buf. */
char *addr_format(const struct addr *addr, char *buf);

/* Same family, IP, scope and port. */
bool addr_equal(const struct addr *a, const struct addr *b);

/* Same family, IP and scope. */
bool addr_ip_equal(const struct addr *a, const struct addr *b);

/* True for 0.0.0.0 and ::. */
bool addr_is_any(const struct addr *a);

/* True for multicast addresses and the IPv4 limited broadcast: nothing unicast may be sent there.
 */
bool addr_is_multicast(const struct addr *a);

/* Loopback, link-local, private (RFC 1918, RFC 6598 shared, unique local) or global. */
enum addr_scope addr_scope(const struct addr *a);

/* 4 or 16; 0 for ADDR_NONE. */
size_t addr_ip_size(const struct addr *a);

#endif
