# SPDX-License-Identifier: Apache-2.0
# needs: standalone
# spoolss, netdfs and InitShutdown (msrpc_print.c) on a server that has them.
. "$TERN_SRC/tests/system/lib.sh"
P=$TERN_BUILD/tests/system/msrpc_print

mkdir -p "$TERN_WORK/spool" "$TERN_WORK/dfs"
chmod 1777 "$TERN_WORK/spool"
ln -s "msdfs:other\\data" "$TERN_WORK/dfs/link"
if another_server printers "LAB_EXTRA=disable spoolss = no; lpq command = true; host msdfs = yes; [laser]; \
path = $TERN_WORK/spool; printable = yes; comment = a printer for tests; [dfsroot]; path = $TERN_WORK/dfs; msdfs root = yes"; then
    points "spoolss" printers "ncacn_np:$LAB_SRV" root "$LAB_SRV_PASSWORD" "$LAB_SRV_NAME" laser "a printer for tests"
    points "netdfs" namespace "ncacn_np:$LAB_SRV" root "$LAB_SRV_PASSWORD" "$LAB_SRV_NAME" dfsroot
    points "InitShutdown" shutdown "ncacn_np:$LAB_SRV" root "$LAB_SRV_PASSWORD"
    stop_server printers
else
    tap "not ok" "a server with a printer"
fi
done_testing
