// SPDX-License-Identifier: Apache-2.0
/* NTLM messages from a hostile peer, in both roles; see fuzz_conversation for the input. */
#include "sec_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_conversation(&sec_ntlm, data, size);
    return 0;
}
