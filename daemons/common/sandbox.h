// SPDX-License-Identifier: Apache-2.0
/*
 * What is left to the process once it serves: the system calls of a list (seccomp), the files below some
 * paths (Landlock), and nothing besides. sandbox.c says what is on the list and why.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <msrpc/nt.h>

/* A file, or a directory with all that is below it. NULL paths and such as do not exist are passed over. */
struct sandbox_path {
    const char *path;
    bool write; /* also make, remove and rename; else read */
};

/* The directory that a file is in, to be freed; NULL for none. */
char *sandbox_directory(const char *file);

/* What one daemon has and another has not. */
struct sandbox_rules {
    const char *program;
    bool connects;     /* by TCP, datagrams of the Internet (names, KDCs), unix sockets of services */
    bool memory_files; /* memfd_create */
    bool keyrings;     /* of the kernel, where tickets may be */
};

/* How the process is confined from now on. */
struct sandbox_state {
    unsigned calls;    /* system calls that are allowed; 0: no filter */
    unsigned landlock; /* the version that the kernel has; 0: none, files are not confined */
    const char *none;  /* why there is no filter: a constant; NULL: there is one */
};

/* Confines the process, for good; its only thread calls this, when all that is opened by name for once has
 * been opened. The paths are added to those of the system that libraries read. A call that is not allowed
 * ends the process with SIGSYS, after a line on standard error where that can still be written.
 * STATUS_INVALID_DEVICE_STATE when there are other threads; else what the kernel said: then nothing is
 * promised, and the caller ends. */
enum nt_status sandbox_enter(const struct sandbox_rules *rules, const struct sandbox_path *paths, unsigned n,
                             struct sandbox_state *ret, struct nt_error *err);

#endif
