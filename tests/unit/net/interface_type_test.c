#include "net/interface_type.h"

#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

static char root[64];

static int make_tree(void **state) {
  (void)state;
  char path[160];
  (void)snprintf(root, sizeof root, "/tmp/senso-sysfs-XXXXXX");
  if (!mkdtemp(root)) return -1;
  static const char *const directories[] = {"radio0", "radio0/wireless", "card0", "modem0"};
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", root, directories[i]);
    if (mkdir(path, 0700) != 0) return -1;
  }
  (void)snprintf(path, sizeof path, "%s/modem0/uevent", root);
  FILE *f = fopen(path, "w");
  if (!f) return -1;
  (void)fputs("INTERFACE=modem0\nDEVTYPE=wwan\nIFINDEX=4\n", f);
  return fclose(f);
}

static int drop_tree(void **state) {
  (void)state;
  char path[160];
  static const char *const names[] = {"modem0/uevent",   "modem0", "card0",
                                      "radio0/wireless", "radio0", ""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", root, names[i]);
    if (remove(path) != 0) return -1;
  }
  return 0;
}

static void test_the_type_follows_kind_then_sysfs_then_hardware(void **state) {
  (void)state;
  static const struct {
    struct net_interface_facts facts;
    const char *type;
  } table[] = {
      {{"lo", NULL, ARPHRD_LOOPBACK, true}, "loopback"},
      {{"card0", NULL, ARPHRD_ETHER, false}, "ethernet"},
      {{"veth1", "veth", ARPHRD_ETHER, false}, "ethernet"},
      {{"radio0", NULL, ARPHRD_ETHER, false}, "wifi"},
      {{"modem0", NULL, ARPHRD_NONE, false}, "cellular"},
      {{"wwan0", NULL, ARPHRD_ETHER, false}, "cellular"},
      {{"wg0", "wireguard", ARPHRD_NONE, false}, "vpn"},
      {{"tun0", "tun", ARPHRD_NONE, false}, "vpn"},
      {{"ppp0", "ppp", ARPHRD_PPP, false}, "unknown"},
      {{"card0", NULL, ARPHRD_NONE, false}, "unknown"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    assert_string_equal(net_interface_type(&table[i].facts, root), table[i].type);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_type_follows_kind_then_sysfs_then_hardware),
  };
  return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
