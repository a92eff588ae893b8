// SPDX-License-Identifier: Apache-2.0
/*
 * Arrays of several dimensions of which another than the first is open or sent in part: the maximum counts of
 * all dimensions, offset and length of each, the elements ([C706] 14.3.3.7 to 14.3.3.9). In C they lie in one
 * row, those that are sent without gaps.
 */
#include "idlc/m_emit_ndr.h"

static const char *bound(struct emit *e, const struct dim *d)
{
    return d->size ? emit_count(e, d->size, d->size_plus)
                   : POOL_PRINTF(e, "%llu", (unsigned long long)d->count);
}

static const char *sent(struct emit *e, const struct dim *d)
{
    return d->length ? emit_count(e, d->length, d->length_plus) : bound(e, d);
}

static const char *times(struct emit *e, const char *a, const char *b)
{
    return a ? POOL_PRINTF(e, "ndr_times(%s, %s)", a, b) : b;
}

const char *dims_count(struct emit *e, const struct node *n)
{
    const char *product = NULL;
    for (const struct dim *d = n->dims; d; d = d->next)
        product = times(e, product, sent(e, d));
    return product;
}

void push_dims_sizes(struct emit *e, const struct node *n)
{
    for (const struct dim *d = n->dims; d; d = d->next)
        emit_line(e, "ndr_push_size(n, %s);", bound(e, d));
}

void push_dims(struct emit *e, const struct node *n, bool hoisted)
{
    if (n->conformant && !hoisted)
        push_dims_sizes(e, n);
    for (const struct dim *d = n->varying ? n->dims : NULL; d; d = d->next)
        emit_line(e, "ndr_push_length(n, %s, %s);", bound(e, d), sent(e, d));
}

void pull_dims_sizes(struct emit *e, const struct node *n, const char *prefix)
{
    int i = 1;
    for (const struct dim *d = n->dims; d; d = d->next)
        emit_line(e, "size_t %s%d = ndr_pull_size(n);", prefix, i++);
}

/* A count that was sent: compared now, or at the end. */
static void match(struct emit *e, const struct node *n, const char *variable, const struct expr *x, int plus,
                  uint64_t fixed)
{
    bool late = false;
    const char *said = x ? expected(e, n, x, plus, &late) : POOL_PRINTF(e, "%llu", (unsigned long long)fixed);
    if (late)
        match_late(e, variable, x, plus);
    else if (strcmp(said, "NDR_ANY") != 0)
        emit_line(e, "ndr_pull_match(n, %s, %s);", variable, said);
}

static bool waits(struct emit *e, const struct expr *x)
{
    return x && !expr_ready(e, x);
}

/* The variables with the maximum counts. */
static const char *sizes(struct emit *e, const struct node *n, struct place p, const char *hoisted)
{
    const char *prefix = hoisted ? hoisted : helper(e, p, "size");
    int i = 1;
    for (const struct dim *d = n->dims; d && !hoisted; d = d->next, i++)
        emit_line(e, "%s%s%d = ndr_pull_size(n);", waits(e, d->size) ? "" : "size_t ", prefix, i);
    i = 1;
    for (const struct dim *d = n->dims; d; d = d->next, i++)
        match(e, n, POOL_PRINTF(e, "%s%d", prefix, i), d->size, d->size_plus, d->count);
    return prefix;
}

const char *pull_dims(struct emit *e, const struct node *n, struct place p, const char *hoisted,
                      const char *width)
{
    const char *prefix = n->conformant ? sizes(e, n, p, hoisted) : NULL, *product = NULL;
    const char *count = helper(e, p, "count");
    int i = 1;
    for (const struct dim *d = n->dims; d; d = d->next, i++) {
        const char *max = prefix ? POOL_PRINTF(e, "%s%d", prefix, i) : bound(e, d);
        const char *length = POOL_PRINTF(e, "%s%d", count, i);
        if (n->varying) {
            const struct expr *x = d->length ? d->length : d->size;
            emit_line(e, "%s%s = ndr_pull_length(n, %s);", waits(e, x) ? "" : "size_t ", length, max);
            match(e, n, length, x, d->length ? d->length_plus : d->size_plus, d->count);
        }
        product = times(e, product, n->varying ? length : max);
    }
    emit_line(e, "size_t %s = %s;", count, product);
    if (width && n->fixed)
        emit_line(e, "ndr_pull_elements(n, %s, %s, %s);", p.text, count, width);
    else if (width)
        emit_line(e, "%s = ndr_pull_lend(n, %s, %s);", p.text, count, width);
    else if (!n->fixed)
        emit_line(e, "%s = ndr_pull_array(n, &%s, sizeof(*%s), %zu);", p.text, count, p.text,
                  node_wire_min(n->to));
    return count;
}
