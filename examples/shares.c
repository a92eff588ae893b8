// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the shares of a server, written as for Windows: nothing but <windows.h> and <lm.h>, L"" literals, and
 * NetUseAdd to say who we are. The password is the first line of standard input; without a user the current
 * Kerberos tickets are used.
 *
 *   cc -fshort-wchar shares.c $(pkg-config --cflags --libs libnetapi32) -o shares
 *   ./shares srv1.example.org LAB\\alice
 */
#include <windows.h>
#include <lm.h>
#include <stdio.h>
#include <string.h>

#define BATCH 4096 /* bytes of the list to ask for at a time; the resume handle brings the rest */

/* There is no console that takes UTF-16 here: as UTF-8, half a surrogate pair as a question mark. */
static void put_wide(const WCHAR *s, int width)
{
    int n = 0;
    for (; *s; s++, n++) {
        DWORD c = *s;
        if (c >= 0xD800 && c < 0xDC00 && s[1] >= 0xDC00 && s[1] < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (DWORD)(*++s - 0xDC00);
        else if (c >= 0xD800 && c < 0xE000)
            c = '?';
        if (c >= 0x10000)
            printf("%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3F)),
                   (int)(0x80 | (c >> 6 & 0x3F)), (int)(0x80 | (c & 0x3F)));
        else if (c >= 0x800)
            printf("%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3F)), (int)(0x80 | (c & 0x3F)));
        else if (c >= 0x80)
            printf("%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 0x3F)));
        else
            putchar(c < ' ' ? '?' : (int)c);
    }
    printf("%*s", n < width ? width - n : 0, "");
}

/* Arguments of this program are plain ASCII. */
static WCHAR *widen(WCHAR *to, size_t size, const char *s)
{
    size_t i = 0;
    for (; s[i] && i + 1 < size; i++)
        to[i] = (WCHAR)(unsigned char)s[i];
    to[i] = 0;
    return to;
}

static const char *kind(DWORD type)
{
    switch (type & STYPE_MASK) {
    case STYPE_PRINTQ:
        return "printer";
    case STYPE_DEVICE:
        return "device";
    case STYPE_IPC:
        return "pipes";
    default:
        return "disk";
    }
}

static NET_API_STATUS list(WCHAR *server)
{
    DWORD resume = 0, n, total;
    NET_API_STATUS st;
    do {
        SHARE_INFO_1 *s = NULL;
        st = NetShareEnum(server, 1, (LPBYTE *)&s, BATCH, &n, &total, &resume);
        if (st != NERR_Success && st != ERROR_MORE_DATA)
            return st;
        for (DWORD i = 0; i < n; i++) {
            put_wide(s[i].shi1_netname, 16);
            printf(" %-8s ", kind(s[i].shi1_type));
            put_wide(s[i].shi1_remark, 0);
            putchar('\n');
        }
        NetApiBufferFree(s);
    } while (st == ERROR_MORE_DATA && n > 0);
    return st;
}

static NET_API_STATUS use(WCHAR *resource, WCHAR *user)
{
    char line[PWLEN + 2] = "";
    WCHAR password[PWLEN + 2];
    USE_INFO_2 u = { 0 };
    if (fgets(line, sizeof line, stdin))
        line[strcspn(line, "\n")] = 0;
    u.ui2_remote = resource;
    u.ui2_asg_type = USE_IPC;
    u.ui2_username = user;
    u.ui2_password = widen(password, PWLEN + 2, line);
    return NetUseAdd(NULL, 2, (LPBYTE)&u, NULL);
}

int main(int argc, char **argv)
{
    WCHAR server[256], user[256], resource[300] = L"\\\\";
    NET_API_STATUS st = NERR_Success;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: shares SERVER [USER]\n");
        return 2;
    }
    widen(server, 256, argv[1]);
    widen(resource + 2, 256, argv[1]);
    if (argc == 3) {
        size_t n = 2 + strlen(argv[1]);
        memcpy(resource + (n < 257 ? n : 257), L"\\IPC$", sizeof L"\\IPC$");
        st = use(resource, widen(user, 256, argv[2]));
    }
    if (st == NERR_Success)
        st = list(server);
    if (st != NERR_Success)
        fprintf(stderr, "shares: error %u\n", (unsigned)st);
    if (argc == 3)
        NetUseDel(NULL, resource, USE_LOTS_OF_FORCE);
    return st == NERR_Success ? 0 : 1;
}
