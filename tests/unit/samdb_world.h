// SPDX-License-Identifier: Apache-2.0
/* A store in a directory of its own, with a clock that a test sets. */
#ifndef SAMDB_WORLD_H
#define SAMDB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "crypto/crypto.h"
#include "samdb/samdb.h"

struct world {
    char dir[64], path[96];
    struct nt_env env;
    uint64_t now; /* what the clock says */
    struct samdb *d;
    struct nt_arena *mem;
    struct nt_error err;
};

static inline uint64_t world_wall(void *arg)
{
    return ((struct world *)arg)->now;
}

static inline enum nt_status world_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    return nt_env_system()->random(NULL, buf, len);
}

static inline struct samdb_options world_options(struct world *w)
{
    return (struct samdb_options){ .env = &w->env, .busy_ms = 60000, .error = &w->err };
}

static const struct samdb_init world_init = { "BOX", "WORKGROUP", "lab.example", "admin", "secret", { 0 } };

static inline int world_make(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    const char *tmp = getenv("TMPDIR");
    snprintf(w->dir, sizeof w->dir, "%.40s/samdb.XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(w->dir))
        return -1;
    snprintf(w->path, sizeof w->path, "%s/sam.db", w->dir);
    w->now = nt_time_from_unix(1700000000);
    w->env = *nt_env_system();
    w->env.arg = w;
    w->env.wall = world_wall;
    w->env.random = world_random;
    w->mem = nt_arena_new(0);
    struct samdb_options o = world_options(w);
    *state = w;
    return samdb_create(w->path, &world_init, &o) == STATUS_SUCCESS &&
                   samdb_open(w->path, &o, &w->d) == STATUS_SUCCESS
               ? 0
               : -1;
}

static inline int world_end(void **state)
{
    static const char *const suffix[] = { "", "-wal", "-shm", "-journal", ".2", ".2-journal" };
    struct world *w = *state;
    char path[128];
    samdb_close(w->d);
    nt_arena_free(w->mem);
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        snprintf(path, sizeof path, "%s%s", w->path, suffix[i]);
        unlink(path);
    }
    int rc = rmdir(w->dir); /* nothing may be left behind */
    free(w);
    return rc;
}

/* Someone who says that text is the password; ASCII. */
static inline bool world_verify(void *arg, const struct samdb_keys *k)
{
    const char *text = arg;
    uint8_t wide[512], hash[16];
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        wide[2 * i] = (uint8_t)text[i];
        wide[2 * i + 1] = 0;
    }
    cr_md4(wide, 2 * n, hash);
    return k->has_nt && cr_equal(hash, k->nt_hash, 16);
}

static inline enum nt_status logon(struct samdb *d, const char *name, const char *text)
{
    uint32_t rid = 0;
    return samdb_logon(d, name, "WS1", world_verify, (void *)(uintptr_t)text, &rid);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_end)

#endif
