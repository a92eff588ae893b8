// SPDX-License-Identifier: Apache-2.0
/* msrpcd's parser of HTTP requests: whatever it says of a request it says of it in parts, too, and it lends
 * nothing but what it was given. Each input is a line of the log and of JSON on the side. */
#include <stdlib.h>
#include <string.h>
#include "common/http.h"
#include "common/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text, bool json)
{
    struct line l;
    line_begin(&l, json, NULL, 1, "fuzz");
    line_text(&l, "value", text);
    line_text(&l, "more", text);
    line_end(&l);
    for (size_t i = 0; i + 1 < l.len; i++)
        if ((unsigned char)l.buf[i] < 0x20)
            abort();
    if (l.len > sizeof l.buf || l.buf[l.len - 1] != '\n')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request q;
    if (size > HTTP_REQUEST_MAX)
        return 0;
    char *text = malloc(size + 1); /* on the heap and of its size, so that a byte too many is found */
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    check_line(text, false);
    check_line(text, true);
    enum http_result all = http_parse((const char *)data, size, &q);
    if (all == HTTP_WHOLE &&
        (q.path < (const char *)data || q.path + q.path_len > (const char *)data + size || q.path_len == 0 ||
         q.path[0] != '/'))
        abort();
    for (size_t n = 0; n < size && size < 512; n++) {
        struct http_request part;
        enum http_result r = http_parse((const char *)data, n, &part);
        if ((r == HTTP_WHOLE && all != HTTP_WHOLE) || (r == HTTP_BAD && all != HTTP_BAD))
            abort();
    }
    free(text);
    return 0;
}
