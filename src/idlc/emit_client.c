// SPDX-License-Identifier: Apache-2.0
/* NAME_client.c: the calls. NAME_server.c: dispatch. NAME_ops.c: operations by number. */
#include "idlc/m_emit.h"

static void emit_call(struct emit *e, const struct decl *d)
{
    emit_text(e, "\n");
    emit_line(e, "enum nt_status %s(struct rpc_conn *c, struct nt_arena *mem, struct %s *r)", d->cname,
              d->cname);
    emit_text(e, "{\n    return rpc_run(c, &%s_op, mem, r);\n}\n\n", d->cname);
    emit_line(
        e,
        "enum nt_status %s_send(struct rpc_conn *c, struct nt_arena *mem, struct %s *r, rpc_done_fn *done, "
        "void *arg, struct rpc_call **ret_call)",
        d->cname, d->cname);
    emit_text(e, "{\n    return rpc_send(c, &%s_op, mem, r, done, arg, ret_call);\n}\n", d->cname);
}

/* What the server calls back: a table of its own, since programs need not link that of --ops. */
static void emit_serve(struct emit *e, const struct decl *i)
{
    emit_text(e, "\nstatic const struct rpc_op *const %s_served[%d] = {\n", i->name, i->n_callbacks);
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_CALLBACK)
            emit_text(e, "    [%d] = &%s_op,\n", d->opnum, d->cname);
    emit_text(e, "};\n\n/* Calls the handler of a callback. */\n");
    emit_line(e, "static enum nt_status %s_called(const void *handlers, struct rpc_callback *cb, uint32_t opnum, void *r)",
              i->name);
    emit_text(e, "{\n    const struct %s_callback_handlers *h = handlers;\n    switch (opnum) {\n", i->name);
    e->indent++;
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_CALLBACK) {
            emit_line(e, "case %s_opnum:", d->cname);
            emit_line(e, "    return h->%s ? h->%s(cb, r) : RPC_NT_PROCNUM_OUT_OF_RANGE;", d->member, d->member);
        }
    emit_line(e, "default:");
    emit_line(e, "    return RPC_NT_PROCNUM_OUT_OF_RANGE;");
    emit_line(e, "}");
    e->indent--;
    emit_text(e, "}\n\n");
    emit_line(e, "enum nt_status %s_serve(struct rpc_conn *c, const struct %s_callback_handlers *h, void *arg)", i->name,
              i->name);
    emit_text(e, "{\n    return rpc_conn_serve(c, &%s_interface, %s_served, %d, %s_called, h, arg);\n}\n", i->name,
              i->name, i->n_callbacks, i->name);
}

void emit_client(struct idlc *c, struct text *o)
{
    struct emit e = { .c = c, .o = o };
    emit_file_start(&e, "Client stubs");
    emit_text(&e, "#include %s\n", emit_header_name(&e, c->main));
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next)) {
        for (const struct decl *d = i->body; d; d = d->next)
            if (d->kind == DECL_OPERATION && !d->nocode)
                emit_call(&e, d);
        if (i->n_callbacks)
            emit_serve(&e, i);
    }
}

static void emit_dispatch(struct emit *e, const struct decl *i)
{
    emit_text(e, "\n/* Calls the handler of an operation. */\n");
    emit_line(e,
              "static enum nt_status %s_dispatch(const void *handlers, struct rpc_server_call *call, "
              "uint32_t opnum, "
              "void *r)",
              i->name);
    emit_text(e, "{\n    const struct %s_handlers *h = handlers;\n    switch (opnum) {\n", i->name);
    e->indent++;
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == DECL_OPERATION) {
            emit_line(e, "case %s_opnum:", d->cname);
            emit_line(e, "    return h->%s ? h->%s(call, r) : RPC_NT_PROCNUM_OUT_OF_RANGE;", d->member,
                      d->member);
        }
    emit_line(e, "default:");
    emit_line(e, "    return RPC_NT_PROCNUM_OUT_OF_RANGE;");
    emit_line(e, "}");
    e->indent--;
    emit_text(e, "}\n\n");
    emit_line(e, "enum nt_status %s_register(struct rpc_server *s, const struct %s_handlers *h, void *arg)",
              i->name, i->name);
    emit_text(e, "{\n    return rpc_server_register(s, &%s_interface, %s_ops, %s_dispatch, h, arg);\n}\n",
              i->name, i->name, i->name);
}

void emit_server(struct idlc *c, struct text *o)
{
    struct emit e = { .c = c, .o = o };
    emit_file_start(&e, "Server dispatch");
    emit_text(&e, "#include %s\n#include <msrpc/rpc_server.h>\n", emit_header_name(&e, c->main));
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next))
        if (i->n_own)
            emit_dispatch(&e, i);
}

static void emit_op_list(struct emit *e, const struct decl *i, enum decl_kind kind)
{
    bool own = kind == DECL_OPERATION;
    emit_text(e, "\nconst struct rpc_op *const %s_%s[%d] = {\n", i->name, own ? "ops" : "callbacks",
              own ? i->n_ops : i->n_callbacks);
    for (const struct decl *b = own ? inherited_interface(e->c, i) : NULL; b; b = inherited_interface(e->c, b))
        for (const struct decl *d = b->body; d; d = d->next)
            if (d->kind == kind)
                emit_text(e, "    [%d] = &%s_op,\n", d->opnum, d->cname);
    for (const struct decl *d = i->body; d; d = d->next)
        if (d->kind == kind)
            emit_text(e, "    [%d] = &%s_op,\n", d->opnum, d->cname);
    emit_text(e, "};\n");
}

void emit_ops(struct idlc *c, struct text *o)
{
    struct emit e = { .c = c, .o = o };
    emit_file_start(&e, "Operations by number");
    emit_text(&e, "#include %s\n", emit_header_name(&e, c->main));
    for (const struct decl *i = next_interface(c->main->decls); i; i = next_interface(i->next)) {
        if (i->n_own || inherited_interface(c, i))
            emit_op_list(&e, i, DECL_OPERATION);
        if (i->n_callbacks)
            emit_op_list(&e, i, DECL_CALLBACK);
    }
}
