// SPDX-License-Identifier: Apache-2.0
#include "pair/smbd_world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last */
#include <cmocka.h>
#include "common/fake_smb.h"

void turns(struct world *w)
{
    for (int i = 0; i < 12; i++) {
        enum nt_status st = nt_loop_run(w->loop, 1);
        assert_true(st == STATUS_SUCCESS || st == STATUS_TIMEOUT);
    }
}

struct raw_smb *dial(struct world *w)
{
    struct raw_smb *r = malloc(sizeof *r);
    assert_non_null(r);
    raw_init(r, smbd_env());
    assert_int_equal(smbd_join(w->server, w->loop, &r->stream, "192.0.2.7:1000"), STATUS_SUCCESS);
    turns(w);
    return r;
}

void start(struct world *w)
{
    struct io_mem_options mo = { .env = smbd_env(), .start = 1000, .cut_after = SIZE_MAX };
    w->so.env = smbd_env();
    w->so.acceptor = &smbd_acceptor;
    w->so.pipes = &smbd_service;
    memset(w->so.guid, 0x42, sizeof w->so.guid);
    assert_int_equal(io_mem_loop_new(&mo, &w->loop), STATUS_SUCCESS);
    assert_int_equal(smbd_new(w->loop, &w->so, &w->server), STATUS_SUCCESS);
    w->raw = dial(w);
}

void stop(struct world *w)
{
    turns(w);
    smbd_free(w->server);
    turns(w);
    assert_int_equal(service_open_pipes, 0);
    struct raw_smb *rs[] = { w->raw, w->raw2 };
    for (int i = 0; i < 2; i++)
        if (rs[i]) {
            raw_done(rs[i]);
            free(rs[i]);
        }
    nt_loop_free(w->loop);
}

void stop_streams(struct raw_smb **rs, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        raw_done(rs[i]);
        free(rs[i]);
    }
}

enum nt_status last(const struct raw_smb *r)
{
    return (enum nt_status)raw_last(r)->h.status;
}

void log_on_as(struct world *w, struct raw_smb *r, const char *user, int how)
{
    struct sec_creds_options co = SEC_CREDS_OPTIONS_INIT;
    struct sec_creds *creds;
    struct sec_ctx *ctx = NULL;
    struct nt_error err;
    co.user = user;
    co.domain = "FAKEDOM";
    co.password = FAKE_PASSWORD;
    co.mech = SEC_MECH_NTLM;
    assert_int_equal(sec_creds_new(&co, &creds, &err), STATUS_SUCCESS);
    for (int leg = 0; leg < 3; leg++) {
        (void)raw_setup(r, creds, smbd_env(), &ctx, how);
        turns(w);
    }
    sec_free(ctx);
    sec_creds_unref(creds);
}

void log_on(struct world *w, struct raw_smb *r, enum npc_dialect d, enum npc_cipher c)
{
    raw_negotiate(r, d, c, NPC_AES_CMAC);
    turns(w);
    assert_int_equal(last(r), STATUS_SUCCESS);
    log_on_as(w, r, "alice", RAW_PLAIN);
    assert_int_equal(last(r), STATUS_SUCCESS);
    assert_true(raw_last(r)->signature_ok);
    raw_tree(r, RAW_SIGNED);
    turns(w);
    assert_int_equal(last(r), STATUS_SUCCESS);
    r->tree_id = raw_last(r)->h.tree_id;
}

void open_pipe(struct world *w, struct raw_smb *r, const char *name)
{
    struct smb_create_rsp p;
    raw_create(r, name, RAW_SIGNED);
    turns(w);
    assert_int_equal(last(r), STATUS_SUCCESS);
    assert_int_equal(smb_get_create_rsp(raw_last(r)->msg, raw_last(r)->len, &p), STATUS_SUCCESS);
    memcpy(r->file_id, p.file_id, sizeof p.file_id);
}

void begin(struct wr *w)
{
    smb_begin(w, SMB_MAX_MESSAGE * 2);
}

void put_read(struct raw_smb *r, struct wr *w)
{
    struct smb_read_req q = { .length = 1000 };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_read_req(w, &q);
}

void put_transact(struct raw_smb *r, struct wr *w, const char *text)
{
    struct smb_ioctl q = { .code = FSCTL_PIPE_TRANSCEIVE,
                           .max_out = 1000,
                           .data = { (const uint8_t *)text, strlen(text) } };
    memcpy(q.file_id, r->file_id, sizeof q.file_id);
    smb_put_ioctl_req(w, &q);
}

void send_cmd(struct world *w, struct raw_smb *r, uint16_t command,
              void (*put)(struct raw_smb *, struct wr *), int how)
{
    struct wr m;
    begin(&m);
    if (put)
        put(r, &m);
    else
        smb_put_empty(&m);
    raw_send(r, &m, (struct smb_hdr){ .command = command }, how);
    turns(w);
}
