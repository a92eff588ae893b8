# SPDX-License-Identifier: Apache-2.0
# needs: dc
# DnsServer and drsuapi (msrpc_directory.c) against a domain controller.
. "$TERN_SRC/tests/system/lib.sh"
P=$TERN_BUILD/tests/system/msrpc_directory
DC="ncacn_ip_tcp:$LAB_DC_ADDR"

points "DnsServer" dns "$DC" "$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" "$LAB_DC_REALM"
# a pipe alone is not enough for this server
points "DnsServer on its pipe" dns "ncacn_np:${LAB_DC_ADDR}[,sign]" "$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" "$LAB_DC_REALM"
points "drsuapi" directory "$DC" "$LAB_DC_ADMIN" "$LAB_DC_PASSWORD" "$LAB_DC_REALM"
done_testing
