// SPDX-License-Identifier: Apache-2.0
/*
 * npcmuxd --replay: a recording that may be anybody's, then a client that is as it likes. The first byte
 * picks the order and how the file is cut, the next four how long it is; behind it stand the messages of the
 * client, each with two bytes of length. What is answered is read to its last byte.
 */
#include <string.h>
#include "base/cursor.h"
#include "muxd/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

static void on_answer(void *arg, struct wr *w)
{
    (void)arg;
    for (size_t i = 0; w->st == STATUS_SUCCESS && i < w->len; i++)
        sink += w->base[i];
    wr_free(w);
}

static void on_broken(void *arg)
{
    *(bool *)arg = true;
}

static void on_miss(void *arg, const char *server, const char *pipe, const char *why)
{
    (void)arg;
    sink += (uint32_t)(strlen(server) + strlen(pipe) + strlen(why));
}

static void ask(struct muxd_replay *r, const char *server, const char *pipe, const uint8_t *p, size_t n)
{
    bool broken = false;
    struct nt_error err;
    struct muxd_play *play;
    sink += muxd_replay_knows(r, server);
    if (muxd_play_open(r, server, pipe, on_answer, on_broken, &broken, &play, &err) != STATUS_SUCCESS)
        return;
    while (n >= 2 && !broken) {
        size_t len = le16(p);
        p += 2;
        n -= 2;
        len = len < n ? len : n;
        muxd_play_message(play, p, len);
        p += len;
        n -= len;
    }
    muxd_play_close(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muxd_replay *r;
    struct muxd_replay_stats s;
    struct nt_error err;
    if (size < 5)
        return 0;
    size_t file = le32(data + 1), chunk = data[0] & 2 ? 61 : SIZE_MAX;
    const uint8_t *p = data + 5;
    size -= 5;
    file = file < size ? file : size;
    if (muxd_replay_new(data[0] & 1, &r) != STATUS_SUCCESS)
        return 0;
    enum nt_status st = STATUS_SUCCESS;
    for (size_t at = 0, n; st == STATUS_SUCCESS && at < file; at += n) {
        n = file - at < chunk ? file - at : chunk;
        st = muxd_replay_feed(r, p + at, n);
    }
    /* what came of a file that ends badly answers here, too */
    sink += (uint32_t)muxd_replay_ready(r, &s, &err);
    muxd_replay_on_miss(r, on_miss, NULL);
    ask(r, "127.0.0.2", "srvsvc", p + file, size - file);
    ask(r, "FS1", "rpcecho", p + file, size - file);
    muxd_replay_free(r);
    return 0;
}
