// SPDX-License-Identifier: Apache-2.0
/*
 * Lists of operation numbers: "INTERFACE NUMBER NAME", one a line. Who keeps one learns from --check-opnums
 * when an edit moved operations, which no program that was built before would survive.
 */
#include "idlc/idlc.h"

#include <stdlib.h>

#define MAX_NAME 256 /* of an interface or operation in the list */

void opnums_write(struct idlc *c, struct text *o)
{
    text_printf(o, "# Operation numbers of %s, kept by idlc --write-opnums.\n", c->stem);
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (const struct decl *d = i->body; d; d = d->next)
            if (d->kind == DECL_OPERATION)
                text_printf(o, "%s %d %s\n", i->name, d->opnum, d->name);
}

struct line {
    char iface[MAX_NAME], name[MAX_NAME];
    int opnum, number;
};

/* The next line that says something; false: none, or one that says it badly. */
static bool next_line(struct idlc *c, const struct source *list, const char **at, struct line *l)
{
    while (**at) {
        const char *line = *at;
        size_t len = strcspn(line, "\n");
        *at += len + (line[len] == '\n');
        l->number++;
        if (len == 0 || *line == '#' || *line == '\r')
            continue;
        char *copy = pool_strndup(&c->pool, line, len);
        char *space = strchr(copy, ' '), *end = NULL;
        if (space && (size_t)(space - copy) < MAX_NAME) {
            *space = 0;
            l->opnum = (int)strtol(space + 1, &end, 10);
            memcpy(l->iface, copy, (size_t)(space - copy) + 1);
        }
        if (end && *end == ' ' && end != space + 1 && strcspn(end + 1, " \r") < MAX_NAME && end[1]) {
            size_t n = strcspn(end + 1, " \r");
            memcpy(l->name, end + 1, n);
            l->name[n] = 0;
            return true;
        }
        diag_error(c, (struct loc){ .src = list, .line = l->number, .col = 1 },
                   "expected INTERFACE NUMBER NAME");
        return false;
    }
    return false;
}

static struct decl *interface_named(struct idlc *c, const char *name)
{
    for (struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        if (strcmp(i->name, name) == 0)
            return i;
    return NULL;
}

static void check_line(struct idlc *c, const struct source *list, const struct line *l)
{
    struct loc at = { .src = list, .line = l->number, .col = 1 };
    struct decl *i = interface_named(c, l->iface), *same = NULL, *there = NULL;
    if (!i) {
        diag_error(c, at, "there is no interface '%s' any more", l->iface);
        return;
    }
    for (struct decl *d = i->body; d; d = d->next) {
        if (d->kind == DECL_OPERATION && strcmp(d->name, l->name) == 0)
            same = d;
        if (d->kind == DECL_OPERATION && d->opnum == l->opnum)
            there = d;
    }
    if (same)
        same->listed = true;
    if (same && same->opnum == l->opnum)
        return;
    if (same)
        diag_error(c, same->loc, "operation '%s' of '%s' has number %d, but the list says %d", l->name,
                   i->name, same->opnum, l->opnum);
    else if (there)
        diag_error(c, there->loc, "number %d of '%s' is '%s' now, but the list has '%s' there", l->opnum,
                   i->name, there->name, l->name);
    else
        diag_error(c, i->loc, "operation '%s' of '%s', number %d, is gone", l->name, i->name, l->opnum);
    diag_note(c, at, "the list is here");
    if (there)
        there->listed = true;
}

void opnums_check(struct idlc *c, struct source *list)
{
    struct line l = { .number = 0 };
    const char *at = list->text;
    list->scanned = list->text;
    list->file = list;
    while (next_line(c, list, &at, &l))
        check_line(c, list, &l);
    for (struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        for (struct decl *d = i->body; d; d = d->next)
            if (d->kind == DECL_OPERATION && !d->listed)
                diag_error(c, d->loc,
                           "operation '%s' of '%s', number %d, is not in %s; --write-opnums adds it", d->name,
                           i->name, d->opnum, list->name);
}
