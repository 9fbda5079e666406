#ifndef SENSO_PLAN_EVIDENCE_H
#define SENSO_PLAN_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

/* What was seen, in the order it was seen: an id of a kind of observation, its value for the judge,
 * and a sentence for a person. */
struct evidence {
  char *id, *value, *saw;
};

/* Zero-initialised is empty. A failed allocation sets `failed`, which sticks. */
struct evidence_list {
  struct evidence *list;
  size_t n, cap;
  bool failed;
};

/* A second observation of the same id stands beside the first. What came from the network may be in
 * value and saw: control characters and what is not UTF-8 become '?'. */
void evidence_add(struct evidence_list *l, const char *id, const char *value, const char *saw, ...)
    __attribute__((format(printf, 4, 5)));
void evidence_free(struct evidence_list *l);

/* As evidence_add does it to a text: no terminal obeys it, any JSON parser takes it. */
void evidence_make_harmless(char *text);

/* Nothing in it would be made harmless. */
bool evidence_is_harmless(const char *text);

/* The value of the last observation of that id, borrowed; NULL: none was made. */
const char *evidence_value(const struct evidence_list *l, const char *id);
/* True when it was made and has this value. */
bool evidence_is(const struct evidence_list *l, const char *id, const char *value);
/* How many of an id have this value (NULL: any). */
size_t evidence_count(const struct evidence_list *l, const char *id, const char *value);

#endif
