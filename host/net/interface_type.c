#include "net/interface_type.h"

#include <fcntl.h>
#include <net/if_arp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char type_ethernet[] = "ethernet";
static const char type_wifi[] = "wifi";
static const char type_cellular[] = "cellular";
static const char type_vpn[] = "vpn";
static const char type_loopback[] = "loopback";
static const char type_unknown[] = "unknown";

/* Link kinds (and DEVTYPE values of uevent) that say all. */
static const struct {
  const char *kind, *type;
} kinds[] = {
    {"tun", type_vpn},        {"wireguard", type_vpn}, {"ipip", type_vpn}, {"sit", type_vpn},
    {"gre", type_vpn},        {"ip6tnl", type_vpn},    {"vti", type_vpn},  {"vti6", type_vpn},
    {"xfrm", type_vpn},       {"ovpn-dco", type_vpn},  {"ovpn", type_vpn}, {"wwan", type_cellular},
    {"rmnet", type_cellular}, {"wlan", type_wifi},
};

static const char *by_kind(const char *kind) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (kind && strcmp(kinds[i].kind, kind) == 0) return kinds[i].type;
  return NULL;
}

/* The value of DEVTYPE in the device's uevent file, cut out of buf; NULL if there is none. */
static const char *device_type(const char *sysfs, const char *name, char *buf, size_t cap) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s/uevent", sysfs, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  ssize_t n = read(fd, buf, cap - 1);
  close(fd);
  if (n <= 0) return NULL;
  buf[n] = '\0';
  char *at = strstr(buf, "DEVTYPE=");
  if (!at) return NULL;
  at += strlen("DEVTYPE=");
  at[strcspn(at, "\n")] = '\0';
  return at;
}

static bool has_radio(const char *sysfs, const char *name) {
  static const char *const marks[] = {"wireless", "phy80211"};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s/%s", sysfs, name, marks[i]);
    if (access(path, F_OK) == 0) return true;
  }
  return false;
}

const char *net_interface_type(const struct net_interface_facts *facts, const char *sysfs) {
  if (facts->loopback) return type_loopback;
  const char *type = by_kind(facts->kind);
  if (type) return type;
  char uevent[1024];
  type = by_kind(device_type(sysfs, facts->name, uevent, sizeof uevent));
  if (type) return type;
  if (has_radio(sysfs, facts->name)) return type_wifi;
  if (strncmp(facts->name, "wwan", 4) == 0) return type_cellular;
  return facts->arphrd == ARPHRD_ETHER ? type_ethernet : type_unknown;
}
