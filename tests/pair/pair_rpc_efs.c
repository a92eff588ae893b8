// SPDX-License-Identifier: Apache-2.0
/* The raw functions of [MS-EFSR] 3.1.4.2: a context handle and a pipe in one operation. A file is written and read back
 * through our own server, which streams both. */
#include <msrpc/efsrpc.h>
#include "own_server.h"

#define FILE_MAX ((size_t)3 << 20)

struct file {
    uint8_t *data;
    size_t len, at;
    bool open;
    struct rpc_server_call *writer;
    struct efsrpc_EfsRpcWriteFileRaw *write;
};

static struct file the_file;

static void rundown(void *object)
{
    ((struct file *)object)->open = false;
}

static const struct rpc_handle_type raw_type = { "raw file", rundown, false };

static enum nt_status open_raw(struct rpc_server_call *call, struct efsrpc_EfsRpcOpenFileRaw *r)
{
    the_file.open = true;
    return rpc_handle_new(call, &raw_type, &the_file, &r->out.hContext);
}

static enum nt_status give(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct file *f = arg;
    size_t n = f->len - f->at < max ? f->len - f->at : max;
    if (n)
        memcpy(elems, f->data + f->at, n);
    f->at += n;
    *ret_n = n;
    return STATUS_SUCCESS;
}

static enum nt_status take(void *arg, void *elems, size_t max, size_t *ret_n)
{
    struct file *f = arg;
    if (max > FILE_MAX - f->len)
        return STATUS_DISK_FULL;
    if (max)
        memcpy(f->data + f->len, elems, max);
    f->len += max;
    *ret_n = max;
    if (!max && f->writer) {
        f->write->out.result = 0;
        rpc_server_reply(f->writer, STATUS_SUCCESS);
    }
    return STATUS_SUCCESS;
}

static enum nt_status read_raw(struct rpc_server_call *call, struct efsrpc_EfsRpcReadFileRaw *r)
{
    void *object;
    enum nt_status st = rpc_handle_get(call, &r->in.hContext, &raw_type, &object);
    if (st != STATUS_SUCCESS)
        return st;
    the_file.at = 0;
    r->out.EfsOutPipe = (struct ndr_pipe){ give, object };
    return STATUS_SUCCESS;
}

static void broken(struct rpc_server_call *call, void *arg)
{
    (void)arg;
    rpc_server_reply(call, STATUS_CANCELLED);
}

static enum nt_status write_raw(struct rpc_server_call *call, struct efsrpc_EfsRpcWriteFileRaw *r)
{
    void *object;
    enum nt_status st = rpc_handle_get(call, &r->in.hContext, &raw_type, &object);
    if (st == STATUS_SUCCESS)
        st = rpc_server_on_cancel(call, broken, NULL);
    if (st != STATUS_SUCCESS)
        return st;
    the_file.len = 0;
    the_file.writer = call;
    the_file.write = r;
    r->in.EfsInPipe = (struct ndr_pipe){ take, object };
    return STATUS_PENDING;
}

static enum nt_status close_raw(struct rpc_server_call *call, struct efsrpc_EfsRpcCloseRaw *r)
{
    r->out.hContext = r->in.hContext;
    return rpc_handle_close(call, &r->out.hContext, &raw_type, NULL);
}

static const struct efsrpc_handlers handlers = { .EfsRpcOpenFileRaw = open_raw,
                                                 .EfsRpcReadFileRaw = read_raw,
                                                 .EfsRpcWriteFileRaw = write_raw,
                                                 .EfsRpcCloseRaw = close_raw };

static void test_raw(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct own w;
        static uint8_t mine[FILE_MAX], back[FILE_MAX];
        struct file out = { .data = mine, .len = FILE_MAX - 12345 }, in = { .data = back };
        own_init(&w, kind < 2 ? 0 : 1000, SEC_LEVEL_PRIVACY);
        memset(&the_file, 0, sizeof the_file);
        the_file.data = malloc(FILE_MAX);
        for (size_t i = 0; i < FILE_MAX; i++)
            mine[i] = (uint8_t)(i * 7 + (i >> 11));
        assert_int_equal(efsrpc_register(w.s, &handlers, NULL), STATUS_SUCCESS);
        assert_int_equal(rpc_server_stream(w.s, &efsrpc_interface, efsrpc_EfsRpcWriteFileRaw_opnum), STATUS_SUCCESS);
        struct rpc_conn *c = own_open(&w, &efsrpc_interface, SEC_LEVEL_PRIVACY, kind & 1);
        struct efsrpc_EfsRpcOpenFileRaw o = { .in.FileName = u"C:\\f" };
        assert_int_equal(efsrpc_EfsRpcOpenFileRaw(c, w.mem, &o), STATUS_SUCCESS);
        struct efsrpc_EfsRpcWriteFileRaw wr = { .in = { o.out.hContext, { give, &out } } };
        assert_int_equal(efsrpc_EfsRpcWriteFileRaw(c, w.mem, &wr), STATUS_SUCCESS);
        assert_int_equal(the_file.len, out.len);
        struct efsrpc_EfsRpcReadFileRaw rd = { .in.hContext = o.out.hContext, .out.EfsOutPipe = { take, &in } };
        assert_int_equal(efsrpc_EfsRpcReadFileRaw(c, w.mem, &rd), STATUS_SUCCESS);
        assert_int_equal(in.len, out.len);
        assert_memory_equal(mine, back, in.len);
        /* without a handle nothing is read, and nothing is written: the request's rest is dropped */
        struct efsrpc_EfsRpcWriteFileRaw none = { .in.EfsInPipe = { give, &out } };
        out.at = 0;
        assert_int_equal(efsrpc_EfsRpcWriteFileRaw(c, w.mem, &none), RPC_NT_SS_CONTEXT_MISMATCH);
        struct efsrpc_EfsRpcCloseRaw cl = { .in.hContext = o.out.hContext };
        assert_int_equal(efsrpc_EfsRpcCloseRaw(c, w.mem, &cl), STATUS_SUCCESS);
        assert_true(ndr_handle_is_null(&cl.out.hContext));
        assert_false(the_file.open);
        rpc_close(c);
        own_done(&w);
        free(the_file.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_raw) };
    return cmocka_run_group_tests_name("rpc_efs", tests, NULL, NULL);
}
