// SPDX-License-Identifier: Apache-2.0
/* Runs a fuzz target over the files of its corpus, for compilers without libFuzzer and as a regression test.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return -1;
    static uint8_t buf[1 << 20];
    size_t n = fread(buf, 1, sizeof buf, f);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1); /* exact size, so that a sanitizer sees a read past the end */
    if (!exact)
        return -1;
    for (size_t i = 0; i < n; i++)
        exact[i] = buf[i];
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        if (!d) {
            perror(argv[i]);
            return 1;
        }
        for (struct dirent *e; (e = readdir(d));)
            if (e->d_name[0] != '.') {
                if (run_file(argv[i], e->d_name))
                    return 1;
                files++;
            }
        closedir(d);
    }
    printf("%u corpus files\n", files);
    return files == 0; /* an empty corpus proves nothing */
}
