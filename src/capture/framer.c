// SPDX-License-Identifier: Apache-2.0
/* Messages out of a stream of bytes that may have holes. */
#include "capture/m_capture.h"

void cap_framer_init(struct cap_framer *r, struct capture *c, const struct cap_framer_ops *ops, void *owner)
{
    *r = (struct cap_framer){ .ops = ops, .owner = owner, .c = c };
}

void cap_framer_done(struct cap_framer *r)
{
    cap_release(r->c, r->buf, r->cap);
    r->buf = NULL;
    r->len = r->cap = 0;
    r->stop = true;
}

/* Bytes to pass over until a message may start; all but what might be the head of one, if none does. */
static size_t search(const struct cap_framer *r, const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (n - i >= r->ops->scan_head && !r->ops->scan(p + i, n - i))
        i++;
    return i;
}

/* Takes what is whole from the front; returns how many bytes are done with. */
static size_t take(struct cap_framer *r, const struct cap_at *at, const uint8_t *p, size_t n)
{
    size_t pos = 0;
    while (!r->stop && pos < n) {
        size_t left = n - pos;
        if (r->skip) {
            size_t k = r->skip < left ? (size_t)r->skip : left;
            r->skip -= k;
            pos += k;
            continue;
        }
        if (r->scanning) {
            size_t k = search(r, p + pos, left);
            r->c->t.skipped_bytes += k;
            pos += k;
            if (n - pos < r->ops->scan_head)
                break;
            r->scanning = false;
            continue;
        }
        if (left < r->ops->head)
            break;
        size_t len = r->ops->length(p + pos);
        if (!len) {
            r->scanning = true;
            r->ops->broken(r->owner, at, "is not where one should start", 0);
            r->c->t.skipped_bytes++;
            pos++;
        } else if (len > r->ops->max) {
            r->c->t.too_long++; /* what we look for is shorter */
            r->skip = len;
        } else if (left < len) {
            break;
        } else {
            r->ops->message(r->owner, at, p + pos, len);
            pos += len;
        }
    }
    return r->stop ? n : pos;
}

/* Keeps bytes that are not a whole message yet. */
static bool keep(struct cap_framer *r, const uint8_t *p, size_t n)
{
    if (n > r->cap - r->len) {
        size_t cap = r->cap ? r->cap : 2048;
        while (cap - r->len < n)
            cap *= 2;
        uint8_t *q = cap_resize(r->c, r->buf, r->cap, cap);
        if (!q)
            return false;
        r->buf = q;
        r->cap = cap;
    }
    memcpy(r->buf + r->len, p, n);
    r->len += n;
    return true;
}

void cap_framer_feed(struct cap_framer *r, const struct cap_at *at, const uint8_t *p, size_t n)
{
    if (r->stop || !n)
        return;
    size_t done;
    if (!r->len) {
        done = take(r, at, p, n);
        if (done < n && !keep(r, p + done, n - done))
            cap_framer_gap(r, at, n - done);
        return;
    }
    if (!keep(r, p, n)) {
        cap_framer_gap(r, at, n);
        return;
    }
    done = take(r, at, r->buf, r->len);
    if (r->stop)
        return;
    r->len -= done;
    if (r->len) {
        memmove(r->buf, r->buf + done, r->len);
        return;
    }
    cap_framer_done(r); /* an idle connection holds nothing */
    r->stop = false;
}

void cap_framer_gap(struct cap_framer *r, const struct cap_at *at, uint64_t n)
{
    if (r->stop || !n)
        return;
    uint64_t have = r->len;
    size_t len = have >= r->ops->head && !r->scanning ? r->ops->length(r->buf) : 0;
    r->len = 0;
    if (r->skip >= n) { /* of a message that is passed over anyway */
        r->skip -= n;
        return;
    }
    r->ops->broken(r->owner, at, "is incomplete", n);
    if (len && have + n <= len) { /* only this one is lost: the next starts where it should */
        r->skip = len - have - n;
        return;
    }
    r->skip = 0;
    r->scanning = true;
}

void cap_framer_doubt(struct cap_framer *r)
{
    r->len = 0;
    r->skip = 0;
    r->scanning = true;
}
