// SPDX-License-Identifier: Apache-2.0
/* The parser alone, so that it can be fuzzed alone. */
#include <string.h>
#include <strings.h>
#include "http.h"

/* [RFC 9110] 5.6.2 */
static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A line without its end, CR LF or LF (RFC 9112 2.2); false: it is not whole. */
static bool next_line(const char *buf, size_t len, size_t *at, const char **ret, size_t *ret_len)
{
    const char *start = buf + *at, *end = memchr(start, '\n', len - *at);
    if (!end)
        return false;
    *at = (size_t)(end - buf) + 1;
    *ret = start;
    *ret_len = (size_t)(end - start);
    if (*ret_len && start[*ret_len - 1] == '\r')
        --*ret_len;
    return true;
}

static bool is(const char *s, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(s, word, len) == 0;
}

/* METHOD SP TARGET SP HTTP/1.x, with single blanks; the target in origin form only. */
static bool request_line(const char *s, size_t len, struct http_request *ret)
{
    size_t method = 0, target;
    while (method < len && is_token(s[method]))
        method++;
    if (!method || method == len || s[method] != ' ')
        return false;
    target = method + 1;
    size_t end = target;
    while (end < len && s[end] > 0x20 && s[end] < 0x7f)
        end++;
    if (end == target || s[target] != '/' || end == len || s[end] != ' ')
        return false;
    const char *version = s + end + 1;
    size_t n = len - end - 1;
    if (n != 8 || memcmp(version, "HTTP/1.", 7) != 0 || version[7] < '0' || version[7] > '9')
        return false;
    ret->method = is(s, method, "GET") ? HTTP_GET : is(s, method, "HEAD") ? HTTP_HEAD : HTTP_OTHER;
    ret->path = s + target;
    const char *query = memchr(ret->path, '?', end - target);
    ret->path_len = query ? (size_t)(query - ret->path) : end - target;
    return true;
}

/* NAME: VALUE. A body would have to be read, so there may be none; folded lines are obsolete (RFC 9112 5.2).
 */
static bool header(const char *s, size_t len)
{
    static const char coding[] = "transfer-encoding", length[] = "content-length";
    size_t name = 0;
    while (name < len && is_token(s[name]))
        name++;
    if (!name || name == len || s[name] != ':')
        return false;
    for (size_t i = name + 1; i < len; i++)
        if ((unsigned char)s[i] < 0x20 && s[i] != '\t')
            return false;
    if (name == sizeof coding - 1 && strncasecmp(s, coding, name) == 0)
        return false;
    if (name != sizeof length - 1 || strncasecmp(s, length, name) != 0)
        return true;
    for (size_t i = name + 1; i < len; i++)
        if (s[i] != '0' && s[i] != ' ' && s[i] != '\t')
            return false;
    return true;
}

enum http_result http_parse(const char *buf, size_t len, struct http_request *ret)
{
    const char *line;
    size_t n, at = 0;
    struct http_request q;
    if (!next_line(buf, len, &at, &line, &n))
        return len < HTTP_REQUEST_MAX ? HTTP_MORE : HTTP_BAD;
    if (!request_line(line, n, &q))
        return HTTP_BAD;
    while (next_line(buf, len, &at, &line, &n)) {
        if (!n) {
            *ret = q;
            return HTTP_WHOLE;
        }
        if (!header(line, n))
            return HTTP_BAD;
    }
    return len < HTTP_REQUEST_MAX ? HTTP_MORE : HTTP_BAD;
}
