# SPDX-License-Identifier: Apache-2.0
# needs: dc
# The secure channel of a computer (netlogon_live.c) with a domain controller.
. "$TERN_SRC/tests/system/lib.sh"
P=$TERN_BUILD/tests/system/netlogon_live

points "secure channel" "ncacn_ip_tcp:$LAB_DC_ADDR" "$LAB_DC_MACHINE" "$LAB_DC_DOMAIN" "$LAB_DC_PASSWORD" \
    "$LAB_DC_USER" "$LAB_DC_PASSWORD"
done_testing
