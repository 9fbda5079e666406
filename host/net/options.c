#include "net/options.h"

#include <errno.h>
#include <string.h>

#define ORIGIN "chrome-extension://"

struct known {
  const char *name;
  enum net_mode mode;
};

static const struct known known[] = {
    {"--stdio", NET_MODE_STDIO},
    {"--lines", NET_MODE_LINES},
    {"--check-install", NET_MODE_CHECK_INSTALL},
    {"--version", NET_MODE_VERSION},
    {"--help", NET_MODE_HELP},
};

/* Named in the protocol, but not in this build. */
static const char *const absent[] = {"--listen", "--token-file"};

const char *net_options_usage(void) {
  return "usage: senso-host chrome-extension://ID/   as a browser starts it: frames on stdin and "
         "stdout\n"
         "       senso-host --stdio                  the same frames, for no origin\n"
         "       senso-host --lines                  one JSON object a line\n"
         "       senso-host --check-install [DIR]    explains every mistake in the installed "
         "manifests\n"
         "                                           (of the system below DIR)\n"
         "       senso-host --version | --help\n";
}

static int refuse(struct text *why, const char *what, const char *argument) {
  text_addf(why, "senso-host: %s: %s\n", argument, what);
  return -EINVAL;
}

static int read_option(const char *argument, struct net_options *ret, struct text *why) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(argument, known[i].name) != 0) continue;
    *ret = (struct net_options){.mode = known[i].mode};
    return 0;
  }
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
    if (strcmp(argument, absent[i]) == 0)
      return refuse(why, "this build has no such option", argument);
  return refuse(why, "unknown argument", argument);
}

int net_options_read(int argc, char *const argv[], struct net_options *ret, struct text *why) {
  if (argc < 2) {
    text_add(why, "senso-host: an argument is missing\n");
    return -EINVAL;
  }
  if (strncmp(argv[1], ORIGIN, strlen(ORIGIN)) == 0) { /* browsers may append arguments */
    *ret = (struct net_options){.mode = NET_MODE_BROWSER, .origin = argv[1]};
    return 0;
  }
  struct net_options options;
  int r = read_option(argv[1], &options, why);
  if (r != 0) return r;
  if (options.mode == NET_MODE_CHECK_INSTALL) options.root = argc > 2 ? argv[2] : "";
  int most = options.mode == NET_MODE_CHECK_INSTALL ? 3 : 2;
  if (argc > most) return refuse(why, "one argument too many", argv[most]);
  *ret = options;
  return 0;
}
