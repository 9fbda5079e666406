#include "report/text.h"

#include <string.h>

#include "judge/judge.h"

static const char *paint(const struct text_style *style, enum verdict v) {
  if (!style->colour) return "";
  switch (v) {
  case VERDICT_PASS: return "\033[32m";
  case VERDICT_BLOCKED: return "\033[31m";
  case VERDICT_DEGRADED: return "\033[33m";
  case VERDICT_INCONCLUSIVE:
  case VERDICT_NOT_TESTED: break;
  }
  return "\033[36m";
}

/* Text in lines of the width, each after `indent` spaces. */
static void wrapped(struct text *to, const struct text_style *style, unsigned indent,
                    const char *text) {
  size_t room = style->width > indent + 20 ? style->width - indent : 20;
  while (*text) {
    size_t n = strlen(text);
    if (n > room) {
      n = room;
      while (n > 0 && text[n] != ' ') n--;
      if (n == 0) n = strcspn(text, " ");
    }
    text_addf(to, "%*s%.*s\n", (int)indent, "", (int)n, text);
    text += n;
    text += strspn(text, " ");
  }
}

/* What the judge says of a row besides its verdict. */
static void add_finding(struct text *to, const struct result *row) {
  if (row->cause) text_addf(to, "%s%s", row->cause, row->proven ? "" : " (likely)");
  for (size_t i = 0; i < row->n_also; i++)
    text_addf(to, "%s%s", i > 0 || row->cause ? ", " : "", row->also[i]);
  if (row->vendor[0]) text_addf(to, " [%s]", row->vendor);
  if (row->hop) text_addf(to, ", at hop %u", row->hop);
}

/* The finding stands on the line while the width allows, else on the next one. */
void report_row_line(struct text *to, const struct result *row, const struct text_style *style) {
  struct text what = {0}, finding = {0};
  const char *transport = row->kind == CHECK_TURN ? check_transport_name(row->transport) : "";
  text_addf(&what, "%s%s%s %s:%u", check_kind_name(row->kind), *transport ? "/" : "", transport,
            row->host, row->port);
  add_finding(&finding, row);
  text_addf(to, "%s%-12s%s %s", paint(style, row->verdict), verdict_name(row->verdict),
            style->colour ? "\033[0m" : "", what.p ? what.p : "");
  bool fits = 13 + what.n + 2 + finding.n <= style->width;
  if (finding.n > 0) text_addf(to, "%s%s", fits ? "  " : "\n             ", finding.p);
  to->failed |= what.failed || finding.failed;
  text_free(&what);
  text_free(&finding);
}

/* The same remedy is said once, with the first row that it is for. */
static bool is_said(const struct report *r, size_t row) {
  for (size_t i = 0; i < row; i++)
    if (strcmp(r->rows[i].fix, r->rows[row].fix) == 0) return true;
  return false;
}

static void say_row(struct text *to, const struct report *r, size_t i,
                    const struct text_style *style) {
  const struct result *row = &r->rows[i];
  report_row_line(to, row, style);
  text_add(to, "\n");
  if (!row->cause) return;
  for (size_t k = 0; k < row->evidence.n; k++) wrapped(to, style, 6, row->evidence.list[k].saw);
}

static void say_methods(struct text *to, const struct report *r, const struct text_style *style) {
  static const char *const names[] = {"host (direct)", "server reflexive (UDP hole punching)",
                                      "relay (TURN)"};
  text_add(to, "\nHow devices will connect from here:\n");
  for (size_t i = 0; i < METHOD_COUNT; i++) {
    text_addf(to, "  %s%-12s%s %s", paint(style, r->methods[i]), verdict_name(r->methods[i]),
              style->colour ? "\033[0m" : "", names[i]);
    if (i == METHOD_SRFLX && r->mapping) text_addf(to, ", NAT mapping %s", r->mapping);
    for (size_t t = 0; i == METHOD_RELAY && t < 3; t++)
      if (r->via[t]) text_addf(to, " %s", check_transport_name((enum check_transport)t));
    text_add(to, "\n");
  }
}

static void say_environment(struct text *to, const struct report *r,
                            const struct text_style *style) {
  static const char *const ids[] = {"interface", "gateway", "resolver", "proxy", "clock"};
  text_add(to, "\nThis machine:\n");
  for (size_t k = 0; k < sizeof ids / sizeof *ids; k++)
    for (size_t i = 0; i < r->environment.n; i++)
      if (strcmp(r->environment.list[i].id, ids[k]) == 0)
        wrapped(to, style, 2, r->environment.list[i].saw);
}

static void say_fixes(struct text *to, const struct report *r, const struct text_style *style) {
  bool any = false;
  for (size_t i = 0; i < r->n; i++) {
    if (!r->rows[i].fix[0] || is_said(r, i)) continue;
    if (!any) text_add(to, "\nWhat to ask for:\n");
    any = true;
    wrapped(to, style, 2, r->rows[i].fix);
  }
}

void report_to_text(struct text *to, const struct report *r, const struct text_style *style) {
  text_addf(to, "Senso network check of %s\n\n", r->started);
  for (size_t i = 0; i < r->n; i++) say_row(to, r, i, style);
  say_fixes(to, r, style);
  say_methods(to, r, style);
  say_environment(to, r, style);
  text_add(to, "\nWhat this check cannot know:\n");
  const char *text;
  for (size_t at = 0; (text = judge_not_provable(r, &at));) wrapped(to, style, 2, text);
  text_addf(to, "\n%s%s%s:\n", paint(style, r->verdict), verdict_name(r->verdict),
            style->colour ? "\033[0m" : "");
  wrapped(to, style, 2, r->summary);
}
