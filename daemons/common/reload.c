// SPDX-License-Identifier: Apache-2.0
#include "reload.h"
#include "signals.h"

void reload(const struct notify *n, bool (*read)(void *arg), conf_complain_fn *say, void *arg)
{
    signals_reload_begins();
    notify_reloading(n);
    say(arg, read(arg) ? "the configuration has been read anew" : "the configuration stays as it was");
    notify_ready(n);
}
