#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "senso-proxy-helper: proves that devices reach Senso through the school's filtering, or names\n"
    "what is in the way and the rule to ask for.\n"
    "\n"
    "  senso-proxy-helper check [options]     tries every path and reports\n"
    "  senso-proxy-helper judge REPORT        judges the evidence of a saved JSON report again\n"
    "  senso-proxy-helper rules [options]     what to allow, before any test\n"
    "\n"
    "  --services FILE        the hosts to check, in place of Senso's own\n"
    "  --region eu|na|all     of the hosts; default: the services file's\n"
    "  --generation 1|2|all   of Senso; default 2\n"
    "  --format text|json     rules also: csv\n"
    "  --output FILE          in place of the standard output\n"
    "  --roots FILE           PEM certificates that count as public, in place of Mozilla's\n"
    "  --proxy URL            http://host:port or https://, in place of the environment's\n"
    "  --no-proxy             none, whatever the environment says\n"
    "  --timeout S            for everything, 1 to 120; default 15\n"
    "  --strict               what could not be tested is no success\n"
    "  --version, --help\n"
    "\n"
    "Exit status: 0 proven, 1 blocked, 2 degraded, 3 inconclusive (or, --strict, not tested), 64 "
    "usage.\n";

enum {
  OPT_SERVICES = 256,
  OPT_REGION,
  OPT_GENERATION,
  OPT_FORMAT,
  OPT_OUTPUT,
  OPT_ROOTS,
  OPT_PROXY,
  OPT_NO_PROXY,
  OPT_TIMEOUT,
  OPT_STRICT,
  OPT_VERSION,
  OPT_HELP
};

static const struct option longs[] = {
    {"services", required_argument, NULL, OPT_SERVICES},
    {"region", required_argument, NULL, OPT_REGION},
    {"generation", required_argument, NULL, OPT_GENERATION},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"roots", required_argument, NULL, OPT_ROOTS},
    {"proxy", required_argument, NULL, OPT_PROXY},
    {"no-proxy", no_argument, NULL, OPT_NO_PROXY},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int wrong(const char *what, const char *is) {
  (void)fprintf(stderr, "senso-proxy-helper: %s%s%s; see --help\n", what, is ? " " : "",
                is ? is : "");
  return EXIT_USAGE;
}

static int set_format(struct helper_options *o, const char *name) {
  static const char *const names[] = {"text", "json", "csv"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) != 0) continue;
    o->format = (enum helper_format)i;
    return 0;
  }
  return wrong("--format: expected text, json or csv, not", name);
}

static int set_generation(struct helper_options *o, const char *name) {
  if (strcmp(name, "all") == 0)
    o->generation = 0;
  else if (strcmp(name, "1") == 0 || strcmp(name, "2") == 0)
    o->generation = name[0] - '0';
  else
    return wrong("--generation: expected 1, 2 or all, not", name);
  return 0;
}

static int set_timeout(struct helper_options *o, const char *text) {
  char *end;
  long v = strtol(text, &end, 10);
  if (*end || v < 1 || v > 120) return wrong("--timeout: expected 1 to 120 seconds, not", text);
  o->timeout_s = (unsigned)v;
  return 0;
}

static int take(struct helper_options *o, int option, const char *value, bool *ret_end) {
  switch (option) {
  case OPT_SERVICES: o->services = value; return 0;
  case OPT_REGION: o->region = value; return 0;
  case OPT_GENERATION: return set_generation(o, value);
  case OPT_FORMAT: return set_format(o, value);
  case OPT_OUTPUT: o->output = value; return 0;
  case OPT_ROOTS: o->roots = value; return 0;
  case OPT_PROXY: o->proxy = value; return 0;
  case OPT_NO_PROXY: o->no_proxy = true; return 0;
  case OPT_TIMEOUT: return set_timeout(o, value);
  case OPT_STRICT: o->strict = true; return 0;
  case OPT_VERSION:
    (void)puts("senso-proxy-helper " SENSO_VERSION);
    *ret_end = true;
    return 0;
  case OPT_HELP:
    (void)fputs(usage, stdout);
    *ret_end = true;
    return 0;
  default: return wrong("there is no such option, or its value is missing", NULL);
  }
}

static int set_command(struct helper_options *o, int argc, char **argv) {
  static const char *const names[] = {"check", "judge", "rules"};
  int left = argc - optind;
  size_t i = 0;
  if (left == 0) return wrong("what is to be done is missing: check, judge or rules", NULL);
  while (i < 3 && strcmp(names[i], argv[optind]) != 0) i++;
  if (i == 3) return wrong("expected check, judge or rules, not", argv[optind]);
  o->command = (enum helper_command)i;
  if (left != (o->command == COMMAND_JUDGE ? 2 : 1))
    return wrong(o->command == COMMAND_JUDGE ? "judge takes one report" : "too many words", NULL);
  if (o->command == COMMAND_JUDGE) o->report = argv[optind + 1];
  if (o->format == FORMAT_CSV && o->command != COMMAND_RULES)
    return wrong("--format csv is for rules", NULL);
  if (o->proxy && o->no_proxy) return wrong("--proxy and --no-proxy exclude each other", NULL);
  return 0;
}

int options_parse(struct helper_options *ret, int argc, char **argv, bool *ret_end) {
  *ret = (struct helper_options){.generation = 2, .timeout_s = 15};
  opterr = 0;
  for (int option; (option = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
    int r = take(ret, option, optarg, ret_end);
    if (r != 0 || *ret_end) return r;
  }
  return set_command(ret, argc, argv);
}
