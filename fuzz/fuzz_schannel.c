// SPDX-License-Identifier: Apache-2.0
/* Tokens and sealed messages of a Netlogon secure channel from a hostile peer, in both roles; see
 * fuzz_conversation for the input. */
#include "sec_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_conversation(&sec_schannel, data, size);
    return 0;
}
