# SPDX-License-Identifier: Apache-2.0
# needs: standalone dc
# winreg, svcctl, dssetup, eventlog and netlogon (msrpc_services.c) against the servers that have them.
. "$TERN_SRC/tests/system/lib.sh"
P=$TERN_BUILD/tests/system/msrpc_services
SRV="ncacn_np:$LAB_SRV" DC="ncacn_np:$LAB_DC_ADDR"

points "winreg" registry "$SRV" root "$LAB_SRV_PASSWORD"
points "svcctl" services "$SRV" root "$LAB_SRV_PASSWORD"
points "dssetup, standalone" role "$SRV" root "$LAB_SRV_PASSWORD" 2 "$LAB_SRV_NAME"
points "dssetup, dc" role "$DC" "$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" 5 "$LAB_DC_DOMAIN" "$LAB_DC_REALM"
points "netlogon" locator "$DC" "$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" "$LAB_DC_DOMAIN" "$LAB_DC_REALM" "$LAB_DC_NAME" \
    "$LAB_DC_ADDR"

if another_server events "LAB_EXTRA=eventlog list = TernLog"; then
    points "eventlog" events "ncacn_np:$LAB_SRV" root "$LAB_SRV_PASSWORD" TernLog
    stop_server events
else
    tap "not ok" "a server with an event log"
fi
done_testing
