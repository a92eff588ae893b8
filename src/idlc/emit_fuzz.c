// SPDX-License-Identifier: Apache-2.0
/* NAME_fuzz.c: a target of libFuzzer over all operations of a file; <msrpc/info.h> says what is checked. */
#include "idlc/m_emit.h"

void emit_fuzz(struct idlc *c, struct text *o)
{
    struct emit e = { .c = c, .o = o };
    emit_file_start(&e, "Fuzz target over all operations");
    emit_text(&e, "#include <stdio.h>\n#include <stdlib.h>\n\n#include <msrpc/info.h>\n\n");
    emit_text(&e, "extern const struct rpc_info_file %s_info;\n\n", c->main->prefix);
    emit_text(&e, "int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);\n\n");
    emit_text(&e, "int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)\n{\n");
    emit_text(&e, "    struct nt_error why = { \"\" };\n");
    emit_text(&e, "    if (!rpc_info_check_input(&%s_info, data, size, &why)) {\n", c->main->prefix);
    emit_text(&e,
              "        fprintf(stderr, \"%%s\\n\", why.text);\n        abort();\n    }\n    return 0;\n}\n");
}
