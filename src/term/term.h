// SPDX-License-Identifier: Apache-2.0
/* Secrets that are typed, or come in a line of their own: for programs, and in no library. */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One line of fd into buf, terminated, without its end; an octet at a time, so that nothing behind it is
 * swallowed. Its length, or -1: nothing was left, or it has size octets or more. ret_interrupt: NULL, or
 * where Ctrl-C is such an octet; it ends the line with -1. */
ssize_t term_line(int fd, char *buf, size_t size, bool *ret_interrupt);
/* The same from a terminal, without echo, with "prompt: " in front. Ctrl-C is an octet there: nothing can end
 * the program while the terminal is silent. */
ssize_t term_ask(int fd, const char *prompt, char *buf, size_t size, bool *ret_interrupt);

#endif
