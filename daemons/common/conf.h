// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration of a daemon: one table of keys, which the file, the command line, --check, the manual
 * page and a reload all go by. A daemon has a struct of its own, which begins with a struct conf and has a
 * member for each key.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stddef.h>
#include <msrpc/nt.h>

/* More keys than any daemon has. */
#define CONF_KEYS_MAX 48u
/* Octets of a file: all keys with the longest values are a hundredth of it; a device has no end. */
#define CONF_FILE_MAX ((size_t)1 << 20)

#define CONF_PORT_OFF (-1) /* not served at all */

/* A week: what is longer is meant to be never, which is 0. */
#define CONF_SECONDS_MAX (7u * 24 * 3600)

enum conf_type {
    TEXT,    /* const char * */
    NETBIOS, /* the same: a name */
    PATH,    /* the same: absolute; on the command line also from the working directory */
    PORT,    /* int */
    NUMBER,  /* unsigned, least to most */
    SWITCH,  /* bool */
    WORD,    /* int: one of words */
    WORDS,   /* struct conf_words: some of words */
    PLACE,   /* const char *: off, an absolute path, ADDRESS:PORT */
    MODE,    /* unsigned: permissions in octal digits, least to most */
    LIST,    /* what the key's own function takes: words with single blanks between them */
};

struct conf_word {
    const char *text;
    int number;
};

/* Several words of a list, as their numbers, in the order in which they were given. */
struct conf_words {
    unsigned n;
    int word[8];
};

enum conf_log_format { CONF_LOG_TEXT, CONF_LOG_JSON };
extern const struct conf_word conf_log_formats[3];

struct conf_table;

/* As the first member of a daemon's. */
struct conf {
    const struct conf_table *table;
    struct nt_arena *mem; /* of all text */
    /* As they were written, by the index of the key, without blanks that say nothing; NULL: not set. */
    const char *text[CONF_KEYS_MAX];
};

struct conf_key {
    const char *name;
    enum conf_type type;
    size_t at;             /* of the member in the daemon's struct */
    const char *otherwise; /* as it would stand in a file; NULL: not set */
    bool live;             /* a reload may change it */
    const char *says;      /* a line for --help */
    const struct conf_word *words;
    unsigned least, most;
    /* LIST: what is wrong with the value, or NULL. */
    const char *(*take)(struct conf *c, const char *text);
};

/* What the command line says. */
struct conf_options {
    const char *file; /* --config; NULL: none */
    bool check, verbose;
    const char *given[CONF_KEYS_MAX]; /* by the index of the key; NULL: not given */
};

/* Gets each sentence about something wrong, whole, without newline. */
typedef void conf_complain_fn(void *arg, const char *sentence);

struct conf_reader;

struct conf_table {
    const char *program;
    const struct conf_key *keys;
    unsigned n;
    size_t size; /* of the daemon's struct */
    /* After the defaults, before the file: what differs from them. False: no memory. NULL: nothing. */
    bool (*begin)(struct conf *c, const void *options);
    /* What is wrong with several keys together. NULL: nothing. */
    void (*judge)(struct conf_reader *r, const struct conf *c, const void *options);
};

/* The defaults, over them the file, over that the command line. Looks at everything before it fails, and
 * complains of all that is wrong. Nothing is opened or made. arg: also for the table's functions. */
bool conf_read(const struct conf_table *t, const struct conf_options *o, const void *options,
               conf_complain_fn *complain, void *arg, struct conf **ret);
/* Accepts NULL. */
void conf_free(struct conf *c);
/* All keys, as they count: also a configuration. False: it could not be written. */
bool conf_show(const struct conf *c);

/* ---- for the table's functions ---- */
void conf_complain(struct conf_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Was it set by the file or the command line? */
bool conf_was_set(const struct conf_reader *r, const char *key);
/* Gives a key a value; here: paths may start at the working directory. What is wrong with it, or NULL. */
const char *conf_set(struct conf *c, unsigned key, const char *text, size_t len, bool here);
bool conf_set_name(struct conf *c, const char *key, const char *text, bool here);

/* ---- the table ---- */
/* Index of a key, -1 if there is none of that name. */
int conf_find(const struct conf_table *t, const char *name, size_t len);
/* "2.0.2, 2.1 ...", what a key takes; nothing of keys that take no words. */
void conf_words_of(const struct conf_key *k, char *ret, size_t size);
/* As an option: "port-smb". */
void conf_option_of(const struct conf_key *k, char *ret, size_t size);

/* ---- a reload ---- */
/* Says what has changed and can, and what has and cannot: that is put back to what it was, for it is what
 * counts. False: no memory. */
bool conf_sort_out(const struct conf *old, struct conf *new, conf_complain_fn *say, void *arg);

#endif
