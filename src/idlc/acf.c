// SPDX-License-Identifier: Apache-2.0
#include "idlc/m_build.h"
void acf_interface(struct scanner *s, struct loc loc, struct attr *attrs, const char *name)
{
    (void)s;
    (void)loc;
    (void)attrs;
    (void)name;
}
void acf_include(struct scanner *s, struct loc loc, const char *file)
{
    (void)s;
    (void)loc;
    (void)file;
}
void acf_typedefs(struct scanner *s, struct attr *attrs, struct field *names)
{
    (void)s;
    (void)attrs;
    (void)names;
}
void acf_operations(struct scanner *s, struct attr *attrs, struct field *names)
{
    (void)s;
    (void)attrs;
    (void)names;
}
void acf_operation(struct scanner *s, struct loc loc, struct attr *attrs, const char *name,
                   struct field *params)
{
    (void)s;
    (void)loc;
    (void)attrs;
    (void)name;
    (void)params;
}
