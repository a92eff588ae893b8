// SPDX-License-Identifier: Apache-2.0
/* A whole logon by NTLM, alone and inside SPNEGO, with each allocation failing in turn: an error, no crash,
 * no leak. The linker's --wrap puts these functions in the way of our libraries. */
#include <errno.h>
#include "sec_world.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void __real_free(void *p);
int __real_posix_memalign(void **p, size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);
int __wrap_posix_memalign(void **p, size_t align, size_t n);

static unsigned fail_at, seen; /* fail_at 0: none */
static long live;

static bool fails(void)
{
    return fail_at && ++seen == fail_at;
}

static void *counted(void *p)
{
    live += p != NULL;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (fails())
        return NULL;
    void *q = __real_realloc(p, n);
    live += q && !p;
    return q;
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : counted(__real_strdup(s));
}

int __wrap_posix_memalign(void **p, size_t align, size_t n)
{
    if (fails())
        return ENOMEM;
    int rc = __real_posix_memalign(p, align, n);
    live += rc == 0;
    return rc;
}

void __wrap_free(void *p)
{
    live -= p != NULL;
    __real_free(p);
}

/* Legs until both are content, or the first failure. */
static enum nt_status talk(struct world *w)
{
    struct nt_blob in = { NULL, 0 };
    bool client = true, done[2] = { false, false };
    enum nt_status st = STATUS_SUCCESS;
    int leg;

    for (leg = 0; leg < 8 && !(done[0] && done[1]); leg++, client = !client) {
        struct wr *out = &w->tok[leg % 3];

        wr_free(out);
        wr_init(out, SEC_TOKEN_MAX);
        if (!done[client]) {
            struct sec_ctx *c = client ? w->client : w->server;

            st = c->p->step(c, in, out);
            if (nt_ok(st))
                done[client] = true;
            else if (st != STATUS_MORE_PROCESSING_REQUIRED)
                return st;
        }
        in = blob(out->base, out->len);
    }
    return leg < 8 ? STATUS_SUCCESS : STATUS_INTERNAL_ERROR;
}

static enum nt_status log_on(const struct sec_provider *p, const struct sec_creds_options *o)
{
    struct world w;
    struct sec_creds *c = NULL;

    world_init_params(&w, SEC_FLAG_INTEGRITY | SEC_FLAG_PRIVACY | SEC_FLAG_ANONYMOUS);
    enum nt_status st = sec_creds_new(o, &c, NULL);
    w.creds = w.cp.creds = c;
    if (nt_ok(st))
        st = p->start(&w.cp, &w.client);
    if (nt_ok(st))
        st = p->start(&w.sp, &w.server);
    if (nt_ok(st))
        st = talk(&w);
    world_done(&w);
    return st;
}

static void sweep(const struct sec_provider *p, const struct sec_creds_options *o)
{
    unsigned n = 0;

    for (;;) {
        long before = live;

        fail_at = ++n;
        seen = 0;
        enum nt_status st = log_on(p, o);
        bool reached = seen >= n;
        fail_at = 0;
        assert_int_equal(live, before);
        if (!reached) {
            assert_int_equal(st, STATUS_SUCCESS);
            break;
        }
        assert_int_equal(st, STATUS_NO_MEMORY);
    }
    assert_true(n > 15); /* some allocations were there to fail */
}

static void ntlm(void **state)
{
    (void)state;
    sweep(&sec_ntlm, &alice);
}

static void spnego(void **state)
{
    (void)state;
    sweep(&sec_spnego, &(struct sec_creds_options){ .size = sizeof(struct sec_creds_options),
                                                    .mech = SEC_MECH_NTLM,
                                                    .user = "alice",
                                                    .domain = "LAB",
                                                    .workstation = "WS",
                                                    .password = "secret" });
}

static void anonymous(void **state)
{
    (void)state;
    sweep(&sec_spnego, &(struct sec_creds_options){ .size = sizeof(struct sec_creds_options),
                                                    .mech = SEC_MECH_ANONYMOUS });
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ntlm), cmocka_unit_test(spnego),
                                        cmocka_unit_test(anonymous) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
