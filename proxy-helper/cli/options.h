#ifndef SENSO_CLI_OPTIONS_H
#define SENSO_CLI_OPTIONS_H

#include <stdbool.h>

/* The command line. */

#define EXIT_USAGE 64

enum helper_command { COMMAND_CHECK, COMMAND_JUDGE, COMMAND_RULES };
enum helper_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

struct helper_options {
  enum helper_command command;
  enum helper_format format;
  const char *services, *region, *roots, *proxy, *output, *report;
  bool no_proxy, strict;
  int generation; /* 0: all */
  unsigned timeout_s;
};

/* 0; or the exit status, with what is wrong on stderr (or the help on stdout and 0 with *ret_end).
 */
int options_parse(struct helper_options *ret, int argc, char **argv, bool *ret_end);

#endif
