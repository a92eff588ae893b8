// SPDX-License-Identifier: Apache-2.0
/* A log: one line for each event, as text or JSON, by way of a sink that holds up nobody. What the events are
 * is the daemon's affair. */
#ifndef COMMON_JOURNAL_H
#define COMMON_JOURNAL_H

#include "line.h"
#include "sink.h"

/* Priorities of syslog(3), which the journal understands at the beginning of a line. */
enum journal_priority { JOURNAL_WARNING = 4, JOURNAL_NOTICE = 5, JOURNAL_INFO = 6, JOURNAL_DEBUG = 7 };

struct journal;

struct journal_options {
    bool json;
    const char *file; /* NULL: standard error */
};

enum nt_status journal_new(const struct journal_options *o, struct journal **ret, struct nt_error *err);
/* Lines wait until then. */
enum nt_status journal_start(struct journal *j);
/* The file is opened again, whatever it was. On failure the old one stays. */
enum nt_status journal_reload(struct journal *j, const struct journal_options *o, struct nt_error *err);
void journal_stats(struct journal *j, struct sink_stats *ret);
/* Accepts NULL. */
void journal_free(struct journal *j);

void journal_begin(const struct journal *j, struct line *n, enum journal_priority p, const char *event);
void journal_end(struct journal *j, struct line *n);
/* Names of what the tables know, numbers of the rest. */
void journal_status(struct line *n, const char *key, enum nt_status st);
/* A sentence of the daemon's own. */
void journal_say(struct journal *j, enum nt_trace_level level, const char *sentence);

/* For what may come without end: of many in a second the first has a line. */
struct journal_limit {
    uint64_t since; /* second of the last line */
    uint64_t count; /* after it */
};
/* Is there to be a line now? Then *ret_count are those of before, with this one. */
bool journal_may(struct journal_limit *l, uint64_t *ret_count);

#endif
