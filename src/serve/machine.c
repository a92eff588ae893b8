// SPDX-License-Identifier: Apache-2.0
/* What this machine says of itself. */
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <utmpx.h>
#include "serve/m_host.h"

/* Logons that are told; a terminal server has some hundreds. */
#define USERS_MAX 4096u

/* Clients choose what they try by it; 10.0 is all of today's Windows. */
const struct machine_version machine_version = { 10, 0 };

int32_t machine_zone(int64_t unix_time)
{
    time_t t = (time_t)unix_time;
    struct tm local;
    return localtime_r(&t, &local) ? (int32_t)(-local.tm_gmtoff / 60) : -1; /* undefined */
}

/* "C:\a\b" is /a/b: there is one tree, and it is C. */
bool machine_has_directory(const char *path)
{
    struct stat sb;
    if ((path[0] != 'C' && path[0] != 'c') || path[1] != ':' || path[2] != '\\')
        return false;
    char *own = strdup(path + 2);
    if (!own)
        return false;
    for (char *p = own; *p; p++)
        *p = *p == '\\' ? '/' : *p;
    bool is = !strchr(path + 2, '/') && stat(own, &sb) == 0 && S_ISDIR(sb.st_mode);
    free(own);
    return is;
}

unsigned machine_disks(char ret_letters[26])
{
    struct statvfs fs;
    if (statvfs("/", &fs) != 0 || fs.f_blocks == 0)
        return 0;
    ret_letters[0] = 'C';
    return 1;
}

/* getutxent(3) keeps its place in static memory; the file is an array. */
enum nt_status machine_users(struct nt_arena *mem, const char ***ret, unsigned *ret_n)
{
    const char **list = nt_arena_array(mem, USERS_MAX, sizeof *list);
    unsigned n = 0;
    struct utmpx u;
    FILE *f = list ? fopen(_PATH_UTMP, "re") : NULL;
    enum nt_status st = list ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    while (f && st == STATUS_SUCCESS && n < USERS_MAX && fread(&u, sizeof u, 1, f) == 1) {
        char name[sizeof u.ut_user + 1] = "";
        if (u.ut_type != USER_PROCESS)
            continue;
        memcpy(name, u.ut_user, sizeof u.ut_user);
        list[n] = nt_arena_strdup(mem, name);
        if (!list[n++])
            st = STATUS_NO_MEMORY;
    }
    if (f)
        fclose(f);
    if (st != STATUS_SUCCESS)
        return st;
    *ret = list;
    *ret_n = n;
    return STATUS_SUCCESS;
}
