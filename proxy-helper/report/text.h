#ifndef SENSO_REPORT_TEXT_H
#define SENSO_REPORT_TEXT_H

#include "base/text.h"
#include "plan/result.h"

struct text_style {
  unsigned width; /* columns, at least 40 */
  bool colour;
};

/* The report for a person and a ticket. */
void report_to_text(struct text *to, const struct report *r, const struct text_style *style);

/* One line on a row, or two where it is long, without the last line feed: "pass  https host:443".
 */
void report_row_line(struct text *to, const struct result *row, const struct text_style *style);

#endif
