// SPDX-License-Identifier: Apache-2.0
#include "term/term.h"
#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#define INTERRUPT 3 /* Ctrl-C */

static bool quiet(int fd, struct termios *ret_old)
{
    struct termios tio;
    if (tcgetattr(fd, &tio) < 0)
        return false;
    *ret_old = tio;
    tio.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    tio.c_cc[VEOL] = INTERRUPT;
    return tcsetattr(fd, TCSAFLUSH, &tio) == 0;
}

ssize_t term_line(int fd, char *buf, size_t size, bool *ret_interrupt)
{
    size_t n = 0;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (got == 0 && n == 0))
            return -1;
        if (ret_interrupt && got && c == INTERRUPT) {
            *ret_interrupt = true;
            return -1;
        }
        if (got == 0 || c == '\n')
            break;
        if (n + 1 == size)
            return -1;
        buf[n++] = c;
    }
    n -= n && buf[n - 1] == '\r';
    buf[n] = 0;
    return (ssize_t)n;
}

ssize_t term_ask(int fd, const char *prompt, char *buf, size_t size, bool *ret_interrupt)
{
    struct termios old;
    bool silent = quiet(fd, &old); /* first: what somebody, or a program, types early is then kept */
    dprintf(fd, "%s: ", prompt);
    ssize_t n = term_line(fd, buf, size, silent ? ret_interrupt : NULL);
    if (silent)
        tcsetattr(fd, TCSAFLUSH, &old);
    dprintf(fd, "\n");
    return n;
}
