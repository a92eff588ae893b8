// SPDX-License-Identifier: Apache-2.0
/* tern rpc encode and decode: between JSON and stubs, without a server. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "rpc.h"

static bool side_named(struct tern *t, const char *name, enum rpc_info_side *ret)
{
    *ret = strcmp(name, "out") == 0 ? RPC_INFO_RESPONSE : RPC_INFO_REQUEST;
    if (strcmp(name, "in") == 0 || strcmp(name, "out") == 0)
        return true;
    tern_usage(t, "'%s' is neither in nor out", name);
    return false;
}

/* Hexadecimal digits, with blanks anywhere, in place. */
static bool from_hex(const struct nt_blob *text, struct nt_blob *ret)
{
    uint8_t *to = (uint8_t *)(uintptr_t)text->data;
    size_t digits = 0;
    unsigned byte = 0;
    for (size_t k = 0; k < text->len; k++) {
        unsigned c = text->data[k], lower = c | 0x20;
        if (isspace((int)c))
            continue;
        if (!isxdigit((int)c))
            return false;
        byte = byte << 4 | (isdigit((int)c) ? c - '0' : lower - 'a' + 10);
        if (digits++ & 1)
            to[digits / 2 - 1] = (uint8_t)byte;
    }
    *ret = (struct nt_blob){ to, digits / 2 };
    return digits % 2 == 0;
}

static bool read_stub(struct tern *t, const char *path, struct nt_blob *ret)
{
    struct nt_blob raw;
    if (!rpc_read_file(t, path, &raw))
        return false;
    if (!tern_opt(t, "hex")) {
        *ret = raw;
        return true;
    }
    if (from_hex(&raw, ret))
        return true;
    fprintf(stderr, "tern: %s does not hold pairs of hexadecimal digits\n", path);
    return false;
}

int rpc_decode_verb(struct tern *t)
{
    const struct rpc_info_interface *i;
    const struct rpc_info_op *op;
    struct nt_blob stub, request = { NULL, 0 };
    enum rpc_info_side side;
    struct nt_error err = { "" };
    const char *text, *request_file = tern_opt(t, "request");
    uint8_t drep = tern_opt(t, "big-endian") ? 0x00 : 0x10;
    bool ndr64 = tern_opt(t, "ndr64") != NULL;
    size_t left = 0;
    if (!rpc_named_op(t, t->args[0], &i, &op) || !side_named(t, t->args[1], &side))
        return EXIT_USAGE;
    if (!read_stub(t, t->args[2], &stub) || (request_file && !read_stub(t, request_file, &request)))
        return EXIT_FAILED;
    void *r = rpc_need(rpc_info_new(op, t->mem));
    enum nt_status st = STATUS_SUCCESS;
    if (side == RPC_INFO_RESPONSE && request_file &&
        (st = rpc_info_pull(op, RPC_INFO_REQUEST, r, request, drep, ndr64, t->mem, NULL)) != STATUS_SUCCESS)
        return rpc_failed(t, st, "the request does not have the form of this operation");
    st = rpc_info_pull(op, side, r, stub, drep, ndr64, t->mem, &left);
    if (st != STATUS_SUCCESS)
        return rpc_failed(t, st,
                          side == RPC_INFO_RESPONSE && !request_file
                              ? "the stub does not have the form of this operation, or it depends on the "
                                "request (--request)"
                              : "the stub does not have the form of this operation");
    if (t->json)
        st = rpc_json_write(op, side, r, RPC_JSON_INDENT, t->mem, &text, &err);
    else
        text = rpc_need((void *)(uintptr_t)(tern_opt(t, "line") ? rpc_trace_line(i, op, side, r, 0, t->mem)
                                                                : rpc_trace_full(i, op, side, r, t->mem)));
    if (st != STATUS_SUCCESS)
        return rpc_failed(t, st, err.text);
    puts(text);
    if (left)
        fprintf(stderr, "tern: %zu bytes at the end are not part of it\n", left);
    return rpc_flush();
}

static bool write_bytes(const char *path, struct nt_blob b)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t done = 0;
    while (fd >= 0 && done < b.len) {
        ssize_t n = write(fd, b.data + done, b.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        done += (size_t)n;
    }
    bool ok = fd >= 0 && done == b.len;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    if (!ok)
        fprintf(stderr, "tern: cannot write %s: %s\n", path, strerror(errno));
    return ok;
}

/* JSON as an argument, or a file behind '@', or standard input as "-"; an exit status. */
static int read_side(struct tern *t, const struct rpc_info_op *op, enum rpc_info_side side, const char *arg,
                     void *r)
{
    struct nt_blob text = { (const uint8_t *)arg, strlen(arg) };
    struct nt_error err = { "" };
    if ((arg[0] == '@' || strcmp(arg, "-") == 0) && !rpc_read_file(t, arg[0] == '@' ? arg + 1 : arg, &text))
        return EXIT_FAILED;
    enum nt_status st = rpc_json_read(op, side, r, (const char *)text.data, text.len, t->mem, &err);
    return st == STATUS_SUCCESS ? EXIT_OK : rpc_bad_json(t, st, arg, err.text);
}

int rpc_encode(struct tern *t)
{
    const struct rpc_info_interface *i;
    const struct rpc_info_op *op;
    struct nt_blob stub;
    enum rpc_info_side side;
    const char *request = tern_opt(t, "request"), *output = tern_opt(t, "output");
    if (!rpc_named_op(t, t->args[0], &i, &op) || !side_named(t, t->args[1], &side))
        return EXIT_USAGE;
    void *r = rpc_need(rpc_info_new(op, t->mem));
    int rc = side == RPC_INFO_RESPONSE && request ? read_side(t, op, RPC_INFO_REQUEST, request, r) : EXIT_OK;
    if (rc == EXIT_OK)
        rc = read_side(t, op, side, t->args[2], r);
    if (rc)
        return rc;
    enum nt_status st = rpc_info_push(op, side, r, tern_opt(t, "ndr64") != NULL, t->mem, &stub);
    if (st != STATUS_SUCCESS)
        return rpc_failed(t, st, "this cannot be sent");
    if (output)
        return write_bytes(output, stub) ? EXIT_OK : EXIT_FAILED;
    for (size_t k = 0; k < stub.len; k++)
        printf("%02x", stub.data[k]);
    putchar('\n');
    return rpc_flush();
}
