// SPDX-License-Identifier: Apache-2.0
/* Memory and text of one compilation: everything is freed at its end, nothing before. */
#ifndef IDLC_POOL_H
#define IDLC_POOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

struct pool {
    struct pool_chunk *chunks;
};

/* `size` zeroed bytes. Short memory ends the program: a compiler has nothing to save. */
void *pool_alloc(struct pool *p, size_t size);
char *pool_strndup(struct pool *p, const char *s, size_t len);
char *pool_printf(struct pool *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *pool_vprintf(struct pool *p, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void pool_free(struct pool *p);

#define pool_new(p, type) ((type *)pool_alloc((p), sizeof(type)))

/* Text that grows; data is NUL-terminated. */
struct text {
    char *data;
    size_t len, cap;
};

void text_add(struct text *t, const char *s, size_t len);
void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_vprintf(struct text *t, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void text_free(struct text *t);

#endif
