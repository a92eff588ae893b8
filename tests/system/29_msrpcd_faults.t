# SPDX-License-Identifier: Apache-2.0
# timeout: 900
# The faulty and hostile world against a running msrpcd: each scenario of msrpcd_hostile.py with a daemon of its own, and
# an honest client beside it that takes the time.
. "$TERN_SRC/tests/system/lib.sh"
export MSRPCD=$TERN_BUILD/daemons/msrpcd MSRPCD_PROBE=$TERN_BUILD/tests/system/msrpcd_probe MSRPCD_HOST=$LAB_NET.94 \
    MSRPCD_NET=$LAB_NET MSRPCD_DIR=$TERN_WORK CLOCK_SHIFT=$TERN_BUILD/tests/system/clock_shift.so PYTHONDONTWRITEBYTECODE=1
python=/usr/bin/python3

if ! "$python" -c 'import impacket' 2>/dev/null; then
    echo "1..0 # SKIP Impacket is not installed (scripts/setup test)"
    exit 0
fi
export TERN_PEER=$TERN_BUILD/tools/tern-peer
scenarios=(pipe_names framing scripts logons stages half_messages slow_readers small_answers waiting_chains floods lost_clients silent silent_tcp
    no_descriptors killed signals ends)
if grep -q -e __asan_init -e __tsan_init "$MSRPCD"; then
    export HOSTILE_SANITIZED=yes HOSTILE_DEADLINE_MS=20000
    skip "The clock on the wall jumps" "nothing can be preloaded before a sanitizer"
else
    scenarios+=(clocks)
fi
for s in "${scenarios[@]}"; do
    points_of "$s" "$python" "$TERN_SRC/tests/system/msrpcd_hostile.py" "$s"
done
done_testing
