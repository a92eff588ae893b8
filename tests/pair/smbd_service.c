// SPDX-License-Identifier: Apache-2.0
#include "pair/smbd_service.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common/fake_smb.h"
#include "crypto/crypto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* ---- what stands behind the pipes ---- */

/* "echo" sends back what it gets; "twice" in two messages; "late" a second later; "mute" nothing; "bye" ends.
 */
struct served {
    struct smbd_pipe *p;
    char name[32];
    struct io_item timer;
    struct wr out;
    bool closed;
};

unsigned service_open_pipes;
static char owners[5][64];
static const char *const names[] = { "echo", "twice", "late", "mute", "bye" };

static char *owner(const char *name)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return owners[i];
    abort();
}

const char *service_owner(const char *name)
{
    return owner(name);
}

static void late_fn(struct io_item *it)
{
    struct served *s = io_container(it, struct served, timer);
    must(smbd_pipe_send(s->p, &s->out) == STATUS_SUCCESS);
}

static bool service_exists(void *arg, const char *name)
{
    (void)arg;
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static enum nt_status service_open(void *arg, struct smbd_pipe *p, const char *name, void **ret)
{
    if (!service_exists(arg, name))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    struct served *s = calloc(1, sizeof *s);
    must(s != NULL);
    s->p = p;
    snprintf(s->name, sizeof s->name, "%s", name);
    io_item_init(&s->timer, late_fn);
    struct smbd_caller who;
    smbd_pipe_caller(p, &who);
    snprintf(owner(name), sizeof owners[0], "%s", who.token->name);
    service_open_pipes++;
    *ret = s;
    return STATUS_SUCCESS;
}

static void copy_of(struct wr *w, const uint8_t *data, size_t len)
{
    wr_init(w, SMBD_HEADROOM + len + 1);
    must(wr_room(w, SMBD_HEADROOM) != NULL);
    wr_bytes(w, data, len);
}

static void service_data(void *up, uint8_t *data, size_t len)
{
    struct served *s = up;
    struct wr w;
    if (strcmp(s->name, "bye") == 0) {
        smbd_pipe_end(s->p);
    } else if (strcmp(s->name, "late") == 0) {
        wr_free(&s->out); /* of one that came before, not sent yet */
        copy_of(&s->out, data, len);
        io_timer(smbd_pipe_stream(s->p), &s->timer, io_now(smbd_pipe_stream(s->p)) + UINT64_C(1000000000));
    } else if (strcmp(s->name, "mute") != 0) {
        size_t half = strcmp(s->name, "twice") == 0 ? len / 2 : len;
        copy_of(&w, data, half);
        must(smbd_pipe_send(s->p, &w) == STATUS_SUCCESS);
        if (half < len) {
            copy_of(&w, data + half, len - half);
            must(smbd_pipe_send(s->p, &w) == STATUS_SUCCESS);
        }
    }
}

static void service_closed(void *up)
{
    struct served *s = up;
    io_cancel(&s->timer);
    wr_free(&s->out);
    service_open_pipes--;
    free(s);
}

const struct smbd_pipe_ops smbd_service = { service_open, service_exists, service_data, service_closed,
                                            NULL };

/* ---- who may log on, and the machine ---- */

static enum nt_status find_hash(void *arg, const char16_t *user, size_t user_len, const char16_t *domain,
                                size_t domain_len, uint8_t ret_hash[16])
{
    (void)arg;
    (void)domain;
    (void)domain_len;
    bool alice = user_len == 5 && memcmp(user, u"alice", 10) == 0,
         bob = user_len == 3 && memcmp(user, u"bob", 6) == 0;
    if (!alice && !bob)
        return STATUS_NO_SUCH_USER;
    uint8_t wide[2 * sizeof FAKE_PASSWORD];
    for (size_t i = 0; i < sizeof FAKE_PASSWORD - 1; i++)
        put_le16(wide + 2 * i, (uint8_t)FAKE_PASSWORD[i]);
    cr_md4(wide, 2 * (sizeof FAKE_PASSWORD - 1), ret_hash);
    return STATUS_SUCCESS;
}

const struct sec_acceptor smbd_acceptor = { .nt_hash = find_hash,
                                            .netbios_name = "FAKE",
                                            .netbios_domain = "FAKEDOM",
                                            .dns_name = "fake.example",
                                            .dns_domain = "example" };

static uint8_t counter;
static enum nt_status some_random(void *arg, void *buf, size_t len)
{
    (void)arg;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)(counter += 7);
    return STATUS_SUCCESS;
}

const struct nt_env *smbd_env(void)
{
    static struct nt_env e;
    e = *fake_env();
    e.random = some_random;
    return &e;
}
