# SPDX-License-Identifier: Apache-2.0
# timeout: 900
# The faulty and hostile world against a running npcmuxd before a running msrpcd: each scenario of mux_hostile.py with a
# daemon of its own, and an honest client beside it that takes the time.
. "$TERN_SRC/tests/system/lib.sh"
export MSRPCD=$TERN_BUILD/daemons/msrpcd NPCMUXD=$TERN_BUILD/daemons/npcmuxd MUX_HONEST=$TERN_BUILD/tests/system/mux_honest \
    MSRPCD_HOST=$LAB_NET.94 MSRPCD_NET=$LAB_NET MSRPCD_DIR=$TERN_WORK TERN PYTHONDONTWRITEBYTECODE=1 \
    TERN_PEER=$TERN_BUILD/tools/tern-peer
MUX_DIR=$(mktemp -d /tmp/mux.XXXXXX) # a path of sockets is short, and other users have to get there
export MUX_DIR
chmod 755 "$MUX_DIR"
trap 'rm -rf "$MUX_DIR"' EXIT
python=/usr/bin/python3

scenarios=(framing hellos half_messages half_giants no_reader no_readers many_in_flight sockets descriptors names floods tokens proxies slow_pipes
    slow_server stopped_clients messages crowd no_descriptors killed ends)
if grep -q -e __asan_init -e __tsan_init "$NPCMUXD"; then
    export HOSTILE_SANITIZED=yes HOSTILE_DEADLINE_MS=20000
fi
for s in "${scenarios[@]}"; do
    points_of "$s" "$python" "$TERN_SRC/tests/system/mux_hostile.py" "$s"
done
done_testing
